// Package rhythm is when OD is read, and when a job that disturbs the reading
// has to be quiet for it: the time table that dodging keeps to.
//
// It refuses a time table that leaves no time between readings. It knows no
// clock: instants are durations on any one scale.
//
//	r := rhythm.Rhythm{First: 100 * time.Second, Interval: 5 * time.Second}
//	d := rhythm.Dodge{Before: 1500 * time.Millisecond, After: 500 * time.Millisecond}
//	err := d.Check(r.Interval)
//	free := d.Wait(r, 112*time.Second) // 1.5 s
package rhythm

import (
	"fmt"
	"time"
)

// Reading is how long a reading of OD lasts at most. Pioreactor 26.7.2.
const Reading = time.Second

// Rhythm says that OD is read at First and every Interval after it. Without an
// Interval it is not read.
type Rhythm struct{ First, Interval time.Duration }

// Next is the time until the next reading; on the instant of one, a full
// Interval.
func (r Rhythm) Next(now time.Duration) time.Duration {
	if now < r.First {
		return r.First - now
	}
	return r.Interval - (now-r.First)%r.Interval
}

// Dodge is how long before a reading a job is quiet, and how long after its end.
type Dodge struct{ Before, After time.Duration }

// Check reports why readings so far apart leave no time in between: the rule is
// interval − 1 s > Before + After. Pioreactor 26.7.2.
func (d Dodge) Check(interval time.Duration) error {
	if !(d.Before > 0 && d.After >= 0) {
		return fmt.Errorf("quiet for %v before and %v after a reading: want more than 0 s before and at least 0 s after", d.Before, d.After)
	}
	if least := Reading + d.Before + d.After; interval <= least {
		return fmt.Errorf("OD is read every %v, which leaves no time beside %v of quiet before, %v of reading and %v after: want an interval above %v, or shorter delays",
			interval, d.Before, Reading, d.After, least)
	}
	return nil
}

// Busy is how long the quiet around a reading still lasts; 0 outside of it.
func (d Dodge) Busy(r Rhythm, now time.Duration) time.Duration {
	if since := (now - r.First) % r.Interval; now >= r.First && since < Reading+d.After {
		return Reading + d.After - since
	}
	if next := r.Next(now); next < d.Before {
		return next + Reading + d.After
	}
	return 0
}

// Wait is how long a job may go on before the quiet of the next reading begins;
// 0 when it has begun.
func (d Dodge) Wait(r Rhythm, now time.Duration) time.Duration {
	return max(0, r.Next(now)-d.Before)
}
