package ekf

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Bounds of the growth rate, 1/h; those of grpredict 26.4.7.
const (
	MinGrowthRatePerH = -1.0
	MaxGrowthRatePerH = 3.0
)

const (
	maxOD         = 1e6 // normalized; far beyond any culture, keeps exp and squares finite
	minLnStep     = -3  // a dose of 19 vial volumes: an error of the caller
	maxPlausibleX = 50  // |ln OD| of a state; e⁵⁰ is no culture
)

// ErrObservation is wrapped by every refusal of an observation. The state is
// as before: skip the reading and go on.
var ErrObservation = errors.New("bad observation")

// ErrState is wrapped by every refusal of a saved state. Warm up anew.
var ErrState = errors.New("bad state")

// Observation is one OD reading with what is known to have happened since the
// one before.
type Observation struct {
	// OD is the normalized OD of each channel, in the order of the warm-up.
	// Finite and positive.
	OD []float64
	// Dt since the previous observation, or since the warm-up's last reading.
	// Not negative.
	Dt time.Duration
	// RecentDilution says that a dose fell into the last two readings.
	// Legacy needs it. Default uses it only if DilutionLnStep is 0: then the
	// size of the step is unknown.
	RecentDilution bool
	// DilutionLnStep is the sum of −ln(1+v/V) over the doses since the
	// previous observation: v mL added to V mL. From −3 to 0. Legacy ignores it.
	DilutionLnStep float64
	// Disturbed says that the optical path or the vial changed: bumped,
	// rotated, sampled, swapped. Legacy ignores it.
	Disturbed bool
}

// Estimate is what a filter believes after an observation. All finite.
type Estimate struct {
	OD             float64 // filtered, normalized
	GrowthRatePerH float64 // µ, from MinGrowthRatePerH to MaxGrowthRatePerH
	SDPerH         float64 // standard deviation of µ, as the filter sees it
	Outlier        bool    // the reading was implausible and was weighted down
	Reanchored     bool    // the level was moved to the readings, µ was kept; Default only
	DoseGain       float64 // true step over announced step, learned from the doses; 1 in Legacy
	DoseGainSD     float64 // standard deviation of DoseGain; 0 in Legacy
}

// Filter estimates growth. A saved filter (json.Marshal) continues exactly
// where it was after json.Unmarshal into a new one of the same kind.
type Filter interface {
	// Update takes the next reading. On error the state is unchanged.
	Update(Observation) (Estimate, error)
	json.Marshaler
	json.Unmarshaler
}

// check refuses what no filter may see.
func (o *Observation) check(channels int) error {
	if len(o.OD) != channels {
		return fmt.Errorf("ekf: reading: %d channels, want %d: %w", len(o.OD), channels, ErrObservation)
	}
	for i, od := range o.OD {
		if !(od > 0 && od <= maxOD) { // false for NaN
			return fmt.Errorf("ekf: reading: channel %d: normalized OD %v, want above 0 and at most %g: %w", i, od, float64(maxOD), ErrObservation)
		}
	}
	if o.Dt < 0 {
		return fmt.Errorf("ekf: reading: reading is %v older than the last: %w", -o.Dt, ErrObservation)
	}
	if !(o.DilutionLnStep >= minLnStep && o.DilutionLnStep <= 0) {
		return fmt.Errorf("ekf: reading: dilution step %v, want %d to 0: %w", o.DilutionLnStep, minLnStep, ErrObservation)
	}
	return nil
}

func clipRate(mu float64) float64 {
	return math.Min(math.Max(mu, MinGrowthRatePerH), MaxGrowthRatePerH)
}

// plausible says whether a state [ln OD, µ, …] is finite and in bounds.
func plausible(x *vec) bool {
	return finite(x[:]...) && math.Abs(x[0]) <= maxPlausibleX && x[1] == clipRate(x[1])
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
