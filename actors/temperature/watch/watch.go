// Package watch decides whether a heater may heat, from what the thermometer on
// its board says. It is a value that takes readings and gives a permission.
//
// It refuses to heat blind: without a fresh, plausible reading there is no
// heat. A first bad reading turns the heater off at once; a second one, a
// second later, makes it a fault, and a good one shows that it was a glitch.
//
//	w := watch.New(info.Heat, memory)
//	w = w.Driven(now, percent)           // whenever the heater is really driven differently
//	w = w.Read(now, clock, reading)      // for every reading, whoever asked for it
//	percent *= w.Share(now)              // 0 to 1
//
// Two kinds of fault. Over-temperature and a heater without effect latch until
// somebody acknowledges them. A reading that is lost or implausible is over by
// itself after 5 min of plausible ones, at most 3 times a day; the next latches
// too. Latched faults and the day's count are the Memory, for the disk.
package watch

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// What the watch wants and how patient it is.
const (
	Period   = 6 * time.Second  // between readings while there is heat; longer than a cool-down's spacing, so that those count
	Confirm  = time.Second      // from a bad reading to the one that judges it
	Patience = 13 * time.Second // two readings: older than that, the last is worth nothing
	Rearm    = 5 * time.Minute  // of plausible readings end a fault
	Rearms   = 3                // a day, then it latches
	day      = 24 * time.Hour
)

// What a reading may be, in °C.
const (
	lowestC  = 0   // nothing here freezes; a TMP1075 off the bus reads −0.06
	highestC = 110 // 100 % of duty comes to 85 above the room at most
	stepC    = 4   // from one reading to the next beyond what the heater explains: a vial is swapped more slowly
	freshFor = 30 * time.Second
)

// Fault is why there is no heat.
type Fault string

// The faults. OverTemperature and NoGain latch at once.
const (
	None            Fault = ""
	Lost            Fault = "reading_lost"         // an error, no answer, not a number
	Stale           Fault = "reading_stale"        // the reading is an old one
	OutOfRange      Fault = "reading_out_of_range" // no board can be so cold or so hot
	Step            Fault = "reading_step"         // no board changes so fast
	Frozen          Fault = "reading_frozen"       // it stands still while a change is due
	NoGain          Fault = "no_gain"              // the heater has no effect
	OverTemperature Fault = "over_temperature"     // above the model's limit
	Unreadable      Fault = "state_unreadable"     // nobody knows what was latched
)

// Memory is what must outlive a restart.
type Memory struct {
	Fault   Fault       `json:"fault,omitempty"` // that there is, latched or not
	Text    string      `json:"text,omitempty"`
	Latched bool        `json:"latched,omitempty"`
	Rearmed []time.Time `json:"rearmed,omitempty"` // within the last day, by the wall clock
}

// Equal reports whether there is nothing to save.
func (m Memory) Equal(o Memory) bool {
	return m.Fault == o.Fault && m.Text == o.Text && m.Latched == o.Latched && slices.Equal(m.Rearmed, o.Rearmed)
}

// Reading is one answer of the thermometer.
type Reading struct {
	At  time.Duration // when it was taken, on the same clock as now
	C   float64       // of the heater's board
	Err error
}

// Watch is the judge of one heater. The zero Watch permits nothing.
type Watch struct {
	limits hw.HeatLimits
	memory Memory
	doubt  Fault         // of the last reading, if that was the first bad one
	well   time.Duration // since when readings have been plausible, while there is a fault
	calm   bool          // well means something
	overs  int           // readings in a row above DisableC
	asked  time.Duration // when the last reading came, good or bad
	heard  bool          // one came
	last   Reading       // the last plausible one
	known  bool
	share  float64 // what the heat is reduced to above ReduceC
	board  board
}

// New is a watch that knows what was before the restart. It permits heat after
// the first plausible reading, unless there is a fault.
func New(limits hw.HeatLimits, m Memory) Watch {
	m.Rearmed = slices.Clone(m.Rearmed)
	return Watch{limits: limits, memory: m, share: 1}
}

// Memory is for the disk; save it whenever it is not Equal to what was saved.
func (w Watch) Memory() Memory { return w.memory }

// Fault is why there is no heat, whether a person must acknowledge it, and what
// to say about it.
func (w Watch) Fault() (f Fault, latched bool, text string) {
	return w.memory.Fault, w.memory.Latched, w.memory.Text
}

// Share is how much of the wanted heat is permitted now, 0 to 1.
func (w Watch) Share(now time.Duration) float64 {
	if w.memory.Fault != None || w.doubt != None || !w.known || now-w.last.At > Patience {
		return 0
	}
	return w.share
}

// Next is when the next reading is wanted.
func (w Watch) Next(now time.Duration) time.Duration {
	switch {
	case !w.heard:
		return now
	case w.doubt != None:
		return w.asked + Confirm
	}
	return w.asked + Period
}

// Driven notes what the heater is really driven with from now on, in percent.
func (w Watch) Driven(now time.Duration, percent float64) Watch {
	w.board = w.board.driven(now, percent)
	return w
}

