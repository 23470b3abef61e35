package calibration_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/pioactor/pioactor/hw/calibration"
)

func poly(coefficients ...float64) calibration.Curve {
	return calibration.Curve{Type: calibration.Poly, Poly: coefficients}
}

func with(k calibration.Curve, x ...float64) calibration.Calibration {
	return calibration.Calibration{Name: "test", X: "OD", Y: "Voltage", Curve: k, Recorded: calibration.Points{X: x, Y: x}}
}

func TestInverseChoosesWithinTheRecordedPoints(t *testing.T) {
	for name, tc := range map[string]struct {
		c    calibration.Calibration
		y    float64
		want float64
		err  error
	}{
		"one":                         {with(poly(3, 2), 0, 10), 5, 1, nil},
		"of two, the one inside":      {with(poly(1, 0, -6), 0, 10), 0, 2.4494897428, nil},
		"of two inside, the smaller":  {with(poly(1, 0, -6), -10, 10), 0, -2.4494897428, nil},
		"touching":                    {with(poly(1, -2, 1), 0, 10), 0, 1, nil},
		"none":                        {with(poly(1, 0, 5), 0, 10), -10, 0, calibration.ErrNoSolution},
		"constant":                    {with(poly(1), 0, 10), 1, 0, calibration.ErrNoSolution},
		"below":                       {with(poly(5, 3, 2), 0, 1), 0.2e1 - 0.1, 0, calibration.ErrBelowDomain},
		"above":                       {with(poly(25, -10, 1), 0, 1), 1000, 0, calibration.ErrAboveDomain},
		"at the end but for rounding": {with(poly(1.4383526269350404, 8.038873388460928e-14), 0, 1000), 0, 0, nil},
		"no points, no bounds":        {with(poly(2, 0)), 1e6, 5e5, nil},
		"tiny leading power":          {with(poly(1e-300, 1, 0), 0, 10), 4, 4, nil},
	} {
		got, err := tc.c.Inverse(tc.y)
		if math.Abs(got-tc.want) > 1e-9 || !errors.Is(err, tc.err) || (err != nil) != (tc.err != nil) {
			t.Errorf("%s: Inverse(%g) = %g, %v; want %g, %v", name, tc.y, got, err, tc.want, tc.err)
		}
	}
}

func TestExtrapolateGoesBeyondTheRecordedPoints(t *testing.T) {
	if got, err := with(poly(2, 0), 0, 1).Extrapolate(5); got != 2.5 || err != nil {
		t.Errorf("Extrapolate = %g, %v; want 2.5", got, err)
	}
}

func TestNearestSnapsToTheRecordedExtremes(t *testing.T) {
	c := with(poly(1), 0, 2)
	c.Recorded = calibration.Points{X: []float64{0, 2}, Y: []float64{1, 0.5}}
	for y, want := range map[float64]float64{2: 0, -1: 2, 0.6: 2, 0.9: 0} {
		if got, err := c.Nearest(y); got != want || !errors.Is(err, calibration.ErrNoSolution) {
			t.Errorf("Nearest(%g) = %g, %v; want %g and why", y, got, err, want)
		}
	}
}

func TestSolveFindsEveryRoot(t *testing.T) {
	for name, tc := range map[string]struct {
		k    calibration.Curve
		y    float64
		want []float64
	}{
		"five":   {poly(1, 0, -5, 0, 4, 0), 0, []float64{-2, -1, 0, 1, 2}},
		"triple": {poly(1, -6, 12, -8), 0, []float64{2}},
		"pieces outside": {calibration.Curve{Type: calibration.Spline, Knots: []float64{0, 1, 2},
			Pieces: [][4]float64{{0, 1, 0, 0}, {1, -1, 0, 0}}}, -3, []float64{-3, 5}},
		"at a knot, once": {calibration.Curve{Type: calibration.Akima, Knots: []float64{0, 1, 2},
			Pieces: [][4]float64{{0, 1, 0, 0}, {1, 2, 0, 0}}}, 1, []float64{1}},
		"flat piece": {calibration.Curve{Type: calibration.Akima, Knots: []float64{0, 1, 2, 3},
			Pieces: [][4]float64{{0, 1, 0, 0}, {1, 0, 0, 0}, {1, 1, 0, 0}}}, 1, []float64{1, 2}},
	} {
		got := tc.k.Solve(tc.y)
		ok := len(got) == len(tc.want)
		for i := range got {
			ok = ok && math.Abs(got[i]-tc.want[i]) < 1e-5
		}
		if !ok {
			t.Errorf("%s: Solve(%g) = %v, want %v", name, tc.y, got, tc.want)
		}
	}
}

