package chip

import (
	"errors"
	"sync"
)

// DAC43608 drives the four LEDs of a HAT 1.0 in steps of 1/255; its outputs E to H
// lead nowhere.
//
// Its values are full scale when it gets power, and its outputs off: so a value
// is written before its output is switched on, and 0 before it is switched off.
// Which outputs are on is asked of the chip, and read back.
//
// Datasheet SLASEQ4A, https://www.ti.com/lit/ds/symlink/dac43608.pdf, "Register
// Map"; what its bits do as Pioreactor 26.7.2 uses them.
type DAC43608 struct {
	mu sync.Mutex
	device
}

var (
	dacConfig = register{1, "DEVICE_CONFIG"}
	dacValues = [Channels]register{{8, "DACA_DATA"}, {9, "DACB_DATA"}, {10, "DACC_DATA"}, {11, "DACD_DATA"}}
)

// Bits of DEVICE_CONFIG.
const (
	dacAllOff  = 0x01FF // everything off, and each output too; bits above mean nothing
	dacOutputs = 0x00FF // bit n: output n is off
	dacNobody  = 0xFFFF // what wires say that nobody pulls down
)

// NewDAC43608 asks nothing of the chip.
func NewDAC43608(bus *Bus, address uint16) (*DAC43608, error) {
	d, err := newDevice(bus, "DAC43608", address)
	return &DAC43608{device: d}, err
}

// Set drives LED 0 to 3. After an error that switched nothing off it has tried to
// make the value 0.
func (d *DAC43608) Set(channel int, percent float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := checkLED(channel, percent); err != nil {
		return d.fault(register{}, err)
	}
	value := level(percent)
	err := d.put16(dacValues[channel], uint16(value)<<4)
	if value == 0 {
		return errors.Join(err, d.power(channel, false))
	}
	if err != nil {
		return err
	}
	if err := d.power(channel, true); err != nil {
		return errors.Join(err, d.put16(dacValues[channel], 0))
	}
	return nil
}

// power switches one output and leaves the others as the chip says they are.
func (d *DAC43608) power(channel int, on bool) error {
	config, err := d.config()
	if err != nil {
		return err
	}
	config |= 1 << channel
	if on {
		config &^= 1 << channel
	}
	if err := d.put16(dacConfig, config); err != nil {
		return err
	}
	return d.verify(config, dacAllOff)
}

// config asks which outputs are off, twice: it is written back, and a flipped bit
// would light another LED.
func (d *DAC43608) config() (uint16, error) {
	config, err := d.get16(dacConfig)
	if err != nil {
		return 0, err
	}
	again, err := d.get16(dacConfig)
	switch {
	case err != nil:
		return 0, err
	case config != again:
		return 0, d.implausible(dacConfig, "0x%04x, then 0x%04x", config, again)
	case config == dacNobody:
		return 0, d.implausible(dacConfig, "0x%04x", config)
	}
	return config & dacOutputs, nil
}

// Halt switches every output off, then makes the values 0.
func (d *DAC43608) Halt() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	problems := d.put16(dacConfig, dacAllOff)
	for _, value := range dacValues {
		problems = errors.Join(problems, d.put16(value, 0))
	}
	return errors.Join(problems, d.verify(dacAllOff, dacOutputs))
}

// verify reads back the bits in mask.
func (d *DAC43608) verify(config, mask uint16) error {
	state, err := d.get16(dacConfig)
	if err == nil && (state&mask != config&mask || state == dacNobody) {
		err = d.implausible(dacConfig, "0x%04x after 0x%04x was written", state, config)
	}
	return err
}
