// Package condition decides whether a signal is alarming: out of its limits,
// changing too fast, away from where it should be, or silent.
//
// It refuses to know clocks, actors and alarms: values and instants in, a
// verdict out. A verdict turns only after it has held for its delay, and a
// limit that was passed is left again only by the hysteresis, so that a signal
// that trembles on its limit alarms once.
//
//	w := condition.New(condition.Rule{High: 40, Low: condition.None, RatePerH: condition.None, Deviation: condition.None}, 0, false)
//	w.News(time.Second, 41.5)
//	active, again := w.Judge(time.Second) // true, never by time alone
package condition

import (
	"fmt"
	"math"
	"time"
)

// None stands for a limit that is not set.
const None = -1e300

// Never is the instant at which time alone changes nothing.
const Never = time.Duration(math.MaxInt64)

// rest is the least time for which a condition must be off duty before its
// alarm ends: a node that is restarted, or a job, is no good news.
const rest = time.Minute

// Rule is what is alarming; any one of its limits is enough. Instants are on
// one monotonic clock. Limits that are None, and a Stale of 0, are not set.
type Rule struct {
	High, Low  float64       // in the signal's unit
	RatePerH   float64       // slope over Over, per hour: above it if positive, below it if negative
	Over       time.Duration // at least half of it must be known
	Deviation  float64       // from the reference, either way
	Stale      time.Duration // without news
	Hysteresis float64       // how far inside a limit is good again
	Delay      time.Duration // what is bad must stay so for this long
	ClearDelay time.Duration // what is good again, too
}

// Watch follows one signal. It belongs to one goroutine.
type Watch struct {
	rule    Rule
	active  bool
	bad     bool          // the present opinion, before delays
	turned  time.Duration // when the opinion last changed
	off     bool          // nothing is to be judged
	heard   bool          // there is news since it is on duty
	news    time.Duration // the last, or when duty began
	x, ref  float64
	refs    bool // ref is known
	samples []sample
}

type sample struct {
	at time.Duration
	x  float64
}

// New returns a watch that begins at now. active is the verdict from before a
// restart; it stands until there is news.
func New(r Rule, now time.Duration, active bool) *Watch {
	return &Watch{rule: r, active: active, bad: active, turned: now, news: now}
}

// News is a value of the signal. What is not a number is no news.
func (w *Watch) News(at time.Duration, x float64) {
	if !finite(x) {
		return
	}
	w.x, w.news, w.heard = x, at, true
	if w.rule.RatePerH == None {
		return
	}
	for len(w.samples) > 0 && at-w.samples[0].at > w.rule.Over {
		w.samples = w.samples[1:]
	}
	if n := len(w.samples); n == 0 || at-w.samples[n-1].at >= w.rule.Over/maxSamples {
		w.samples = append(w.samples, sample{at, x})
	}
}

// maxSamples bounds what is kept for a slope.
const maxSamples = 60

// Reference is a value of what Deviation is measured from.
func (w *Watch) Reference(x float64) {
	if finite(x) {
		w.ref, w.refs = x, true
	}
}

// OffDuty says that there is nothing to judge from now on, such as while the
// job behind the signal sleeps. An alarm ends after a while.
func (w *Watch) OffDuty() { w.off = true }

// OnDuty ends OffDuty; what was heard before counts no more.
func (w *Watch) OnDuty(at time.Duration) {
	if w.off {
		w.off, w.heard, w.refs, w.news, w.samples = false, false, false, at, nil
	}
}

// Judge returns the verdict at now, and the instant at which it may change
// without news.
func (w *Watch) Judge(now time.Duration) (active bool, again time.Duration) {
	if bad := w.opinion(now); bad != w.bad {
		w.bad, w.turned = bad, now
	}
	again = Never
	if w.bad != w.active {
		if due := w.turned + w.delay(); now < due {
			again = due
		} else {
			w.active = w.bad
		}
	}
	if w.rule.Stale > 0 && !w.off && !w.bad {
		again = min(again, w.news+w.rule.Stale)
	}
	return w.active, again
}

// delay is how long the present opinion must stand to become the verdict.
func (w *Watch) delay() time.Duration {
	switch {
	case w.bad:
		return w.rule.Delay
	case w.off:
		return max(rest, w.rule.ClearDelay)
	}
	return w.rule.ClearDelay
}

// opinion is whether the signal is bad at now.
func (w *Watch) opinion(now time.Duration) bool {
	switch {
	case w.off:
		return false
	case w.silent(now):
		return true
	case !w.heard:
		return w.active
	}
	return w.Why(now) != ""
}

func (w *Watch) silent(now time.Duration) bool {
	return w.rule.Stale > 0 && now-w.news >= w.rule.Stale
}

// Why says what is bad, in the signal's unit; empty if nothing is.
func (w *Watch) Why(now time.Duration) string {
	r, slack := w.rule, 0.0
	if w.bad {
		slack = r.Hysteresis
	}
	slope, sloped := w.slope()
	switch {
	case w.silent(now):
		return fmt.Sprintf("no news for %v", (now - w.news).Round(time.Second))
	case !w.heard:
	case r.High != None && w.x > r.High-slack:
		return fmt.Sprintf("%.4g is above %.4g", w.x, r.High)
	case r.Low != None && w.x < r.Low+slack:
		return fmt.Sprintf("%.4g is below %.4g", w.x, r.Low)
	case r.Deviation != None && w.refs && math.Abs(w.x-w.ref) > r.Deviation-slack:
		return fmt.Sprintf("%.4g is more than %.4g from %.4g", w.x, r.Deviation, w.ref)
	case sloped && r.RatePerH > 0 && slope > r.RatePerH-slack:
		return fmt.Sprintf("it rises by %.4g/h, more than %.4g/h", slope, r.RatePerH)
	case sloped && r.RatePerH < 0 && slope < r.RatePerH+slack:
		return fmt.Sprintf("it changes by %.4g/h, less than %.4g/h", slope, r.RatePerH)
	}
	return ""
}

// slope is the least-squares slope of what is kept, per hour.
func (w *Watch) slope() (perH float64, ok bool) {
	n := len(w.samples)
	if n < 2 || w.samples[n-1].at-w.samples[0].at < w.rule.Over/2 {
		return 0, false
	}
	var t, x float64 // means
	for _, s := range w.samples {
		t += s.at.Hours() / float64(n)
		x += s.x / float64(n)
	}
	var tx, tt float64
	for _, s := range w.samples {
		dt := s.at.Hours() - t
		tx += dt * (s.x - x)
		tt += dt * dt
	}
	perH = tx / tt
	return perH, finite(perH)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
