package optics

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Mode is how the reference photodiode is used.
type Mode string

// The modes of normalization.
const (
	Unity   Mode = "unity"   // divide by reference/first reference: OD keeps its volts
	Classic Mode = "classic" // divide by the reference itself
	None    Mode = "none"    // no reference fitted: OD is the volts
)

// DefaultReferenceEMA is the shipped share of the past in the reference.
const DefaultReferenceEMA = 0.75

const (
	baselineEMA = 0.8  // of the guard's expectation
	powerEMA    = 0.95 // of the guard's squared residual
	seedPower   = 1e-6 // 0.001²: what a healthy LED shows
	noiseLimit  = 0.025
	noisePer    = 5 * time.Second // the limit grows with √(interval/5 s)
	stepLimit   = 1.6             // times the noise limit: 4 % at 5 s, of which a reading would keep 3 %
	stepLasts   = 6               // readings; then it is another lamp
)

// Reference follows the light source through the reference photodiode, so that
// its drift cancels in the OD. It is a value: [Reference.Next] returns the next
// one. All fields may be stored as JSON.
//
// FirstV must be durable: when Next turns it from 0 into a number, store it
// before publishing the OD. A baseline taken anew after a restart would change
// what every OD of the experiment means.
type Reference struct {
	Mode  Mode    `json:"mode"`
	Alpha float64 `json:"alpha"` // share of the past in the average, 0 to 1

	FirstV   float64 `json:"first_volts"` // first reference of the experiment; 0 = none yet
	Relative float64 `json:"relative"`    // averaged reference/first; 0 = none yet
	Baseline float64 `json:"baseline"`    // the noise guard's expectation; 0 = none yet
	Power    float64 `json:"power"`       // the guard's mean squared residual
	Step     float64 `json:"step"`        // what the lamp has jumped to, as Relative; 0 = it has not
	Steps    int     `json:"steps"`       // readings there
}

// NewReference starts an experiment (firstV 0) or resumes one with the first
// reference it has stored.
func NewReference(mode Mode, alpha, firstV float64) (Reference, error) {
	r := Reference{Mode: mode, Alpha: alpha, FirstV: firstV, Power: seedPower}
	return r, r.Validate()
}

// Validate reports everything wrong with r, such as after reading it back.
func (r Reference) Validate() error {
	var errs []error
	if r.Mode != Unity && r.Mode != Classic && r.Mode != None {
		errs = append(errs, fmt.Errorf("optics: normalization mode %q: want unity, classic or none", r.Mode))
	}
	if !(r.Alpha >= 0 && r.Alpha < 1) {
		errs = append(errs, fmt.Errorf("optics: reference average %v: want 0 to below 1", r.Alpha))
	}
	for _, v := range [...]float64{r.FirstV, r.Relative, r.Baseline, r.Power, r.Step} {
		if !finite(v) || v < 0 {
			errs = append(errs, fmt.Errorf("optics: reference state %v: want a number of at least 0", v))
		}
	}
	return errors.Join(errs...)
}

// Next takes in one reference reading; interval is the time between readings.
// The quality is that of every OD normalized with it: [ReferenceMissing] for a
// bad or dark reading, [ReferenceUnstable] when the light flickers or has jumped.
// Neither changes the average; an unstable one also restarts the guard, so that the
// next steady reading is good again. A jump that lasts begins another average.
func (r Reference) Next(reading Reading, interval time.Duration) (Reference, Quality) {
	if r.Mode == None {
		return r, Good
	}
	if !reading.Quality.UsableForControl() || !(reading.Volts > 0) || !finite(reading.Volts) {
		return r, ReferenceMissing
	}
	if r.FirstV == 0 {
		r.FirstV = reading.Volts
	}
	rel := reading.Volts / r.zero()
	if !finite(rel) || rel <= 0 {
		return r, ReferenceMissing
	}
	if r.Relative > 0 && math.Abs(rel/r.Relative-1) > stepLimit*NoiseLimit(interval) {
		return r.jumped(rel, interval), ReferenceUnstable
	}
	r.Step, r.Steps = 0, 0
	if r = r.watch(rel); math.Sqrt(r.Power) > NoiseLimit(interval) {
		r.Baseline, r.Power = 0, seedPower
		return r, ReferenceUnstable
	}
	r.Relative = ema(r.Relative, rel, r.Alpha)
	return r, reading.Quality
}

// jumped counts readings of a lamp that is not as it was on average: one may be
// a flipped bit, several that agree are a lamp that has changed.
func (r Reference) jumped(rel float64, interval time.Duration) Reference {
	if r.Step == 0 || math.Abs(rel/r.Step-1) > stepLimit*NoiseLimit(interval) {
		r.Steps = 0
	}
	r.Step, r.Steps = rel, r.Steps+1
	if r.Steps >= stepLasts {
		r.Relative, r.Baseline, r.Power, r.Step, r.Steps = rel, 0, seedPower, 0, 0
	}
	return r
}

// watch updates the noise guard.
func (r Reference) watch(rel float64) Reference {
	if r.Baseline > 0 {
		residual := rel - r.Baseline
		r.Power = math.Min(ema(r.Power, residual*residual, powerEMA), math.MaxFloat64)
	}
	r.Baseline = ema(r.Baseline, rel, baselineEMA)
	return r
}

func (r Reference) zero() float64 {
	if r.Mode == Classic {
		return 1
	}
	return r.FirstV
}

// Normalize divides a reading by the averaged reference. q is what
// [Reference.Next] said of it; the result carries the worse of both qualities.
// Before any reference it keeps the volts and is [ReferenceMissing].
func (r Reference) Normalize(reading Reading, q Quality) Reading {
	reading.Quality = Worse(reading.Quality, q)
	if r.Mode == None {
		return reading
	}
	od := reading.Volts / r.Relative
	if !finite(od) {
		reading.Quality = Worse(reading.Quality, ReferenceMissing)
		return reading
	}
	reading.Volts = od
	return reading
}

// NoiseLimit is the largest relative noise of a steady light source for
// readings interval apart: 0.025·√(interval/5 s).
func NoiseLimit(interval time.Duration) float64 {
	return noiseLimit * math.Sqrt(math.Max(interval.Seconds(), 0)/noisePer.Seconds())
}

// ema mixes the newest value with the past; a past of 0 is no past.
func ema(past, newest, alpha float64) float64 {
	if past == 0 {
		return newest
	}
	return (1-alpha)*newest + alpha*past
}
