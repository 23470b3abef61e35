package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/od/fusion"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/calibration"
)

// xr makes a unit a Pioreactor XR, whose three angles are like those of its
// standards.
func xr(c *cmd.Config) {
	c.Unit.Model = "pioreactor_20ml_XR"
	c.Photodiodes = map[string]string{"1": "REF", "2": "90", "3": "135", "4": "45"}
	c.Sim.Response, c.Sim.GainSpread, c.Sim.FullScaleV = "scatter", 0, 4
	c.SetJob("od_reading", "ir_led_intensity", "80")
}

// estimator is made as a person makes one: from vials of known density.
func estimator(t *testing.T) calibration.Estimator {
	t.Helper()
	var standards []fusion.Standard
	for _, au := range []float64{0.03, 0.08, 0.2, 0.5, 1.2, 3, 7, 15} {
		h := actorstest.Open(t, actorstest.HouseOptions{Configure: func(c *cmd.Config) {
			xr(c)
			c.Sim.InitialODAU, c.Sim.MuMaxPerH, c.Sim.Start = au, 0, []string{"stirring", "od_reading"}
		}})
		h.Run(2 * time.Minute)
		all := actorstest.Collect[actors.ODReading](h)
		for _, o := range all[len(all)-12:] {
			standards = append(standards, fusion.Standard{Angle: o.Angle, Concentration: au, Reading: o.RawAU})
		}
	}
	e, err := fusion.Fit(standards, fusion.Angles)
	if err != nil {
		t.Fatal(err)
	}
	e.Name, e.Unit, e.CreatedAt, e.IRPercent = "standards", "pio1", time.Unix(0, 0).UTC(), 80
	return e
}

// xrDay is a busy day of an XR with its angles fused, held to the same rules.
func xrDay(t *testing.T, e calibration.Estimator, seed uint64, hours float64) {
	t.Helper()
	yaml, err := calibration.FormatEstimator(e)
	if err != nil {
		t.Fatal(err)
	}
	h, q := busyHouse(t, seed, xr)
	watchBusy(t, h)
	h.RunUntil(time.Minute, "ready", func() bool { return h.State("od_reading") == actors.Ready })
	for _, body := range []any{
		actors.ImportCalibration{Shelf: actors.Estimators, Device: "od_fused", YAML: string(yaml)},
		actors.UseCalibration{Shelf: actors.Estimators, Device: "od_fused", Name: "standards"},
	} {
		if r := h.Do("calibrations", body); !r.OK {
			t.Fatal(r.Reason)
		}
	}
	h.Set("stirring", "enable_dodging_od", true)
	fused, within, good := 0, 0, 0
	h.OnFact(func(f actors.Fact) {
		if f, ok := f.(actors.ODFused); ok {
			fused++
			if truth := h.Board.Truth().ODAU; f.Quality.Grade == actors.Good {
				good++
				if f.Low <= truth && truth <= f.High {
					within++
				}
			}
		}
	})
	h.Run(time.Duration(hours * float64(time.Hour)))
	q.verdict(t, seed, hours)
	rate, _ := actors.LatestOf[actors.GrowthRate](h.System, "")
	truth := h.Board.Truth()
	t.Logf("seed %d: %d fused, %d good, %d hold the true density; growth %.3f 1/h, true %.3f 1/h", seed, fused, good, within, rate.PerH, truth.MuPerH)
	if good < int(350*hours) || within < good*9/10 {
		t.Errorf("seed %d: of %d fused densities in %v h %d are good, %d hold the true one", seed, fused, hours, good, within)
	}
}

// TestXRFusesWithEverythingRunning is a few hours of a unit with three angles.
func TestXRFusesWithEverythingRunning(t *testing.T) {
	hours := 3.0
	if actorstest.RaceEnabled {
		hours = 1
	}
	xrDay(t, estimator(t), 1, hours)
}
