package line

import (
	"sync/atomic"
	"time"
)

// toggler decides what a pulsed line does now and when to ask again. It keeps
// an account: each period the line is owed its width of on-time, and what it
// really had is taken off. It rises only when a period begins.
type toggler struct {
	period time.Duration
	width  *atomic.Int64        // ns of each period, read when one begins
	drive  func(high bool) bool // false if it failed

	high  bool
	since time.Duration // the account is settled up to here
	end   time.Duration // of the period
	owed  time.Duration // on-time; negative if it had too much
}

const again = time.Millisecond // after a line did not fall

func (t *toggler) step(now time.Duration) (next time.Duration) {
	t.settle(now)
	begins := now >= t.end
	if begins {
		t.begin(now)
	}
	switch {
	case t.high && t.owed <= 0:
		if !t.drive(false) {
			return now + again
		}
		t.high = false
	case !t.high && t.owed > 0 && begins:
		t.rise()
	}
	if t.high {
		return min(now+t.owed, t.end)
	}
	return t.end
}

func (t *toggler) settle(now time.Duration) {
	if t.high {
		t.owed -= now - t.since
	}
	t.since = now
}

// debt is how many periods of on-time are made up for at most, either way: at
// 200 Hz 40 ms, at 16 Hz half a second. A line that was low for a minute must not
// be high for the next.
const debt = 8

// begin starts the period that now lies in, and accounts for those slept through.
func (t *toggler) begin(now time.Duration) {
	n := (now-t.end)/t.period + 1
	t.end += n * t.period
	t.owed = min(max(t.owed+n*time.Duration(t.width.Load()), -debt*t.period), debt*t.period)
}

// rise tries once a period; a line that says it failed may be high.
func (t *toggler) rise() {
	t.high = t.drive(true)
	if !t.high {
		t.high = !t.drive(false)
		t.owed = 0
	}
}
