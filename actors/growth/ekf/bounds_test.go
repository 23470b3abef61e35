package ekf

import (
	"math"
	"testing"
	"time"
)

var rates = []float64{0.1, 0.25, 1.0, 1.8} // 1/h: slow yeast to E. coli in rich medium

// The bounds are the house's demands on its filter at nominal noise; run with
// -v for the table of both filters.
func TestDefaultKeepsItsBounds(t *testing.T) {
	const seeds = 4
	t.Log(header)
	for _, mu := range rates {
		legacy := measure(t, both[0], mu, nominal, seeds)
		g := measure(t, both[1], mu, nominal, seeds)
		t.Log(legacy.row("Legacy", mu))
		t.Log(g.row("Default", mu))
		below(t, mu, "lag after onset (min)", g.lagOnset, 20)
		below(t, mu, "lag after start (min)", g.lagStart, 20)
		below(t, mu, "SD (1/h)", g.sd, 0.02)
		below(t, mu, "bias across doses, exact pumps (%)", math.Abs(g.exact), 2)
		below(t, mu, "bias across doses, pumps +15 % (%)", math.Abs(g.strong), 2)
		below(t, mu, "bias across doses, pumps −15 % (%)", math.Abs(g.weak), 2)
		below(t, mu, "peak after a 10 % step (1/h)", g.peak, 0.05)
		below(t, mu, "peak after an announced step (1/h)", g.flagged, 0.01)
		below(t, mu, "lag of Default over lag of Legacy", g.lagOnset/legacy.lagOnset, 0.5)
	}
}

func below(t *testing.T, mu float64, what string, got, limit float64) {
	t.Helper()
	if !(got <= limit) {
		t.Errorf("µ = %g: %s = %.4f, want at most %g", mu, what, got, limit)
	}
}

// worst is the largest |estimate − truth| from a time on, over seeds.
func worst(t *testing.T, m maker, s scene, hours, from float64) float64 {
	t.Helper()
	w := 0.0
	for seed := range uint64(4) {
		s.seed = seed + 1
		for _, p := range run(t, m, s, hours) {
			if p.h > from {
				w = math.Max(w, math.Abs(p.GrowthRatePerH-p.mu))
			}
		}
	}
	return w
}

func TestDefaultIgnoresJumpsOfTheOptics(t *testing.T) {
	for name, factor := range map[string]float64{"+3 %": 1.03, "+5 %": 1.05, "+20 %": 1.2, "−10 %": 0.9, "−30 %": 0.7} {
		t.Run(name, func(t *testing.T) {
			s := scene{family: nominal, mu: constant(0.5), stepAt: 2, step: factor}
			below(t, 0.5, "worst error (1/h)", worst(t, both[1], s, 4, 1.5), 0.05)
		})
	}
}

func TestDefaultSurvivesAGapWithAJump(t *testing.T) {
	s := scene{family: nominal, mu: constant(0.5), stepAt: 2, step: 1.05, gap: 0.5}
	below(t, 0.5, "worst error (1/h)", worst(t, both[1], s, 4, 1.5), 0.05)
	s.gap = 5
	below(t, 0.5, "worst error after 5 h (1/h)", worst(t, both[1], s, 9, 7.4), 0.05)
}

func TestDefaultFollowsGrowthInColouredNoise(t *testing.T) {
	for name, f := range map[string]family{"colored": colored, "noisy": noisy} {
		t.Run(name, func(t *testing.T) {
			below(t, 1, "worst error (1/h)", worst(t, both[1], scene{family: f, mu: onset(1, 1)}, 6, 1.75), 0.2)
			below(t, 0, "worst error without growth (1/h)", worst(t, both[1], scene{family: f, mu: constant(0)}, 6, 1), 0.12)
		})
	}
}

func TestDefaultFollowsAGrowthCurve(t *testing.T) {
	curve := func(h float64) float64 { return 1.2 / (1 + math.Exp(-4*(h-2))) / (1 + math.Exp(2*(h-5))) }
	s := scene{family: nominal, mu: curve}
	below(t, 1.2, "worst error (1/h)", worst(t, both[1], s, 8, 0.75), 0.2)
	if got := worst(t, both[0], s, 8, 0.75); got < 0.5 {
		t.Errorf("Legacy's worst error = %.3f 1/h; the comparison in the docs no longer holds", got)
	}
}

func TestDefaultAcrossDosesItIsToldLittleAbout(t *testing.T) {
	for name, tell := range map[string]telling{"moment only": moment, "nothing": nothing} {
		t.Run(name, func(t *testing.T) {
			for _, mu := range []float64{0.25, 1} {
				sum := 0.0
				for seed := range uint64(4) {
					sum += bias(run(t, both[1], scene{family: nominal, seed: seed + 1, mu: constant(mu), ceil: 1.2, pump: 1, tell: tell}, 8), mu)
				}
				below(t, mu, "bias (%)", math.Abs(sum/4), 4)
			}
		})
	}
}

func TestDefaultLearnsThePumpsGain(t *testing.T) {
	for name, pump := range map[string]float64{"exact": 1, "strong": 1.15, "weak": 0.8} {
		t.Run(name, func(t *testing.T) {
			points := run(t, both[1], scene{family: nominal, seed: 1, mu: constant(0.5), every: 0.1, pump: pump}, 6)
			last := points[len(points)-1]
			truth := math.Log1p(doseFraction*pump) / math.Log1p(doseFraction)
			near(t, "dose gain", last.DoseGain, truth, 0.05)
			if last.DoseGainSD > 0.05 {
				t.Errorf("dose gain SD = %.3f after 60 doses, want at most 0.05", last.DoseGainSD)
			}
		})
	}
}

func TestDefaultKeepsItsRateWhenTheBottleIsEmpty(t *testing.T) {
	s := scene{family: nominal, mu: constant(0.3), every: 0.25}
	below(t, 0.3, "worst error (1/h)", worst(t, both[1], s, 6, 1), 0.08)
}

func TestDefaultAtOtherIntervals(t *testing.T) {
	for _, dt := range []time.Duration{time.Second, 30 * time.Second} {
		t.Run(dt.String(), func(t *testing.T) {
			s := scene{family: nominal, mu: onset(1, 1), ceil: 1.5, pump: 1, dt: dt}
			below(t, 1, "worst error (1/h)", worst(t, both[1], s, 4, 1.5), 0.15)
		})
	}
}

func TestDefaultLearnsThatTheNoiseHasGrown(t *testing.T) {
	start := Start{Factors: []float64{1}, NoiseVariance: []float64{2.5e-5}, LnNoiseSD: []float64{0.003}, P: mat{{0.0025, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	f, err := NewDefault(start, DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(scene{family: family{cv: 0.003}, seed: 3, mu: constant(0.2)})
	outliers := 0
	for i := range 3000 {
		if i == 500 {
			w.family.cv = 0.03
		}
		est, err := f.Update(w.next())
		if err != nil {
			t.Fatal(err)
		}
		if i >= 1500 && est.Outlier {
			outliers++
		}
	}
	near(t, "noise SD", math.Sqrt(f.s.Noise.variance()), 0.03, 0.006)
	if outliers > 15 {
		t.Errorf("outliers = %d of 1500, want at most 15", outliers)
	}
}
