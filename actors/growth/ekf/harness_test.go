package ekf

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const interval = 5 * time.Second

// family is a noise family of one published OD value: AR(1) noise of SD
// √(floor²+(cv·OD)²), and rare shocks. Source: the simulations of grpredict.
type family struct{ floor, cv, colour, shock, shockSD float64 }

var (
	nominal = family{0, .0056, .02, .0030, 4}
	colored = family{9.85e-4, .0054, .59, .0073, 5}
	noisy   = family{7.82e-3, .0114, .83, .0150, 6}
)

// scene is one simulated culture; it shares no code with the filters.
type scene struct {
	family family
	seed   uint64
	mu     func(h float64) float64 // true growth rate
	ceil   float64                 // dose when the true OD exceeds it; 0 = never
	pump   float64                 // true dose over announced dose, when dosing
	stepAt float64                 // h; 0 = never
	step   float64                 // factor on the reading from stepAt on
	flag   bool                    // the step is announced
	every  float64                 // h between doses; 0 = only by ceil
	tell   telling                 // what is announced of a dose
	gap    float64                 // h without a reading before stepAt
	dt     time.Duration           // between readings; 0 = 5 s
}

// telling is how much the filter learns of a dose.
type telling int

const (
	all     telling = iota // size and moment
	moment                 // only that there was one
	nothing                // nothing
)

const doseFraction = 0.06 // v/V

// point is a filter's answer with the truth beside it.
type point struct {
	h, mu float64
	Estimate
}

// world runs the culture: each call gives the next observation.
type world struct {
	scene
	rng    *rand.Rand
	h, od  float64
	dosed  float64 // h
	e      float64 // coloured noise
	recent int     // readings still to be marked after a dose
}

func newWorld(s scene) *world {
	if s.dt == 0 {
		s.dt = interval
	}
	return &world{scene: s, rng: rand.New(rand.NewPCG(s.seed, 77)), od: 1}
}

func (w *world) next() Observation {
	o := Observation{Dt: w.dt}
	stepNow := w.stepAt > 0 && w.h < w.stepAt && w.h+w.dt.Hours() >= w.stepAt
	if stepNow {
		o.Dt += time.Duration(w.gap * float64(time.Hour))
		o.Disturbed = w.flag
	}
	for range 8 {
		w.od *= math.Exp(w.mu(w.h) * o.Dt.Hours() / 8)
		w.h += o.Dt.Hours() / 8
	}
	if (w.ceil > 0 && w.od > w.ceil) || (w.every > 0 && w.h-w.dosed >= w.every) {
		w.dose(&o)
	}
	o.RecentDilution = w.recent > 0
	w.recent = max(0, w.recent-1)
	optics := 1.0
	if w.stepAt > 0 && w.h >= w.stepAt {
		optics = w.step
	}
	o.OD = []float64{w.noisy(w.od * optics)}
	return o
}

func (w *world) dose(o *Observation) {
	w.od /= 1 + doseFraction*w.pump
	w.dosed = w.h
	if w.tell == all {
		o.DilutionLnStep = -math.Log1p(doseFraction)
	}
	if w.tell != nothing {
		w.recent = 2
	}
}

func (w *world) noisy(od float64) float64 {
	f := &w.family
	sd := math.Hypot(f.floor, f.cv*od)
	w.e = f.colour*w.e + math.Sqrt(1-f.colour*f.colour)*sd*w.rng.NormFloat64()
	v := od + w.e
	if w.rng.Float64() < f.shock {
		v += math.Copysign(f.shockSD*sd, w.rng.Float64()-0.5)
	}
	return math.Max(v, 1e-6)
}

type maker struct {
	name string
	make func(Start) (Filter, error)
}

var both = []maker{
	{"Legacy", func(s Start) (Filter, error) { return NewLegacy(s, LegacyConfig{}) }},
	{"Default", func(s Start) (Filter, error) { return NewDefault(s, DefaultTuning()) }},
}

