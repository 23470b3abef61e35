// Package chip drives what answers on a Pioreactor's I2C bus: the converters
// ADS1115, ADS1114 and the HAT's RP2040, the LED drivers DAC43608 and again the
// RP2040, and the thermometer TMP1075. A [Bus] owns the wires; every chip talks
// through it.
//
// It refuses to pass on what cannot be: a short or missing answer, a value that
// the chip cannot give, or a chip that has lost its configuration is an error,
// never a number. It keeps no belief about an output: whatever makes an output
// safe is written without asking what was written before. It starts nothing and
// waits only on the machine's clock.
//
//	bus := chip.NewBus(wire, clock, chip.DefaultConfig())
//	parts, err := chip.Fit(bus, description)
//	…
//	pd1 := parts.Inputs["pd1"]
//	volts, err := pd1.Volts()
//	err = parts.LEDs.Set(0, 80) // A at 80 %
package chip

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Converter measures voltages. Its methods may be called from several goroutines.
type Converter interface {
	// Volts measures an input, 0 to 3, and takes as long as one conversion. It is
	// finite, and FullScaleV when the input is at or above that. In the dark it may
	// be a little below 0, by the converter's offset; never below -0.02 V.
	Volts(channel int) (float64, error)
	// FullScaleV is what Volts says of every input that is too high to measure.
	FullScaleV() float64
	// Quiet reports that a conversion averages mains hum away by itself, as
	// Pioreactor 26.7.2 takes for granted of the ADS1114.
	Quiet() bool
	// Settle is how long after a change of light a reading may still contain
	// light from before.
	Settle() time.Duration
}

// LEDs drives the four LEDs of a HAT: channel 0 is A, 3 is D. Its methods may be
// called from several goroutines.
type LEDs interface {
	// Set drives a channel with percent of full power, 0 to 100. Any other percent
	// or channel is an error and changes nothing. After another error nobody
	// knows what the channel does: call Halt, or Set it again.
	Set(channel int, percent float64) error
	// Halt puts all four out, whatever was written before. It tries each of them
	// even when one fails, may be called at any time and any number of times, and
	// an error means that something may still be lit: call it again.
	Halt() error
}

// Channels is how many inputs the largest converter has, and how many LEDs.
const Channels = 4

// Input is one input of a converter.
type Input struct {
	Converter
	Channel int
}

// Volts measures the input.
func (i Input) Volts() (float64, error) { return i.Converter.Volts(i.Channel) }

// Median measures the input three times and gives the middle: one flipped bit
// cannot move it. For what is not sampled many times anyway, such as the rail.
func (i Input) Median() (float64, error) {
	var v [3]float64
	for k := range v {
		var err error
		if v[k], err = i.Volts(); err != nil {
			return 0, err
		}
	}
	slices.Sort(v[:])
	return v[1], nil
}

// checkChannel refuses a channel that is not there.
func checkChannel(channel, fitted int) error {
	if channel < 0 || channel >= fitted {
		if fitted == 1 {
			return fmt.Errorf("channel %d, want 0", channel)
		}
		return fmt.Errorf("channel %d, want 0 to %d", channel, fitted-1)
	}
	return nil
}

// checkLED refuses what cannot be an LED's channel and power.
func checkLED(channel int, percent float64) error {
	err := checkChannel(channel, Channels)
	if !(percent >= 0 && percent <= 100) {
		err = errors.Join(err, fmt.Errorf("%v %%, want 0 to 100", percent))
	}
	return err
}

// level is the nearest of 256 steps.
func level(percent float64) byte { return byte(percent*255/100 + 0.5) }

var (
	_ Converter = (*ADS1115)(nil)
	_ Converter = (*ADS1114)(nil)
	_ Converter = (*Pico)(nil)
	_ LEDs      = (*Pico)(nil)
	_ LEDs      = (*DAC43608)(nil)
)
