package check

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

// pearson is the correlation of x and y, −1 to 1; 0 where one of them stands
// still, which follows nothing.
func pearson(x, y []float64) float64 {
	if len(x) != len(y) || len(x) < 2 || stat.Variance(x, nil) == 0 || stat.Variance(y, nil) == 0 {
		return 0
	}
	return stat.Correlation(x, y, nil)
}

// moments are mean and variance; 0 of what too few values have.
func moments(x []float64) (mean, variance float64) {
	switch len(x) {
	case 0:
		return 0, 0
	case 1:
		return x[0], 0
	}
	return stat.MeanVariance(x, nil)
}

// median of x, which is not empty.
func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// column is photodiode i over all readings.
func column(volts [][]float64, i int) []float64 {
	var list []float64
	for _, reading := range volts {
		list = append(list, reading[i])
	}
	return list
}
