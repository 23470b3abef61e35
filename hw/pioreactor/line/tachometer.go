package line

import (
	"fmt"
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
// into the time. Safe for concurrent use.
type Tachometer struct {
	clock machine.Clock
	line  machine.InputLine
	pin   int

	mu     sync.Mutex
	edges  hw.Edges
	from   time.Duration // when it was opened
	seq    uint32
	closed bool
}

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
	t.edges = hw.Edges{Count: t.edges.Count + turns, Last: e.At}
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
