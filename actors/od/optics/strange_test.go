package optics_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw"
)

// noisy is a burst of 32 samples of level with some noise.
func noisy(r *rand.Rand, level float64) []hw.Sample {
	samples := make([]hw.Sample, 32)
	for i := range samples {
		samples[i] = hw.Sample{At: time.Duration(i) * 20 * time.Millisecond, Volts: level + 0.0005*r.NormFloat64()}
	}
	return samples
}

func TestFlippedBitsInABurstChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, flipped := range []int{1, 3, 6} {
		samples := noisy(r, 0.2)
		for i := range flipped {
			samples[3+4*i].Volts = 0.2 + []float64{0.8, -0.1, 0.05}[i%3]
		}
		got := optics.Channel{}.Read(samples, 0)
		if got.Quality != optics.Good || math.Abs(got.Volts-0.2) > 0.0005 {
			t.Errorf("%d flipped samples: %+v, want 0.2 V and good", flipped, got)
		}
	}
}

func TestABurstThatFallsApartIsNoReading(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	torn, saw := noisy(r, 0.2), noisy(r, 0.2)
	for i := range torn {
		if i%3 == 0 {
			torn[i].Volts = 1.2
		}
		saw[i].Volts = 0.05 + 0.3*float64(i%5) // a converter that wraps around
	}
	for name, samples := range map[string][]hw.Sample{"torn": torn, "saw": saw} {
		if got := (optics.Channel{HumHz: 50}).Read(samples, 0); got.Quality != optics.SensorError {
			t.Errorf("%s: %+v, want sensor_error", name, got)
		}
	}
}

func TestNeighboursFindAJumpAndGetUsedToIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	var n optics.Neighbours
	fits := func(v float64) (ok bool) {
		n, ok = n.Next(v * (1 + 0.003*r.NormFloat64()))
		return ok
	}
	for i := range 100 {
		if !fits(0.5 * math.Exp(0.001*float64(i))) {
			t.Fatalf("reading %d of a growing culture does not fit", i)
		}
	}
	if fits(0.65) {
		t.Error("a single jump by a fifth fits")
	}
	if !fits(0.552) {
		t.Error("the reading after it does not fit")
	}
	for i, want := range []bool{false, false, true, true} {
		if got := fits(0.65); got != want {
			t.Errorf("reading %d of a lasting jump fits: %v, want %v", i+1, got, want)
		}
	}
	if n = n.Forget(); !fits(0.3) || fits(0.4) {
		t.Error("after a dose the next reading is the neighbour of later ones")
	}
	if n = n.Follow(0.4); !fits(0.401) {
		t.Error("what bubbles did is not followed")
	}
}

func TestNeighboursOfAConverterThatFailedMustAgree(t *testing.T) {
	for name, c := range map[string]struct {
		before   []float64 // fit
		bubbly   float64   // seen after the failure, and not believed
		readings []float64
		fit      []bool
	}{
		"at the start":        {nil, 0, []float64{0.5, 0.51, 0.5, 0.45}, []bool{false, false, true, true}},
		"nothing agrees":      {nil, 0, []float64{0.5, 0.4, 0.5, 0.4, 0.41, 0.4}, []bool{false, false, false, false, false, true}},
		"as before":           {[]float64{0.5, 0.5}, 0, []float64{0.505, 0.51}, []bool{true, true}},
		"elsewhere":           {[]float64{0.5, 0.5}, 0, []float64{0.45, 0.51}, []bool{false, true}},
		"elsewhere for good":  {[]float64{0.5, 0.5}, 0, []float64{0.45, 0.45, 0.45}, []bool{false, false, true}},
		"bubbles show it too": {[]float64{0.5, 0.5}, 0.45, []float64{0.45, 0.5}, []bool{false, true}},
	} {
		var n optics.Neighbours
		for _, v := range c.before {
			n, _ = n.Next(v)
		}
		n = n.Doubt().Follow(c.bubbly)
		for i, v := range c.readings {
			var fits bool
			if n, fits = n.Next(v); fits != c.fit[i] {
				t.Errorf("%s: reading %d, %g, fits: %v, want %v", name, i+1, v, fits, c.fit[i])
			}
		}
		if _, fits := n.Follow(0.5).Doubt().Next(0.5); fits {
			t.Error("a reading amid bubbles is one to fit")
		}
		if _, fits := (optics.Neighbours{}).Doubt().Forget().Next(0.5); fits {
			t.Error("a dose ends the doubt")
		}
	}
}
