package growth_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// fusedFor lets d pass with a fused density, and photodiodes that tell nonsense.
func (l *lab) fusedFor(d time.Duration) {
	for range d / (5 * time.Second) {
		l.clk.Run(5 * time.Second)
		l.od *= math.Exp(l.perH * 5 / 3600)
		at := actors.Meta{At: l.clk.Now()}
		l.sys.Publish("exp 1", actors.ODReadings{Meta: at, Readings: []actors.ODReading{{Channel: 2, Value: 0.1, Quality: actors.Quality{Grade: actors.Good}}}})
		l.n++
		l.sys.Publish("exp 1", actors.ODFused{Meta: at, Value: l.od * (1 + 0.004*math.Sin(float64(l.n*l.n))), Quality: actors.Quality{Grade: actors.Good}})
		l.clk.Run(0)
	}
}

func TestGrowthFollowsTheFusedDensityOfAnXR(t *testing.T) {
	l := fresh(t, 1)
	l.sys.Publish("", actors.EstimatorActive{Device: "od_fused", Name: "standards"})
	l.start(t, map[string]any{"model": "pioreactor_20ml_XR"})
	l.fusedFor(3 * time.Hour)
	l.near(t, "fused", 0.04)
	n := len(l.rates)
	l.sys.Publish("exp 1", actors.ODFused{Quality: actors.Quality{Grade: actors.Bad, Reason: "unavailable"}})
	l.grow(10*time.Minute, actors.Good)
	if len(l.rates) != n {
		t.Error("growth went on with a photodiode while the fused density is unavailable")
	}
	m := fresh(t, 1)
	m.sys.Publish("", actors.EstimatorActive{Device: "od_fused", Name: "standards"})
	m.start(t, map[string]any{"model": "pioreactor_20ml"})
	m.grow(2*time.Hour, actors.Good)
	m.near(t, "photodiode of another model", 0.05)
}

// calibratedFor lets d pass with readings in the scale of a calibration, which
// is gain times the culture.
func (l *lab) calibratedFor(d time.Duration, name string, gain float64) {
	for range d / (5 * time.Second) {
		l.clk.Run(5 * time.Second)
		l.od *= math.Exp(l.perH * 5 / 3600)
		r := actors.ODReading{Channel: 2, Angle: "90", Value: gain * l.od, RawAU: l.od, Calibration: name, Quality: actors.Quality{Grade: actors.Good}}
		l.sys.Publish("exp 1", actors.ODReadings{Meta: actors.Meta{At: l.clk.Now()}, Readings: []actors.ODReading{r}})
		l.clk.Run(0)
	}
}

func TestNormalizedODStaysWhenTheCalibrationChanges(t *testing.T) {
	l := fresh(t, 1)
	l.start(t, nil)
	l.calibratedFor(2*time.Hour, "", 1)
	for i, c := range []struct {
		name string
		gain float64
	}{{"a", 20}, {"b", 7}, {"", 1}} {
		before := l.levels[len(l.levels)-1].Value
		if i == 1 { // over a restart
			l.sys.Stop("growth_rate_calculating")
			l.clk.Run(time.Second)
			l.start(t, nil)
		}
		l.calibratedFor(20*time.Second, c.name, c.gain)
		after := l.levels[len(l.levels)-1].Value
		if math.Abs(after/before-1) > 0.02 {
			t.Errorf("calibration %q: normalized OD went from %.3f to %.3f", c.name, before, after)
		}
		l.calibratedFor(30*time.Minute, c.name, c.gain)
		l.near(t, "calibration "+c.name, 0.03)
	}
}
