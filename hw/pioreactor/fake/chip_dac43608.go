package fake

// dac43608 is the LED driver of HAT 1.0: eight channels of 8 bits, of which A
// to D are LEDs.
// Datasheet: https://www.ti.com/lit/ds/symlink/dac43608.pdf, section 8.6.
type dac43608 struct{ place }

// Registers, which are also the words of chipState; word 0 is the pointer.
const (
	dacPointer   = 0
	dacConfig    = 1 // bits 0 to 7: channel is off; bit 8: all are
	dacStatus    = 2
	dacBroadcast = 3
	dacA         = 8 // to 15: value in bits 4 to 11
)

const (
	dacAllOff    = 1 << 8
	dacIdentity  = 0x0500
	dacSoftReset = 0xA // written to the low bits of dacStatus
)

// reset: every channel is off, and its value is full scale.
func (c *dac43608) reset() {
	*c.state = chipState{}
	c.state.set(dacConfig, 0x00FF)
	c.state.set(dacStatus, dacIdentity)
	for i := range 8 {
		c.state.set(dacA+i, 0x0FF0)
	}
}

func (c *dac43608) tx(_ *moment, w, r []byte) error {
	registers(w, r,
		func(p byte) { c.state.set(dacPointer, uint32(p&0xF)) },
		c.write,
		func() uint16 { return c.value(int(c.state.get(dacPointer))) })
	return nil
}

// value of a register; those that are not there read as 0.
func (c *dac43608) value(register int) uint16 {
	if register == dacPointer {
		return 0
	}
	return uint16(c.state.get(register))
}

func (c *dac43608) write(v uint16) {
	switch register := int(c.state.get(dacPointer)); {
	case register == dacConfig:
		c.state.set(dacConfig, uint32(v&0x03FF))
	case register == dacStatus && v&0xF == dacSoftReset:
		c.reset()
	case register == dacBroadcast:
		for i := range 8 {
			c.state.set(dacA+i, uint32(v&0x0FF0))
		}
	case register >= dacA:
		c.state.set(register, uint32(v&0x0FF0))
	}
}

func (*dac43608) settle(*moment) {}

func (c *dac43608) leds() (percent [4]float64, drives bool) {
	config := c.state.get(dacConfig)
	for i := range percent {
		if config&dacAllOff == 0 && config>>i&1 == 0 {
			percent[i] = float64(c.state.get(dacA+i)>>4&0xFF) / 255 * 100
		}
	}
	return percent, true
}
