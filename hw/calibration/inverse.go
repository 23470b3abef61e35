package calibration

import (
	"errors"
	"fmt"
	"math"
)

// What an inverse can come to instead of an answer.
var (
	// ErrNoSolution: the curve never has this y.
	ErrNoSolution = errors.New("the curve never has this value")
	// ErrBelowDomain: only below the recorded x.
	ErrBelowDomain = errors.New("below the calibrated range")
	// ErrAboveDomain: only above the recorded x.
	ErrAboveDomain = errors.New("above the calibrated range")
)

// At is y at x, rounded to ten decimals as Pioreactor does.
func (c Calibration) At(x float64) float64 { return rounded(c.Curve.At(x)) }

// Inverse is the x at which the curve is y, within the recorded x. Of several
// it is the smallest within; if none is, the error is ErrBelowDomain or
// ErrAboveDomain, after the solution nearest to the recorded points.
func (c Calibration) Inverse(y float64) (float64, error) {
	x, err := c.nearest(y)
	if err != nil {
		return 0, err
	}
	lo, hi := c.Domain()
	switch {
	case x < lo-rootRounding && !c.comesTo(lo, y):
		return 0, fmt.Errorf("calibration %s: %s %.4g is at %s %.4g, %w %.4g to %.4g", c.Name, c.Y, y, c.X, x, ErrBelowDomain, lo, hi)
	case x > hi+rootRounding && !c.comesTo(hi, y):
		return 0, fmt.Errorf("calibration %s: %s %.4g is at %s %.4g, %w %.4g to %.4g", c.Name, c.Y, y, c.X, x, ErrAboveDomain, lo, hi)
	}
	return rounded(min(max(x, lo), hi)), nil
}

// Extrapolate is Inverse without bounds: of several solutions it is the
// smallest within the recorded x, else the one nearest to them.
func (c Calibration) Extrapolate(y float64) (float64, error) {
	x, err := c.nearest(y)
	return rounded(x), err
}

// Nearest is Inverse for a sensor that must go on: where there is no answer it
// is the x recorded with the lowest or highest y, whichever is nearer, and the
// error says why. Without recorded points there is nothing to go to, and x is 0
// with the error. Source: Pioreactor 26.7.2, calibrated OD.
func (c Calibration) Nearest(y float64) (float64, error) {
	x, err := c.Inverse(y)
	if err == nil || len(c.Recorded.Y) == 0 {
		return x, err
	}
	low, high := 0, 0
	for i, v := range c.Recorded.Y {
		if v < c.Recorded.Y[low] {
			low = i
		}
		if v > c.Recorded.Y[high] {
			high = i
		}
	}
	if y-c.Recorded.Y[low] <= c.Recorded.Y[high]-y {
		return c.Recorded.X[low], err
	}
	return c.Recorded.X[high], err
}

const rootRounding = 1e-12 // a solution this far outside is at the end; Pioreactor 26.7.2

// comesTo reports whether the curve at x is y but for rounding: the value of an
// end point must lead back to it, also where the curve is shallow.
func (c Calibration) comesTo(x, y float64) bool {
	return math.Abs(c.Curve.At(x)-y) <= 1e-9+1e-12*math.Abs(y)
}

// nearest chooses among the solutions.
func (c Calibration) nearest(y float64) (float64, error) {
	lo, hi := c.Domain()
	best, distance := 0.0, math.Inf(1)
	for _, x := range c.Curve.Solve(y) {
		d := max(lo-x, x-hi, 0)
		if d < distance {
			best, distance = x, d
		}
	}
	if math.IsInf(distance, 1) {
		return 0, fmt.Errorf("calibration %s: %s %.4g: %w", c.Name, c.Y, y, ErrNoSolution)
	}
	return best, nil
}

// rounded to ten decimals; what is too large to have ten stays.
func rounded(v float64) float64 {
	if math.Abs(v) > 1e5 {
		return v
	}
	return math.Round(v*1e10) / 1e10
}
