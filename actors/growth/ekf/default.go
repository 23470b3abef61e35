package ekf

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

const (
	unknownDose = 0.06 // SD of ln OD after a dose of unknown size: 1 mL into 15 mL
	gapFactor   = 10   // a gap of so many intervals …
	minGapH     = 0.05 // … and at least 3 min leaves the level unknown: who knows what happened to the vial
	longGapH    = 3.0  // so does this one, whatever the interval
	maxGapH     = 24.0 // beyond it a gap teaches nothing more
	maxEvidence = 1e3  // |ln odds|; nothing is that sure
)

// Default is the house filter: two motion models, known doses with a learned
// pump gain, noise learned from the readings, and a rival explanation (the
// level jumped, growth did not change) whenever a reading looks out of place.
//
// After a long gap (ten intervals and 3 min) it anchors the level anew and keeps
// µ with the uncertainty that the gap has added.
type Default struct{ s DefaultState }

// DefaultState is all that [Default] knows.
type DefaultState struct {
	Tuning Tuning    `json:"tuning"`
	Shares []float64 `json:"shares"` // weight of each channel, sum 1
	Main   track     `json:"main"`   // what is reported
	Rival  rival     `json:"rival"`  // the same, had the level jumped
	Noise  noise     `json:"noise"`
}

// NewDefault starts from a warm-up.
func NewDefault(start Start, t Tuning) (*Default, error) {
	if err := start.check(); err != nil {
		return nil, err
	}
	s := DefaultState{Tuning: t}
	total, variance := 0.0, 0.0
	for _, v := range start.NoiseVariance {
		total += 1 / v
	}
	for i, v := range start.NoiseVariance {
		share, sd := 1/v/total, start.LnNoiseSD[i]
		if sd == 0 {
			sd = minNoiseSD
		}
		s.Shares = append(s.Shares, share)
		variance += share * share * sd * sd
	}
	s.Noise = newNoise(math.Sqrt(variance))
	s.Main = newTrack(start.X[0], start.P[0][0], start.X[1], &t)
	s.Rival.Track = s.Main
	return RestoreDefault(s)
}

// RestoreDefault continues from a saved state.
func RestoreDefault(s DefaultState) (*Default, error) {
	if err := s.Tuning.Validate(); err != nil {
		return nil, err
	}
	if !s.valid() {
		return nil, fmt.Errorf("ekf: default: %w: %+v", ErrState, s)
	}
	s.Shares = slices.Clone(s.Shares)
	return &Default{s: s}, nil
}

// State is a copy of all the filter knows.
func (d *Default) State() DefaultState {
	s := d.s
	s.Shares = slices.Clone(s.Shares)
	return s
}

// Update takes the next reading; see [Filter].
func (d *Default) Update(o Observation) (Estimate, error) {
	if err := o.check(len(d.s.Shares)); err != nil {
		return Estimate{}, err
	}
	next := d.s // Shares is never written
	outlier, moved := next.step(&o)
	if !next.valid() {
		return Estimate{}, fmt.Errorf("ekf: default: reading %v after %v cannot be followed: %w", o.OD, o.Dt, ErrObservation)
	}
	d.s = next
	x, p := d.s.Main.belief()
	return Estimate{
		OD: math.Exp(x[0]), GrowthRatePerH: clipRate(x[1]), SDPerH: math.Sqrt(p[1][1]), Outlier: outlier, Reanchored: moved,
		DoseGain: x[2], DoseGainSD: math.Sqrt(p[2][2]),
	}, nil
}

// step advances everything by one observation.
func (s *DefaultState) step(o *Observation) (outlier, moved bool) {
	z, dt := s.fuse(o.OD), o.Dt.Hours()
	if o.Disturbed || s.lost(dt) {
		s.moveTo(z, math.Min(dt, maxGapH), o.DilutionLnStep)
		return false, true
	}
	before, _ := s.Main.foresee()
	s.Main.predict(dt, o.DilutionLnStep, &s.Tuning)
	s.Rival.predict(dt, o.DilutionLnStep, &s.Tuning)
	if o.RecentDilution && o.DilutionLnStep == 0 {
		s.Main.loosen(unknownDose * unknownDose)
		s.Rival.Age = 0
		s.Noise.forget()
	}
	after, _ := s.Main.foresee()
	dev, moved := s.judge(z)
	s.Noise.take(z, after-before, dt, math.Abs(dev) > sheerJump)
	if moved {
		s.Noise.forget()
	}
	return math.Abs(dev) > s.Tuning.OutlierSD, moved
}

// lost says whether the level is unknown after a gap of dt hours.
func (s *DefaultState) lost(dt float64) bool {
	usual := s.Noise.LastDtH
	return dt > longGapH || (usual > 0 && dt > minGapH && dt > gapFactor*usual)
}

// moveTo anchors the level at the reading; µ stays.
func (s *DefaultState) moveTo(z, dt, doses float64) {
	s.Main.predict(dt, doses, &s.Tuning)
	s.Main.calm()
	s.Main.anchor(z, s.Noise.variance())
	s.Rival.Age = 0
	s.Noise.forget()
	s.Noise.take(z, 0, dt, false)
}

func (s *DefaultState) fuse(od []float64) float64 {
	z := 0.0
	for i, v := range od {
		z += s.Shares[i] * math.Log(v)
	}
	return z
}

// valid says whether the filter can run on from this state.
func (s *DefaultState) valid() bool {
	total := 0.0
	for _, v := range s.Shares {
		if !(v >= 0 && v <= 1) {
			return false
		}
		total += v
	}
	return math.Abs(total-1) < 1e-9 && s.Main.valid() && s.Rival.valid() && s.Noise.valid()
}

// MarshalJSON saves the state.
func (d *Default) MarshalJSON() ([]byte, error) { return json.Marshal(d.s) }

// UnmarshalJSON continues from a saved state; a bad one is refused.
func (d *Default) UnmarshalJSON(b []byte) error {
	var s DefaultState
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("ekf: default: restore: %w", err)
	}
	restored, err := RestoreDefault(s)
	if err != nil {
		return err
	}
	*d = *restored
	return nil
}

var _ Filter = (*Default)(nil)
