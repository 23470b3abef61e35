package automation_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/state"
)

// culture reads OD every 5 s, as the od and growth jobs publish it.
type culture struct {
	*bench
	rng      *rand.Rand
	perH     float64 // growth rate
	baseline float64 // AU at nOD 1
	noise    float64 // AU, σ of a reading
	filtered float64 // σ of the filtered signal, relative
	grade    string
	muted    bool // the growth job is silent
}

func grow(b *bench, seed uint64) *culture {
	return &culture{bench: b, rng: rand.New(rand.NewPCG(seed, 5)), perH: 1, baseline: 0.2, noise: 0.002, filtered: 0.004, grade: actors.Good}
}

// run lets the culture live for d and returns its highest density.
func (c *culture) run(d time.Duration) (highest float64) {
	for end := c.clk.Mono() + d; c.clk.Mono() < end; c.clk.Run(5 * time.Second) {
		c.normalized *= math.Exp(c.perH * 5 / 3600)
		highest = max(highest, c.normalized)
		c.sys.Publish("exp", actors.ODReading{Channel: 2, Angle: "90", Quality: actors.Quality{Grade: c.grade},
			Value: c.normalized*c.baseline + c.noise*c.rng.NormFloat64()})
		c.clk.Run(0)
		if !c.muted {
			c.sys.Publish("exp", actors.ODFiltered{Value: c.normalized * (1 + c.filtered*c.rng.NormFloat64())})
		}
	}
	return highest
}

func TestTurbidostatHoldsItsTarget(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "turbidostat", "target_biomass", 3, "exchange_volume_ml", 1)
		c := grow(b, seed)
		c.run(80 * time.Minute)
		before := b.moved
		highest := c.run(3 * time.Hour)
		if highest > 3.1 || c.normalized < 2.7 {
			t.Errorf("seed %d: density up to %.3f, now %.3f, want about 3", seed, highest, c.normalized)
		}
		wantML := 3 * c.perH / math.Log(1+1/b.volume)
		if got := b.moved - before; math.Abs(got-wantML) > 0.05*wantML {
			t.Errorf("seed %d: %.1f mL in 3 h, want %.1f: D = µ", seed, got, wantML)
		}
		for i, gap := range b.gaps(epoch) {
			if gap < b.takes+actors.Settle+10*time.Second {
				t.Errorf("seed %d: exchange %d only %v after the last", seed, i, gap)
			}
		}
	})
}

func TestDilutionEventSaysWhy(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 1.2, "exchange_volume_ml", 0.5)
	grow(b, 1).run(20 * time.Minute)
	d := b.data("DilutionEvent")
	if len(d) != 5 || d["target_biomass"] != 1.2 || d["resolved_biomass_signal"] != "normalized_od" ||
		d["exchange_volume_ml"] != 0.5 || d["volume_actually_moved_ml"] != 0.5 || d["latest_biomass"].(float64) < 1.2 {
		t.Errorf("event data = %v", d)
	}
	if b.set("biomass_signal", "auto"); b.shown("biomass_signal") != "normalized_od" {
		t.Errorf("auto shown as %v, want the resolved normalized_od", b.shown("biomass_signal"))
	}
}

// raw is what is known when od_reading runs without a calibration.
var raw = []actors.Fact{actors.ODReadings{Readings: []actors.ODReading{{Channel: 2, Angle: "90", Value: 0.2}}}}

func TestTurbidostatRefusesWhatItCannotHold(t *testing.T) {
	for name, options := range map[string][]any{
		"no target":       nil,
		"no calibration":  {"target_biomass", 0.5, "biomass_signal", "od"},
		"no estimator":    {"target_biomass", 0.5, "biomass_signal", "od_fused"},
		"target below it": {"target_biomass", 0},
	} {
		b := startAfter(t, raw, 1, epoch, state.NewMemory(), "turbidostat", options...)
		if s := b.state(); s.State != actors.Disconnected || s.Reason == "" {
			t.Errorf("%s: state %q, reason %q; want a refusal", name, s.State, s.Reason)
		}
	}
	b := startAfter(t, raw, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 2)
	if r := b.set("biomass_signal", "od"); r.Code != "not_calibrated" || b.shown("biomass_signal") != "normalized_od" {
		t.Errorf("od while running: %+v, shown %v", r, b.shown("biomass_signal"))
	}
}

