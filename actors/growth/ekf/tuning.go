package ekf

import (
	"fmt"
	"math"
	"time"
)

// Tuning is what [Default] assumes of the culture and the pumps.
type Tuning struct {
	// OutlierSD is the |z| beyond which a reading is weighted down. Above 2.
	OutlierSD float64 `json:"outlier_sd"`
	// QuietDrift is how far µ wanders in an hour of steady growth, 1/h per √h.
	QuietDrift float64 `json:"quiet_drift"`
	// ShiftDrift is the same while growth is changing. Above QuietDrift.
	ShiftDrift float64 `json:"shift_drift"`
	// QuietFor is the mean time between changes of growth.
	QuietFor time.Duration `json:"quiet_for_ns"`
	// ShiftFor is the mean time that a change takes.
	ShiftFor time.Duration `json:"shift_for_ns"`
	// StartRateSD is the standard deviation of µ at the start, 1/h.
	StartRateSD float64 `json:"start_rate_sd"`
	// PumpSD is the standard deviation of the pumps' common gain at the start:
	// 0.15 says that a dose may be 15 % off.
	PumpSD float64 `json:"pump_sd"`
	// PumpDrift is how far that gain wanders, per √h.
	PumpDrift float64 `json:"pump_drift"`
	// DoseSD is the scatter from dose to dose, as a fraction of the step.
	DoseSD float64 `json:"dose_sd"`
}

// DefaultTuning was chosen by simulation, see the package's tests: quick enough
// for µ = 1.8 1/h within 15 min, slow enough that a 10 % jump of the optics
// leaves no trace.
func DefaultTuning() Tuning {
	return Tuning{
		OutlierSD:   4,
		QuietDrift:  0.02,
		ShiftDrift:  0.25,
		QuietFor:    40 * time.Hour,
		ShiftFor:    15 * time.Minute,
		StartRateSD: 0.5,
		PumpSD:      0.15,
		PumpDrift:   0.01,
		DoseSD:      0.03,
	}
}

// Validate says what is wrong with the tuning.
func (t Tuning) Validate() error {
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"quiet drift", t.QuietDrift}, {"shift drift", t.ShiftDrift}, {"quiet for (h)", t.QuietFor.Hours()}, {"shift for (h)", t.ShiftFor.Hours()},
		{"start rate SD", t.StartRateSD}, {"pump SD", t.PumpSD}, {"pump drift", t.PumpDrift}, {"dose SD", t.DoseSD},
	} {
		if !(f.value > 0 && f.value <= 100) {
			return fmt.Errorf("ekf: tuning: %s %v, want above 0 and at most 100", f.name, f.value)
		}
	}
	if !(t.OutlierSD > 2 && t.OutlierSD <= 100) {
		return fmt.Errorf("ekf: tuning: outlier SD %v, want above 2 and at most 100", t.OutlierSD)
	}
	if t.ShiftDrift <= t.QuietDrift {
		return fmt.Errorf("ekf: tuning: shift drift %v, want above quiet drift %v", t.ShiftDrift, t.QuietDrift)
	}
	return nil
}

// drift is the spectral density of µ's wandering in a mode, (1/h)²/h.
func (t *Tuning) drift(mode int) float64 {
	if mode == quiet {
		return t.QuietDrift * t.QuietDrift
	}
	return t.ShiftDrift * t.ShiftDrift
}

// leave is the chance to leave a mode within dt hours.
func (t *Tuning) leave(mode int, dt float64) float64 {
	q, s := 1/t.QuietFor.Hours(), 1/t.ShiftFor.Hours()
	settled := 1 - math.Exp(-(q+s)*dt) // two-state Markov chain
	if mode == quiet {
		return q / (q + s) * settled
	}
	return s / (q + s) * settled
}
