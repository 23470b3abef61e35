package automation_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
)

// challenged is one run of a morbidostat on the twin, whose IC50 rises with the
// generations it grows under the drug.
type challenged struct {
	start     string
	drift     float64 // of ln IC50 for each generation
	pump      float64 // true rate over the calibrated one, of both inflow pumps
	seed      uint64
	targetPer float64 // 1/h
}

// live is its life: the true growth rate over the second half, and how far IC50 rose.
func (x challenged) live(t *testing.T) (mean, sd, rise float64) {
	t.Helper()
	var first float64
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: x.seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Media.MaxUnverifiedML = 1e5 // not the subject here
		c.Sim.IC50DriftPerGeneration = x.drift
		c.Sim.MediaRateFactor, c.Sim.AltMediaRateFactor = x.pump, x.pump
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=" + x.start}
		first = c.Sim.IC50AltFraction
	}})
	h.Run(half)
	var rates []float64
	for range int(half / (5 * time.Minute)) {
		h.Run(5 * time.Minute)
		rates = append(rates, h.Board.Truth().MuPerH)
	}
	if s := h.State("dosing_automation"); s != actors.Ready {
		t.Errorf("%+v: %s, want ready", x, s)
	}
	for _, mu := range rates {
		mean += mu / float64(len(rates))
	}
	for _, mu := range rates {
		sd += (mu - mean) * (mu - mean) / float64(len(rates))
	}
	return mean, math.Sqrt(sd), h.Board.Truth().IC50AltFraction / first
}

// hold fails unless the culture is on target, within 5 % on average; wobble is
// the spread that is allowed, relative to the target.
func (x challenged) hold(t *testing.T, wobble float64) {
	t.Helper()
	mean, sd, rise := x.live(t)
	t.Logf("%s, IC50 drift %g, pumps %g: µ %.3f ± %.3f 1/h for %.3f, IC50 rose %.2f times", x.start, x.drift, x.pump, mean, sd, x.targetPer, rise)
	if math.Abs(mean-x.targetPer) > 0.05*x.targetPer || sd > wobble*x.targetPer {
		t.Errorf("%+v: µ %.3f ± %.3f 1/h over the last %v", x, mean, sd, half)
	}
	if x.drift > 0 && rise < 1.15 {
		t.Errorf("%+v: IC50 rose %.2f times, so this shows nothing", x, rise)
	}
}

// A dilution of 1 mL in 15 mL each 12 min.
var toprakPerH = math.Log1p(1.0/15) / 0.2

// TestScoredMorbidostats while the culture becomes resistant. The
// controller of pid_morbidostat is smooth; Toprak's rule is on or off with 1 mL
// at a time, so the growth rate saws around its target.
func TestScoredMorbidostats(t *testing.T) {
	if thin > 1 {
		t.Skip("make test runs it without the race detector, which makes it ten times as long")
	}
	challenged{"pid_morbidostat target_normalized_od=8 target_growth_rate=0.3 duration=20", drift, 1, 3, 0.3}.hold(t, 0.03)
	challenged{"morbidostat target_biomass=8", drift, 1, 3, toprakPerH}.hold(t, 0.12)
}

// target answers with a growth rate and a density whenever it is asked to.
func (b *bench) grown(perH, normalized float64) {
	b.sys.Publish("exp", actors.ODReading{Channel: 2, Angle: "90", Value: 0.1 * normalized, Quality: actors.Quality{Grade: actors.Good}})
	b.clk.Run(0)
	b.sys.Publish("exp", actors.GrowthRate{PerH: perH})
	b.sys.Publish("exp", actors.ODFiltered{Value: normalized})
	b.clk.Run(0)
}

// live publishes such readings every 5 s for d.
func (b *bench) live(d time.Duration, perH, normalized float64) {
	for end := b.clk.Mono() + d; b.clk.Mono() < end; b.clk.Run(5 * time.Second) {
		b.grown(perH, normalized)
	}
}

var fifteenML = []actors.Fact{actors.Vial{VolumeML: 15}}

func TestPIDMorbidostatDecidesByDensity(t *testing.T) {
	for name, c := range map[string]struct {
		density float64
		doses   int
		ml      float64
	}{
		"thin":     {1.0, 0, 0},
		"right":    {1.5, 2, 15 * math.Expm1(0.1)},
		"too much": {2.0, 2, 2.5 * 15 * math.Expm1(0.1)},
	} {
		b := startAfter(t, fifteenML, 1, epoch, state.NewMemory(), "pid_morbidostat")
		b.live(90*time.Minute, 0.35, c.density)
		if len(b.doses) != c.doses {
			t.Errorf("%s: %d doses, want %d", name, len(b.doses), c.doses)
			continue
		}
		for _, d := range b.doses {
			if in := d.MediaML + d.AltMediaML; math.Abs(in-c.ml) > 1e-9 || d.WasteML != in {
				t.Errorf("%s: %+v, want %.4f mL in and out", name, d, c.ml)
			}
		}
		if c.doses == 0 {
			if b.count("NoEvent") != 2 {
				t.Errorf("%s: %d NoEvents, want 2", name, b.count("NoEvent"))
			}
			continue
		}
		e := b.data("AddAltMediaEvent")
		if share := e["fraction_of_alt_media_to_add"].(float64); len(e) != 3 || e["alt_media_ml"].(float64) == 0 || math.Abs(share-e["alt_media_ml"].(float64)/c.ml) > 1e-9 {
			t.Errorf("%s: event data %v", name, e)
		}
	}
}

