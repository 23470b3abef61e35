package fake

import "time"

// pico is the RP2040 of HAT 1.1 and 1.2 with its firmware: four converter
// inputs and four LEDs. Source: Pioreactor's firmware 0.5 and adcs.py, 26.7.2.
//
// Its register takes 16 bits, and from firmware 0.4 on a reading needs 17: it
// wraps at 1.65 V.
type pico struct {
	place
	inputs       [4]string
	major, minor byte
	scale        float64 // counts per count of the 12-bit converter
}

// Words of chipState.
const (
	picoPointer = 0
	picoLED     = 1 // and the next three: duty of A to D, 0 to 255
	picoCache   = 5 // and the next three: readings
)

// Times of chipState.
const (
	picoLoop = iota // the newest fast loop
	picoSlow        // the newest look at inputs 0 and 1
)

const (
	loopTakes  = 10500 * time.Microsecond // 1024 samples of two inputs
	slowLoops  = 100                      // between looks at inputs 0 and 1
	picoRange  = 3.3                      // V
	forgetting = 64                       // loops after which the filter knows nothing of before: 0.75⁴⁰ of 16 bits is none
)

func newPico(at place, inputs [4]string, firmware string) *pico {
	major, minor, _ := version(firmware) // Setup has seen it
	scale := 16.0
	if major > 0 || minor >= 4 {
		scale = 32
	}
	return &pico{at, inputs, byte(major), byte(minor), scale}
}

func (c *pico) reset() { *c.state = chipState{} }

func (c *pico) tx(now *moment, w, r []byte) error {
	if len(w) > 0 {
		c.state.set(picoPointer, uint32(w[0]))
	}
	p := c.state.get(picoPointer)
	if len(w) > 1 && p < 4 {
		c.state.set(picoLED+int(p), uint32(w[1]))
	}
	if len(r) == 0 {
		return nil
	}
	if err := c.loop(now); err != nil {
		return errNACK
	}
	for i := range r {
		r[i] = 0xFF
	}
	switch {
	case p >= 4 && p < 8:
		v := c.state.get(picoCache + int(p-4))
		copy(r, []byte{byte(v), byte(v >> 8)})
	case p == 8:
		copy(r, []byte{c.minor, c.major})
	}
	return nil
}

func (c *pico) settle(now *moment) { _ = c.loop(now) } // the next read says what is wrong

// loop is the firmware's main loop until now, as if light and liquid had been
// all along what they are now: whoever changes that settles first. Each loop has
// its own noise and its own moment of the mains.
func (c *pico) loop(now *moment) error {
	if now.world == nil {
		return nil
	}
	t := &c.state.times
	loops := now.since(&t[picoLoop]) / loopTakes
	if loops == 0 {
		return nil
	}
	t[picoLoop] += loops * loopTakes
	for i := 2; i < 4; i++ {
		if err := c.filter(now, i, int(min(loops, forgetting))); err != nil {
			return err
		}
	}
	if t[picoSlow] != 0 && now.since(&t[picoSlow]) < slowLoops*loopTakes {
		return nil
	}
	t[picoSlow] = now.at
	for i := range 2 {
		sample, err := c.sample(now, i, 0)
		if err != nil {
			return err
		}
		c.state.set(picoCache+i, sample&0xFFFF)
	}
	return nil
}

// filter gives an input's filter the newest loops.
func (c *pico) filter(now *moment, input, loops int) error {
	value, newest := c.state.get(picoCache+input), now.at-c.state.times[picoLoop]
	for k := loops - 1; k >= 0; k-- {
		sample, err := c.sample(now, input, newest+time.Duration(k)*loopTakes)
		if err != nil {
			return err
		}
		value = uint32(uint16(uint32(0.75*float64(value) + 0.25*float64(sample))))
	}
	c.state.set(picoCache+input, value)
	return nil
}

// sample is the mean of an input over 1024 conversions some time ago, before it
// is kept.
func (c *pico) sample(now *moment, input int, ago time.Duration) (uint32, error) {
	v, err := now.voltsAgo(c.inputs[input], ago)
	return uint32(min(max(v, 0), picoRange) / picoRange * 4095 * c.scale), err
}

func (c *pico) leds() (percent [4]float64, drives bool) {
	for i := range percent {
		percent[i] = float64(c.state.get(picoLED+i)&0xFF) / 255 * 100
	}
	return percent, true
}
