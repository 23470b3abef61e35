package pioreactor

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// ErrClosed is returned by every part of a closed board.
var ErrClosed = errors.New("pioreactor: board is closed")

// Options are what people chose: the wiring of the terminals, where a
// description only knows the board.
type Options struct {
	// Roles is the PWM channel, 1 to 5, of stirring, media, alt_media, waste and
	// heating. A role without a channel is not fitted.
	Roles map[string]int
	// Bus is how patient the I2C bus is; default: chip.DefaultConfig.
	Bus chip.Config
}

// Board drives one HAT. Methods of different parts may be called concurrently,
// Halt and Close from anywhere at any time.
type Board struct {
	info     hw.Info
	machine  machine.Machine
	bus      *chip.Bus
	lines    machine.Lines
	parts    chip.Parts
	chips    []soldered
	channels []int        // of outputs, the most dangerous first
	outputs  map[int]*pwm // by PWM channel, all five
	roles    map[string]int
	patient  chip.Config
	diodes   *photodiodes
	leds     [chip.Channels]led
	light    *light
	button   button
	tacho    tachometer
	thermo   thermometer
	rail     rail
	closed   atomic.Bool
}

// Open takes hold of every part that d describes and drives every output to 0.
// A chip on the bus that does not answer is told when it is used: its part
// fails, the others work. A line that is held by somebody else is an error.
func Open(m machine.Machine, d describe.Description, o Options) (*Board, error) {
	b := &Board{machine: m, roles: o.Roles, patient: o.Bus, outputs: map[int]*pwm{}}
	if b.patient == (chip.Config{}) {
		b.patient = chip.DefaultConfig()
	}
	err := b.open(d)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Board) open(d describe.Description) (err error) {
	if b.info, err = hw.Model(d.Model, d.ModelVer); err != nil {
		return fmt.Errorf("pioreactor: %w", err)
	}
	b.info.HAT, b.info.HATSerial = d.HAT, d.Serial
	if b.lines, err = b.machine.Lines(); err != nil {
		return err
	}
	if err = b.openOutputs(d); err != nil { // what moves first: it may be moving
		return err
	}
	if err = b.openBus(d); err != nil {
		return err
	}
	return b.openPanel(d.Pins)
}

// openBus opens the wires and makes the drivers of what is on them.
func (b *Board) openBus(d describe.Description) error {
	wire, err := b.machine.I2C(d.Bus)
	if err != nil {
		return err
	}
	if b.bus, err = chip.NewBus(wire, b.machine, b.patient); err != nil {
		return errors.Join(err, wire.Close())
	}
	if b.parts, err = chip.Fit(b.bus, d); err != nil {
		return err
	}
	b.chips = solderedOn(d)
	b.diodes, b.thermo, b.rail = newPhotodiodes(b), thermometer{b}, rail{b}
	for i := range b.leds {
		b.leds[i] = led{b, i}
	}
	if err := b.parts.LEDs.Halt(); err != nil && !expected(err) {
		return err
	}
	if b.parts.Pico != nil {
		b.info.Firmware, err = b.parts.Pico.Firmware()
		if err != nil && !expected(err) {
			return err
		}
	}
	return nil
}

// expected reports trouble of a bus, which is told by who uses it.
func expected(err error) bool {
	return errors.Is(err, chip.ErrNoAnswer) || errors.Is(err, chip.ErrTimeout) || errors.Is(err, chip.ErrBusy) ||
		errors.Is(err, chip.ErrImplausible)
}

// openPanel opens what is neither PWM nor on the bus.
func (b *Board) openPanel(p describe.Pins) error {
	led, err := line.NewLight(b.lines, p.LED)
	if err != nil {
		return err
	}
	b.light = &light{b, led}
	push, err := line.NewButton(b.machine, b.lines, p.Button)
	if err != nil {
		return err
	}
	b.button = button{b, push}
	hall, err := line.NewTachometer(b.machine, b.lines, p.Hall)
	b.tacho = tachometer{b, hall}
	return err
}

