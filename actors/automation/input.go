package automation

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// stale is the age at which an input no longer counts. Pioreactor 26.7.2.
const stale = 5 * time.Minute

// freshness notices, once, that an input stays out.
type freshness struct {
	at   time.Duration // of the newest value, on Mono
	told bool
}

func (f *freshness) heard(c *actors.Context) { f.at, f.told = c.Mono(), false }

// stale reports whether name has been missing for too long, and says so once.
// That is no failure: without readings nothing is dosed.
func (f *freshness) stale(c *actors.Context, name string) bool {
	if c.Mono()-f.at <= stale {
		return false
	}
	if !f.told {
		f.told = true
		text := fmt.Sprintf("no good, settled reading of %s for over %v: nothing is dosed until there is one", name, stale)
		c.Log().Warning("%s", text)
		c.Event("ErrorOccurred", text, nil)
	}
	return true
}

// input is a value that readings bring.
type input struct {
	freshness
	value float64
	known bool
}

func (i *input) take(c *actors.Context, value float64) {
	i.value, i.known = value, true
	i.heard(c)
}

// fresh is the value, unless it is too old or there has been none.
func (i *input) fresh(c *actors.Context, name string) (value float64, ok bool) {
	return i.value, !i.stale(c, name) && i.known
}

// settled holds the newest values of a signal.
type settled struct {
	values []float64
}

// add takes a value and returns the median of the last n, once there are n.
func (s *settled) add(x float64, n int) (median float64, ok bool) {
	s.values = append(slices.Clone(s.values[max(0, len(s.values)-n+1):]), x)
	if len(s.values) < n {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(s.values))
	return sorted[len(sorted)/2], true
}

// last is the newest value, if there is one since the last dose.
func (s *settled) last() (x float64, any bool) {
	if len(s.values) == 0 {
		return 0, false
	}
	return s.values[len(s.values)-1], true
}

// noise is the relative variance of one reading: from the steps between
// neighbours, which growth hardly touches and which have twice the variance.
type noise struct {
	variance float64
	n        int // steps
}

// step takes two neighbours. A wild one counts as a step of five σ at most.
func (v *noise) step(before, now float64) {
	const known, memory = 10, 50 // steps
	if !(before > 0) || !(now > 0) {
		return
	}
	d := math.Log(now / before)
	square := d * d / 2
	if v.n >= known {
		square = min(square, 25*v.variance)
	}
	v.n = min(v.n+1, memory)
	v.variance += (square - v.variance) / float64(v.n)
}

// width is how many readings make a median with a σ of 0.9 %: half of what 1 mL
// takes off 15 mL is more than three of that. The median of n has 1.57/n
// of the variance of one.
func (v *noise) width(least, most int) int {
	const wanted = 0.009
	return min(max(int(math.Ceil(1.57*v.variance/(wanted*wanted))), least), most)
}

// moved words what a dose moved.
func moved(did string, d actors.Dosed) string {
	text := fmt.Sprintf("%s %.3gmL", did, d.MediaML+d.AltMediaML)
	if d.Cut != "" {
		text += ", cut short: " + d.Cut
	}
	return text
}
