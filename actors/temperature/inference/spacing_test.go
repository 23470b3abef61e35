package inference_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/temperature/inference"
)

// coolingAt is a board of the newer kind above a vial, hot enough to fall fast.
func coolingAt(t time.Duration) float64 {
	s := t.Seconds()
	return 22 + 14*math.Exp(-s/600) + 5*math.Exp(-s/40) + 7.5*math.Exp(-s/17)
}

func onSchedule() (after []time.Duration) {
	for i := range 21 {
		after = append(after, time.Duration(i)*inference.Spacing)
	}
	return after
}

func sampled(after []time.Duration) (boardC []float64) {
	for _, at := range after {
		boardC = append(boardC, coolingAt(at))
	}
	return boardC
}

func TestSamplesOnTimeStayAsTheyAre(t *testing.T) {
	for _, c := range cooldowns(t) {
		after := make([]time.Duration, len(c.boardC))
		for i := range after {
			after[i] = time.Duration(i) * inference.Spacing
		}
		if got, err := inference.OnTime(after, c.boardC); err != nil || !slices.Equal(got, c.boardC) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.boardC)
		}
	}
	if got, err := inference.OnTime(onSchedule()[:2], []float64{31, 30}); err != nil || !slices.Equal(got, []float64{31, 30}) {
		t.Errorf("two samples: %v, %v", got, err)
	}
}

// Without its time a sample 0.3 s off moves the result by up to 0.7 °C.
func TestSamplesAreMovedToTheirTime(t *testing.T) {
	p, rng := plans["B"], rand.New(rand.NewPCG(5, 6))
	want, err := p.Vial(45, 22, sampled(onSchedule()))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		off     time.Duration
		withinC float64
		least   float64 // °C that it is wrong without
	}{{300 * time.Millisecond, 0.03, 0.3}, {1500 * time.Millisecond, 0.4, 1.5}} {
		worst, without := 0.0, 0.0
		for range 500 {
			after := onSchedule()
			for i := range after {
				after[i] += time.Duration((2*rng.Float64() - 1) * float64(x.off))
			}
			boardC := sampled(after)
			moved, err := inference.OnTime(after, boardC)
			if err != nil {
				t.Fatal(err)
			}
			right, err := p.Vial(45, 22, moved)
			if err != nil {
				t.Fatal(err)
			}
			wrong, _ := p.Vial(45, 22, boardC)
			worst, without = max(worst, math.Abs(right-want)), max(without, math.Abs(wrong-want))
		}
		t.Logf("±%v: %.3f °C off, %.2f °C without", x.off, worst, without)
		if worst > x.withinC || without < x.least {
			t.Errorf("samples ±%v: result %.3f °C off, want at most %g; without their times %.2f °C, want at least %g", x.off, worst, x.withinC, without, x.least)
		}
	}
}

func TestSamplesThatCannotBeMoved(t *testing.T) {
	for name, x := range map[string]struct {
		change func(after []time.Duration) []time.Duration
		says   string
	}{
		"too few times": {func(a []time.Duration) []time.Duration { return a[:20] }, "20 times for 21 samples"},
		"too late":      {func(a []time.Duration) []time.Duration { a[7] += 3 * time.Second; return a }, "sample 7 came 3.0 s after its time"},
		"too early":     {func(a []time.Duration) []time.Duration { a[7] -= 3 * time.Second; return a }, "sample 7 came -3.0 s after"},
		"two at once": {func(a []time.Duration) []time.Duration {
			a[7], a[8] = a[7]+2500*time.Millisecond, a[8]-2500*time.Millisecond
			return a
		}, "samples 7 and 8 were taken 0.30 s apart"},
	} {
		after := onSchedule()
		boardC := sampled(after)
		if _, err := inference.OnTime(x.change(after), boardC); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v; want %q", name, err, x.says)
		}
	}
}
