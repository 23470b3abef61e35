package automation_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/state"
)

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

// TestToprakKnowsItsDilution from what density has become since the exchange
// before, also over a restart, whatever the ledger says.
func TestToprakKnowsItsDilution(t *testing.T) {
	for name, c := range map[string]struct {
		growth  float64       // 1/h; the ledger's dilution is 0.32
		density float64       // at the second exchange; 4 at the first
		away    time.Duration // before the second
		alt     float64
	}{
		"pumps too slow":       {0.30, 4.1, 0, 1},
		"pumps too fast":       {0.36, 3.9, 0, 0},
		"too long ago to tell": {0.36, 3.9, time.Hour, 1},
	} {
		store := state.NewMemory()
		options := []any{"target_biomass", 3, "biomass_signal", "normalized_od"}
		b := startAfter(t, fifteenML, 1, epoch, store, "morbidostat", options...)
		b.live(3*time.Minute, c.growth, 4)
		if len(b.doses) != 1 {
			t.Fatalf("%s: %d doses, want 1", name, len(b.doses))
		}
		b = startAfter(t, fifteenML, 2, epoch.Add(3*time.Minute+c.away), store, "morbidostat", options...)
		b.live(13*time.Minute, c.growth, c.density)
		if len(b.doses) != 1 || b.doses[0].AltMediaML != c.alt {
			t.Errorf("%s: %+v, want %v mL of alt media; events %v", name, b.doses, c.alt, b.events)
		}
	}
}
