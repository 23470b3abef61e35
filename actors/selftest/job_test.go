package selftest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
	"github.com/pioactor/pioactor/hw/sim"
)

const (
	hat         = "test_pioreactor_HAT_present"
	correlation = "test_all_positive_correlations_between_pds_and_leds"
	ambient     = "test_ambient_light_interference"
	dark        = "test_dark_offset_correction_is_effective"
	refLevel    = "test_REF_is_lower_than_0_dot_256_volts"
	refPosition = "test_REF_is_in_correct_position"
	blank       = "test_PD_is_near_0_volts_for_blank"
	heater      = "test_detect_heating_pcb"
	heating     = "test_positive_correlation_between_temperature_and_heating"
	stirring    = "test_positive_correlation_between_rpm_and_stirring"
	rail        = "test_aux_power_is_not_too_high"
)

// open is a unit with a blank in its vial and no job.
func open(t *testing.T, seed uint64, change func(*cmd.Config)) *actorstest.House {
	t.Helper()
	return openOn(t, "", seed, change)
}

// openOn is open on a modelled HAT of that version; empty is on the twin.
func openOn(t *testing.T, hat string, seed uint64, change func(*cmd.Config)) *actorstest.House {
	t.Helper()
	h := actorstest.Open(t, actorstest.HouseOptions{HAT: hat, Seed: seed, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{}
		if change != nil {
			change(c)
		}
	}})
	h.Run(time.Second)
	for _, name := range []string{"heater", "thermometer"} {
		if h.System.Running(name) {
			continue
		}
		if err := h.System.Start(actors.Spec{Name: name, New: func() actors.Job { return stove{h.Board} }}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func start(h *actorstest.House) actors.Reply {
	return h.Do("experiment", actors.StartJob{Job: "self_test"})
}

// test runs a whole self-test.
func test(t *testing.T, h *actorstest.House) actors.SelfTest {
	t.Helper()
	if r := start(h); !r.OK {
		t.Fatalf("start: %+v", r)
	}
	h.RunUntil(10*time.Minute, "end of the self-test", func() bool { return h.State("self_test") == actors.Disconnected })
	end, _ := actors.LatestOf[actors.SelfTest](h.System, "")
	return end
}

// verdicts are the names of the checks that came to verdict.
func verdicts(h *actorstest.House, verdict string) []string {
	var names []string
	for _, f := range h.System.Retained() {
		if k, ok := f.(actors.SelfTestCheck); ok && k.Verdict == verdict {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

func text(h *actorstest.House, name string) actors.SelfTestCheck {
	k, _ := actors.LatestOf[actors.SelfTestCheck](h.System, name)
	return k
}

// stove stands for the actors "heater" and "thermometer" in a house without them.
type stove struct{ board *sim.Board }

func (s stove) Receive(c *actors.Context, msg any) error {
	out, err := s.board.Heater()
	if err != nil {
		return err
	}
	switch m := msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.OwnerGone](c)
	case protocol.Drive:
		c.Answer(protocol.Driven{Output: m.Output, OK: true})
		return out.Set(m.Percent)
	case protocol.Release, actors.OwnerGone:
		return out.Halt()
	case protocol.ReadTemperature:
		thermometer, err := s.board.Thermometer()
		celsius := 0.0
		if err == nil {
			celsius, err = thermometer.TemperatureC()
		}
		c.Answer(protocol.TemperatureRead{TemperatureC: celsius, Err: err})
	}
	return nil
}

func TestAHealthyUnitPasses(t *testing.T) {
	for seed := range uint64(5) {
		h := open(t, seed+1, nil)
		end := test(t, h)
		if end.Running || end.Passed != 11 || len(end.Correlations) != 2 || end.Correlations[0].R < 0.9 {
			t.Errorf("seed %d: %+v, failed %v, skipped %v; want 11 passed", seed, end, verdicts(h, actors.Failed), verdicts(h, actors.Skipped))
			for _, name := range verdicts(h, actors.Failed) {
				t.Logf("%+v", text(h, name))
			}
		}
		truth := h.Board.Truth()
		h.Run(5 * time.Second)
		if truth = h.Board.Truth(); truth.StirrerPct != 0 || truth.HeaterPct != 0 || truth.LEDPct != [4]float64{} {
			t.Errorf("seed %d: outputs are left on: %+v", seed, truth)
		}
	}
}

// Each fault, what must fail, and what cannot be judged for it.
func TestEachFaultFailsItsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		fault   string
		config  func(*cmd.Config)
		failed  []string
		skipped []string
	}{
		"no HAT":           {config: func(c *cmd.Config) { c.Sim.Absent = []string{"hat"} }, failed: []string{hat}},
		"IR LED dead":      {fault: "led_dead:A", failed: []string{correlation}, skipped: []string{refLevel, refPosition, blank}},
		"window light":     {fault: "ambient:0.2", failed: []string{ambient}},
		"afterglow":        {fault: "afterglow:0.06", failed: []string{dark}},
		"REF too bright":   {config: func(c *cmd.Config) { c.Sim.RefV = 2 }, failed: []string{refLevel}},
		"REF displaced":    {fault: "ref_displaced:2", failed: []string{refPosition}},
		"culture in vial":  {config: func(c *cmd.Config) { c.Sim.InitialODAU = 2 }, failed: []string{blank}},
		"no stir bar":      {fault: "stirrer_stall", failed: []string{stirring}, skipped: []string{refPosition}},
		"hall sensor dead": {fault: "tacho_error", failed: []string{stirring}},
		"high supply":      {fault: "rail_voltage:19", failed: []string{rail}},
		"rail mute":        {fault: "rail_error", failed: []string{rail}},
		"no thermometer":   {config: func(c *cmd.Config) { c.Sim.Absent = []string{"thermometer"} }, failed: []string{heater}, skipped: []string{heating}},
		"no tachometer":    {config: func(c *cmd.Config) { c.Sim.Absent = []string{"tachometer"} }, skipped: []string{stirring}},
		"heater dead":      {fault: "heater_dead", failed: []string{heating}},
		"thermometer mute": {fault: "thermometer_error", failed: []string{heater}, skipped: []string{heating}},
		"thermometer mad":  {fault: "thermometer_nan", failed: []string{heater}, skipped: []string{heating}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, 3, c.config)
			if c.fault != "" {
				f, err := sim.ParseFault(c.fault)
				if err != nil {
					t.Fatal(err)
				}
				if err := h.Board.Inject(f); err != nil {
					t.Fatal(err)
				}
			}
			end := test(t, h)
			slices.Sort(c.failed)
			slices.Sort(c.skipped)
			if got := verdicts(h, actors.Failed); !slices.Equal(got, c.failed) {
				t.Errorf("failed %v, want %v", got, c.failed)
				for _, k := range got {
					t.Logf("%+v", text(h, k))
				}
			}
			if got := verdicts(h, actors.Skipped); !slices.Equal(got, c.skipped) {
				t.Errorf("skipped %v, want %v", got, c.skipped)
			}
			if end.Failed != len(c.failed) || end.Skipped != len(c.skipped) {
				t.Errorf("%+v", end)
			}
			for _, k := range c.failed {
				if text(h, k).Text == "" || text(h, k).Remedy == "" {
					t.Errorf("%s has neither explanation nor remedy: %+v", k, text(h, k))
				}
			}
		})
	}
}

