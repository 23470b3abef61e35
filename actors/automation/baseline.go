package automation

import (
	"fmt"
	"math"

	"github.com/pioactor/pioactor/actors"
)

const (
	enough        = 10  // readings to know the noise by
	clearance     = 5.0 // baseline over noise: below it the target would be noise
	alarmBaseline = "turbidostat_baseline"
)

// baseline answers whether normalized_od means anything: whether the OD it
// counts as 1 stands clear of the noise of an OD reading.
type baseline struct {
	channel int // the lowest seen; 0 none
	last    float64
	sum     float64 // of OD
	squares float64 // of steps from one reading to the next
	n       int
	trusted bool
}

// reading notes one good OD reading and reports whether it was still needed; of
// several channels the lowest counts.
func (b *baseline) reading(r actors.ODReading) (needed bool) {
	if b.trusted || b.channel != 0 && r.Channel > b.channel {
		return false
	}
	if r.Channel != b.channel {
		*b = baseline{channel: r.Channel}
	}
	if b.n > 0 {
		b.squares += (r.Value - b.last) * (r.Value - b.last)
	}
	b.last, b.sum, b.n = r.Value, b.sum+r.Value, b.n+1
	return b.n <= enough
}

// noise is σ of one reading, in AU: from the steps between neighbours, which
// growth hardly touches. A step has twice the variance of a reading.
func (b *baseline) noise() float64 { return math.Sqrt(b.squares / float64(2*(b.n-1))) }

// judge decides once, after enough readings, and puts the automation to sleep
// if the baseline drowns: a turbidostat that looks ready and cannot tell
// density from noise would deceive whoever trusts it.
func (b *baseline) judge(c *actors.Context, normalized float64) (trusted bool, err error) {
	if b.trusted || b.n < enough || !(normalized > 0) {
		return b.trusted, nil
	}
	one, noise := b.sum/float64(b.n)/normalized, b.noise()
	if one > clearance*noise {
		b.trusted = true
		c.Clear(alarmBaseline)
		return true, nil
	}
	why := fmt.Sprintf("normalized_od counts in a baseline of %.2g AU, which does not stand clear of the noise of %.2g AU; "+
		"normalize anew when the culture is denser, then wake the turbidostat", one, noise)
	c.Raise(alarmBaseline, "medium", "turbidostat sleeps: "+why, false)
	c.Sleep()
	return false, &actors.Refusal{Code: "baseline_in_noise", Reason: why}
}