// run warms the filter up on the scene and follows it for so many hours.
func run(t testing.TB, m maker, s scene, hours float64) []point {
	t.Helper()
	w := newWorld(s)
	warm, err := NewWarmUp(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for !warm.Done() {
		if err := warm.Add(w.next().OD, w.dt); err != nil {
			t.Fatal(err)
		}
	}
	start, err := warm.Start()
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.make(start)
	if err != nil {
		t.Fatal(err)
	}
	var out []point
	for w.h < hours {
		o := w.next()
		o.OD[0] /= start.Factors[0]
		est, err := f.Update(o)
		if err != nil {
			t.Fatalf("%s at %.3f h: %v", m.name, w.h, err)
		}
		out = append(out, point{w.h, s.mu(w.h), est})
	}
	return out
}

// figures are the measures of one filter at one growth rate.
type figures struct {
	lagOnset, lagStart     float64 // min until 90 % of µ, worst seed
	sd, sdClaimed, rmse    float64 // 1/h, steady growth
	exact, strong, weak    float64 // bias in % of µ, pumps exact, +15 %, −15 %
	peak, minutes, flagged float64 // 10 % step: peak |Δµ| and min above 0.05 1/h, worst seed; peak when announced
}

func constant(mu float64) func(float64) float64 { return func(float64) float64 { return mu } }

func onset(mu, at float64) func(float64) float64 {
	return func(h float64) float64 {
		if h < at {
			return 0
		}
		return mu
	}
}

func measure(t testing.TB, m maker, mu float64, f family, seeds uint64) figures {
	var g figures
	var level []float64
	for seed := range seeds {
		base := scene{family: f, seed: seed + 1, mu: constant(mu)}
		g.lagStart = math.Max(g.lagStart, lag(run(t, m, base, 6), 0, mu))
		s := base
		s.mu = onset(mu, 2)
		g.lagOnset = math.Max(g.lagOnset, lag(run(t, m, s, 8), 2, mu))
		steady := run(t, m, base, 6)
		for _, p := range steady {
			if p.h > 3 {
				level = append(level, p.GrowthRatePerH)
				g.sdClaimed = math.Max(g.sdClaimed, p.SDPerH)
				g.rmse += (p.GrowthRatePerH - mu) * (p.GrowthRatePerH - mu)
			}
		}
		for pump, to := range map[float64]*float64{1: &g.exact, 1.15: &g.strong, 0.85: &g.weak} {
			s = base
			s.ceil, s.pump = 1.2, pump
			*to += bias(run(t, m, s, 8), mu) / float64(seeds)
		}
		g.step(t, m, base)
	}
	g.sd, g.rmse = sdOf(level), math.Sqrt(g.rmse/float64(len(level)))
	return g
}

// step measures the answer to a 10 % optical step after 3 h: the estimate
// against the same filter in the same noise without the step.
func (g *figures) step(t testing.TB, m maker, s scene) {
	plain := run(t, m, s, 7)
	s.stepAt, s.step = 3, 1.10
	above := 0.0
	for i, p := range run(t, m, s, 7) {
		d := math.Abs(p.GrowthRatePerH - plain[i].GrowthRatePerH)
		g.peak = math.Max(g.peak, d)
		if d > 0.05 {
			above += interval.Minutes()
		}
	}
	g.minutes = math.Max(g.minutes, above)
	s.flag = true
	for i, p := range run(t, m, s, 7) {
		g.flagged = math.Max(g.flagged, math.Abs(p.GrowthRatePerH-plain[i].GrowthRatePerH))
	}
}

// lag is the time in min after which the estimate first exceeds 90 % of µ and
// stays there for a minute.
func lag(points []point, from, mu float64) float64 {
	in := 0
	for _, p := range points {
		if p.h <= from {
			continue
		}
		if in++; p.GrowthRatePerH < 0.9*mu {
			in = 0
		}
		if in == 12 {
			return (p.h - from) * 60
		}
	}
	return math.Inf(1)
}

// bias is the mean error in % of µ, after 2 h.
func bias(points []point, mu float64) float64 {
	sum, n := 0.0, 0
	for _, p := range points {
		if p.h > 2 {
			sum += p.GrowthRatePerH - mu
			n++
		}
	}
	return sum / float64(n) / mu * 100
}

func sdOf(values []float64) float64 {
	m, ss := mean(values), 0.0
	for _, v := range values {
		ss += (v - m) * (v - m)
	}
	return math.Sqrt(ss / float64(len(values)-1))
}

const header = "filter   µ 1/h  lag onset  lag start      sd  claimed    rmse  bias exact    +15%    -15%  step: peak  min>0.05  flagged"

func (g figures) row(name string, mu float64) string {
	return fmt.Sprintf("%-8s %5.2f  %5.1f min  %5.1f min  %.4f   %.4f  %.4f     %+6.2f%%  %+5.2f%%  %+5.2f%%      %.4f   %7.1f   %.4f",
		name, mu, g.lagOnset, g.lagStart, g.sd, g.sdClaimed, g.rmse, g.exact, g.strong, g.weak, g.peak, g.minutes, g.flagged)
}
