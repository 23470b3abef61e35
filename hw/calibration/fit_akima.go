package calibration

import (
	"fmt"
	"math"
)

// FitAkima goes through every point with Akima's slopes, which do not overshoot
// beside a step. Points at one x are averaged. Source: Akima 1970, J. ACM 17:589.
func FitAkima(x, y []float64) (Curve, error) {
	s, err := newSample(x, y, nil)
	if err != nil {
		return Curve{}, err
	}
	s = s.averaged()
	if len(s.x) < 2 || len(s.x) > maxKnots {
		return Curve{}, fmt.Errorf("calibration: fit: Akima's curve needs points at 2 to %d different x, and there are %d", maxKnots, len(s.x))
	}
	slope := akimaSlopes(s.x, s.y)
	k := Curve{Type: Akima, Knots: s.x, Pieces: make([][4]float64, len(s.x)-1)}
	for i := range k.Pieces {
		h := s.x[i+1] - s.x[i]
		rise := (s.y[i+1] - s.y[i]) / h
		k.Pieces[i] = [4]float64{
			s.y[i],
			slope[i],
			(3*rise - 2*slope[i] - slope[i+1]) / h,
			(slope[i] + slope[i+1] - 2*rise) / (h * h),
		}
	}
	return checked(k)
}

// averaged has each x once, with the mean of its y.
func (s sample) averaged() sample {
	var out sample
	for i := 0; i < len(s.x); {
		sum, n := 0.0, 0
		for ; i < len(s.x) && (n == 0 || s.x[i] == s.x[i-1]); i++ {
			sum, n = sum+s.y[i], n+1
		}
		out.x, out.y = append(out.x, s.x[i-1]), append(out.y, sum/float64(n))
	}
	return out
}

// akimaSlopes is the slope at each point, from the rises of the two stretches
// on each side; beyond the ends rises go on linearly. Where both weights are 0 the
// slope is the mean of its neighbours.
func akimaSlopes(x, y []float64) []float64 {
	n := len(x)
	rise := make([]float64, n+3) // rise[i+2] is that from point i to the next
	for i := range n - 1 {
		rise[i+2] = (y[i+1] - y[i]) / (x[i+1] - x[i])
	}
	if n == 2 {
		return []float64{rise[2], rise[2]}
	}
	rise[1] = 2*rise[2] - rise[3]
	rise[0] = 2*rise[1] - rise[2]
	rise[n+1] = 2*rise[n] - rise[n-1]
	rise[n+2] = 2*rise[n+1] - rise[n]
	slope := make([]float64, n)
	for i := range slope {
		left, right := math.Abs(rise[i+3]-rise[i+2]), math.Abs(rise[i+1]-rise[i])
		if left+right > 0 {
			slope[i] = (left*rise[i+1] + right*rise[i+2]) / (left + right)
		} else {
			slope[i] = (rise[i+1] + rise[i+2]) / 2
		}
	}
	return slope
}
