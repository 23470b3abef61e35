package pioreactor

import (
	"errors"
	"fmt"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Safe makes a board safe that another process drove until it died. Everything
// that can be got ready without disturbing that process is ready when it is made.
type Safe struct {
	machine machine.Machine
	lines   machine.Lines
	bus     *chip.Bus
	leds    chip.LEDs
	pwm     map[int]describe.PWM
	light   int // the pin of the light that speaks to people
}

// NewSafe gets ready. It drives nothing.
func NewSafe(m machine.Machine, d describe.Description) (*Safe, error) {
	s := &Safe{machine: m, pwm: d.PWM, light: d.Pins.LED}
	wire, err := m.I2C(d.Bus)
	if err != nil {
		return nil, err
	}
	if s.bus, err = chip.NewBus(wire, m, chip.DefaultConfig()); err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	parts, err := chip.Fit(s.bus, d)
	if err == nil {
		s.leds = parts.LEDs
		s.lines, err = m.Lines()
	}
	if err != nil {
		return nil, errors.Join(err, s.bus.Close())
	}
	return s, nil
}

// MakeSafe drives every output to 0: it tries each even if one fails, and may be
// called again. Who calls it must know that nobody else drives the board.
func (s *Safe) MakeSafe() error {
	var errs []error
	for channel, p := range s.pwm {
		if err := s.still(p); err != nil {
			errs = append(errs, fmt.Errorf("pioreactor: PWM channel %d: %w", channel, err))
		}
	}
	errs = append(errs, s.leds.Halt(), s.low(s.light))
	return errors.Join(errs...)
}

// still ends one PWM channel, by whichever of the two ways it was driven.
func (s *Safe) still(p describe.PWM) error {
	if p.Hardware >= 0 {
		out, err := line.OpenSysfsPWM(s.machine, p.Hardware, pumpHz) // opening puts it out
		if err == nil {
			return out.Close()
		}
		if !errors.Is(err, line.ErrNoChip) {
			return err
		}
	}
	return s.low(p.Pin)
}

// low drives a pin low and lets go of it: it stays as it is.
func (s *Safe) low(pin int) error {
	out, err := s.lines.Output(pin, false)
	if err != nil {
		return err
	}
	return out.Close()
}

// Close lets go of the bus and the header.
func (s *Safe) Close() error { return errors.Join(s.bus.Close(), s.lines.Close()) }