func TestRefusesBesideACulture(t *testing.T) {
	h := open(t, 1, func(c *cmd.Config) { c.Sim.Start = []string{"stirring", "od_reading"} })
	h.Run(10 * time.Second)
	r := start(h)
	if r.OK || !strings.Contains(r.Reason, "stirring") || !strings.Contains(r.Reason, "pioactor jobs stop od_reading") {
		t.Errorf("%+v, want a refusal that names both jobs and how to stop them", r)
	}
	if len(actorstest.Collect[actors.SelfTest](h)) != 0 {
		t.Error("a refused test cleared the results")
	}
}

func TestCancelLeavesEverythingOffAndSaysSo(t *testing.T) {
	for _, after := range []time.Duration{300 * time.Millisecond, 7 * time.Second, 20 * time.Second, time.Minute, 2 * time.Minute} {
		h := open(t, 2, nil)
		if r := start(h); !r.OK {
			t.Fatal(r.Reason)
		}
		h.Run(after)
		if r := h.Do("self_test", actors.SetState{State: actors.Disconnected}); !r.OK {
			t.Fatalf("cancel after %v: %+v", after, r)
		}
		h.Run(10 * time.Millisecond)
		if truth := h.Board.Truth(); truth.StirrerPct != 0 || truth.HeaterPct != 0 || truth.LEDPct != [4]float64{} {
			t.Errorf("cancelled after %v: outputs are left on: %+v", after, truth)
		}
		end, _ := actors.LatestOf[actors.SelfTest](h.System, "")
		if end.Running || end.Skipped == 0 || end.Passed+end.Failed+end.Skipped != 11 {
			t.Errorf("cancelled after %v: %+v", after, end)
		}
		if r := h.Do("experiment", actors.StartJob{Job: "stirring"}); !r.OK {
			t.Errorf("stirring cannot start after a cancelled test: %+v", r)
		}
	}
}

func TestEndsWhenAJobWantsTheVial(t *testing.T) {
	h := open(t, 1, nil)
	start(h)
	h.Run(5 * time.Second)
	h.Do("experiment", actors.StartJob{Job: "od_reading", Options: []setting.Pair{}})
	h.Run(2 * time.Second)
	if h.State("self_test") != actors.Disconnected {
		t.Errorf("self_test is %s beside od_reading", h.State("self_test"))
	}
	if k := text(h, rail); k.Verdict != actors.Skipped || !strings.Contains(k.Text, "od_reading") {
		t.Errorf("%+v, want skipped because of od_reading", k)
	}
}

func TestResultsOutliveARestartAndTheTestDoesNot(t *testing.T) {
	h := open(t, 1, nil)
	before := test(t, h)
	h.Run(100 * time.Millisecond) // to be on the disk
	h.Kill()
	h.Run(time.Second)
	after, known := actors.LatestOf[actors.SelfTest](h.System, "")
	if !known || after.Passed != before.Passed || !after.At.Equal(before.At) || text(h, hat).Verdict != actors.Passed {
		t.Errorf("after a restart: %+v and %+v, want %+v", after, text(h, hat), before)
	}
	start(h)
	h.Run(5 * time.Second)
	h.Kill()
	h.Run(5 * time.Second)
	if h.System.Running("self_test") {
		t.Error("a power cut began a test again")
	}
}

func TestProgressRises(t *testing.T) {
	h := open(t, 1, nil)
	test(t, h)
	last := int64(-1)
	for _, s := range actorstest.Collect[actors.SettingChanged](h) {
		if p, ok := s.Value.(int64); ok && s.Job == "self_test" && s.Setting == "progress" {
			if p < last || p > 100 {
				t.Fatalf("progress %d after %d", p, last)
			}
			last = p
		}
	}
	if last != 100 {
		t.Errorf("progress ended at %d, want 100", last)
	}
}
