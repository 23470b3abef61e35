package chip

import (
	"sync"
	"time"
)

// ADS1115 is a converter with four inputs that takes one conversion each time it
// is asked, 7.1 to 8.6 ms. It is the converter of HAT 1.0.
//
// Each conversion is configured anew and its configuration read back, so a chip
// that has lost power is noticed and needs nothing but to be asked again. The
// range of an input follows it by the switch points of Pioreactor 26.7.2.
//
// Datasheet SBAS444E, https://www.ti.com/lit/ds/symlink/ads1115.pdf, "Single-Shot
// Mode" and "Config Register".
type ADS1115 struct {
	mu sync.Mutex
	device
	ranges [Channels]int
	idle   time.Duration // when a conversion that was given up has certainly ended
}

// NewADS1115 asks nothing of the chip.
func NewADS1115(bus *Bus, address uint16) (*ADS1115, error) {
	d, err := newDevice(bus, "ADS1115", address)
	return &ADS1115{device: d}, err
}

// Volts measures input 0 to 3.
func (a *ADS1115) Volts(channel int) (float64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := checkChannel(channel, Channels); err != nil {
		return 0, a.fault(adsConversion, err)
	}
	raw, err := a.convert(channel, a.ranges[channel])
	if err == nil && raw == adsClipped && a.ranges[channel] != widest {
		a.ranges[channel] = widest
		raw, err = a.convert(channel, widest)
	}
	if err != nil {
		return 0, err
	}
	v := adsVolts(raw, a.ranges[channel])
	if v < adsLowestV {
		return 0, a.implausible(adsConversion, "%.4f V at input %d, which cannot be below 0", v, channel)
	}
	a.ranges[channel] = nextRange(a.ranges[channel], v)
	return min(v, adsFullScaleV), nil
}

// adsAttempts bounds how often a conversion is begun whose configuration is
// found to be another in the end.
const adsAttempts = 3

// convert takes one conversion.
func (a *ADS1115) convert(channel, r int) (raw int16, err error) {
	config := uint16(4+channel)<<12 | ranges[r].bit | adsSingle | adsRate | adsNoComp // MUX 4..7: input against ground
	for range adsAttempts {
		var lost bool
		if lost, err = a.shoot(config); err == nil {
			raw, lost, err = a.collect(config)
		}
		if !lost {
			break
		}
	}
	return raw, err
}

// collect reads the conversion that has ended, and if that is suspect once more
// after the configuration.
func (a *ADS1115) collect(config uint16) (raw int16, lost bool, err error) {
	v, err := a.get16(adsConversion)
	if err != nil || !suspect(int16(v), config) {
		return int16(v), false, err
	}
	state, err := a.get16(adsConfig)
	switch {
	case err != nil:
		return 0, false, err
	case state&^adsStart != config:
		return 0, true, a.lost(state, config)
	}
	v, err = a.get16(adsConversion)
	return int16(v), false, err
}

// lost says that the chip is configured otherwise than it was told.
func (a *ADS1115) lost(state, config uint16) error {
	return a.implausible(adsConfig, "0x%04x after 0x%04x was written: has the chip lost power?", state, config)
}

const (
	adsPoll    = 250 * time.Microsecond
	adsPatient = 20 * time.Millisecond // more than twice the slowest conversion
)

// shoot begins a conversion and waits until the chip says that it has ended. Lost
// means that the chip was configured otherwise by then.
func (a *ADS1115) shoot(config uint16) (lost bool, err error) {
	a.until(a.idle) // a start is not heard while a conversion is under way
	err = a.put16(adsConfig, adsStart|config)
	begun := a.bus.clock.Now() // at the latest: the wires may have been busy before
	a.idle = begun + adsRenewed
	if err != nil {
		return false, err
	}
	a.until(begun + adsFastest)
	for {
		asked := a.bus.clock.Now()
		state, err := a.get16(adsConfig)
		switch {
		case err != nil:
			return false, err
		case state&^adsStart != config:
			return true, a.lost(state, config)
		case state&adsStart != 0:
			a.idle = 0
			return false, nil
		case asked-begun > adsPatient:
			return false, a.implausible(adsConfig, "conversion not finished after %s", adsPatient)
		}
		a.bus.clock.Sleep(adsPoll)
	}
}

// FullScaleV is the chip's supply.
func (a *ADS1115) FullScaleV() float64 { return adsFullScaleV }

// Quiet is false: Pioreactor 26.7.2 removes hum from its readings.
func (a *ADS1115) Quiet() bool { return false }

// Settle is 0: a conversion begins when it is asked for.
func (a *ADS1115) Settle() time.Duration { return 0 }
