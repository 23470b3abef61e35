package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// example is an hour of a culture that doubles, is read wrongly by a factor of
// 0.2 and, once, by 10 % more.
func example(t testing.TB) *Run {
	t.Helper()
	now, od := time.Duration(0), 0.0
	rec := NewRecorder("an <hour> & more", start, func() Truth {
		return Truth{ODAU: od, MuPerH: 0.7, VolumeML: 15 + now.Hours(), TemperatureC: 37, OverflowML: 0.5}
	})
	meta := func() actors.Meta { return actors.Meta{At: start.Add(now)} }
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "target_biomass", Value: 2.0})
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "temperature_automation", Setting: "target_temperature", Value: 37.0})
	rec.Take(actors.VialTemperature{Meta: meta(), C: 36.8})
	rec.Take(actors.Heater{Meta: meta(), Fitted: true, Percent: 25})
	rec.Take(actors.JobState{Meta: meta(), Job: "od_reading", State: actors.Ready, From: actors.Init})
	rec.Take(actors.StirringRate{Meta: meta(), RPM: 500})
	rec.Take(actors.HeaterDuty{Meta: meta(), Percent: 26})
	rec.Take(actors.LEDs{Meta: meta(), C: 5})
	rec.Take(actors.LEDChanged{Meta: meta(), Channel: "A", Percent: 80, Source: "od_reading"})
	rec.Take(actors.LEDChanged{Meta: meta(), Channel: "C", Percent: 5, Source: "led_automation"})
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "biomass_signal", Value: "normalized_od"})
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "target_growth_rate", Value: 0.7})
	rec.Take(actors.VialState{Meta: meta()})
	for now = 0; now < time.Hour; now += 5 * time.Second {
		od = math.Exp(0.7 * now.Hours())
		value, grade := 0.2*od, actors.Good
		if now == 30*time.Minute {
			value, grade = value*1.1, actors.Uncertain
		}
		rec.Take(actors.Vial{Meta: meta(), VolumeML: 15})
		rec.Take(actors.ODReadings{Meta: meta(), Readings: []actors.ODReading{
			{Channel: 2, Angle: "90", Value: value, Quality: actors.Quality{Grade: grade}},
			{Channel: 3, Angle: "135", Value: math.NaN(), Quality: actors.Quality{Grade: actors.Good}},
		}})
		if now >= 10*time.Minute {
			rec.Take(actors.ODFiltered{Meta: meta(), Value: od})
			rec.Take(actors.GrowthRate{Meta: meta(), PerH: 0.6})
		}
		if now == 40*time.Minute {
			rec.Take(actors.Dosed{Meta: meta(), ID: "d1", MediaML: 1, AltMediaML: 0.5, WasteML: 3, Source: "dosing_automation"})
			rec.Take(actors.Alarm{Meta: meta(), Name: "stall", Priority: "high", Active: true, Text: "it, \"stands\""})
		}
	}
	now = 45 * time.Minute
	rec.Take(actors.VialState{Meta: meta(), Paused: true})
	rec.Take(actors.VialState{Meta: meta()})
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "exchange_volume_ml", Value: 1.0})
	rec.Take(actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "exchange_volume_ml", Value: 2.0})
	now = 50 * time.Minute
	rec.Take(actors.DoseRefused{Meta: meta(), ID: "d2", Code: "full", Reason: "the vial is full", Source: "x"})
	rec.Take(actors.Alarm{Meta: meta(), Name: "stall", Priority: "high", Text: "it turns"})
	rec.Take(actors.JobState{Meta: meta(), Job: "monitor", State: actors.Lost, Reason: "it fell"})
	rec.Note(Event{At: 20 * time.Minute, Kind: Fault, Source: "stirrer_stall", Name: "injected"})
	run := rec.Run(time.Hour)
	run.MaxFillML = 16
	return run
}

