package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Auto lets a fit choose its degree or its number of knots by AICc.
const Auto = -1

// sample is a checked set of points to fit, ascending in x.
type sample struct{ x, y, w []float64 }

// newSample checks the points. A nil w weighs all alike; a weight is the
// inverse of a point's variance, in any scale.
func newSample(x, y, w []float64) (sample, error) {
	if w == nil {
		w = slices.Repeat([]float64{1}, len(x))
	}
	if len(x) != len(y) || len(w) != len(x) {
		return sample{}, fmt.Errorf("calibration: fit: %d x, %d y and %d weights must be equally many", len(x), len(y), len(w))
	}
	if len(x) == 0 || len(x) > maxPoints {
		return sample{}, fmt.Errorf("calibration: fit: %d points, need 1 to %d", len(x), maxPoints)
	}
	var p problems
	p.finiteAll("x", x)
	p.finiteAll("y", y)
	for i, v := range w {
		p.between(fmt.Sprintf("weight[%d]", i), v, 0, math.MaxFloat64)
	}
	if p.all != nil {
		return sample{}, errors.Join(p.all...)
	}
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(x[a], x[b]) })
	return sample{picked(x, order), picked(y, order), picked(w, order)}, nil
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func picked(v []float64, order []int) []float64 {
	out := make([]float64, len(v))
	for i, j := range order {
		out[i] = v[j]
	}
	return out
}

// distinct is how many different x there are.
func (s sample) distinct() int {
	return len(slices.Compact(slices.Clone(s.x)))
}

// error is the weighted sum of squared errors of a curve.
func (s sample) error(k Curve) float64 {
	sum := 0.0
	for i, x := range s.x {
		r := s.y[i] - k.At(x)
		sum += s.w[i] * r * r
	}
	return sum
}

// aicc is Akaike's criterion with the correction for few points (Hurvich and
// Tsai 1989): n·ln(WSSE/n) + 2k + 2k(k+1)/(n−k−1). Infinite when n ≤ k+1.
func (s sample) aicc(k Curve, params int) float64 {
	n, p := float64(len(s.x)), float64(params)
	if n <= p+1 {
		return math.Inf(1)
	}
	sse := max(s.error(k), math.SmallestNonzeroFloat64*(1<<52)) // the smallest normal number
	return n*math.Log(sse/n) + 2*p + 2*p*(p+1)/(n-p-1)
}

// leastSquares solves the weighted problem for basis functions given as
// columns: column(j, x) is the jth at x. A direction the points say nothing about
// gets nothing (the solution of least norm).
func (s sample) leastSquares(columns int, column func(j int, x float64) float64) ([]float64, error) {
	a, b := mat.NewDense(len(s.x), columns, nil), mat.NewVecDense(len(s.x), nil)
	scale := make([]float64, columns)
	for i, x := range s.x {
		root := math.Sqrt(s.w[i])
		b.SetVec(i, s.y[i]*root)
		for j := range columns {
			v := column(j, x) * root
			a.Set(i, j, v)
			scale[j] = math.Hypot(scale[j], v)
		}
	}
	for j := range columns {
		if scale[j] == 0 {
			scale[j] = 1
		}
		for i := range s.x {
			a.Set(i, j, a.At(i, j)/scale[j])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return nil, errors.New("calibration: fit: the points cannot be solved; look for values of wild size")
	}
	rank := svd.Rank(1e-15 * float64(max(len(s.x), columns)))
	if rank == 0 {
		return make([]float64, columns), nil
	}
	var solution mat.VecDense
	svd.SolveVecTo(&solution, b, rank)
	out := make([]float64, columns)
	for j := range out {
		out[j] = solution.AtVec(j) / scale[j]
	}
	return out, nil
}

// checked is the curve, or the reason why a fit came to nothing usable.
func checked(k Curve) (Curve, error) {
	var p problems
	k.check("curve", &p)
	if err := errors.Join(p.all...); err != nil {
		return Curve{}, fmt.Errorf("calibration: fit: %w", err)
	}
	return k, nil
}
