package ledger

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// DefaultSlopeMLPerS is a typical pump before calibration. It is good enough for
// a dose by time, never for one by volume. Source: Pioreactor 26.7.2.
const DefaultSlopeMLPerS = 0.0911

var errBackwards = errors.New("it would have to run backwards")

// maxRun bounds one run of a pump: longer than any calibrated dose needs.
const maxRun = 4 * time.Hour

// Curve is a pump's calibration, from s to mL; see [calibration.Calibration].
type Curve interface {
	At(seconds float64) (ml float64)
	Extrapolate(ml float64) (seconds float64, err error)
	Domain() (low, high float64) // of the seconds that were recorded
}

// Pump is mL = slope · s, through the origin, or what its calibration says.
type Pump struct {
	SlopeMLPerS float64
	Curve       Curve // nil: the slope
}

// Rate is the pump's flow in mL/s: with a curve that at its longest recorded run.
func (p Pump) Rate() float64 {
	if p.Curve == nil {
		return p.SlopeMLPerS
	}
	_, high := p.Curve.Domain()
	if math.IsInf(high, 0) || !(high > 0) {
		high = 10 // s; a curve without points
	}
	return math.Max(p.Curve.At(high)/high, 1e-6)
}

// ML is what a run moves, in mL: never less than nothing.
func (p Pump) ML(run time.Duration) float64 {
	s := run.Seconds()
	if p.Curve == nil || s <= 0 {
		return math.Max(0, p.SlopeMLPerS*s)
	}
	ml := p.Curve.At(s)
	if !(ml >= 0) || math.IsInf(ml, 0) {
		return 0
	}
	return math.Min(ml, MaxDoseML)
}

// Outside reports whether a run is longer or shorter than any that the
// calibration was made with.
func (p Pump) Outside(run time.Duration) bool {
	if p.Curve == nil {
		return false
	}
	low, high := p.Curve.Domain()
	return run.Seconds() < low || run.Seconds() > high
}

func orBackwards(err error) error {
	if err != nil {
		return err
	}
	return errBackwards
}

// NewPump accepts a slope above 0 and up to 100 mL/s.
func NewPump(slopeMLPerS float64) (Pump, error) {
	p := Pump{SlopeMLPerS: slopeMLPerS}
	return p, p.check()
}

func (p Pump) check() error {
	if p.Curve == nil && !(p.SlopeMLPerS > 1e-6 && p.SlopeMLPerS <= 100) {
		return fmt.Errorf("ledger: pump slope %v mL/s: want above 1e-6 and at most 100; calibrate the pump", p.SlopeMLPerS)
	}
	return nil
}

// Duration is how long to run for ml, rounded to the nanosecond.
func (p Pump) Duration(ml float64) (time.Duration, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if !(ml >= 0 && ml <= MaxDoseML) {
		return 0, fmt.Errorf("ledger: pump %v mL: want 0 to %v mL", ml, MaxDoseML)
	}
	seconds := ml / p.SlopeMLPerS
	if p.Curve != nil && ml > 0 {
		var err error
		if seconds, err = p.Curve.Extrapolate(ml); err != nil || !(seconds > 0) {
			return 0, fmt.Errorf("ledger: no run of the pump moves %v mL by its calibration (%v s, %w); calibrate it for such volumes", ml, seconds, orBackwards(err))
		}
	}
	if seconds > maxRun.Seconds() {
		return 0, fmt.Errorf("ledger: pump %v mL at %v mL/s takes %.0f s: at most %v in one run", ml, p.Rate(), seconds, maxRun)
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), nil
}

// Volume is what a run moves, in mL. With the length of the pump's lease it is
// the worst case of a dose.
func (p Pump) Volume(run time.Duration) (float64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if run < 0 || run > maxRun {
		return 0, fmt.Errorf("ledger: pump for %v: want 0 to %v", run, maxRun)
	}
	return p.ML(run), nil
}

// LnStep is the step in ln OD that adding addedML to volumeML makes:
// −ln(1 + v/V). Compare it with what the OD really did: no step twice means an
// empty bottle or a dead pump. 0 unless both are positive.
func LnStep(addedML, volumeML float64) float64 {
	step := -math.Log1p(addedML / volumeML)
	if !(addedML > 0 && volumeML > 0) || math.IsInf(step, 0) {
		return 0
	}
	return step
}
