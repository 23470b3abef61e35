package calibration

import (
	"fmt"
	"math"
)

const maxAutoDegree = 5 // Pioreactor 26.7.2

// FitPoly fits a polynomial by weighted least squares. Degree Auto chooses from
// 0 to 5 by AICc. w may be nil; a weight is an inverse variance.
func FitPoly(x, y, w []float64, degree int) (Curve, error) {
	s, err := newSample(x, y, w)
	if err != nil {
		return Curve{}, err
	}
	if degree == Auto {
		return s.autoPoly()
	}
	if most := min(maxCoefficients, s.distinct()) - 1; degree < 0 || degree > most {
		return Curve{}, fmt.Errorf("calibration: fit: degree %d: these points allow 0 to %d", degree, most)
	}
	return s.poly(degree)
}

// FitThroughOrigin fits y = slope·x: the volume of a pump, which moves nothing in no time.
func FitThroughOrigin(x, y []float64) (Curve, error) {
	s, err := newSample(x, y, nil)
	if err != nil {
		return Curve{}, err
	}
	xy, xx := 0.0, 0.0
	for i := range s.x {
		xy += s.x[i] * s.y[i]
		xx += s.x[i] * s.x[i]
	}
	if xx == 0 {
		return Curve{}, fmt.Errorf("calibration: fit: all %d x are 0, so there is no slope", len(x))
	}
	return checked(Curve{Type: Poly, Poly: []float64{xy / xx, 0}})
}

// autoPoly is the polynomial of least AICc.
func (s sample) autoPoly() (Curve, error) {
	var best Curve
	score := math.Inf(1)
	for degree := 0; degree <= min(maxAutoDegree, s.distinct()-1); degree++ {
		k, err := s.poly(degree)
		if err != nil {
			return Curve{}, err
		}
		if got := s.aicc(k, degree+1); degree == 0 || got < score {
			best, score = k, got
		}
	}
	return best, nil
}

// poly fits in t = (x − middle)/half, where powers stay apart, and writes the
// result in powers of x.
func (s sample) poly(degree int) (Curve, error) {
	lo, hi := s.x[0], s.x[len(s.x)-1]
	middle, half := lo/2+hi/2, hi/2-lo/2
	if half == 0 {
		half = 1
	}
	inT, err := s.leastSquares(degree+1, func(j int, x float64) float64 {
		return math.Pow((x-middle)/half, float64(degree-j))
	})
	if err != nil {
		return Curve{}, err
	}
	return checked(Curve{Type: Poly, Poly: unscaled(inT, middle, half)})
}

// unscaled is p((x − middle)/half) in powers of x: Horner's scheme with the
// polynomial (x − middle)/half in place of x.
func unscaled(p []float64, middle, half float64) []float64 {
	out := []float64{p[0]}
	for _, a := range p[1:] {
		next := make([]float64, len(out)+1)
		for i, v := range out {
			next[i] += v / half
			next[i+1] -= v * middle / half
		}
		next[len(out)] += a
		out = next
	}
	return out
}
