package automation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// However much of its error a reading hands to the next, and however fast the
// culture grows, the noise is that of independent readings.
func TestNoiseIsThatOfIndependentReadings(t *testing.T) {
	const sd = 0.033
	for _, share := range []float64{0, 0.3, 0.6} {
		for _, growth := range []float64{0, 0.003, 0.03} {
			t.Run(fmt.Sprintf("share %v, growth %v", share, growth), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				v, sum, n, off := noise{}, 0.0, 0, 0.0
				for i := range 20000 {
					if i%50 == 0 {
						v.dosed()
					}
					off = share*off + (1-share)*sd*rng.NormFloat64()
					v.take(math.Exp(growth*float64(i%50) + off))
					if i >= 1000 {
						sum, n = sum+v.variance(), n+1
					}
				}
				if got := math.Sqrt(sum / float64(n)); got < 0.85*sd || got > 1.15*sd {
					t.Errorf("noise %.4f, want about %v", got, sd)
				}
			})
		}
	}
}

// One bubble must not make all later readings look noisy, nor a signal that
// stood still hide the noise to come.
func TestNoiseForgivesAWildReadingAndASteadyStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	v := noise{}
	for range 20 {
		v.take(1)
	}
	if v.variance() != 0 {
		t.Errorf("variance %v of a signal that stands still", v.variance())
	}
	for i := range 400 {
		x := math.Exp(0.01 * rng.NormFloat64())
		if i == 300 {
			x = 100
		}
		v.take(x)
	}
	if sd := math.Sqrt(v.variance()); sd < 0.008 || sd > 0.02 {
		t.Errorf("σ %.4f after one wild reading, want about 0.01", sd)
	}
	if v.take(-1); math.IsNaN(v.variance()) {
		t.Error("a reading below 0 was taken")
	}
}
