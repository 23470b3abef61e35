package actorstest_test

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/hw"
)

// quietLog watches the wires of a board: what every output is driven with, and
// when the photodiodes are sampled.
type quietLog struct {
	hw.Board
	h       *actorstest.House
	value   map[string]float64
	driven  map[string]int // how often each output changed
	changes []change
	from    time.Duration // of the newest burst, light included
	until   time.Duration
	bursts  int
	broken  []string
}

type change struct {
	output string
	at     time.Duration
}

// light is how long the IR LED shines before the first sample; the default of
// settle_before_reading.
const light = 125 * time.Millisecond

func (q *quietLog) LED(channel string) (hw.Output, error) {
	out, err := q.Board.LED(channel)
	return &wire{q, "LED " + channel, out}, err
}

func (q *quietLog) Stirrer() hw.Output { return &wire{q, "stirrer", q.Board.Stirrer()} }

func (q *quietLog) Pump(role hw.PumpRole) (hw.Output, error) {
	out, err := q.Board.Pump(role)
	return &wire{q, "pump " + string(role), out}, err
}

func (q *quietLog) Heater() (hw.Output, error) {
	out, err := q.Board.Heater()
	return &wire{q, "heater", out}, err
}

func (q *quietLog) Photodiodes() hw.Photodiodes { return &eyes{q.Board.Photodiodes(), q} }

// wire is an output on the way to the board.
type wire struct {
	q    *quietLog
	name string
	hw.Output
}

func (w *wire) Set(percent float64) error {
	w.q.drive(w.name, percent)
	return w.Output.Set(percent)
}

func (w *wire) Halt() error {
	w.q.drive(w.name, 0)
	return w.Output.Halt()
}

func (q *quietLog) drive(output string, percent float64) {
	if q.h == nil || q.value[output] == percent {
		return // the house is being built, with every output off
	}
	now := q.h.Lived()
	q.value[output] = percent
	q.driven[output]++
	q.changes = append(q.changes, change{output, now})
	if now > q.from && now < q.until {
		q.say("%s set to %.4g %%, %v after the light came on", output, percent, now-q.from)
	}
}

func (q *quietLog) say(format string, args ...any) {
	if len(q.broken) < 10 {
		q.broken = append(q.broken, q.h.Lived().String()+": "+fmt.Sprintf(format, args...))
	}
}

// eyes are the photodiodes with somebody watching.
type eyes struct {
	hw.Photodiodes
	q *quietLog
}

func (e *eyes) Burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	b, err := e.Photodiodes.Burst(plan, channels)
	q, now := e.q, e.q.h.Lived()
	q.bursts++
	q.from, q.until = now-light, now+b.Took
	for i := len(q.changes) - 1; i >= 0 && q.changes[i].at > q.from; i-- {
		q.say("%s changed %v before the first sample", q.changes[i].output, now-q.changes[i].at)
	}
	q.changes = q.changes[:0]
	return b, err
}
