package ekf

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Constants of the start, Pioreactor 26.7.2.
const (
	minNoiseSD      = 5e-3 // floor of a channel's ln OD noise
	minLevelSD      = 0.05 // floor of the SD of the start level, in ln OD
	unknownVariance = 1e-3 // per channel, when one warm-up reading is all there is
	levelReadings   = 5    // the start level is the median of this many
)

// WarmUp collects the first readings of an experiment. A dose spoils it: call
// [WarmUp.Reset] and begin again. Not safe for concurrent use.
type WarmUp struct {
	want    int
	raw     [][]float64 // per channel, per reading
	at      []float64   // h since the first reading
	factors []float64   // kept from an earlier run, or nil
}

// Start is what a filter needs to begin.
type Start struct {
	// Factors turn raw OD into normalized OD: raw/factor, per channel.
	Factors []float64 `json:"factors"`
	// NoiseVariance of normalized OD per channel, floored at (5e-3)².
	NoiseVariance []float64 `json:"noise_variance"`
	// LnNoiseSD per channel as measured, without the floor; 0 if unknown.
	LnNoiseSD []float64 `json:"ln_noise_sd"`
	// X is [ln normalized OD, µ in 1/h, drift of µ in 1/h²].
	X [3]float64 `json:"x"`
	// P is X's covariance.
	P [3][3]float64 `json:"p"`
}

// NewWarmUp collects the given number of readings of so many channels.
// Pioreactor 26.7.2 ships 10 readings.
func NewWarmUp(channels, readings int) (*WarmUp, error) {
	if channels < 1 || readings < 1 {
		return nil, fmt.Errorf("ekf: warm-up: %d channels, %d readings, want at least 1 of each", channels, readings)
	}
	return &WarmUp{want: readings, raw: make([][]float64, channels)}, nil
}

// KeepFactors makes [WarmUp.Start] use the factors of an earlier run of the
// same experiment, so that normalized OD means the same after a restart.
func (w *WarmUp) KeepFactors(factors []float64) error {
	if len(factors) != len(w.raw) {
		return fmt.Errorf("ekf: warm-up: %d factors for %d channels", len(factors), len(w.raw))
	}
	for i, f := range factors {
		if !(f > 0 && f <= maxOD) {
			return fmt.Errorf("ekf: warm-up: factor %v of channel %d, want above 0", f, i)
		}
	}
	w.factors = append([]float64(nil), factors...)
	return nil
}

// Add takes one raw reading per channel, dt after the one before (ignored for
// the first). A bad reading is refused and does not count.
func (w *WarmUp) Add(od []float64, dt time.Duration) error {
	obs := Observation{OD: od, Dt: dt}
	if err := obs.check(len(w.raw)); err != nil {
		return err
	}
	at := 0.0
	if n := len(w.at); n > 0 {
		at = w.at[n-1] + dt.Hours()
	}
	w.at = append(w.at, at)
	for i, v := range od {
		w.raw[i] = append(w.raw[i], v)
	}
	return nil
}

// Done says that enough readings are in.
func (w *WarmUp) Done() bool { return len(w.at) >= w.want }

// Reset forgets the readings; kept factors stay.
func (w *WarmUp) Reset() {
	w.at = nil
	for i := range w.raw {
		w.raw[i] = nil
	}
}

// ErrWarmingUp is returned by [WarmUp.Start] before [WarmUp.Done].
var ErrWarmingUp = errors.New("ekf: warm-up: more readings needed")

// Start computes the start values of Pioreactor 26.7.2: factor = median, noise
// = MAD about the line through ln OD, level = median of the last 5 readings.
func (w *WarmUp) Start() (Start, error) {
	if !w.Done() {
		return Start{}, ErrWarmingUp
	}
	s := Start{Factors: w.factors}
	if s.Factors == nil {
		for _, raw := range w.raw {
			s.Factors = append(s.Factors, median(raw))
		}
	}
	fused := make([]float64, len(w.at))
	meanVar := 0.0
	for c, raw := range w.raw {
		ln := make([]float64, len(raw))
		for i, v := range raw {
			fused[i] += v / s.Factors[c] / float64(len(w.raw))
			ln[i] = math.Log(v / s.Factors[c])
		}
		variance, sd := noiseOf(w.at, ln)
		s.NoiseVariance = append(s.NoiseVariance, variance)
		s.LnNoiseSD = append(s.LnNoiseSD, sd)
		meanVar += variance / float64(len(w.raw))
	}
	s.X[0] = math.Log(median(fused[max(0, len(fused)-levelReadings):]))
	level := math.Max(math.Max(minLevelSD, 2*lnSD(fused)), math.Sqrt(meanVar))
	s.P = mat{{level * level, 0, 0}, {0, 0.03 * 0.03, 0}, {0, 0, 0.05 * 0.05}} // Pioreactor 26.7.2
	return s, nil
}

// noiseOf is a channel's variance with the floor, and its measured SD.
func noiseOf(at, ln []float64) (variance, sd float64) {
	if len(ln) < 2 {
		return unknownVariance, 0
	}
	sd = madSD(detrended(at, ln))
	floored := math.Max(sd, minNoiseSD)
	return floored * floored, sd
}

func lnSD(od []float64) float64 {
	ln := make([]float64, len(od))
	for i, v := range od {
		ln[i] = math.Log(v)
	}
	return madSD(ln)
}

// check refuses a start that no filter can run from.
func (s *Start) check() error {
	n := len(s.NoiseVariance)
	if n == 0 || len(s.LnNoiseSD) != n || len(s.Factors) != n {
		return fmt.Errorf("ekf: start: %d factors, %d variances, %d noise SDs, want the same number, at least 1",
			len(s.Factors), n, len(s.LnNoiseSD))
	}
	for i, v := range s.NoiseVariance {
		if !(v > 0 && v <= maxOD) || !(s.LnNoiseSD[i] >= 0 && s.LnNoiseSD[i] <= maxOD) {
			return fmt.Errorf("ekf: start: channel %d: variance %v and noise SD %v, want above 0 and at least 0", i, v, s.LnNoiseSD[i])
		}
	}
	if !plausible(&s.X) || !psd(&s.P) {
		return fmt.Errorf("ekf: start: state %v with covariance %v is not a start", s.X, s.P)
	}
	return nil
}
