package inference_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/temperature/inference"
)

// recorded is one cool-down of testdata.
type recorded struct {
	name              string
	plan              inference.Plan
	duty, room        float64
	low, high         float64
	noFit, knownAMiss bool
	boardC            []float64
}

var plans = map[string]inference.Plan{
	"A": inference.For("pioreactor_20ml", "1.0"),
	"B": inference.For("pioreactor_20ml", "1.5"),
}

func cooldowns(t testing.TB) (all []recorded) {
	t.Helper()
	f, err := os.Open("testdata/cooldowns.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(text string, empty float64) float64 {
		if text == "" {
			return empty
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, row := range rows {
		c := recorded{name: row[0] + "/" + row[1], plan: plans[row[0]], duty: number(row[2], 0), room: number(row[3], 0),
			low: number(row[4], math.Inf(-1)), high: number(row[5], math.Inf(1)), noFit: row[6] == "no fit", knownAMiss: row[6] == "misses"}
		for _, s := range strings.Fields(row[7]) {
			c.boardC = append(c.boardC, number(s, 0))
		}
		all = append(all, c)
	}
	return all
}

func TestRecordedCoolDowns(t *testing.T) {
	n := 0
	for _, c := range cooldowns(t) {
		got, err := c.plan.Vial(c.duty, c.room, c.boardC)
		inside := got >= c.low && got <= c.high
		switch {
		case c.noFit && !errors.Is(err, inference.ErrNoFit):
			t.Errorf("%s: %.3f °C, %v; want no fit", c.name, got, err)
		case c.noFit:
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case inside == c.knownAMiss:
			t.Errorf("%s: %.3f °C, want %v to %v °C (known to miss: %v)", c.name, got, c.low, c.high, c.knownAMiss)
		}
		n++
	}
	if n != 31 {
		t.Errorf("%d recorded cool-downs, want 31", n)
	}
}

func TestFiguresOfTheLinearAlgorithm(t *testing.T) {
	want := map[string]float64{"B/2": 31.488, "B/3": 38.842, "B/4": 34.247, "B/5": 31.140} // worked out from the text of Pioreactor 26.7.2
	for _, c := range cooldowns(t) {
		if w, known := want[c.name]; known {
			if got, err := c.plan.Vial(c.duty, c.room, c.boardC); err != nil || math.Abs(got-w) > 0.0006 {
				t.Errorf("%s: %.4f °C, %v; want %.3f", c.name, got, err, w)
			}
		}
	}
}

func TestConstantBoardIsAsWarmAsTheVial(t *testing.T) {
	for name, p := range plans {
		for c := 25.0; c < 35; c++ {
			got, err := p.Vial(0.001, 22, constant(c, p.Samples))
			if err != nil || math.Abs(got-c) > 0.3 {
				t.Errorf("%s: board constant at %v °C: vial %.3f °C, %v", name, c, got, err)
			}
		}
	}
}

func constant(c float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = c
	}
	return s
}

func TestWithoutHeatTheLastSampleIsTheVial(t *testing.T) {
	for name, p := range plans {
		got, err := p.Vial(0, 22, []float64{30, 25, 19.5})
		if err != nil || got != 19.5 {
			t.Errorf("%s: %v °C, %v; want 19.5", name, got, err)
		}
	}
}

func TestSyntheticCurvesOfTheIntegralAlgorithm(t *testing.T) {
	p := plans["A"]
	for _, s := range []struct{ slow, fast float64 }{{10, 0.5}, {3, 20}, {15, 10}} {
		curve := make([]float64, p.Samples)
		for i := range curve {
			curve[i] = 22 + s.slow*math.Exp(-0.008*float64(i)) + s.fast*math.Exp(-0.28*float64(i))
		}
		got, err := p.Vial(14.5, 22, curve)
		want := 22 + s.slow*math.Exp(-0.008*float64(p.Samples))
		if err != nil || math.Abs(got-want) > 0.25 {
			t.Errorf("%+v: %.3f °C, %v; want %.3f ± 0.25: the fit leans on priors", s, got, err, want)
		}
	}
}

// A room warmer by d with everything else warmer by d is the same physics.
func TestRoomOnlyShiftsTheResult(t *testing.T) {
	for _, c := range cooldowns(t) {
		if c.noFit {
			continue
		}
		here, err := c.plan.Vial(c.duty, c.room, c.boardC)
		for _, d := range []float64{-4, 3, 5} {
			warmer := make([]float64, len(c.boardC))
			for i, b := range c.boardC {
				warmer[i] = b + d
			}
			there, err2 := c.plan.Vial(c.duty, c.room+d, warmer)
			if err != nil || err2 != nil || math.Abs(there-here-d) > 1e-6 {
				t.Errorf("%s: %.6f °C, %v; in a room %+v °C: %.6f °C, %v", c.name, here, err, d, there, err2)
			}
		}
	}
}

// at reads a curve between its samples, and beyond them along its last piece.
func at(curve []float64, x float64) float64 {
	i := min(max(int(x), 0), len(curve)-2)
	return curve[i] + (x-float64(i))*(curve[i+1]-curve[i])
}

// A Pi that is late or early by 0.3 s at every sample changes little; a house
// that sampled every 5.0 s would be wrong by what the constants were not made for.
func TestSpacing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range cooldowns(t) {
		want, err := c.plan.Vial(c.duty, c.room, c.boardC)
		if err != nil {
			continue
		}
		worst := 0.0
		for range 200 {
			jittered := make([]float64, len(c.boardC))
			for i := range jittered {
				jittered[i] = at(c.boardC, float64(i)+(2*rng.Float64()-1)*0.3/inference.Spacing.Seconds())
			}
			got, err := c.plan.Vial(c.duty, c.room, jittered)
			if err != nil {
				t.Errorf("%s: jittered: %v", c.name, err)
			}
			worst = max(worst, math.Abs(got-want))
		}
		if worst > 0.75 { // at 48 °C the board falls by 0.36 °C/s in the first sample, and the noise gain is 8
			t.Errorf("%s: a jitter of 0.3 s moves the result by %.2f °C", c.name, worst)
		}
		t.Logf("%s: jitter of 0.3 s moves the result by at most %.2f °C", c.name, worst)
	}
	for _, c := range cooldowns(t) {
		if c.plan.Samples != 21 || c.boardC[0] < 45 {
			continue // a cooler board falls too slowly to show it
		}
		squeezed := make([]float64, len(c.boardC))
		for i := range squeezed {
			squeezed[i] = at(c.boardC, float64(i)*5/5.3)
		}
		want, _ := c.plan.Vial(c.duty, c.room, c.boardC)
		got, err := c.plan.Vial(c.duty, c.room, squeezed)
		if err != nil || got-want > -0.2 || got-want < -0.7 {
			t.Errorf("%s: 5.0 s apart: %+.2f °C, %v; want −0.35 to −0.6: the spacing matters", c.name, got-want, err)
		}
	}
}

