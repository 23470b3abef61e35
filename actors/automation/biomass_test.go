package automation_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/state"
)

// signals publishes, every 5 s for d, what calibrated and fused readings look
// like of a culture of so many AU, with noise.
func (b *bench) signals(d time.Duration, au, noise float64, seed uint64, calibration string, fused bool) {
	rng := rand.New(rand.NewPCG(seed, 7))
	noisy := func() float64 { return au * (1 + noise*rng.NormFloat64()) }
	for end := b.clk.Mono() + d; b.clk.Mono() < end; b.clk.Run(5 * time.Second) {
		good := actors.Quality{Grade: actors.Good}
		r := actors.ODReading{Channel: 2, Angle: "90", Quality: good, Value: noisy(), Calibration: calibration}
		b.sys.Publish("exp", r)
		b.sys.Publish("exp", actors.ODReadings{Readings: []actors.ODReading{r}})
		if fused {
			v := noisy()
			b.sys.Publish("exp", actors.ODFused{Value: v, Low: v / 2, High: 2 * v, Quality: good})
		}
		b.clk.Run(0)
	}
}

func TestAutoIsTheBestSignalThereIs(t *testing.T) {
	for want, there := range map[string]struct {
		calibration string
		fused       bool
	}{
		"normalized_od": {},
		"od":            {calibration: "glass"},
		"od_fused":      {calibration: "glass", fused: true},
	} {
		seeds(t, func(t *testing.T, seed uint64) {
			for _, name := range []string{"turbidostat", "morbidostat"} {
				b := start(t, seed, epoch, state.NewMemory(), name, "target_biomass", 3)
				if b.shown("biomass_signal") != "auto" {
					t.Errorf("before any reading: %v, want auto", b.shown("biomass_signal"))
				}
				b.signals(15*time.Second, 0.5, 0, seed, there.calibration, there.fused)
				if b.shown("biomass_signal") != want {
					t.Errorf("%s, seed %d: auto became %v, want %s", name, seed, b.shown("biomass_signal"), want)
				}
			}
		})
	}
}

// Readings that a dose holds back tell all the same which signals there are.
func TestMissingSignalIsRefusedWhileReadingsAreHeldBack(t *testing.T) {
	for _, name := range []string{"turbidostat", "morbidostat"} {
		b := start(t, 1, epoch, state.NewMemory(), name, "target_biomass", 3)
		b.sys.Publish("exp", actors.DoseStarted{ID: "by hand"})
		b.signals(20*time.Second, 0.5, 0, 1, "", false)
		for _, signal := range []string{"od_fused", "od"} {
			if r := b.set("biomass_signal", signal); r.Code != "not_calibrated" {
				t.Errorf("%s: %s without a calibration: %+v, want not_calibrated", name, signal, r)
			}
		}
	}
}

// A calibration made in the middle of a run must not change what a target of 3 means.
func TestAutoStaysWhatItCameTo(t *testing.T) {
	store := state.NewMemory()
	b := start(t, 1, epoch, store, "turbidostat", "target_biomass", 3)
	b.signals(time.Minute, 0.5, 0, 1, "", false)
	b.signals(time.Minute, 0.5, 0, 1, "glass", true)
	if b.shown("biomass_signal") != "normalized_od" {
		t.Errorf("after a calibration: %v, want normalized_od still", b.shown("biomass_signal"))
	}
	b.sys.Stop("node") // in order, as at the end of the process
	b.clk.Run(time.Second)
	b = start(t, 2, epoch.Add(time.Hour), store, "turbidostat", "target_biomass", 3)
	b.signals(time.Minute, 0.5, 0, 1, "glass", true)
	if b.shown("biomass_signal") != "normalized_od" {
		t.Errorf("after a restart: %v, want normalized_od still", b.shown("biomass_signal"))
	}
	b.do(actors.SetState{State: actors.Disconnected})
	b = start(t, 3, epoch.Add(2*time.Hour), store, "turbidostat", "target_biomass", 3)
	b.signals(time.Minute, 0.5, 0, 1, "glass", false)
	if b.shown("biomass_signal") != "od" {
		t.Errorf("stopped and started anew: %v, want od", b.shown("biomass_signal"))
	}
	if b.set("biomass_signal", "normalized_od"); b.shown("biomass_signal") != "normalized_od" {
		t.Errorf("set to normalized_od: %v", b.shown("biomass_signal"))
	}
	if b.set("biomass_signal", "auto"); b.shown("biomass_signal") != "od" {
		t.Errorf("set to auto: %v, want od", b.shown("biomass_signal"))
	}
}

// 3.3 % noise on raw readings must hold the density no more than 3 % low.
func TestCalibratedSignalHoldsTheTrueDensity(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "turbidostat", "target_biomass", 0.6, "biomass_signal", "od")
		b.signals(time.Minute, 0.3, 0.033, seed, "glass", false)
		b.normalized = 0.5
		var peaks, n float64
		for step := range uint64(3 * 720) {
			b.normalized *= math.Exp(0.9 * 5 / 3600)
			before, doses := b.normalized, len(b.doses)
			b.signals(5*time.Second, b.normalized, 0.033, seed*10000+step, "glass", false)
			if len(b.doses) > doses {
				peaks, n = peaks+before, n+1
			}
		}
		if n < 20 {
			t.Fatalf("seed %d: %v exchanges in 3 h, want about 40", seed, n)
		}
		if peak := peaks / n; peak < 0.97*0.6 || peak > 1.03*0.6 {
			t.Errorf("seed %d: diluted at %.3f AU on average, want 0.6 within 3 %%", seed, peak)
		}
	})
}

func TestFusedReadingsSettleToo(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "turbidostat", "target_biomass", 0.5)
		b.signals(10*time.Minute, 0.9, 0, seed, "glass", true)
		if len(b.asked) < 4 || b.data("DilutionEvent")["resolved_biomass_signal"] != "od_fused" {
			t.Errorf("seed %d: %d exchanges of a dense culture by %v", seed, len(b.asked), b.data("DilutionEvent"))
		}
		for i, gap := range b.gaps(epoch)[1:] {
			if gap < b.takes+actors.Settle+30*time.Second {
				t.Errorf("seed %d: exchange %d came %v after the last, before the culture had settled", seed, i+1, gap)
			}
		}
	})
}

func TestLostCalibrationDosesNothing(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "turbidostat", "target_biomass", 0.5, "biomass_signal", "od")
	b.signals(10*time.Minute, 0.9, 0, 1, "", false)
	if len(b.asked) != 0 || b.count("ErrorOccurred") != 1 {
		t.Errorf("%d doses on uncalibrated readings, %d ErrorOccurred; want 0 and 1", len(b.asked), b.count("ErrorOccurred"))
	}
}
