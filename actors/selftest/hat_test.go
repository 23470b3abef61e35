package selftest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/sim"
)

// bench is a HAT and the holder on it.
type bench struct{ hat, model, version string }

func (b bench) config(c *cmd.Config) {
	c.Unit.Model, c.Unit.ModelVersion = b.model, b.version
	if strings.HasSuffix(b.model, "_XR") {
		c.Photodiodes = map[string]string{"1": "REF", "2": "90", "3": "135", "4": "45"}
	}
}

// benches are all that can be put together.
func benches() (all []bench) {
	for model, versions := range map[string][]string{
		"pioreactor_20ml": {"1.0", "1.1", "1.5"}, "pioreactor_40ml": {"1.0", "1.5"},
		"pioreactor_20ml_XR": {"1.5"}, "pioreactor_40ml_XR": {"1.5"},
	} {
		for _, version := range versions {
			for _, hat := range []string{"1.0", "1.1", "1.2"} {
				if hat != "1.0" || version != "1.5" { // one address, two chips
					all = append(all, bench{hat, model, version})
				}
			}
		}
	}
	return all
}

func TestAHealthyHATPasses(t *testing.T) {
	for _, b := range benches() {
		t.Run(b.hat+" "+b.model+" "+b.version, func(t *testing.T) {
			h := openOn(t, b.hat, 1, b.config)
			end := test(t, h)
			if end.Passed != 11 {
				t.Errorf("%+v, want 11 passed", end)
				tellFailed(t, h)
			}
			if truth := h.Truth(); truth.StirrerPct != 0 || truth.HeaterPct != 0 || truth.LEDPct != [4]float64{} {
				t.Errorf("outputs are left on: %+v", truth)
			}
		})
	}
}

func tellFailed(t *testing.T, h *actorstest.House) {
	t.Helper()
	for _, verdict := range []string{actors.Failed, actors.Skipped} {
		for _, name := range verdicts(h, verdict) {
			t.Logf("%s: %+v", verdict, text(h, name))
		}
	}
}

// Each fault of the vial or below the drivers, what must fail, and what cannot
// be judged for it.
func TestEachFaultOfAHATFailsItsCheck(t *testing.T) {
	pico, first := bench{"1.2", "pioreactor_20ml", "1.1"}, bench{"1.0", "pioreactor_20ml", "1.0"}
	newest := bench{"1.2", "pioreactor_20ml", "1.5"}
	optics := []string{correlation, ambient, dark}
	follow := []string{refLevel, refPosition, blank}
	for name, c := range map[string]struct {
		bench
		vial            string
		below           fake.Fault
		config          func(*cmd.Config)
		failed, skipped []string
	}{
		"IR LED dead":             {bench: pico, vial: "led_dead:A", failed: []string{correlation}, skipped: follow},
		"window light":            {bench: pico, vial: "ambient:0.2", failed: []string{ambient}},
		"afterglow":               {bench: pico, vial: "afterglow:0.06", failed: []string{dark}},
		"REF too bright":          {bench: pico, config: func(c *cmd.Config) { c.Sim.RefV = 1.8 }, failed: []string{refLevel}},
		"REF displaced":           {bench: pico, vial: "ref_displaced:2", failed: []string{refPosition}},
		"culture in vial":         {bench: pico, config: func(c *cmd.Config) { c.Sim.InitialODAU = 2 }, failed: []string{blank}},
		"no stir bar":             {bench: pico, vial: "stirrer_stall", failed: []string{stirring}, skipped: []string{refPosition}},
		"hall sensor unheard":     {bench: pico, below: fake.Fault{Kind: fake.LostEdges}, failed: []string{stirring}, skipped: []string{refPosition}},
		"high supply, RP2040":     {bench: pico, vial: "rail_voltage:11.4"}, // as far as it can tell
		"high supply":             {bench: first, vial: "rail_voltage:19", failed: []string{rail}},
		"heater dead":             {bench: pico, vial: "heater_dead", failed: []string{heating}},
		"thermometer unanswering": {bench: pico, below: fake.Fault{Kind: fake.NACK, Address: 0x4F}, failed: []string{heater}, skipped: []string{heating}},
		"RP2040 unanswering":      {bench: pico, below: fake.Fault{Kind: fake.NACK, Address: 0x2C}, failed: append([]string{rail}, optics...), skipped: follow},
		"ADS1115 unanswering":     {bench: first, below: fake.Fault{Kind: fake.NACK, Address: 0x48}, failed: append([]string{rail}, optics...), skipped: follow},
		"LED driver unanswering":  {bench: first, below: fake.Fault{Kind: fake.NACK, Address: 0x49}, failed: []string{correlation}, skipped: follow},
		"an ADS1114 unanswering":  {bench: newest, below: fake.Fault{Kind: fake.NACK, Address: 0x4A}, failed: optics, skipped: follow},
		"light beyond the RP2040": {bench: pico, below: fake.Fault{Kind: fake.Bright, Value: 1.6}, failed: []string{ambient, correlation}, skipped: follow},
		"REF wraps":               {bench: pico, config: func(c *cmd.Config) { c.Sim.RefV = 2.4 }, failed: []string{correlation}, skipped: follow},
	} {
		t.Run(name, func(t *testing.T) {
			h := openOn(t, c.hat, 3, func(cfg *cmd.Config) {
				c.bench.config(cfg)
				if c.config != nil {
					c.config(cfg)
				}
			})
			spoil(t, h, c.vial, c.below)
			test(t, h)
			for verdict, want := range map[string][]string{actors.Failed: c.failed, actors.Skipped: c.skipped} {
				want = slices.Sorted(slices.Values(want))
				if got := verdicts(h, verdict); !slices.Equal(got, want) {
					t.Errorf("%s %v, want %v", verdict, got, want)
					tellFailed(t, h)
				}
			}
			for _, k := range c.failed {
				if text(h, k).Text == "" || text(h, k).Remedy == "" {
					t.Errorf("%s has neither explanation nor remedy: %+v", k, text(h, k))
				}
			}
		})
	}
}

func spoil(t *testing.T, h *actorstest.House, vial string, below fake.Fault) {
	t.Helper()
	if vial != "" {
		f, err := sim.ParseFault(vial)
		if err == nil {
			err = h.Board.Inject(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if below.Kind != "" {
		if err := h.HAT.Machine.Inject(below); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { // before the HAT is switched off
			if err := h.HAT.Machine.Clear(below); err != nil {
				t.Error(err)
			}
		})
	}
}
