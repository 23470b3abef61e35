package growth_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// several lets d pass with readings of three channels of different gain and
// slope every 5 s; those in bad are spoiled.
func (l *lab) several(d time.Duration, bad ...int) {
	for range d / (5 * time.Second) {
		l.clk.Run(5 * time.Second)
		l.od *= math.Exp(l.perH * 5 / 3600)
		var set []actors.ODReading
		for i, gain := range []float64{0.4, 1, 2.5} {
			l.n++
			off := math.Sin(float64(l.n)*12.9898) * 43758.5453
			off = (off - math.Floor(off) - 0.5) * math.Sqrt(12) * l.noise
			slope := 0.95 + 0.05*float64(i) // no two diodes follow a culture alike
			r := actors.ODReading{Channel: i + 1, Value: gain * math.Pow(l.od, slope) * (1 + off), Quality: actors.Quality{Grade: actors.Good}}
			for _, b := range bad {
				if b == r.Channel {
					r.Value, r.Quality = r.Value*7, actors.Quality{Grade: actors.Bad, Reason: "saturated"}
				}
			}
			set = append(set, r)
		}
		l.sys.Publish("exp 1", actors.ODReadings{Meta: actors.Meta{At: l.clk.Now()}, Readings: set})
		l.clk.Run(0)
	}
}

func TestGrowthGoesOnWithTheChannelsThatAreGood(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		for _, bad := range [][]int{{1}, {3}, {1, 3}} {
			l := fresh(t, seed)
			l.start(t, nil)
			l.several(3*time.Minute, bad...)
			if len(l.rates) > 0 {
				t.Error("a warm-up with a channel that is bad")
			}
			l.several(2 * time.Hour)
			n := len(l.rates)
			l.several(time.Hour, bad...)
			if got := len(l.rates) - n; got != 720 {
				t.Errorf("bad %v: %d rates in an hour, want 720", bad, got)
			}
			l.near(t, "without a channel", 0.04)
			l.several(20 * time.Minute)
			l.near(t, "with it again", 0.04)
			n = len(l.rates)
			if l.several(10*time.Minute, 1, 2, 3); len(l.rates) != n {
				t.Error("rates from nothing")
			}
		}
	})
}

func TestRatiosSurviveARestart(t *testing.T) {
	l := fresh(t, 1)
	l.start(t, nil)
	l.several(time.Hour)
	l.sys.Stop("growth_rate_calculating")
	l.clk.Run(time.Second)
	l.start(t, nil)
	n := len(l.rates)
	if l.several(10*time.Minute, 2); len(l.rates)-n != 120 {
		t.Errorf("%d rates after a restart without a channel, want 120", len(l.rates)-n)
	}
	l.near(t, "after the restart", 0.05)
}

func TestLegacyWantsEveryChannel(t *testing.T) {
	l := fresh(t, 1)
	l.start(t, map[string]any{"estimator": "legacy"})
	l.several(time.Hour)
	n := len(l.rates)
	if l.several(10*time.Minute, 2); len(l.rates) != n {
		t.Errorf("%d rates without a channel, want none", len(l.rates)-n)
	}
}
