package ledger

import (
	"fmt"
	"math"
	"time"
)

// DefaultSlopeMLPerS is a typical pump before calibration. It is good enough for
// a dose by time, never for one by volume. Source: Pioreactor 26.7.2.
const DefaultSlopeMLPerS = 0.0911

// maxRun bounds one run of a pump: longer than any calibrated dose needs.
const maxRun = 4 * time.Hour

// Pump is a calibrated pump: mL = slope · s, through the origin.
type Pump struct{ SlopeMLPerS float64 }

// NewPump accepts a slope above 0 and up to 100 mL/s.
func NewPump(slopeMLPerS float64) (Pump, error) {
	p := Pump{SlopeMLPerS: slopeMLPerS}
	return p, p.check()
}

func (p Pump) check() error {
	if !(p.SlopeMLPerS > 1e-6 && p.SlopeMLPerS <= 100) {
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
	if seconds > maxRun.Seconds() {
		return 0, fmt.Errorf("ledger: pump %v mL at %v mL/s takes %.0f s: at most %v in one run", ml, p.SlopeMLPerS, seconds, maxRun)
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
	return p.SlopeMLPerS * run.Seconds(), nil
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
