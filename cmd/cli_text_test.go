package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/bridge/web"
)

func TestCheckConfigTellsProblemsAndWarnings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[pwm]\n2 = \"media\"\n[photodiodes]\n2 = \"90\"\n[unit]\nhardware = \"sim\"\n[sim]\nstart = [\"stirring\"]\n[od_reading]\ninterval = 600\n")
	got := call("check-config", file)
	for _, want := range []string{"ok\n", "warning: [pwm] no channel is waste", "warning: [photodiodes] no channel is REF",
		"warning: [alarms.od_stale] stale_s: 900 s is less than three times the interval of [od_reading], 600 s"} {
		if got.code != exitDone || !strings.Contains(got.out, want) {
			t.Errorf("%+v, want %q", got, want)
		}
	}
	write("[unit]\nhardware = \"toaster\"\nmodel = 3\n")
	got = call("--config", file, "check-config")
	if got.code != exitFailed || strings.Count(got.errs, "\n") != 2 || got.out != "" {
		t.Errorf("%+v, want two problems", got)
	}
	got = call("check-config", "--json", file)
	var v verdict
	if err := json.Unmarshal([]byte(got.out), &v); err != nil || got.code != exitFailed || v.OK || len(v.Problems) != 2 || got.errs != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if got := call("--config", file, "check-config", "other.toml"); got.code != exitUsage {
		t.Errorf("two files: %+v", got)
	}
}

func TestProgressIsRepaintedAndWiped(t *testing.T) {
	ticks, done := make(chan time.Time), make(chan error)
	go func() {
		ticks <- time.Time{}
		done <- errors.New("refused")
	}()
	var out bytes.Buffer
	if err := progress(&out, "starting", ticks, done); err == nil || err.Error() != "refused" {
		t.Errorf("error %v, want refused", err)
	}
	if got, want := out.String(), "\rstarting … 0 s\rstarting … 1 s\r\x1b[K"; got != want {
		t.Errorf("painted %q, want %q", got, want)
	}
}

func TestColourOnlyWhereItIsWanted(t *testing.T) {
	plain, vivid := &printer{}, &printer{colour: true}
	rows := [][]string{{"a", "ready"}, {"bcd", "lost"}}
	if got, want := plain.table([]string{"JOB", "STATE"}, rows), "JOB  STATE\na    ready\nbcd  lost\n"; got != want {
		t.Errorf("plain %q, want %q", got, want)
	}
	if got := vivid.table([]string{"JOB", "STATE"}, rows); !strings.Contains(got, "bcd  \x1b[31mlost\x1b[0m\n") {
		t.Errorf("colours %q", got)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) || isTerminal(&bytes.Buffer{}) {
		t.Error("nobody watches a buffer or the null device")
	}
}

