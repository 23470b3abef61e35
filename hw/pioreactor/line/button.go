package line

import (
	"fmt"
	"sync"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// bounce is how long a button's contact may chatter; no finger presses it twice
// in that time.
const bounce = 20 * time.Millisecond

// Button is the button of the board: pulled down, high is pressed. A press counts
// with its first edge; what follows within 20 ms is the contact chattering. A
// button that is down when it is opened has been pressed. Safe for concurrent use.
type Button struct {
	clock machine.Clock
	line  machine.InputLine
	pin   int

	mu      sync.Mutex
	state   hw.Presses
	changed time.Duration // the state
	newest  time.Duration // edge, chatter included
	closed  bool
}

// NewButton listens to pin.
func NewButton(clock machine.Clock, lines machine.Lines, pin int) (*Button, error) {
	opened := clock.Now() - bounce
	b := &Button{clock: clock, pin: pin, changed: opened, newest: opened}
	in, err := lines.Input(pin, machine.PullDown, machine.BothEdges, b.heard)
	if err != nil {
		return nil, fmt.Errorf("line: button on GPIO%d: %w", pin, err)
	}
	b.line = in
	return b, nil
}

func (b *Button) heard(e machine.Edge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.newest = e.At
	if e.At-b.changed >= bounce {
		b.become(e.Rising, e.At)
	}
}

func (b *Button) become(down bool, at time.Duration) {
	if down == b.state.Down {
		return
	}
	b.state.Down, b.changed = down, at
	if down {
		b.state.Count++
	}
}

// Presses looks at the line as well: what it is once it is quiet is the truth,
// whatever edges were lost or taken for chatter.
func (b *Button) Presses() (hw.Presses, error) {
	high, err := b.line.High()
	if err != nil {
		return hw.Presses{}, fmt.Errorf("line: button on GPIO%d: %w", b.pin, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.clock.Now(); now-b.newest >= bounce {
		b.become(high, now)
	}
	return b.state, nil
}

// Close lets go of the line; a second time does nothing.
func (b *Button) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	b.mu.Unlock() // an edge that is being heard needs it
	return b.line.Close()
}

var _ hw.Button = (*Button)(nil)
