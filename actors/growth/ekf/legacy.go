package ekf

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// Constants of grpredict 26.4.7.
const (
	legacyDriftDecay = 0.995 // of µ's drift, per update whatever its dt
	legacyMinBase    = 2e-5  // floor of the ln OD variance
	legacyDoseLevel  = 0.05  // added to the level's process noise after a dose
	legacyDoseRate   = 1e-4  // added to µ's process noise after a dose
	legacyKeep       = 0.98  // memory of the adaptive variance
	legacyMaxPull    = 16    // an innovation² counts at most so many S
	legacyMinDiag    = 1e-12 // floor of the covariance's diagonal
)

// LegacyConfig tunes [Legacy]. The zero value is Pioreactor 26.7.2's default.
type LegacyConfig struct {
	// OutlierSD is the |z| beyond which a reading is weighted down. Above 2;
	// 0 means 5.
	OutlierSD float64
	// Interval expected between readings; scales the process noise. 0 means 5 s.
	Interval time.Duration
}

// Legacy is the filter of grpredict 26.4.7 as Pioreactor 26.7.2 uses it: state
// [ln OD, µ, drift of µ], constant process noise, decay per update, variance
// adapted to the innovations. It knows nothing of a dose's size.
type Legacy struct{ s LegacyState }

// LegacyState is all that [Legacy] knows.
type LegacyState struct {
	X         [3]float64    `json:"x"`          // ln OD, µ (1/h), drift (1/h²)
	P         [3][3]float64 `json:"p"`          // covariance of X
	Q         [3]float64    `json:"q"`          // process noise per update
	R         []float64     `json:"r"`          // variance of OD per channel
	Base      float64       `json:"base"`       // floor of V
	V         float64       `json:"v"`          // adaptive variance of ln OD
	OutlierSD float64       `json:"outlier_sd"` // |z| threshold
}

// NewLegacy starts from a warm-up.
func NewLegacy(start Start, cfg LegacyConfig) (*Legacy, error) {
	if cfg.OutlierSD == 0 {
		cfg.OutlierSD = 5
	}
	if cfg.Interval == 0 {
		cfg.Interval = 5 * time.Second
	}
	if err := start.check(); err != nil {
		return nil, err
	}
	if cfg.Interval < 0 || !(cfg.OutlierSD > 2) {
		return nil, fmt.Errorf("ekf: legacy: interval %v, outlier SD %v, want above 0 and above 2", cfg.Interval, cfg.OutlierSD)
	}
	scale := math.Max(cfg.Interval.Seconds()/5, 0.25)
	s := LegacyState{
		X: start.X, P: start.P, R: slices.Clone(start.NoiseVariance),
		Q: vec{1e-8 * scale, 5e-8 * scale, 5e-6 * scale}, OutlierSD: cfg.OutlierSD,
	}
	od2 := math.Max(math.Exp(s.X[0])*math.Exp(s.X[0]), 1e-9)
	s.Base = math.Max(legacyMinBase, 3*mean(s.R)/od2)
	s.V = s.Base
	return RestoreLegacy(s)
}

// RestoreLegacy continues from a saved state.
func RestoreLegacy(s LegacyState) (*Legacy, error) {
	if !s.valid() {
		return nil, fmt.Errorf("ekf: legacy: %w: %+v", ErrState, s)
	}
	s.R = slices.Clone(s.R)
	return &Legacy{s: s}, nil
}

// State is a copy of all the filter knows.
func (l *Legacy) State() LegacyState {
	s := l.s
	s.R = slices.Clone(s.R)
	return s
}

// Update takes the next reading; see [Filter].
func (l *Legacy) Update(o Observation) (Estimate, error) {
	if err := o.check(len(l.s.R)); err != nil {
		return Estimate{}, err
	}
	next := l.s // R is shared; it is written only after the check below
	outlier := next.step(&o)
	variance := next.V * math.Exp(2*next.X[0])
	if !next.valid() || !finite(variance) {
		return Estimate{}, fmt.Errorf("ekf: legacy: reading %v after %v cannot be followed, warm up anew: %w", o.OD, o.Dt, ErrObservation)
	}
	if !outlier && !o.RecentDilution {
		for i := range next.R {
			next.R[i] = variance
		}
	}
	l.s = next
	return Estimate{
		OD: math.Exp(l.s.X[0]), GrowthRatePerH: l.s.X[1], SDPerH: math.Sqrt(l.s.P[1][1]),
		Outlier: outlier, DoseGain: 1,
	}, nil
}

// step predicts, then corrects with the fused reading.
func (s *LegacyState) step(o *Observation) (outlier bool) {
	dt := o.Dt.Hours()
	f := mat{{1, dt, dt * dt / 2}, {0, 1, dt}, {0, 0, legacyDriftDecay}}
	x, p := mulVec(&f, &s.X), sandwich(&f, &s.P)
	for i := range 3 {
		p[i][i] += s.Q[i]
	}
	if o.RecentDilution {
		p[0][0] += legacyDoseLevel
		p[1][1] += legacyDoseRate
	}
	z, fused := s.fuse(o.OD)
	noise := math.Max(fused, s.V)
	e := z - x[0]
	spread := p[0][0] + noise
	if dev := math.Abs(e) / math.Sqrt(spread) / s.OutlierSD; dev > 1 {
		outlier = true
		spread = p[0][0] + noise*dev*dev
	}
	s.correct(x, p, e, spread)
	if !outlier && !o.RecentDilution {
		s.V = math.Max(s.Base, legacyKeep*s.V+(1-legacyKeep)*math.Min(e*e, legacyMaxPull*spread))
	}
	return outlier
}

// fuse combines the channels' ln OD by inverse variance.
func (s *LegacyState) fuse(od []float64) (z, variance float64) {
	var sum, weights float64
	for i, v := range od {
		v = math.Max(v, 1e-9)
		w := 1 / math.Max(math.Max(s.R[i], 1e-12)/(v*v), s.Base)
		sum += w * math.Log(v)
		weights += w
	}
	return sum / weights, 1 / weights
}

func (s *LegacyState) correct(x vec, p mat, e, spread float64) {
	gain := vec{p[0][0] / spread, p[1][0] / spread, p[2][0] / spread}
	for i := range 3 {
		s.X[i] = x[i] + gain[i]*e
		for j := range 3 {
			s.P[i][j] = p[i][j] - gain[i]*p[0][j]
		}
		s.P[i][i] = math.Max(s.P[i][i], legacyMinDiag)
	}
	s.X[1] = clipRate(s.X[1])
}

// valid says whether the filter can run on from this state.
func (s *LegacyState) valid() bool {
	ok := plausible(&s.X) && psd(&s.P) && finite(s.V, s.Base) && s.Base > 0 && s.V >= s.Base && s.OutlierSD > 2 && len(s.R) > 0
	for _, q := range s.Q {
		ok = ok && q > 0 && q <= maxOD
	}
	for _, r := range s.R {
		ok = ok && r > 0 && finite(r)
	}
	return ok
}

// MarshalJSON saves the state.
func (l *Legacy) MarshalJSON() ([]byte, error) { return json.Marshal(l.s) }

// UnmarshalJSON continues from a saved state; a bad one is refused.
func (l *Legacy) UnmarshalJSON(b []byte) error {
	var s LegacyState
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("ekf: legacy: restore: %w", err)
	}
	restored, err := RestoreLegacy(s)
	if err != nil {
		return err
	}
	*l = *restored
	return nil
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

var _ Filter = (*Legacy)(nil)
