package chip

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Pico is the RP2040 of a HAT 1.1 or 1.2: a converter with four inputs, and the
// driver of the four LEDs. On those HATs input 0 is the HAT's version, 1 the rail,
// 2 and 3 are photodiodes.
//
// It averages by itself: photodiodes by an exponential filter that needs
// Settle after a change of light; inputs 0 and 1 are renewed about once a second.
// A reading of 1.55 V or more is saturated; above 1.65 V firmware 0.4 and later wraps
// around to a low reading, which no driver can tell from darkness.
//
// Its protocol is that of its firmware (Pioreactor's pico-build 0.5): the first byte
// written is a register, the bytes after it go there, bytes read come from there.
// Its firmware is loaded into RAM each time the unit is switched on; until then
// it does not answer.
type Pico struct {
	mu sync.Mutex
	device
	scale      float64       // counts a volt; 0 until the firmware is known
	full       float64       // V
	firmware   string        // such as "0.5"
	identified time.Duration // when the firmware was last asked for
}

// Registers 0 to 3 are the LEDs and 4 to 7 the inputs.
var (
	picoLEDs    = [Channels]register{{0, "LED A"}, {1, "LED B"}, {2, "LED C"}, {3, "LED D"}}
	picoInputs  = [Channels]register{{4, "input 0"}, {5, "input 1"}, {6, "input 2"}, {7, "input 3"}}
	picoVersion = register{8, "firmware version"} // minor, major
)

const (
	picoReferenceV = 3.3
	picoTop        = 4095
	// picoFullScaleV keeps away from 1.65 V, where 32 times a reading of 12 bits no
	// longer fits into 16.
	picoFullScaleV = 1.55
	// picoOldFullScaleV is near the top of the converter: 16 times 12 bits fit.
	picoOldFullScaleV = 3.25
	// picoSettle: the filter keeps 0.75 of what was every 11 ms, so 1 % is left
	// after 0.175 s.
	picoSettle = 200 * time.Millisecond
	// picoRecheck is how long a firmware is believed to be the same one.
	picoRecheck = 10 * time.Second
	// picoNoRegister is what it answers when asked for a register that is not there.
	picoNoRegister = 0xFFFF
)

// NewPico asks nothing of the chip.
func NewPico(bus *Bus, address uint16) (*Pico, error) {
	d, err := newDevice(bus, "RP2040", address)
	return &Pico{device: d, full: picoFullScaleV}, err
}

// Volts reads input 0 to 3. It costs one transaction, and two more every 10 s.
func (p *Pico) Volts(channel int) (float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := checkChannel(channel, Channels); err != nil {
		return 0, p.fault(register{}, err)
	}
	if err := p.identify(); err != nil {
		return 0, err
	}
	raw, err := p.input(channel)
	if err == nil && raw == picoNoRegister {
		raw, err = p.input(channel)
	}
	if err != nil {
		p.scale = 0 // it may come back with another firmware
		return 0, err
	}
	if raw == picoNoRegister {
		return 0, p.implausible(picoInputs[channel], "0xffff, what it says when it is asked for nothing it knows")
	}
	return min(float64(raw)/p.scale, p.full), nil
}

// input reads one input; the low byte comes first.
func (p *Pico) input(channel int) (uint16, error) {
	low, high, err := p.get(picoInputs[channel])
	return uint16(high)<<8 | uint16(low), err
}

// Firmware is its version, such as "0.5".
func (p *Pico) Firmware() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scale = 0
	err := p.identify()
	return p.firmware, err
}

// Check asks now and then whether the chip still makes sense. What is written to
// its LEDs cannot be read back: a bus on which every bit counts for another shows
// itself here.
func (p *Pico) Check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.identify()
	if errors.Is(err, ErrImplausible) {
		err = p.identify() // once may be a flipped bit of this very answer
	}
	return err
}

// identify asks for the firmware, twice: a wrong one would make every voltage
// wrong by half.
func (p *Pico) identify() error {
	now := p.bus.clock.Now()
	if p.scale != 0 && now-p.identified < picoRecheck {
		return nil
	}
	p.scale = 0
	minor, major, err := p.get(picoVersion)
	if err != nil {
		return err
	}
	minor2, major2, err := p.get(picoVersion)
	switch {
	case err != nil:
		return err
	case minor != minor2 || major != major2:
		return p.implausible(picoVersion, "%d.%d, then %d.%d", major, minor, major2, minor2)
	case major > 9 || minor > 99 || major == 0 && minor == 0:
		return p.implausible(picoVersion, "%d.%d", major, minor)
	}
	p.know(major, minor)
	p.identified = now
	return nil
}

// know sets the scale: firmware 0.4 and later sums up to 32 times a reading,
// earlier ones to 16 times (Pioreactor 26.7.2).
func (p *Pico) know(major, minor byte) {
	times, full := 32.0, picoFullScaleV
	if major == 0 && minor < 4 {
		times, full = 16, picoOldFullScaleV
	}
	p.firmware = fmt.Sprintf("%d.%d", major, minor)
	p.scale, p.full = times*picoTop/picoReferenceV, full
}

// FullScaleV is 1.55 V; 3.25 V once it is known that the firmware is older than 0.4.
func (p *Pico) FullScaleV() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full
}

// Quiet is false: Pioreactor 26.7.2 removes hum from its readings.
func (p *Pico) Quiet() bool { return false }

// Settle is how long its filter remembers.
func (p *Pico) Settle() time.Duration { return picoSettle }