func TestOneWildReadingDosesNothing(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 2)
	c := grow(b, 1)
	c.perH = 0
	for range 20 {
		c.run(time.Minute)
		c.normalized = 5
		c.run(5 * time.Second)
		c.normalized = 1
	}
	if len(b.asked) != 0 {
		t.Errorf("%d exchanges for spikes of a single reading, want 0", len(b.asked))
	}
	c.grade = actors.Uncertain
	c.normalized = 5
	c.run(time.Minute)
	if len(b.asked) != 0 {
		t.Error("dosed on readings that are not good")
	}
	c.grade = actors.Good
	c.run(20 * time.Second)
	if len(b.asked) != 1 {
		t.Errorf("%d exchanges for a dense culture, want 1", len(b.asked))
	}
}

func TestChangedTargetWantsThreeNewReadings(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 4)
	c := grow(b, 1)
	c.perH, c.normalized = 0, 2
	c.run(2 * time.Minute)
	b.set("target_biomass", 1.5)
	c.run(10 * time.Second)
	if len(b.asked) != 0 {
		t.Error("dosed on readings from before the change")
	}
	c.run(10 * time.Second)
	if len(b.asked) != 1 {
		t.Errorf("%d exchanges above the new target, want 1", len(b.asked))
	}
}

func TestBaselineInNoiseSleepsWithAnAlarm(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "turbidostat", "target_biomass", 3)
		c := grow(b, seed)
		c.baseline, c.normalized = 0.004, 3.5
		c.run(5 * time.Minute)
		a, _ := actors.LatestOf[actors.Alarm](b.sys, "turbidostat_baseline")
		if b.state().State != actors.Sleeping || !a.Active || b.count("NoEvent") != 1 || len(b.asked) != 0 {
			t.Fatalf("state %s, alarm %v, %d NoEvents, %d doses", b.state().State, a.Active, b.count("NoEvent"), len(b.asked))
		}
		c.baseline, c.normalized = 0.05, 1
		b.do(actors.SetState{State: actors.Ready})
		c.run(75 * time.Minute)
		a, _ = actors.LatestOf[actors.Alarm](b.sys, "turbidostat_baseline")
		if b.state().State != actors.Ready || a.Active || len(b.asked) == 0 {
			t.Errorf("normalized anew: state %s, alarm %v, %d doses", b.state().State, a.Active, len(b.asked))
		}
	})
}

func TestMissingReadingsAreToldOnce(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 3)
	c := grow(b, 1)
	c.run(10 * time.Minute)
	if n := b.count("ErrorOccurred"); n != 0 {
		t.Fatalf("%d ErrorOccurred with readings", n)
	}
	c.muted = true
	c.run(time.Hour)
	if n := b.count("ErrorOccurred"); n != 1 || b.state().State != actors.Ready {
		t.Errorf("an hour without signal: %d ErrorOccurred, state %s; want 1 and ready", n, b.state().State)
	}
	c.muted = false
	c.run(10 * time.Minute)
	c.muted = true
	c.run(time.Hour)
	if n := b.count("ErrorOccurred"); n != 2 {
		t.Errorf("missing again: %d ErrorOccurred, want 2", n)
	}
}

func TestRefusedExchangeIsTriedAgainLater(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 2)
	b.refuse = "20 mL in this hour"
	c := grow(b, 1)
	c.normalized = 3
	c.run(30 * time.Minute)
	if n := len(b.asked); n < 25 || n > 30 || b.count("NoEvent") != 1 {
		t.Errorf("in 30 min: asked %d times with %d NoEvents, want once a minute, told once", n, b.count("NoEvent"))
	}
	b.refuse = ""
	c.run(2 * time.Minute)
	if b.count("DilutionEvent") == 0 {
		t.Error("no exchange once it was allowed")
	}
}

func TestTurbidostatSleptThroughADoseAndGoesOn(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "turbidostat", "target_biomass", 1.1)
		c := grow(b, seed)
		for len(b.asked) == 0 {
			c.run(5 * time.Second)
		}
		b.do(actors.SetState{State: actors.Sleeping})
		c.run(10 * time.Minute)
		b.do(actors.SetState{State: actors.Ready})
		c.run(20 * time.Minute)
		if len(b.asked) < 2 {
			t.Error("no exchange after it woke: the dose that ended in its sleep holds readings back")
		}
	})
}
