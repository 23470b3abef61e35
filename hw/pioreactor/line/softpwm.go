package line

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// SoftPWM pulses a line by toggling it. A Pioreactor stirs with it (200 Hz),
// heats (16 Hz) and moves alt media (250 Hz; Pioreactor 26.7.2).
//
// Periods begin on a fixed schedule. An edge is late by what [machine.Clock]'s
// Repeat is late; on-time that a period had too much or too little the next ones
// make up for, so the mean duty is that asked for. More than 8 periods of it are
// forgotten. 0 and 100 % are a steady level that costs nothing. A new duty begins
// with the next period; 0, 100, and any duty that follows them begin at once.
//
// Set is for one goroutine at a time; Halt, Close and Err for any.
type SoftPWM struct {
	clock  machine.Clock
	out    machine.OutputLine
	pin    int
	period time.Duration

	width atomic.Int64 // on-time of a period, ns
	fault atomic.Pointer[error]

	mu     sync.Mutex
	stop   func() // ends the toggling; nil while the level is steady
	high   bool   // the steady level
	closed bool
}

// Limits of a frequency. Above 1 kHz toggling by software is mostly jitter.
const (
	minHz     = 0.1
	maxSoftHz = 1000
)

// NewSoftPWM asks for pin and drives it low. hz is 0.1 to 1000.
func NewSoftPWM(clock machine.Clock, lines machine.Lines, pin int, hz float64) (*SoftPWM, error) {
	if !(hz >= minHz && hz <= maxSoftHz) {
		return nil, fmt.Errorf("line: PWM on GPIO%d: %v Hz: want %v to %v Hz by software", pin, hz, minHz, maxSoftHz)
	}
	out, err := lines.Output(pin, false)
	if err != nil {
		return nil, fmt.Errorf("line: PWM on GPIO%d: %w", pin, err)
	}
	period := time.Duration(math.Round(float64(time.Second) / hz))
	return &SoftPWM{clock: clock, out: out, pin: pin, period: period}, nil
}

// Set gives percent of full power from the next period on.
func (p *SoftPWM) Set(percent float64) error {
	if err := refuse(p.name(), percent); err != nil {
		return err
	}
	width := int64(math.Round(percent / 100 * float64(p.period)))
	p.clock.Now() // a modelled machine does what was due at the old duty
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("line: %s: closed", p.name())
	}
	switch {
	case width == 0:
		return p.hold(false)
	case width == int64(p.period):
		return p.hold(true)
	}
	p.width.Store(width)
	p.toggle()
	return nil
}

// Halt drives the line low at once, whatever it did and whatever failed before.
func (p *SoftPWM) Halt() error {
	p.clock.Now() // as in Set
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	return p.hold(false)
}

// Err is why the line could last not be toggled since the last call of Err; nil
// if it always could.
func (p *SoftPWM) Err() error {
	if err := p.fault.Swap(nil); err != nil {
		return *err
	}
	return nil
}

// Close halts, then lets go of the line, even if it could not be halted.
func (p *SoftPWM) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return errors.Join(p.hold(false), p.out.Close())
}

const tries = 3 // to drive a line low

// hold ends the toggling and drives a steady level; one that it cannot drive
// high it drives low.
func (p *SoftPWM) hold(high bool) error {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
	p.high = false
	if !high {
		return p.low()
	}
	if err := p.out.Set(true); err != nil {
		return errors.Join(fmt.Errorf("line: %s: drive it high: %w", p.name(), err), p.low())
	}
	p.high = true
	return nil
}

func (p *SoftPWM) low() error {
	var err error
	for range tries {
		if err = p.out.Set(false); err == nil {
			return nil
		}
	}
	return fmt.Errorf("line: %s: drive it low: %w", p.name(), err)
}

// toggle begins, unless it is under way.
func (p *SoftPWM) toggle() {
	if p.stop != nil {
		return
	}
	now := p.clock.Now()
	t := &toggler{period: p.period, width: &p.width, drive: p.drive, high: p.high, since: now, end: now}
	p.stop = p.clock.Repeat(t.step)
}

// drive is the toggler's hand.
func (p *SoftPWM) drive(high bool) bool {
	err := p.out.Set(high)
	if err != nil {
		err = fmt.Errorf("line: %s: toggle it: %w", p.name(), err)
		p.fault.Store(&err)
	}
	return err == nil
}

func (p *SoftPWM) name() string { return fmt.Sprintf("PWM on GPIO%d", p.pin) }

var _ hw.Output = (*SoftPWM)(nil)