func TestPlans(t *testing.T) {
	for name, want := range map[string]struct {
		n            int
		every, first time.Duration
	}{"A": {29, 225 * time.Second, 80 * time.Second}, "B": {21, 200 * time.Second, 95 * time.Second}} {
		if p := plans[name]; p.Samples != want.n || p.Every != want.every || p.First != want.first {
			t.Errorf("%s: %d samples every %v, first after %v; want %+v", name, p.Samples, p.Every, p.First, want)
		}
	}
	if p := inference.For("my_vial", "7"); p.Samples != 21 {
		t.Errorf("an unknown model takes %d samples, want 21", p.Samples)
	}
}

func TestNonsenseIsAnError(t *testing.T) {
	p := plans["B"]
	good := constant(30, 21)
	bad := append(constant(30, 20), math.NaN())
	for name, err := range map[string]error{
		"too few":    second(p.Vial(20, 22, good[:20])),
		"none":       second(p.Vial(0, 22, nil)),
		"NaN":        second(p.Vial(20, 22, bad)),
		"duty":       second(p.Vial(math.NaN(), 22, good)),
		"room":       second(p.Vial(20, math.Inf(1), good)),
		"impossible": second(p.Vial(20, 22, append(constant(30, 20), 500))),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second(_ float64, err error) error { return err }

func ExamplePlan_Vial() {
	p := inference.For("pioreactor_40ml", "1.5")
	board := []float64{38.02, 37.19, 36.52, 35.96, 35.50, 35.11, 34.79, 34.51, 34.28, 34.07, 33.89,
		33.73, 33.59, 33.47, 33.35, 33.25, 33.15, 33.06, 32.97, 32.89, 32.81}
	c, err := p.Vial(25, 22, board)
	fmt.Printf("%.0f °C %v\n", c, err)
	// Output: 32 °C <nil>
}
