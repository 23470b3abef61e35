package ekf

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

const madToSD = 1.4826 // MAD of a normal distribution to its standard deviation

// median of values, which must not be empty; values keep their order.
func median(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	mid := len(s) / 2
	if len(s)%2 == 1 {
		return s[mid]
	}
	return (s[mid-1] + s[mid]) / 2
}

// madSD is the robust standard deviation of values.
func madSD(values []float64) float64 {
	m := median(values)
	dev := make([]float64, len(values))
	for i, v := range values {
		dev[i] = math.Abs(v - m)
	}
	return madToSD * median(dev)
}

// detrended is ys less its least-squares line over xs. Without spread in xs
// only the mean is taken off.
func detrended(xs, ys []float64) []float64 {
	a, b := stat.LinearRegression(xs, ys, nil, false)
	if !finite(a, b) {
		a, b = stat.Mean(ys, nil), 0
	}
	out := make([]float64, len(ys))
	for i := range ys {
		out[i] = ys[i] - a - b*xs[i]
	}
	return out
}
