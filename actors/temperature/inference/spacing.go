package inference

import (
	"fmt"
	"time"
)

// MostLate is how far off its time a sample may be and still be put right.
const MostLate = Spacing / 2

// OnTime is what the samples of a cool-down would have been had each been taken
// when it should, Spacing apart from 0. A computer is late now and then; the
// second algorithm's noise gain of 8 °C/°C makes 0.7 °C of 0.3 s. after are the
// real times since the heater was switched off, in ascending order. Each sample
// is moved along the parabola through it and its neighbours: what is on time
// stays as it is, and noise is not smoothed, which the algorithms expect.
//
// A sample more than MostLate off its time is an error.
func OnTime(after []time.Duration, boardC []float64) ([]float64, error) {
	n := len(boardC)
	if len(after) != n {
		return nil, fmt.Errorf("inference: %d times for %d samples", len(after), n)
	}
	for i, at := range after {
		if off := at - time.Duration(i)*Spacing; off > MostLate || off < -MostLate {
			return nil, fmt.Errorf("inference: sample %d came %.1f s after its time, more than %.2f s make it worthless", i, off.Seconds(), MostLate.Seconds())
		}
		if i > 0 && at-after[i-1] < Spacing/10 {
			return nil, fmt.Errorf("inference: samples %d and %d were taken %.2f s apart, want about %.1f s", i-1, i, (at - after[i-1]).Seconds(), Spacing.Seconds())
		}
	}
	if n < 3 {
		return boardC, nil
	}
	moved := make([]float64, n)
	for i, c := range boardC {
		k := min(max(i-1, 0), n-3)
		to := time.Duration(i) * Spacing
		moved[i] = c + parabola(after[k:k+3], boardC[k:k+3], to) - parabola(after[k:k+3], boardC[k:k+3], after[i])
	}
	return moved, nil
}

// parabola through three points, at a time. Newton's form.
func parabola(t []time.Duration, y []float64, at time.Duration) float64 {
	s := func(from, to int) float64 { return (t[to] - t[from]).Seconds() }
	first, second := (y[1]-y[0])/s(0, 1), (y[2]-y[1])/s(1, 2)
	x0, x1 := (at - t[0]).Seconds(), (at - t[1]).Seconds()
	return y[0] + x0*(first+x1*(second-first)/s(0, 2))
}
