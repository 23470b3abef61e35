package calibration_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/calibration"
	"pgregory.net/rapid"
)

// points draws n strictly ascending x and, if rising, strictly ascending y.
func points(t *rapid.T, n int, rising bool) (x, y []float64) {
	at, v := rapid.Float64Range(-5, 5).Draw(t, "x0"), rapid.Float64Range(-5, 5).Draw(t, "y0")
	for range n {
		x, y = append(x, at), append(y, v)
		at += rapid.Float64Range(0.05, 3).Draw(t, "dx")
		if rising {
			v += rapid.Float64Range(0.05, 3).Draw(t, "dy")
		} else {
			v = rapid.Float64Range(-5, 5).Draw(t, "y")
		}
	}
	return x, y
}

func fitted(t *rapid.T, x, y []float64) calibration.Curve {
	fits := map[string]func() (calibration.Curve, error){
		"akima":   func() (calibration.Curve, error) { return calibration.FitAkima(x, y) },
		"through": func() (calibration.Curve, error) { return calibration.FitSplineThrough(x, y) },
		"spline":  func() (calibration.Curve, error) { return calibration.FitSpline(x, y, nil, calibration.Auto) },
		"poly":    func() (calibration.Curve, error) { return calibration.FitPoly(x, y, nil, calibration.Auto) },
	}
	name := rapid.SampledFrom([]string{"akima", "through", "spline", "poly"}).Draw(t, "fit")
	k, err := fits[name]()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return k
}

// Whatever the curve, the x that made a y is among its solutions, and every
// solution gives the y back, as far as its last bit tells y.
func TestSolveUndoesAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := points(t, rapid.IntRange(2, 10).Draw(t, "n"), false)
		k := fitted(t, x, y)
		at := rapid.Float64Range(x[0], x[len(x)-1]).Draw(t, "at")
		value := k.At(at)
		found := k.Type == calibration.Poly && len(k.Poly) == 1 || flatAt(k, at)
		for _, root := range k.Solve(value) {
			if back := k.At(root); math.Abs(back-value) > 1e-6*(1+math.Abs(value)+math.Abs(k.Slope(root)))+math.Abs(k.Slope(root)*root)*4e-16 {
				t.Errorf("At(Solve(%g)) = %g", value, back)
			}
			found = found || math.Abs(root-at) < 1e-4
		}
		if !found {
			t.Errorf("Solve(%g) = %v, without %g", value, k.Solve(value), at)
		}
	})
}

// flatAt: at a stationary point rounding of y may hide or move a root.
func flatAt(k calibration.Curve, x float64) bool { return math.Abs(k.Slope(x)) < 1e-3 }

func TestInverseUndoesAtWhereTheCurveRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := points(t, rapid.IntRange(3, 10).Draw(t, "n"), true)
		k, err := calibration.FitAkima(x, y)
		if err != nil {
			t.Fatal(err)
		}
		c := with(k, x...)
		at := rapid.Float64Range(x[0], x[len(x)-1]).Draw(t, "at")
		got, err := c.Inverse(c.At(at))
		if err != nil {
			t.Fatalf("Inverse(At(%g)): %v", at, err)
		}
		if math.Abs(c.At(got)-c.At(at)) > 1e-6 || got < x[0]-1e-9 || got > x[len(x)-1]+1e-9 {
			t.Errorf("Inverse(At(%g)) = %g, where the curve is %g instead of %g", at, got, c.At(got), c.At(at))
		}
	})
}

func drawn(t *rapid.T) calibration.Calibration {
	x, y := points(t, rapid.IntRange(2, 6).Draw(t, "n"), false)
	word := rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9._-]{0,20}`)
	c := calibration.Calibration{
		Kind: rapid.SampledFrom(calibration.Kinds).Draw(t, "kind"), Name: word.Draw(t, "name"),
		Unit: rapid.StringN(1, 20, -1).Filter(printable).Draw(t, "unit"), X: "OD", Y: "yes",
		CreatedAt: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC(),
		Curve:     fitted(t, x, y), Recorded: calibration.Points{X: x, Y: y},
	}
	switch c.Kind {
	case calibration.OD, calibration.OD600:
		c.IRPercent, c.Channel = rapid.Float64Range(0, 100).Draw(t, "ir"), rapid.IntRange(1, 4).Draw(t, "pd")
		c.Angle = rapid.SampledFrom([]string{"45", "90", "135", "180"}).Draw(t, "angle")
	case calibration.Pump:
		c.DutyPercent = rapid.Float64Range(0, 100).Draw(t, "dc")
		fallthrough
	case calibration.Stirring:
		c.PWMHz, c.SupplyV = rapid.Float64Range(0, 1e9).Draw(t, "hz"), rapid.Float64().Draw(t, "v")
	}
	if rapid.Bool().Draw(t, "extra") {
		c.Extra = "rpm: 500\nnote: kept\n"
	}
	return c
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func TestParseUndoesFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		text, err := calibration.Format(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := calibration.Parse("f", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(got, c) {
			t.Errorf("got  %+v\nwant %+v\n%s", got, c, text)
		}
	})
}