// Read judges a reading; clock is the wall's time, for counting days.
func (w Watch) Read(now time.Duration, clock time.Time, r Reading) Watch {
	w.board = w.board.at(now)
	w.asked, w.heard = now, true
	if r.Err == nil && r.C > w.limits.DisableC {
		w.overs++
	} else {
		w.overs = 0
	}
	f, text := w.judge(now, r)
	switch {
	case w.overs >= 2 && !w.memory.Latched:
		return w.latch(OverTemperature, w.tooHot(r.C))
	case f != None:
		return w.bad(clock, f, text)
	}
	return w.good(now, clock, r)
}

// judge looks at one reading alone, and beside the one before.
func (w Watch) judge(now time.Duration, r Reading) (Fault, string) {
	switch {
	case r.Err != nil:
		return Lost, fmt.Sprintf("The thermometer does not answer: %v.", r.Err)
	case math.IsNaN(r.C) || math.IsInf(r.C, 0):
		return Lost, "The thermometer answers with what is not a number."
	case now-r.At > Patience/2 || w.heard && w.known && r.At <= w.last.At:
		return Stale, fmt.Sprintf("The thermometer's reading is %.0f s old.", (now - r.At).Seconds())
	case r.C < lowestC || r.C > highestC:
		return OutOfRange, fmt.Sprintf("The thermometer says %.1f °C: want %d to %d °C.", r.C, lowestC, highestC)
	case r.C > w.limits.DisableC:
		return OverTemperature, w.tooHot(r.C)
	}
	if w.known && now-w.last.At < freshFor {
		moved, due := r.C-w.last.C, w.board.since(w.last.At)
		if math.Abs(moved-due) > stepC+math.Abs(due) {
			return Step, fmt.Sprintf("The thermometer jumps by %+.1f °C within %.0f s.", moved, (now - w.last.At).Seconds())
		}
	}
	return None, ""
}

func (w Watch) tooHot(c float64) string {
	if c > w.limits.ShutdownC {
		return fmt.Sprintf("The heater's board is at %.1f °C, the limit is %.0f °C: the heater is off; if it does not cool, cut the power.", c, w.limits.ShutdownC)
	}
	return fmt.Sprintf("The heater's board is at %.1f °C, heat is disabled above %.0f °C: the heater is off.", c, w.limits.DisableC)
}

// bad turns the heater off; the second bad reading in a row is a fault.
func (w Watch) bad(clock time.Time, f Fault, text string) Watch {
	w.calm = false
	switch {
	case w.memory.Fault != None:
		w.known = false // the next plausible one is a new beginning
	case w.doubt == None:
		w.doubt = f
	case f == OverTemperature: // after another doubt: it takes two of them
		w.doubt = f
	default:
		w = w.trip(clock, f, text)
	}
	return w
}

// trip begins a fault that ends by itself, unless there were too many.
func (w Watch) trip(clock time.Time, f Fault, text string) Watch {
	w.memory.Rearmed = slices.DeleteFunc(slices.Clone(w.memory.Rearmed), func(t time.Time) bool { return clock.Sub(t) >= day })
	if len(w.memory.Rearmed) >= Rearms {
		return w.latch(f, fmt.Sprintf("%s It has come back %d times today: the heater stays off.", text, Rearms))
	}
	w.memory.Fault, w.memory.Text = f, text
	w.doubt, w.known, w.calm = None, false, false
	return w
}

func (w Watch) latch(f Fault, text string) Watch {
	w.memory.Fault, w.memory.Text, w.memory.Latched = f, text, true
	w.doubt, w.known, w.calm = None, false, false
	return w
}

// good takes a plausible reading in.
func (w Watch) good(now time.Duration, clock time.Time, r Reading) Watch {
	w.doubt = None
	w.last, w.known = r, true
	if w.memory.Fault != None {
		return w.recover(now, clock)
	}
	w = w.reduce(r.C)
	var f Fault
	var text string
	switch w.board, f, text = w.board.compare(now, r.C); f {
	case NoGain:
		return w.latch(f, text)
	case Frozen:
		return w.trip(clock, f, text)
	}
	return w
}

// recover ends a fault that does not need a person.
func (w Watch) recover(now time.Duration, clock time.Time) Watch {
	if !w.calm {
		w.well, w.calm = now, true
	}
	if w.memory.Latched || now-w.well < Rearm {
		return w
	}
	w.memory.Fault, w.memory.Text = None, ""
	w.memory.Rearmed = append(slices.Clone(w.memory.Rearmed), clock)
	w.board = w.board.anew()
	return w
}

// reduce takes a tenth off the heat at every reading above the limit, and gives
// it back below. Pioreactor 26.7.2 takes it off for good.
func (w Watch) reduce(c float64) Watch {
	const factor, hysteresisC, least = 0.9, 1, 0.01
	switch {
	case c > w.limits.ReduceC:
		w.share = max(least, w.share*factor)
	case c < w.limits.ReduceC-hysteresisC:
		w.share = min(1, w.share/factor)
	}
	return w
}

// Acknowledge ends a latched fault: a person has looked. There is heat again
// after a plausible reading; if the reason is still there, it latches again.
func (w Watch) Acknowledge() Watch {
	if !w.memory.Latched {
		return w
	}
	w.memory = Memory{}
	w.doubt, w.known, w.heard, w.overs, w.calm = None, false, false, 0, false
	w.board = w.board.anew()
	return w
}
