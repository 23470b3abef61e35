package automation

import (
	"fmt"
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

// add takes a value and returns the mean of the middle half of the last n, once
// there are n: of three it is the median. A quarter of them on either side may be
// anything, and it scatters less than the median of as many.
func (s *settled) add(x float64, n int) (middle float64, ok bool) {
	s.values = append(slices.Clone(s.values[max(0, len(s.values)-n+1):]), x)
	if len(s.values) < n {
		return 0, false
	}
	half := slices.Sorted(slices.Values(s.values))[(n+3)/4 : n-(n+3)/4]
	for _, v := range half {
		middle += v / float64(len(half))
	}
	return middle, true
}

// moved words what a dose moved.
func moved(did string, d actors.Dosed) string {
	text := fmt.Sprintf("%s %.3gmL", did, d.MediaML+d.AltMediaML)
	if d.Cut != "" {
		text += ", cut short: " + d.Cut
	}
	return text
}
