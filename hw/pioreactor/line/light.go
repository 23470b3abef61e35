package line

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Light is the light on the board that speaks to people: on or off.
type Light struct {
	pin int

	mu     sync.Mutex
	out    machine.OutputLine
	closed bool
}

// NewLight asks for pin and drives it low.
func NewLight(lines machine.Lines, pin int) (*Light, error) {
	out, err := lines.Output(pin, false)
	if err != nil {
		return nil, fmt.Errorf("line: light on GPIO%d: %w", pin, err)
	}
	return &Light{pin: pin, out: out}, nil
}

// Set lights it with any percent above 0.
func (l *Light) Set(percent float64) error {
	if err := refuse(l.name(), percent); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("line: %s: closed", l.name())
	}
	return l.drive(percent > 0)
}

// Halt puts it out.
func (l *Light) Halt() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	return l.drive(false)
}

// Close puts it out and lets go of the line.
func (l *Light) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	return errors.Join(l.drive(false), l.out.Close())
}

func (l *Light) drive(high bool) error {
	if err := l.out.Set(high); err != nil {
		return fmt.Errorf("line: %s: %w", l.name(), err)
	}
	return nil
}

func (l *Light) name() string { return fmt.Sprintf("light on GPIO%d", l.pin) }

var _ hw.Output = (*Light)(nil)
