package fusion

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Known is what an estimator makes of a standard, and what it truly is.
type Known struct{ Estimated, True float64 }

// Recalibrate moves e so that two standards come out right: ℓ becomes s·ℓ + o.
// It is how an estimator made on one unit is used on another. The result has
// the name and the date of e; the caller gives it its own.
func Recalibrate(e calibration.Estimator, a, b Known) (calibration.Estimator, error) {
	for _, v := range []float64{a.Estimated, a.True, b.Estimated, b.True} {
		if !(v > 0) || math.IsInf(v, 0) {
			return e, fmt.Errorf("fusion: recalibrate: concentrations must be finite and above 0, got %v", v)
		}
	}
	span := math.Log10(b.Estimated) - math.Log10(a.Estimated)
	s := (math.Log10(b.True) - math.Log10(a.True)) / span
	o := math.Log10(a.True) - s*math.Log10(a.Estimated)
	if span == 0 || !(s > 0) || math.IsInf(s, 0) || math.IsInf(o, 0) {
		return e, fmt.Errorf("fusion: recalibrate: the standards %v and %v come out as %v and %v: want the denser one estimated denser; were they mixed up?",
			a.True, b.True, a.Estimated, b.Estimated)
	}
	out := e
	out.Angles = slices.Clone(e.Angles)
	for i, old := range e.Angles {
		if old.Mu.Type == calibration.Poly || old.LogSigma.Type == calibration.Poly {
			return e, fmt.Errorf("fusion: recalibrate: angle %s: its curves must go from knot to knot, and one is a polynomial", old.Angle)
		}
		out.Angles[i].Mu, out.Angles[i].LogSigma = stretched(old.Mu, s, o), stretched(old.LogSigma, s, o)
	}
	out.MinLogC, out.MaxLogC = s*e.MinLogC+o, s*e.MaxLogC+o
	out.Recorded = history(e, s, o, a, b)
	return out, out.Validate()
}

// stretched is k over s·x + o.
func stretched(k calibration.Curve, s, o float64) calibration.Curve {
	out := calibration.Curve{Type: k.Type, Knots: make([]float64, len(k.Knots)), Pieces: make([][4]float64, len(k.Pieces))}
	for i, x := range k.Knots {
		out.Knots[i] = s*x + o
	}
	for i, p := range k.Pieces {
		out.Pieces[i] = [4]float64{p[0], p[1] / s, p[2] / (s * s), p[3] / (s * s * s)}
	}
	return out
}

// history records what was done, with the fields of Pioreactor 26.7.2.
func history(e calibration.Estimator, s, o float64, standards ...Known) string {
	var b strings.Builder
	fmt.Fprintf(&b, "transform:\n  type: logc_affine\n  scale_logc: %s\n  offset_logc: %s\n", decimal(s), decimal(o))
	fmt.Fprintf(&b, "  source_unit: %q\n  source_estimator_name: %q\n  source_ir_led_intensity: %s\n", e.Unit, e.Name, decimal(e.IRPercent))
	b.WriteString("standards:\n")
	for _, k := range standards {
		fmt.Fprintf(&b, "- od_true: %s\n  od_estimated: %s\n", decimal(k.True), decimal(k.Estimated))
	}
	b.WriteString("base_recorded_data:\n")
	for line := range strings.Lines(e.Recorded) {
		b.WriteString("  " + line)
	}
	return b.String()
}
