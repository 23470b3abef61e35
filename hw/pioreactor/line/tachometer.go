package line

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// shortest is the shortest turn that is believed: 7500 rpm, half again as fast
// as the fastest that can be asked for. What comes sooner is the sensor bouncing.
const shortest = 8 * time.Millisecond

// Tachometer counts the falling edges of a hall sensor, one a turn, by the
// kernel's stamps. Edges sooner than 8 ms after the last that counted are bounces.
// Edges that the machine says it lost are counted too, as far as so many turns fit
// into the time. A bar is heavy: an edge much too soon after the last is none, and
// one turn that takes just as long as two or three is a sensor that missed some.
// Both are put right, and counted as odd when the bar turned evenly before. Safe
// for concurrent use.
type Tachometer struct {
	clock machine.Clock
	line  machine.InputLine
	pin   int

	mu     sync.Mutex
	edges  hw.Edges
	from   time.Duration // when it was opened
	seq    uint32
	gap    time.Duration // the last turn took so long; 0 after a rest
	filled bool          // turns were put in just before
	told   uint64        // edges
	odd    uint64        // of them: too soon or too late
	steady int           // turns in a row that took about as long as the one before
	closed bool
}

const (
	rest    = time.Second // a bar that takes longer for a turn is starting, or stopping
	tooSoon = 0.3         // of the turn before
	near    = 0.15        // of a turn: how well missed ones must fit
	mostGap = 3           // turns that may be one gap
	even    = 0.25        // of a turn: how much a bar that is neither starting nor stopping may differ
	settled = 5           // such turns in a row
)

// NewTachometer listens to pin, pulled up.
func NewTachometer(clock machine.Clock, lines machine.Lines, pin int) (*Tachometer, error) {
	t := &Tachometer{clock: clock, pin: pin, from: clock.Now()}
	in, err := lines.Input(pin, machine.PullUp, machine.Falling, t.heard)
	if err != nil {
		return nil, fmt.Errorf("line: hall sensor on GPIO%d: %w", pin, err)
	}
	t.line = in
	return t, nil
}

// heard counts an edge and those lost just before it.
func (t *Tachometer) heard(e machine.Edge) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turns := uint64(e.Seq - t.seq) // in 32 bits, which wrap
	t.seq = e.Seq
	if e.Rising || turns == 0 {
		return
	}
	room := fit(e.At - max(t.edges.Last, t.from))
	if t.edges.Count == 0 {
		room++ // the bar may have been turning when the line was opened
	}
	if turns = min(turns, room); turns == 0 {
		return
	}
	t.told += turns
	if turns = t.regular(e.At-t.edges.Last, turns); turns == 0 {
		return
	}
	t.edges = hw.Edges{Count: t.edges.Count + turns, Last: e.At}
}

// regular is how many turns a gap that ends with an edge really was, by the turn
// before. Turns are put in once in a row at most: a bar at half its speed is
// believed at its second turn.
func (t *Tachometer) regular(gap time.Duration, turns uint64) uint64 {
	switch missed := missing(gap, t.gap); {
	case t.edges.Count == 0:
		return turns // how long that turn took nobody knows
	case turns > 1 || t.gap == 0:
	case float64(gap) < tooSoon*float64(t.gap):
		t.wonder()
		return 0
	case missed > 0 && !t.filled:
		t.wonder()
		t.filled = true
		return turns + missed
	}
	t.filled = false
	before := t.gap
	t.gap = gap / time.Duration(turns)
	if t.steady++; math.Abs(float64(t.gap-before)) > even*float64(before) {
		t.steady = 0
	}
	if t.gap > rest {
		t.gap = 0
	}
	return turns
}

// wonder counts an odd edge of a bar that turned evenly: one that is starting or
// stopping may well jump.
func (t *Tachometer) wonder() {
	if t.steady >= settled {
		t.odd++
	}
}

// missing is how many edges a gap lacks, when turns take turn.
func missing(gap, turn time.Duration) uint64 {
	if turn == 0 {
		return 0
	}
	n := math.Round(float64(gap) / float64(turn))
	if n < 2 || n > mostGap || math.Abs(float64(gap)/float64(turn)-n) > near {
		return 0
	}
	return uint64(n) - 1
}

// Odd is how many edges were heard, and how many of those came too soon or too
// late to be turns of a bar.
func (t *Tachometer) Odd() (heard, odd uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told, t.odd
}

// fit is how many turns fit into d.
func fit(d time.Duration) uint64 { return uint64(max(d, 0) / shortest) }

// Edges is the count so far and the instant of the newest edge.
func (t *Tachometer) Edges() (hw.Edges, error) {
	t.clock.Now() // a modelled machine tells the edges until then
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return hw.Edges{}, fmt.Errorf("line: hall sensor on GPIO%d: closed", t.pin)
	}
	return t.edges, nil
}

// Close lets go of the line; a second time does nothing.
func (t *Tachometer) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	t.mu.Unlock() // an edge that is being heard needs it
	return t.line.Close()
}

var _ hw.Tachometer = (*Tachometer)(nil)
