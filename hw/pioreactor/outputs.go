package pioreactor

import (
	"errors"
	"fmt"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Frequencies of the outputs. Source: Pioreactor 26.7.2.
const (
	stirringHz = 200
	heatingHz  = 16
	pumpHz     = 250
)

func hertz(role string) float64 {
	switch role {
	case "stirring":
		return stirringHz
	case "heating":
		return heatingHz
	}
	return pumpHz // also of a channel that nothing is wired to: it stays at 0
}

// driver is a PWM channel, by the kernel or by software.
type driver interface {
	hw.Output
	Close() error
}

// pwm is one PWM channel of the board.
type pwm struct {
	board  *Board
	driver driver
}

// Set drives the channel with percent of full power.
func (p *pwm) Set(percent float64) error {
	if err := p.board.alive(); err != nil {
		return err
	}
	return p.driver.Set(percent)
}

// Halt drives it low; on a closed board it is low.
func (p *pwm) Halt() error {
	if p.board.closed.Load() {
		return nil
	}
	return p.driver.Halt()
}

// openOutputs takes all PWM channels, whatever is wired to them, and drives them
// to 0, the most dangerous first.
func (b *Board) openOutputs(d describe.Description) error {
	byChannel := map[int]string{}
	for role, channel := range b.roles {
		if _, ok := d.PWM[channel]; !ok {
			return fmt.Errorf("pioreactor: [pwm] %d = %q: the board has no such channel", channel, role)
		}
		byChannel[channel] = role
	}
	var errs []error
	for _, channel := range byDanger(d.PWM, b.roles) {
		out, err := openPWM(b.machine, b.lines, d.PWM[channel], hertz(byChannel[channel]))
		if err != nil {
			errs = append(errs, fmt.Errorf("pioreactor: PWM channel %d: %w", channel, err))
			continue
		}
		b.outputs[channel], b.channels = &pwm{b, out}, append(b.channels, channel)
	}
	return errors.Join(errs...)
}

// openPWM prefers the kernel's PWM: it is exact. Without the overlay its pin is
// toggled like the others.
func openPWM(m machine.Machine, lines machine.Lines, p describe.PWM, hz float64) (driver, error) {
	if p.Hardware >= 0 {
		out, err := line.OpenSysfsPWM(m, p.Hardware, hz)
		if !errors.Is(err, line.ErrNoChip) {
			return out, err
		}
	}
	return line.NewSoftPWM(m, lines, p.Pin, hz)
}

// led is one of the LEDs A to D.
type led struct {
	board *Board
	index int
}

// Set drives the LED with percent of full power.
func (l *led) Set(percent float64) error {
	if err := l.board.alive(); err != nil {
		return err
	}
	return l.drive(percent)
}

// drive writes first: whatever the chip says of itself afterwards, it was told.
func (l *led) drive(percent float64) error {
	defer l.board.diodes.lit()
	if err := l.board.parts.LEDs.Set(l.index, percent); err != nil || l.board.parts.Pico == nil {
		return err
	}
	return l.board.parts.Pico.Check()
}

// Halt puts it out.
func (l *led) Halt() error {
	if l.board.closed.Load() {
		return nil
	}
	return l.drive(0)
}

// light is the light that speaks to people.
type light struct {
	board *Board
	*line.Light
}

// Set lights it with any percent above 0.
func (l *light) Set(percent float64) error {
	if err := l.board.alive(); err != nil {
		return err
	}
	return l.Light.Set(percent)
}

// Halt puts it out.
func (l *light) Halt() error {
	if l.board.closed.Load() {
		return nil
	}
	return l.Light.Halt()
}

// unwired is the stirrer of a board that has none.
type unwired struct{}

// Set refuses.
func (unwired) Set(float64) error { return absent("stirring: no channel in [pwm]") }

// Halt has nothing to do.
func (unwired) Halt() error { return nil }

var (
	_ hw.Output = (*pwm)(nil)
	_ hw.Output = (*led)(nil)
	_ hw.Output = (*light)(nil)
	_ hw.Output = unwired{}
)