func TestStatusWordsWhatIsMeasured(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	good, bad := actors.Quality{Grade: actors.Good}, actors.Quality{Grade: actors.Bad, Reason: "saturated"}
	st := web.Status{
		Unit: "pio1", Experiment: "exp", Now: now, UptimeS: 3661.5,
		Jobs: []web.Job{
			{Name: "dosing_automation", State: actors.Ready, Automation: "turbidostat"},
			{Name: "growth_rate_calculating", State: actors.Ready},
			{Name: "led_automation", State: actors.Sleeping, Automation: "light_dark"},
			{Name: "od_reading", State: actors.Ready},
			{Name: "self_made", State: actors.Lost, Reason: "failed 11 times"},
			{Name: "stirring", State: actors.Ready},
			{Name: "temperature_automation", State: actors.Ready, Automation: "thermostat", Settings: map[string]any{"target_temperature": 37.0}},
		},
		Temperature: &actors.VialTemperature{C: 36.87}, HeaterDuty: &actors.HeaterDuty{Percent: 24.75},
		VialState:  &actors.VialState{Paused: true, Since: time.Date(2026, 3, 1, 11, 58, 0, 0, time.Local)},
		Actions:    []actors.ActionState{{Action: "add_media", State: actors.Ready}, {Action: "remove_waste", State: actors.Disconnected}},
		Bottles:    &actors.Bottles{Media: actors.Bottle{SizeML: 1000, ML: 430}, Waste: actors.Bottle{SizeML: 500, ML: 12}},
		DoseCheck:  &actors.DoseCheck{State: actors.CheckFailed, Text: "no step"},
		SelfTest:   &actors.SelfTest{Meta: actors.Meta{At: time.Date(2026, 2, 28, 12, 0, 0, 0, time.Local)}, Passed: 9, Failed: 2},
		OD:         &actors.ODReadings{Readings: []actors.ODReading{{Angle: "90", Value: 0.51234, Quality: good}, {Angle: "135", Value: 3, Quality: bad}}},
		GrowthRate: &actors.GrowthRate{PerH: 0.4321}, ODFiltered: &actors.ODFiltered{Value: 2.345},
		Stirring: &actors.StirringRate{RPM: 498.7654321},
		Vial: &actors.Vial{VolumeML: 14, AltFraction: 0.25, DilutionRatePerH: 0.3, Generations: 5.25, OwedWasteML: 1.5,
			LastDose: now.Add(-90 * time.Second)},
		LEDs:   &actors.LEDs{A: 70},
		Alarms: []actors.Alarm{{Name: "bottle_empty", Priority: "high", Text: "no step after a dose"}},
		Events: []actors.AutomationEvent{{Job: "dosing_automation", Name: "DilutionEvent", Message: "exchanged 1 mL"}},
	}
	want := `unit pio1, experiment "exp", up 1h1m1s

JOB                      STATE     NOW
dosing_automation        ready     turbidostat: exchanged 1 mL
growth_rate_calculating  ready     µ = 0.432 1/h, normalized OD 2.35
led_automation           sleeping  light_dark
od_reading               ready     0.5123 AU at 90°, 3 AU at 135° (bad: saturated)
self_made                lost      failed 11 times
stirring                 ready     499 rpm
temperature_automation   ready     thermostat: 36.9 ℃, target 37 ℃, heater at 24.75 %

vial      14.00 mL, alt media 25 %, dilution rate 0.3 1/h, 5.25 generations, last dose 1m30s ago, 1.50 mL of waste still to remove
paused    since 11:58: no dosing, no OD readings; go on with ` + "`pioactor vial resume`" + `
pump      add_media is running
bottles   media 430 of 1000 mL, waste 12 of 500 mL
doses     stopped by the dose check; look at the vial, then ` + "`pioactor alarms ack dose_check`" + `
LEDs      A 70 %, B 0 %, C 0 %, D 0 %
test      2 of 11 checks failed on 2026-02-28; see ` + "`pioactor self-test --last`" + `
ALARM bottle_empty (high): no step after a dose
`
	if got := (&printer{}).status(st); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInfoShowsDeclaredSettings(t *testing.T) {
	info := web.JobInfo{
		Job: web.Job{Name: "led_automation", State: actors.Ready, Automation: "night", Experiment: "exp",
			Settings: map[string]any{"percent": 5.0, "extra": true, "automation_name": "night"}},
		Schemas: []web.Schema{{Name: "night", Settings: []web.Setting{
			{Name: "percent", Unit: "%", Range: "0 to 100 %", Settable: true, Default: 1.0, Value: 5.0, Help: "how bright"},
			{Name: "since", Unit: "s", Range: "any float in s", ReadOnly: true, Value: 1795333012.25}}}, {Name: "silent"}},
	}
	want := `led_automation: ready, automation night, experiment "exp"

automation night
SETTING  NOW           DEFAULT  WANTS       CHANGED     MEANING
percent  5 %           1 %      0 to 100 %  any time    how bright
since    1795333012 s  -        -           by the job

SHOWN  NOW
extra  true
`
	if got := (&printer{}).info(info); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLEDsAreNamedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		given, channel, want string
	}{
		"by flags":           {"A D", "", "A at 1 %, D at 4 %"},
		"by name":            {"channel percent", "B", "B at 9 %"},
		"both":               {"channel percent C", "B", "B at 9 %, C at 3 %"},
		"twice":              {"channel percent B", "B", "channel B is given twice"},
		"no such channel":    {"channel percent", "E", `--channel: want one of A, B, C, D, got "E"`},
		"a percent of which": {"percent", "", "want --channel and --percent together"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ledFlags{channel: c.channel, percent: 9, by: [4]float64{1, 2, 3, 4}}
			light, err := f.request(func(flag string) bool { return strings.Contains(" "+c.given+" ", " "+flag+" ") })
			got := lightText(light)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestVersionIsPioactorsInAnyBinary(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.2.3":             {Main: debug.Module{Path: "example.org/mine", Version: "v7.0.0"}, Deps: []*debug.Module{{Path: modulePath, Version: "v1.2.3"}}},
		"v1.0.0":             {Main: debug.Module{Path: modulePath, Version: "v1.0.0"}},
		"devel-0123456789ab": {Main: debug.Module{Path: modulePath, Version: "(devel)"}, Settings: commit},
		"devel":              {Main: debug.Module{Path: "example.org/mine"}, Settings: commit},
	} {
		if got := versionOf(info); got != want {
			t.Errorf("version %q, want %q", got, want)
		}
	}
}

func TestStatusSaysWhyThereIsNoFigure(t *testing.T) {
	thermostat := web.Job{Name: "temperature_automation", State: actors.Ready, Automation: "thermostat", Settings: map[string]any{}}
	for name, c := range map[string]struct {
		job  web.Job
		st   web.Status
		want string
	}{
		"no growth yet":      {web.Job{Name: "growth_rate_calculating", State: actors.Ready}, web.Status{}, "warming up"},
		"not measured yet":   {thermostat, web.Status{}, "thermostat: measuring"},
		"the heater is held": {thermostat, web.Status{Heater: &actors.Heater{Fault: "the thermometer is lost"}}, "thermostat: measuring, no heat: the thermometer is lost"},
		"an empty event": {web.Job{Name: "led_automation", State: actors.Ready, Automation: "silent"},
			web.Status{Events: []actors.AutomationEvent{{Job: "led_automation"}}}, "silent"},
	} {
		if got := about(c.job, c.st); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	unsure := web.Status{DoseCheck: &actors.DoseCheck{State: actors.CheckUnknown, Text: "too noisy"}, Bottles: &actors.Bottles{}, LEDs: &actors.LEDs{}}
	if got := overview(unsure); len(got) != 1 || got[0].text != "not verified: too noisy" {
		t.Errorf("%+v, want one remark, on the dose check", got)
	}
}

// A terminal that nobody reads, or a long past that is run through before the
// first picture, must not hold back doses.
func TestTheScreenHoldsNothingBack(t *testing.T) {
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clock.Virtual(time.Unix(1e9, 0), 1)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	scr := newScreen(&out, true, sys)
	for range 5000 {
		sys.Publish("exp", actors.Dosed{MediaML: 1})
	}
	sys.Publish("exp", actors.Dosed{WasteML: 1})
	if sys.Congested() {
		t.Error("doses wait for the screen")
	}
	sys.Publish("exp", actors.Vial{VolumeML: 14})
	sys.Publish("exp", actors.JobState{Job: "stirring", State: actors.Ready})
	sys.Publish("exp", actors.StirringRate{RPM: 500})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	scr.paint(now)
	scr.paint(now)
	want := cutLines + "unit pio1, 12:00:00\n  stirring                   ready     500 rpm\n" +
		"  vial                                 14.00 mL, alt media 0 %, dilution rate 0 1/h, 0 generations, 5000 doses" + wrapLines + "\n"
	if got := out.String(); got != want+"\x1b[3A\x1b[J"+want {
		t.Errorf("painted %q, want %q twice", got, want)
	}
}
