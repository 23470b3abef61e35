package optics

import (
	"fmt"
	"math"
	"slices"

	"github.com/pioactor/pioactor/hw"
)

// A flipped bit on the bus makes one sample of many strange, whatever trimming
// the two extremes does about it. Light, noise and hum stay near the middle three
// fifths of a burst: noise goes 6 times its deviation beyond, a sinusoid half as far
// as these are wide.
const (
	strayTimes = 3     // the width of the middle, and
	strayV     = 0.003 // so much more: of 30 samples one that is less off does not matter
	// mostStray is the share of samples that may be strange: with more nobody knows
	// which are.
	mostStray = 0.25
	// A converter that wraps around saws up and down within a burst. Pumps and
	// bubbles make less of a difference, and are known.
	roughShare, roughV = 0.2, 0.01 // of the level, and V
)

// together leaves out samples that are far from the others.
func together(samples []hw.Sample) ([]hw.Sample, error) {
	if len(samples) < minFit {
		return samples, nil
	}
	volts := make([]float64, len(samples))
	for i, s := range samples {
		volts[i] = s.Volts
	}
	slices.Sort(volts)
	low, high := volts[len(volts)/5], volts[len(volts)-1-len(volts)/5]
	room := strayTimes*(high-low) + strayV
	if volts[0] >= low-room && volts[len(volts)-1] <= high+room {
		return samples, nil
	}
	kept := slices.DeleteFunc(slices.Clone(samples), func(s hw.Sample) bool { return !(s.Volts >= low-room && s.Volts <= high+room) })
	if n := len(samples) - len(kept); float64(n) > mostStray*float64(len(samples)) {
		return nil, fmt.Errorf("optics: %d of %d samples are far from %.3f to %.3f V: the converter or its bus is broken", n, len(samples), low, high)
	}
	return kept, nil
}

// rough reports samples that no steady light with hum explains.
func (t *trimmed) rough(fit Fit, hz float64) bool {
	var sum float64
	for i, s := range t.samples {
		if t.drops(i) {
			continue
		}
		sin, cos := phase(hz, s.At)
		r := s.Volts - t.mean
		if fit.Fitted {
			r = s.Volts - fit.Volts - fit.sin*sin - fit.cos*cos
		}
		sum += r * r
	}
	return math.Sqrt(sum/t.n) > roughShare*math.Abs(t.mean)+roughV
}
