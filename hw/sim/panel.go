package sim

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// ErrClosed is returned by every part of a closed board.
var ErrClosed = errors.New("sim: board is closed")

// The outputs, by index.
const (
	stirrerOut = iota
	heaterOut
	mediaOut // the pumps in the order of hw.PumpRoles
	altMediaOut
	wasteOut
	ledOut  // A to D
	outputs = ledOut + 4
)

// panel is the outputs of a simulated board and its time. Its lock guards the
// whole board.
type panel struct {
	mu      sync.Mutex
	now     func() time.Duration
	at      time.Duration // until when the board has been advanced
	duty    [outputs]float64
	onSince [outputs]time.Duration // when duty last left 0
	offAt   [outputs]time.Duration // when it last came back to 0
	status  float64                // duty of the status LED, which lights nothing but the room
	closed  bool
	changes uint64                // of what light depends on
	advance func(seconds float64) // moves the board on from at; called with mu held
	refuse  func(index int) error // why an output may not be set now
	handles [outputs]output       // so that a part is one value
}

// longDark is how long an output counts as off that has never been on.
const longDark = 24 * time.Hour

func (p *panel) wire(now func() time.Duration, advance func(float64), refuse func(int) error) {
	p.now, p.advance, p.refuse = now, advance, refuse
	p.at = now()
	for i := range p.handles {
		p.handles[i], p.offAt[i] = output{p, i}, p.at-longDark
	}
}

// enter locks the panel and brings the board up to now.
func (p *panel) enter() {
	p.mu.Lock()
	if now := p.now(); now > p.at {
		p.advance((now - p.at).Seconds())
		p.at = now
	}
}

// halt zeroes everything.
func (p *panel) halt() {
	p.enter()
	defer p.mu.Unlock()
	p.zero()
}

func (p *panel) zero() {
	for i := range p.duty {
		p.drive(i, 0)
	}
	p.status = 0
}

// drive gives an output its duty and notes when it went on or off.
func (p *panel) drive(index int, percent float64) {
	p.disturb(index, percent)
	switch was := p.duty[index]; {
	case was == 0 && percent > 0:
		p.onSince[index] = p.at
	case was > 0 && percent == 0:
		p.offAt[index] = p.at
	}
	p.duty[index] = percent
}

func (p *panel) close() {
	p.enter()
	defer p.mu.Unlock()
	p.zero()
	p.closed = true // in the same breath, so that nothing is set in between
}

// read brings the board up to now and runs f, unless the board is closed.
func (p *panel) read(f func() error) error {
	p.enter()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	return f()
}

// output is one output of a panel.
type output struct {
	panel *panel
	index int
}

// Set drives the output with percent of full power, 0 to 100.
func (o output) Set(percent float64) error {
	if !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("sim: set %s to %v %%: must be 0 to 100", outputName(o.index), percent)
	}
	return o.panel.read(func() error {
		if err := o.panel.refuse(o.index); err != nil {
			return err
		}
		o.panel.drive(o.index, percent)
		return nil
	})
}

// Halt sets the output to 0; it works on a closed and on a faulty board too.
func (o output) Halt() error {
	o.panel.enter()
	defer o.panel.mu.Unlock()
	o.panel.drive(o.index, 0)
	return nil
}

func outputName(index int) string {
	switch {
	case index >= ledOut:
		return "LED " + string(rune('A'+index-ledOut))
	case index >= mediaOut:
		return string(hw.PumpRoles[index-mediaOut]) + " pump"
	case index == heaterOut:
		return "heater"
	default:
		return "stirrer"
	}
}

// statusLED is the status LED of a panel. It does not advance the board: a
// blinking light must not change how time is cut into pieces.
type statusLED struct{ panel *panel }

// Set switches the light.
func (l statusLED) Set(percent float64) error {
	if !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("sim: set status LED to %v %%: must be 0 to 100", percent)
	}
	l.panel.mu.Lock()
	defer l.panel.mu.Unlock()
	if l.panel.closed {
		return ErrClosed
	}
	l.panel.status = percent
	return nil
}

// Halt switches it off; it works on a closed board too.
func (l statusLED) Halt() error {
	l.panel.mu.Lock()
	defer l.panel.mu.Unlock()
	l.panel.status = 0
	return nil
}

// ledOutput is the index of LED channel "A" to "D".
func ledOutput(channel string) (int, bool) {
	if len(channel) != 1 {
		return 0, false
	}
	i := strings.Index("ABCD", channel)
	return ledOut + i, i >= 0
}

// pumpOutput is the index of a pump.
func pumpOutput(role hw.PumpRole) (int, bool) {
	for i, r := range hw.PumpRoles {
		if r == role {
			return mediaOut + i, true
		}
	}
	return 0, false
}

func absent(part string) error { return fmt.Errorf("sim: %s: %w", part, hw.ErrAbsent) }

var (
	_ hw.Output = output{}
	_ hw.Output = statusLED{}
)

// OutputsPct is the duty of each output by name, for inspection: tests and
// conformance suites compare it with what was asked for.
func (p *panel) OutputsPct() map[string]float64 {
	p.enter()
	defer p.mu.Unlock()
	m := map[string]float64{"status LED": p.status}
	for i, duty := range p.duty {
		m[outputName(i)] = duty
	}
	return m
}