// Info describes the board.
func (b *Board) Info() hw.Info { return b.info }

// Photodiodes are the inputs pd1 to pd4 of the description.
func (b *Board) Photodiodes() hw.Photodiodes { return b.diodes }

// LED returns channel "A" to "D".
func (b *Board) LED(channel string) (hw.Output, error) {
	if len(channel) != 1 || channel[0] < 'A' || channel[0] > 'D' {
		return nil, absent(fmt.Sprintf("LED %.20q", channel))
	}
	return &b.leds[channel[0]-'A'], nil
}

// Stirrer is the fan motor; one that nothing is wired to cannot be driven.
func (b *Board) Stirrer() hw.Output {
	if out, err := b.wired("stirring"); err == nil {
		return out
	}
	return unwired{}
}

// Pump returns the pump wired to role.
func (b *Board) Pump(role hw.PumpRole) (hw.Output, error) { return b.wired(string(role)) }

// Heater is the heating trace, on a board whose thermometer is described.
func (b *Board) Heater() (hw.Output, error) {
	if b.parts.Thermometer == nil {
		return nil, absent("heater")
	}
	return b.wired("heating")
}

func (b *Board) wired(role string) (hw.Output, error) {
	if out, ok := b.outputs[b.roles[role]]; ok {
		return out, nil
	}
	return nil, absent(role + ": no channel in [pwm]")
}

// Thermometer sits on the heater's board.
func (b *Board) Thermometer() (hw.Thermometer, error) {
	if b.parts.Thermometer == nil {
		return nil, absent("thermometer")
	}
	return b.thermo, nil
}

// Tachometer counts by the hall sensor.
func (b *Board) Tachometer() (hw.Tachometer, error) { return b.tacho, nil }

// StatusLED is the light beside the button.
func (b *Board) StatusLED() (hw.Output, error) { return b.light, nil }

// Button is the button on the HAT.
func (b *Board) Button() (hw.Button, error) { return b.button, nil }

// Rail is the input "aux".
func (b *Board) Rail() (hw.Rail, error) {
	if _, ok := b.parts.Inputs[auxInput]; !ok {
		return nil, absent("rail")
	}
	return b.rail, nil
}

// Halt makes every output 0, the most dangerous first, and tries each even if
// one fails.
func (b *Board) Halt() error {
	if b.closed.Load() {
		return nil // Close has halted, and the lines may be somebody else's
	}
	return b.halt()
}

func (b *Board) halt() error {
	var errs []error
	for _, channel := range b.channels {
		errs = append(errs, b.outputs[channel].Halt())
	}
	if b.parts.LEDs != nil {
		errs = append(errs, b.parts.LEDs.Halt())
	}
	if b.light != nil {
		errs = append(errs, b.light.Halt())
	}
	return errors.Join(errs...)
}

// Close halts, then lets go of everything. A second time does nothing.
func (b *Board) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	errs := []error{b.halt()}
	for _, channel := range b.channels {
		errs = append(errs, b.outputs[channel].driver.Close())
	}
	errs = append(errs, b.closePanel())
	if b.bus != nil {
		errs = append(errs, b.bus.Close())
	}
	if b.lines != nil {
		errs = append(errs, b.lines.Close())
	}
	return errors.Join(errs...)
}

func (b *Board) closePanel() error {
	var errs []error
	if b.light != nil {
		errs = append(errs, b.light.Light.Close())
	}
	if b.button.Button != nil {
		errs = append(errs, b.button.Button.Close())
	}
	if b.tacho.Tachometer != nil {
		errs = append(errs, b.tacho.Tachometer.Close())
	}
	return errors.Join(errs...)
}

// alive is nil, or why nothing works any more. Asking for the time has a
// modelled machine do what is due before anything changes or is looked at.
func (b *Board) alive() error {
	if b.closed.Load() {
		return ErrClosed
	}
	b.machine.Now()
	return nil
}

func absent(part string) error { return fmt.Errorf("pioreactor: %s: %w", part, hw.ErrAbsent) }

var _ hw.Board = (*Board)(nil)
