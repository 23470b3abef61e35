package rhythm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/actors/od/rhythm"
)

const s, ms = time.Second, time.Millisecond

// The figures are those of tests/test_dodging_timing.py, Pioreactor 26.7.2. Its
// 0.2 s of work after a reading, which leave 1.8 s of the cycle, are not the
// narrower bound.
func TestPublishedTimeTable(t *testing.T) {
	r := rhythm.Rhythm{First: 100 * s, Interval: 5 * s}
	d := rhythm.Dodge{Before: 1500 * ms, After: 500 * ms}
	if got := r.Next(112 * s); got != 3*s {
		t.Errorf("next reading in %v, want 3 s", got)
	}
	if got := d.Wait(r, 112*s); got != 1500*ms {
		t.Errorf("free for %v, want 1.5 s", got)
	}
	for now, want := range map[time.Duration]time.Duration{100 * s: 5 * s, 105 * s: 5 * s, 104900 * ms: 100 * ms, 93 * s: 7 * s} {
		if got := r.Next(now); got != want {
			t.Errorf("at %v the next reading is in %v, want %v", now, got, want)
		}
	}
	if got := d.Wait(r, 104*s); got != 0 {
		t.Errorf("1 s before a reading free for %v, want 0 s", got)
	}
}

func TestTightTimeTableIsRefused(t *testing.T) {
	for _, c := range []struct {
		before, after, interval time.Duration
		ok                      bool
	}{
		{1500 * ms, 250 * ms, 5 * s, true},
		{1500 * ms, 250 * ms, 2751 * ms, true},
		{1500 * ms, 250 * ms, 2750 * ms, false},
		{1500 * ms, 250 * ms, s, false},
		{0, 250 * ms, 5 * s, false},
		{s, -ms, 5 * s, false},
	} {
		err := rhythm.Dodge{Before: c.before, After: c.after}.Check(c.interval)
		if (err == nil) != c.ok {
			t.Errorf("%v before, %v after, every %v: %v", c.before, c.after, c.interval, err)
		}
		if err != nil && !strings.Contains(err.Error(), "want") {
			t.Errorf("%v does not say what to do", err)
		}
	}
}

// TestQuietIsAroundEveryReading walks the time table from any instant: what Busy
// and Wait say fits together and covers each reading.
func TestQuietIsAroundEveryReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, low, high int64) time.Duration {
			return time.Duration(rapid.Int64Range(low, high).Draw(t, name)) * ms
		}
		d := rhythm.Dodge{Before: draw("before", 1, 3000), After: draw("after", 0, 3000)}
		r := rhythm.Rhythm{First: draw("first", 0, 20000), Interval: rhythm.Reading + d.Before + d.After + draw("room", 1, 9000)}
		now := draw("now", 0, 60000)
		if err := d.Check(r.Interval); err != nil {
			t.Fatal(err)
		}
		now += d.Busy(r, now)
		now += d.Wait(r, now)
		if got := r.Next(now); got != d.Before {
			t.Fatalf("quiet begins %v before a reading, want %v", got, d.Before)
		}
		for _, at := range []time.Duration{ms / 2, d.Before, d.Before + rhythm.Reading/2} {
			if want := d.Before + rhythm.Reading + d.After - at; d.Busy(r, now+at) != want {
				t.Fatalf("%v into the quiet it lasts another %v, want %v", at, d.Busy(r, now+at), want)
			}
		}
		if got := d.Busy(r, now+d.Before+rhythm.Reading+d.After); got != 0 {
			t.Fatalf("after its end the quiet lasts another %v", got)
		}
	})
}

func ExampleDodge_Check() {
	fmt.Println(rhythm.Dodge{Before: 1500 * ms, After: 250 * ms}.Check(2 * s))
	// Output:
	// OD is read every 2s, which leaves no time beside 1.5s of quiet before, 1s of reading and 250ms after: want an interval above 2.75s, or shorter delays
}