// What is too little to pump waits, over restarts, and none of it is lost.
func TestSmallVolumesAreCarriedForward(t *testing.T) {
	store := state.NewMemory()
	var alt, all, least float64
	least = 1
	for boot := range 5 {
		b := startAfter(t, fifteenML, uint64(boot), epoch.Add(time.Duration(boot)*10*time.Hour), store, "pid_morbidostat", "kp", 1, "ki", 0)
		b.live(10*time.Hour-time.Minute, 0.12, 1.5) // a share of 0.02
		alt, all = alt+b.altMoved, all+b.moved
		for _, d := range b.doses {
			if d.AltMediaML > 0 {
				least = min(least, d.AltMediaML)
			}
		}
	}
	if share := alt / all; math.Abs(share-0.02) > 0.1/all {
		t.Errorf("share of alt media = %.4f of %.1f mL, want 0.02 but for 0.1 mL", share, all)
	}
	if least < 0.1 {
		t.Errorf("a dose of %.3f mL, want at least 0.1", least)
	}
}

func TestMorbidostatsWaitForReadings(t *testing.T) {
	for name, options := range map[string][]any{"pid_morbidostat": nil, "morbidostat": {"target_biomass", 1}} {
		b := startAfter(t, fifteenML, 1, epoch, state.NewMemory(), name, options...)
		b.clk.Run(4 * time.Minute)
		if len(b.asked) != 0 || b.count("ErrorOccurred") != 0 {
			t.Errorf("%s: %d doses and %d ErrorOccurred before any reading", name, len(b.asked), b.count("ErrorOccurred"))
		}
		b.live(5*time.Minute, 0.5, 2)
		if len(b.asked) != 1 {
			t.Errorf("%s: %d doses once there are readings, want 1", name, len(b.asked))
		}
		b.clk.Run(3 * time.Hour)
		if n := b.count("ErrorOccurred"); len(b.asked) != 1 || n < 1 || n > 2 {
			t.Errorf("%s: %d doses and %d ErrorOccurred in 3 h without readings, want none more and one for each input", name, len(b.asked)-1, n)
		}
		b.live(3*time.Minute, 0.5, 2)
		if len(b.asked) != 2 {
			t.Errorf("%s: %d doses when readings are back, want 2", name, len(b.asked))
		}
	}
}

func TestToprakDecidesByDensityAndGrowth(t *testing.T) {
	for name, c := range map[string]struct {
		growth, density float64
		media, alt      float64
	}{
		"dense and fast": {0.4, 4, 0, 1},
		"dense and slow": {0.3, 4, 1, 0},
		"thin and fast":  {0.9, 2, 1, 0},
		"hardly there":   {0.9, 0.5, 0, 0},
	} {
		b := startAfter(t, fifteenML, 1, epoch, state.NewMemory(), "morbidostat", "target_biomass", 3, "biomass_signal", "normalized_od", "skip_first_run", true)
		b.live(13*time.Minute, c.growth, c.density)
		switch {
		case c.media+c.alt == 0:
			if len(b.doses) != 0 || b.count("NoEvent") != 1 {
				t.Errorf("%s: %+v, %d NoEvents; want no dose", name, b.doses, b.count("NoEvent"))
			}
		case len(b.doses) != 1 || b.doses[0].MediaML != c.media || b.doses[0].AltMediaML != c.alt || b.doses[0].WasteML != 1:
			t.Errorf("%s: %+v, want %v mL of media and %v mL of alt media", name, b.doses, c.media, c.alt)
		case c.alt > 0 && b.count("AddAltMediaEvent") != 1, c.media > 0 && b.count("DilutionEvent") != 1:
			t.Errorf("%s: events %v", name, b.events)
		}
	}
	b := startAfter(t, fifteenML, 1, epoch, state.NewMemory(), "morbidostat", "target_biomass", 3)
	if r := b.set("minimum_biomass", 3); r.OK {
		t.Error("a minimum as high as the target was accepted")
	}
	if b.shown("target_growth_rate") != "dilution_rate" || b.shown("minimum_biomass") != "auto" {
		t.Errorf("shown as %v and %v", b.shown("target_growth_rate"), b.shown("minimum_biomass"))
	}
}
