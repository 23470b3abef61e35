package optics

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// ErrNoSamples is returned for an empty burst: the reading is missing.
var ErrNoSamples = errors.New("optics: no samples in the burst")

// NoHum as a frequency means: take no sinusoid out.
const NoHum = 0.0

const (
	minFit      = 4   // samples kept for three unknowns and a residual
	minInformed = 0.1 // least share of the samples' weight that hum does not mimic
	zeroSSE     = 1e-20
)

// Prior is what the previous reading says: its level and for how many samples
// it counts. Without a level (0) or a weight it says nothing.
type Prior struct {
	Volts  float64
	Weight float64
}

func (p Prior) clean() Prior {
	if !(p.Volts > 0 && p.Volts <= maxVolts && p.Weight > 0) {
		return Prior{}
	}
	p.Weight = math.Min(p.Weight, maxWeight)
	return p
}

// Fit is an estimate of a burst's level.
type Fit struct {
	Volts    float64 // the level
	HumV     float64 // amplitude of the sinusoid taken out
	PhaseRad float64 // of sin(2πft + phase)
	// Fitted is false when a mean was taken instead: no frequency was given, or
	// the sample times cannot tell hum from level.
	Fitted bool

	sin, cos float64
}

// TrimmedMean is the mean without the smallest and the largest sample, pulled
// towards the prior: (n·mean + λ·prior)/(n + λ). One and two samples are all kept.
func TrimmedMean(samples []hw.Sample, prior Prior) (Fit, error) {
	return Regress(samples, NoHum, prior)
}

// Regress fits level + b·sin(2πft) + c·cos(2πft) by least squares, without the
// smallest and the largest sample, with a ridge on the level alone that pulls
// it towards the prior. Where the samples cannot separate hum from level it
// falls back to the trimmed mean and says so: extrapolating a sinusoid would
// give a level far outside the samples.
func Regress(samples []hw.Sample, hz float64, prior Prior) (Fit, error) {
	kept, err := trim(samples)
	if err != nil {
		return Fit{}, err
	}
	return kept.estimate(hz, prior), nil
}

// trimmed is a burst without its extremes.
type trimmed struct {
	samples   []hw.Sample
	low, skip int     // indices left out; -1 for none
	n         float64 // samples kept
	high      float64 // largest sample kept
	mean      float64
}

func trim(samples []hw.Sample) (trimmed, error) {
	t := trimmed{samples: samples, low: -1, skip: -1, n: float64(len(samples))}
	if len(samples) == 0 {
		return t, ErrNoSamples
	}
	for i, s := range samples {
		if !finite(s.Volts) || math.Abs(s.Volts) > maxVolts {
			return t, fmt.Errorf("optics: sample %d is %v V: the converter is broken", i, s.Volts)
		}
	}
	if len(samples) > 2 {
		t.low, t.skip = extremes(samples)
		t.n -= 2
	}
	t.high = math.Inf(-1)
	for i, s := range samples {
		if t.drops(i) {
			continue
		}
		t.mean += s.Volts / t.n
		t.high = max(t.high, s.Volts)
	}
	return t, nil
}

const (
	maxVolts  = 1e3 // beyond any converter; keeps every square finite
	maxWeight = 1e9 // samples; more holds the level as well as it can be held
)

func (t *trimmed) drops(i int) bool { return i == t.low || i == t.skip }

// extremes finds the smallest and the largest of at least three samples. Among
// equals the earliest goes, so that the order of the slice does not matter.
func extremes(s []hw.Sample) (low, high int) {
	for i := range s {
		if before(s[i].Volts, s[low].Volts, s[i].At, s[low].At) {
			low = i
		}
	}
	if low == 0 {
		high = 1
	}
	for i := range s {
		if i != low && before(s[high].Volts, s[i].Volts, s[i].At, s[high].At) {
			high = i
		}
	}
	return low, high
}

func before(a, b float64, at, bt time.Duration) bool {
	return a < b || a == b && at < bt
}

func (t *trimmed) estimate(hz float64, prior Prior) Fit {
	prior = prior.clean()
	if hz > 0 && finite(hz) && t.n >= minFit {
		if fit, ok := t.regress(hz, prior); ok {
			return fit
		}
	}
	return Fit{Volts: (t.n*t.mean + prior.Weight*prior.Volts) / (t.n + prior.Weight)}
}

// regress solves the 3×3 normal equations after taking the mean off y, which
// changes nothing but keeps digits. Eliminating the sinusoid first leaves
// informed, the weight of the samples that speaks for the level alone.
func (t *trimmed) regress(hz float64, prior Prior) (Fit, bool) {
	var s1, c1, ss, sc, cc, sy, cy float64
	for i, smp := range t.samples {
		if t.drops(i) {
			continue
		}
		s, c := phase(hz, smp.At)
		y := smp.Volts - t.mean
		s1, c1, ss, sc, cc, sy, cy = s1+s, c1+c, ss+s*s, sc+s*c, cc+c*c, sy+s*y, cy+c*y
	}
	det := ss*cc - sc*sc
	if det <= 1e-9*t.n*t.n {
		return Fit{}, false
	}
	// The sinusoid that best mimics a constant level of 1 …
	p, q := (cc*s1-sc*c1)/det, (ss*c1-sc*s1)/det
	informed := t.n - p*s1 - q*c1
	if informed < minInformed*t.n {
		return Fit{}, false
	}
	level := -(p*sy + q*cy) // … and Σy = 0 by construction
	if prior.Weight > 0 {
		level += prior.Weight * (prior.Volts - t.mean)
	}
	level /= informed + prior.Weight
	ry, rc := sy-level*s1, cy-level*c1
	b, c := (cc*ry-sc*rc)/det, (ss*rc-sc*ry)/det
	return Fit{Volts: t.mean + level, HumV: math.Hypot(b, c), PhaseRad: math.Atan2(c, b), Fitted: true, sin: b, cos: c}, true
}

// phase is sin and cos of 2π·hz·at, reduced to one turn first: exact and fast.
func phase(hz float64, at time.Duration) (sin, cos float64) {
	turns := hz * at.Seconds()
	return math.Sincos(2 * math.Pi * (turns - math.Floor(turns)))
}

// SelectHum picks the mains frequency, 60 or 50 Hz, whose sinusoid explains the
// burst better: the lower AIC = n·ln(SSE/n) + 6 wins, 60 Hz on a tie. It
// returns [NoHum] if the sample times can separate neither from the level.
func SelectHum(samples []hw.Sample) (hz float64, err error) {
	kept, err := trim(samples)
	if err != nil {
		return NoHum, err
	}
	best := math.Inf(1)
	for _, candidate := range [...]float64{60, 50} {
		if aic, ok := kept.aic(candidate); ok && aic < best {
			hz, best = candidate, aic
		}
	}
	return hz, nil
}

func (t *trimmed) aic(hz float64) (float64, bool) {
	fit := t.estimate(hz, Prior{})
	if !fit.Fitted {
		return 0, false
	}
	var sse float64
	for i, smp := range t.samples {
		if t.drops(i) {
			continue
		}
		s, c := phase(hz, smp.At)
		r := smp.Volts - fit.Volts - fit.sin*s - fit.cos*c
		sse += r * r
	}
	if sse <= zeroSSE {
		return math.Inf(-1), true
	}
	return t.n*math.Log(sse/t.n) + 6, true
}