func TestFitsGiveBackWhatMadeThePoints(t *testing.T) {
	x := []float64{0, 0.5, 1, 2, 3, 4, 6, 8, 9, 10}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = 0.25*v*v - v + 3
	}
	k, err := calibration.FitPoly(x, y, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.25, -1, 3} {
		if math.Abs(k.Poly[i]-want) > 1e-12 {
			t.Errorf("coefficients = %v, want 0.25 -1 3", k.Poly)
		}
	}
	for name, fit := range map[string]func(x, y []float64) (calibration.Curve, error){
		"akima": calibration.FitAkima, "spline through": calibration.FitSplineThrough,
	} {
		k, err := fit(x, y)
		if err != nil {
			t.Fatal(name, err)
		}
		for i := range x {
			if math.Abs(k.At(x[i])-y[i]) > 1e-12 {
				t.Errorf("%s: at %g = %g, want %g", name, x[i], k.At(x[i]), y[i])
			}
		}
	}
}

func TestWeightsCount(t *testing.T) {
	k, err := calibration.FitPoly([]float64{0, 0}, []float64{0, 4}, []float64{3, 1}, 0)
	if err != nil || math.Abs(k.Poly[0]-1) > 1e-12 {
		t.Errorf("weighted mean of 0 (three times) and 4 = %v, %v; want 1", k.Poly, err)
	}
}

func TestAutoChoosesTheLine(t *testing.T) {
	var x, y []float64
	noise := []float64{.02, -.01, -.02, .015, .005, -.018, .012, -.004, .009, -.011}
	for i, e := range noise {
		x, y = append(x, float64(i)), append(y, 2*float64(i)+1+e)
	}
	p, err := calibration.FitPoly(x, y, nil, calibration.Auto)
	if err != nil || len(p.Poly) != 2 {
		t.Errorf("poly = %v, %v; want degree 1", p.Poly, err)
	}
	s, err := calibration.FitSpline(x, y, nil, calibration.Auto)
	if err != nil || len(s.Knots) != 2 {
		t.Errorf("spline knots = %v, %v; want 2", s.Knots, err)
	}
}

func TestThroughOrigin(t *testing.T) {
	k, err := calibration.FitThroughOrigin([]float64{1, 2, 4}, []float64{0.1, 0.2, 0.4})
	if err != nil || math.Abs(k.Poly[0]-0.1) > 1e-15 || k.Poly[1] != 0 {
		t.Errorf("curve = %v, %v; want 0.1 0", k.Poly, err)
	}
}

// Worked by hand from Akima 1970.
func TestAkimaSlopesAtACorner(t *testing.T) {
	k, err := calibration.FitAkima([]float64{0, 1, 2, 3, 4, 5}, []float64{0, 0, 0, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Slope(1); got != 0 {
		t.Errorf("slope before the corner = %g, want 0, that of the straight side", got)
	}
	if got := k.Slope(2); got != 0.5 {
		t.Errorf("slope at the corner = %g, want 0.5, the mean: both weights are 0", got)
	}
	twice, err := calibration.FitAkima([]float64{0, 1, 1}, []float64{0, 1, 3})
	if err != nil || twice.At(1) != 2 || twice.At(0.5) != 1 {
		t.Errorf("points at one x: at 1 = %g, %v; want their mean 2", twice.At(1), err)
	}
}

func TestFitsRefuse(t *testing.T) {
	nan := math.NaN()
	for name, err := range map[string]error{
		"nothing":       second(calibration.FitPoly(nil, nil, nil, calibration.Auto)),
		"unequal":       second(calibration.FitAkima([]float64{1, 2}, []float64{1})),
		"nan":           second(calibration.FitAkima([]float64{1, 2}, []float64{1, nan})),
		"degree":        second(calibration.FitPoly([]float64{1, 1}, []float64{1, 2}, nil, 1)),
		"one x":         second(calibration.FitSpline([]float64{1, 1}, []float64{1, 2}, nil, calibration.Auto)),
		"knots":         second(calibration.FitSpline([]float64{1, 2}, []float64{1, 2}, nil, 3)),
		"twice through": second(calibration.FitSplineThrough([]float64{1, 1, 2}, []float64{1, 2, 3})),
		"no slope":      second(calibration.FitThroughOrigin([]float64{0}, []float64{1})),
		"weight":        second(calibration.FitPoly([]float64{1}, []float64{1}, []float64{-1}, 0)),
	} {
		if err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func second(_ calibration.Curve, err error) error { return err }

// Worked by hand: the second derivative at the middle is -3.
func TestNaturalSplineByHand(t *testing.T) {
	k, err := calibration.FitSplineThrough([]float64{0, 1, 2}, []float64{0, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	want := [][4]float64{{0, 1.5, 0, -0.5}, {1, 0, -1.5, 0.5}}
	if !reflect.DeepEqual(k.Pieces, want) {
		t.Errorf("pieces = %v, want %v", k.Pieces, want)
	}
}
