package fake

import (
	"errors"
	"math"
	"time"
)

// tmp1075 is the thermometer on the heater's board: 12 bits of 0.0625 °C, with
// a sign. Datasheet: https://www.ti.com/lit/ds/symlink/tmp1075.pdf, section 8.5.
type tmp1075 struct {
	place
	dark
}

// Words of chipState.
const (
	tmpPointer = iota
	tmpReading
	tmpConfig
	tmpLow
	tmpHigh
)

const (
	tmpTakes    = 27500 * time.Microsecond // between conversions, as it comes out of reset
	tmpStep     = 0.0625                   // °C
	tmpShutdown = 1 << 8
	tmpIdentity = 0x7500 // register 0x0F
)

func (c *tmp1075) reset() {
	*c.state = chipState{}
	c.state.set(tmpConfig, 0x00FF)
	c.state.set(tmpLow, 0x4B00)
	c.state.set(tmpHigh, 0x5000)
}

func (c *tmp1075) tx(now *moment, w, r []byte) error {
	if err := c.convert(now); err != nil {
		return errNACK
	}
	registers(w, r,
		func(p byte) { c.state.set(tmpPointer, uint32(p&0xF)) },
		func(v uint16) {
			if p := int(c.state.get(tmpPointer)); p >= 1 && p <= 3 {
				c.state.set(tmpReading+p, uint32(v))
			}
		},
		c.read)
	return nil
}

func (c *tmp1075) read() uint16 {
	switch p := int(c.state.get(tmpPointer)); {
	case p == 0xF:
		return tmpIdentity
	case p <= 3:
		return uint16(c.state.get(tmpReading + p))
	default:
		return 0
	}
}

func (c *tmp1075) settle(*moment) {}

var errDisconnected = errors.New("no thermometer")

// convert measures if it is time to.
func (c *tmp1075) convert(now *moment) error {
	last := &c.state.times[0]
	if now.world == nil || c.state.get(tmpConfig)&tmpShutdown != 0 || *last != 0 && now.since(last) < tmpTakes {
		return nil
	}
	if now.world.thermo == nil {
		return errDisconnected
	}
	celsius, err := now.world.thermo.TemperatureC()
	if err != nil {
		return err
	}
	if math.IsNaN(celsius) {
		return errDisconnected // no chip can say so: it goes silent instead
	}
	*last = now.at
	code := int16(min(max(math.Round(celsius/tmpStep), -2048), 2047))
	c.state.set(tmpReading, uint32(uint16(code<<4)))
	return nil
}
