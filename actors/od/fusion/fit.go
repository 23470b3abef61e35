package fusion

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Standard is one reading of a known concentration at one angle.
type Standard struct {
	Angle         string  // "45", "90", "135", "180"
	Concentration float64 // in any unit above 0; a blank is left out
	Reading       float64 // V over the relative reference
}

// Constants of the fit. Source: Pioreactor 26.7.2.
const (
	leastLevels = 4      // concentrations at each angle
	sigmaFloor  = 0.04   // of ln V
	madToSigma  = 1.4826 // of a normal distribution
)

// Angles are those of a Pioreactor XR.
var Angles = []string{"45", "90", "135"}

// Fit makes the curves of an estimator from readings of standards, at least
// four concentrations at each of angles. The rest, its name and how it was made,
// the caller fills in.
func Fit(standards []Standard, angles []string) (calibration.Estimator, error) {
	e := calibration.Estimator{
		Kind: calibration.ODFused, Y: "log(Voltage)", SigmaFloor: sigmaFloor,
		MinLogC: math.Inf(1), MaxLogC: math.Inf(-1),
	}
	var recorded strings.Builder
	recorded.WriteString("by_angle:\n")
	for _, name := range angles {
		levels := levelsOf(standards, name)
		if len(levels) < leastLevels {
			return calibration.Estimator{}, fmt.Errorf("fusion: fit: angle %s has %d concentrations above 0, need %d", name, len(levels), leastLevels)
		}
		a, err := fitAngle(name, levels)
		if err != nil {
			return calibration.Estimator{}, err
		}
		e.Angles = append(e.Angles, a)
		e.MinLogC = min(e.MinLogC, a.Mu.Knots[0])
		e.MaxLogC = max(e.MaxLogC, a.Mu.Knots[len(a.Mu.Knots)-1])
		record(&recorded, a)
	}
	e.Recorded = recorded.String()
	return e, nil
}

// levelsOf are the logarithms of the readings at one angle, by ℓ. A blank, and a
// reading of nothing, has no logarithm.
func levelsOf(standards []Standard, name string) map[float64][]float64 {
	levels := map[float64][]float64{}
	for _, s := range standards {
		if s.Angle == name && s.Concentration > 0 && s.Reading > 0 {
			l := math.Log10(s.Concentration)
			levels[l] = append(levels[l], math.Log(s.Reading))
		}
	}
	return levels
}

func fitAngle(name string, levels map[float64][]float64) (calibration.Angle, error) {
	ls := slices.Sorted(maps.Keys(levels))
	means, sigmas := make([]float64, len(ls)), make([]float64, len(ls))
	for i, l := range ls {
		means[i] = mean(levels[l])
		sigmas[i] = math.Log(max(madToSigma*spread(levels[l]), sigmaFloor))
	}
	mu, err := calibration.FitAkima(ls, means)
	if err != nil {
		return calibration.Angle{}, fmt.Errorf("fusion: angle %s: %w", name, err)
	}
	sigma, err := calibration.FitAkima(ls, sigmas)
	if err != nil {
		return calibration.Angle{}, fmt.Errorf("fusion: angle %s: %w", name, err)
	}
	return calibration.Angle{Angle: name, Mu: mu, LogSigma: sigma}, nil
}

// record writes the means of one angle as Pioreactor keeps them.
func record(b *strings.Builder, a calibration.Angle) {
	fmt.Fprintf(b, "  %q:\n    x: [", a.Angle)
	for i, x := range a.Mu.Knots {
		b.WriteString(separator(i) + decimal(x))
	}
	b.WriteString("]\n    y: [")
	for i, x := range a.Mu.Knots {
		b.WriteString(separator(i) + decimal(a.Mu.At(x)))
	}
	b.WriteString("]\n")
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// decimal is v without an exponent, with a dot: YAML 1.1 reads it as a number.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func mean(vs []float64) float64 {
	sum := 0.0
	for _, v := range vs {
		sum += v
	}
	return sum / float64(len(vs))
}

// spread is the median distance from the median.
func spread(vs []float64) float64 {
	middle := median(vs)
	off := make([]float64, len(vs))
	for i, v := range vs {
		off[i] = math.Abs(v - middle)
	}
	return median(off)
}

func median(vs []float64) float64 {
	s := slices.Sorted(slices.Values(vs))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
