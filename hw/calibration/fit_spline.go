package calibration

import (
	"fmt"
	"math"
	"slices"
)

const maxAutoKnots = 6 // Pioreactor 26.7.2

// FitSpline fits a natural cubic regression spline: the values at the knots by
// weighted least squares, the knots at quantiles of x. Knots Auto chooses from 2
// to 6 of them by AICc. w may be nil; a weight is an inverse variance.
func FitSpline(x, y, w []float64, knots int) (Curve, error) {
	s, err := newSample(x, y, w)
	if err != nil {
		return Curve{}, err
	}
	most := min(s.distinct(), maxKnots)
	if most < 2 {
		return Curve{}, fmt.Errorf("calibration: fit: a spline needs points at 2 different x at least")
	}
	if knots == Auto {
		return s.autoSpline(min(most, maxAutoKnots))
	}
	if knots < 2 || knots > most {
		return Curve{}, fmt.Errorf("calibration: fit: %d knots: these points allow 2 to %d", knots, most)
	}
	return s.spline(s.quantiles(knots))
}

// FitSplineThrough is the natural cubic spline through every point; each x once.
func FitSplineThrough(x, y []float64) (Curve, error) {
	s, err := newSample(x, y, nil)
	if err != nil {
		return Curve{}, err
	}
	if n := s.distinct(); n < 2 || n < len(x) {
		return Curve{}, fmt.Errorf("calibration: fit: a spline through %d points needs as many different x, at least 2, and there are %d", len(x), n)
	}
	return checked(natural(s.x, s.y))
}

// autoSpline is the spline of least AICc; where points are too few for that, the line.
func (s sample) autoSpline(most int) (Curve, error) {
	var best Curve
	score := math.Inf(1)
	for knots := 2; knots <= most; knots++ {
		at := s.quantiles(knots)
		k, err := s.spline(at)
		if err != nil {
			return Curve{}, err
		}
		if got := s.aicc(k, len(at)); knots == 2 || got < score {
			best, score = k, got
		}
	}
	return best, nil
}

// quantiles are n knots with equally many points between them, each once.
func (s sample) quantiles(n int) []float64 {
	at := make([]float64, n)
	for i := range at {
		place := float64(i) / float64(n-1) * float64(len(s.x)-1)
		below := min(int(place), len(s.x)-2)
		part := place - float64(below)
		at[i] = s.x[below]*(1-part) + s.x[below+1]*part
	}
	at[0], at[n-1] = s.x[0], s.x[len(s.x)-1]
	return slices.Compact(at)
}

// spline fits the values at the knots: each basis function is the natural
// spline that is 1 at one knot and 0 at the others.
func (s sample) spline(knots []float64) (Curve, error) {
	basis := make([]Curve, len(knots))
	for j := range knots {
		unit := make([]float64, len(knots))
		unit[j] = 1
		basis[j] = natural(knots, unit)
	}
	values, err := s.leastSquares(len(knots), func(j int, x float64) float64 { return basis[j].At(x) })
	if err != nil {
		return Curve{}, err
	}
	return checked(natural(knots, values))
}

// natural is the cubic spline through the knots whose second derivative is 0
// at both ends; second[i] below is that derivative at knot i.
func natural(x, y []float64) Curve {
	second := secondDerivatives(x, y)
	k := Curve{Type: Spline, Knots: slices.Clone(x), Pieces: make([][4]float64, len(x)-1)}
	for i := range k.Pieces {
		h := x[i+1] - x[i]
		k.Pieces[i] = [4]float64{
			y[i],
			(y[i+1]-y[i])/h - h*(2*second[i]+second[i+1])/6,
			second[i] / 2,
			(second[i+1] - second[i]) / (6 * h),
		}
	}
	return k
}

// secondDerivatives solves the tridiagonal system of a natural spline by
// elimination forth and back (Thomas).
func secondDerivatives(x, y []float64) []float64 {
	n := len(x)
	second, upper, right := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := 1; i < n-1; i++ {
		before, after := x[i]-x[i-1], x[i+1]-x[i]
		pivot := 2*(before+after) - before*upper[i-1]
		upper[i] = after / pivot
		right[i] = (6*((y[i+1]-y[i])/after-(y[i]-y[i-1])/before) - before*right[i-1]) / pivot
	}
	for i := n - 2; i > 0; i-- {
		second[i] = right[i] - upper[i]*second[i+1]
	}
	return second
}