func TestReadingsAreOneRowForEachInstant(t *testing.T) {
	var out strings.Builder
	if err := example(t).WriteReadings(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 721 {
		t.Errorf("%d rows, want 721", len(rows))
	}
	want := "timestamp,seconds,od_2_90,od_3_135,quality,od_filtered,growth_rate_per_h,true_od_au,true_growth_rate_per_h,true_volume_ml,ledger_volume_ml,rpm,true_temperature_c,temperature_c,heater_percent,heater_asked_percent,target_biomass,target_temperature_c,led_a_percent,led_b_percent,led_c_percent,led_d_percent"
	if got := strings.Join(rows[0], ","); got != want {
		t.Errorf("header %s\nwant %s", got, want)
	}
	if got, want := strings.Join(rows[1], ","), "2026-01-01T00:00:00.000Z,0.000,0.2,,good,,,1,0.7,15,15,500,37,36.8,25,26,2,37,0,0,5,0"; got != want {
		t.Errorf("first %s\nwant  %s", got, want)
	}
	if got, want := strings.Join(rows[361], ","), "2026-01-01T00:30:00.000Z,1800.000,0.312195,,uncertain,1.41907,0.6,1.41907,0.7,15.5,15,500,37,36.8,25,26,2,37,0,0,5,0"; got != want {
		t.Errorf("middle %s\nwant   %s", got, want)
	}
}

func TestEventsAreInTheOrderOfTime(t *testing.T) {
	var out strings.Builder
	if err := example(t).WriteEvents(&out); err != nil {
		t.Fatal(err)
	}
	want := `timestamp,seconds,kind,source,name,message,media_ml,alt_media_ml,waste_ml
2026-01-01T00:00:00.000Z,0.000,state,od_reading,ready,,,,
2026-01-01T00:20:00.000Z,1200.000,fault,stirrer_stall,injected,,,,
2026-01-01T00:40:00.000Z,2400.000,dose,dosing_automation,d1,,1,0.5,3
2026-01-01T00:40:00.000Z,2400.000,alarm,stall,high,"it, ""stands""",,,
2026-01-01T00:45:00.000Z,2700.000,bench,vial,pause,,,,
2026-01-01T00:45:00.000Z,2700.000,bench,vial,resume,,,,
2026-01-01T00:45:00.000Z,2700.000,setting,dosing_automation,exchange_volume_ml,"2, was 1",,,
2026-01-01T00:50:00.000Z,3000.000,dose_refused,x,full,the vial is full,,,
2026-01-01T00:50:00.000Z,3000.000,alarm,stall,over,it turns,,,
2026-01-01T00:50:00.000Z,3000.000,state,monitor,lost,it fell,,,
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestSummaryCountsAndCompares(t *testing.T) {
	s := example(t).Summary()
	if s.Readings != 720 || s.Good != 719 || s.Doses != 1 || s.Refused != 1 || s.MediaML != 1 || s.AltMediaML != 0.5 || s.WasteML != 3 {
		t.Errorf("%+v", s)
	}
	if *s.ODErrorPct > 1e-9 || math.Abs(*s.MuErrorPerH-0.1) > 1e-9 || math.Abs(*s.MaxTrueML-(15+3595.0/3600)) > 1e-9 {
		t.Errorf("errors %v %%, %v 1/h; highest %v mL", *s.ODErrorPct, *s.MuErrorPerH, *s.MaxTrueML)
	}
	if fmt.Sprint(s.Alarms, s.Ended) != "[stall] [{monitor lost it fell}]" {
		t.Errorf("alarms %v, ended %v", s.Alarms, s.Ended)
	}
	want := `1 h, 720 readings, 719 of them good
doses: 1 (media 1.0 mL, alt media 0.5 mL, waste 3.0 mL), refused: 1
OD: mean error 0 % of the truth, after one scale factor
density held: -10 % from the target in truth, on average since the first dose
growth rate: on average 0.6 1/h, 0.7 in truth; mean error 0.1 1/h
vial: at most 16.00 mL in truth, 0.5 mL over the brim; 15.00 mL in the ledger
alarms: stall
monitor is lost: it fell`
	*s.ODErrorPct = math.Round(*s.ODErrorPct)
	if s.String() != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

// The truth is known only of a simulated vial.
func TestRunWithoutTruthClaimsNone(t *testing.T) {
	rec := NewRecorder("recorded", start, nil)
	rec.Take(actors.ODReadings{Meta: actors.Meta{At: start}, Readings: []actors.ODReading{{Channel: 1, Angle: "90", Value: 1, Quality: actors.Quality{Grade: actors.Good}}}})
	run := rec.Run(time.Minute)
	if s := run.Summary(); s.ODErrorPct != nil || s.MuErrorPerH != nil || s.MaxTrueML != nil {
		t.Errorf("%+v", s)
	}
	if text := picture(t, run); strings.Contains(text, ">truth<") {
		t.Error("the picture has a key for a truth nobody knows")
	}
}

func picture(t testing.TB, run *Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := run.WriteSVG(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A committed picture changes only when the run or the drawing does.
func TestSameRunGivesTheSamePicture(t *testing.T) {
	first := picture(t, example(t))
	for range 20 {
		if picture(t, example(t)) != first {
			t.Fatal("two pictures of one run differ")
		}
	}
}

func TestPictureIsSoundAndSmall(t *testing.T) {
	empty := NewRecorder("", start, nil)
	for name, run := range map[string]*Run{"example": example(t), "empty": empty.Run(0), "no readings": empty.Run(time.Hour)} {
		text := picture(t, run)
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, bad := range []string{"NaN", "Inf", "-0 ", "%!"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q in the picture", name, bad)
			}
		}
		if len(text) > 100_000 {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
	for _, want := range []string{"an &lt;hour&gt; &amp; more", ">truth<", ">target<", ">stirrer_stall<", ">stall<", ">alt media<", ">highest permitted<", ">LEDs, %<", ">asked for<", "prefers-color-scheme:dark"} {
		if !strings.Contains(picture(t, example(t)), want) {
			t.Errorf("no %s in the picture", want)
		}
	}
}

func TestAxisTicksAreRound(t *testing.T) {
	cases := map[string]struct {
		axis
		want string
	}{
		"tenths":      {axis{low: -0.02, high: 0.93}, "0.0 0.2 0.4 0.6 0.8"},
		"millilitres": {axis{low: 14.6, high: 16.2}, "15.0 15.5 16.0"},
		"rpm":         {axis{low: -5, high: 540}, "0 200 400"},
		"ratios":      {axis{low: 0.8, high: 30, log: true}, "1 2 5 10 20"},
		"decades":     {axis{low: 0.8, high: 3000, log: true}, "1 10 100 1000"},
	}
	for name, c := range cases {
		var got []string
		for _, tick := range c.ticks(5) {
			got = append(got, tick.text)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// A batch culture grows by a large factor: its picture is logarithmic.
func TestWideDensityIsDrawnInRatios(t *testing.T) {
	run := example(t)
	if run.density().log {
		t.Error("a doubling is drawn in ratios")
	}
	for i := range run.Rows {
		run.Rows[i].Filtered.X *= math.Exp(float64(i) / 100)
	}
	p := run.density()
	if y := (axis{p.low, p.high, 100, 0, p.log}); !p.log || math.Abs(y.at(10)-y.at(100)-(y.at(1)-y.at(10))) > 1e-9 {
		t.Errorf("%+v", y)
	}
}

// Leaving points out must not move the line by more than a third of a pixel.
func TestStraightenedLineStaysOnThePoints(t *testing.T) {
	var run []point
	for x := range 900 {
		run = append(run, point{float64(x), 50 + 40*math.Sin(float64(x)/50)})
	}
	kept := straightened(run)
	if len(kept) > 150 {
		t.Errorf("kept %d of 900 points", len(kept))
	}
	at := 0
	for _, p := range run {
		for kept[at+1].x < p.x {
			at++
		}
		a, b := kept[at], kept[at+1]
		if off := math.Abs(a.y + (b.y-a.y)*(p.x-a.x)/(b.x-a.x) - p.y); off > 0.3+1e-9 {
			t.Errorf("at %v off by %v", p.x, off)
		}
	}
}

// failing is a disk that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestFullDiskIsReported(t *testing.T) {
	run := example(t)
	for name, err := range map[string]error{
		"readings": run.WriteReadings(failing{}), "events": run.WriteEvents(failing{}), "picture": run.WriteSVG(failing{}),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAlarmThatIsHiddenIsOneEvent(t *testing.T) {
	rec := NewRecorder("", time.Time{}, nil)
	a := actors.Alarm{Name: "stall", Priority: "high", Active: true, Text: "it stands"}
	for _, cause := range []string{"", "board_failed", ""} {
		a.HiddenBy = cause
		rec.Take(a)
	}
	a.Active = false
	rec.Take(a)
	a.Active = true
	rec.Take(a)
	if n := len(rec.Run(time.Hour).Events); n != 3 {
		t.Errorf("%d events, want 3: raised, over, raised", n)
	}
}
