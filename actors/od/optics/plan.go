package optics

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// How a burst is laid out.
const (
	Oversampling = 40                     // samples a reading
	ReadSpan     = 850 * time.Millisecond // of a reading; leaves room within 1 s
	TuneSamples  = 10                     // enough to tell 50 from 60 Hz
	TuneSpan     = 250 * time.Millisecond // of the tuning burst
)

const golden = 0.618034 // fractional part of the golden ratio: gaps that repeat never

// ReadPlan is the plan of an ordinary reading: 40 samples.
func ReadPlan(conversion time.Duration) hw.Plan {
	return SamplingPlan(Oversampling, ReadSpan, conversion)
}

// TunePlan is the plan of the burst that picks the mains frequency and the IR
// intensity: 10 samples.
func TunePlan(conversion time.Duration) hw.Plan {
	return SamplingPlan(TuneSamples, TuneSpan, conversion)
}

// SamplingPlan spreads n samples over at most span. The k-th gap is
// span/(n−1)·frac(0.618034·k), a low-discrepancy jitter that no mains frequency
// aliases with, but never less than conversion, the time one round over all
// channels takes. If conversions do not fit, the burst gets longer than span.
// Without a sample (n < 1) the plan is empty.
func SamplingPlan(n int, span, conversion time.Duration) hw.Plan {
	if n < 1 {
		return nil
	}
	plan := make(hw.Plan, n)
	for k := 1; k < n; k++ {
		_, frac := math.Modf(golden * float64(k))
		gap := time.Duration(math.Round(float64(span) / float64(n-1) * frac))
		plan[k] = plan[k-1] + max(gap, conversion, 0)
	}
	return plan
}
