package fake

import (
	"math"
	"time"
)

// ads111x is an ADS1115 or, without the multiplexer, an ADS1114: 16-bit
// converters with a programmable gain.
// Datasheet: https://www.ti.com/lit/ds/symlink/ads1115.pdf, section 8.
type ads111x struct {
	place
	dark
	inputs [4]string
	muxed  bool
	speed  float64 // of its oscillator, 1 as in the datasheet
}

// Words of chipState.
const (
	adsPointer = iota
	adsConversion
	adsConfig
	adsLow
	adsHigh
	adsBusy // 1 while a single conversion is under way
)

// Times of chipState.
const (
	adsBegan = iota // the single conversion, or the first of a series
	adsEnded        // the newest of a series
)

const (
	adsStart  = 1 << 15 // written: begin one; read: none is under way
	adsSingle = 1 << 8
)

var (
	adsRates  = [8]float64{8, 16, 32, 64, 128, 250, 475, 860}                      // conversions/s
	adsRanges = [8]float64{6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256} // V, full scale
)

func (c *ads111x) reset() {
	*c.state = chipState{}
	c.state.set(adsConfig, 0x8583)
	c.state.set(adsLow, 0x8000)
	c.state.set(adsHigh, 0x7FFF)
}

// period of one conversion as set.
func (c *ads111x) period() time.Duration {
	rate := adsRates[c.state.get(adsConfig)>>5&7] * c.speed
	return time.Duration(float64(time.Second) / rate)
}

func (c *ads111x) tx(now *moment, w, r []byte) error {
	if err := c.convert(now); err != nil {
		return errNACK
	}
	registers(w, r,
		func(p byte) { c.state.set(adsPointer, uint32(p&3)) },
		func(v uint16) { c.write(now, v) },
		func() uint16 { return c.read() })
	return nil
}

func (c *ads111x) write(now *moment, v uint16) {
	switch register := adsConversion + int(c.state.get(adsPointer)); register {
	case adsConfig:
		c.state.set(adsConfig, uint32(v))
		c.state.set(adsBusy, 0)
		c.state.times[adsBegan], c.state.times[adsEnded] = now.at, now.at
		if v&adsSingle != 0 && v&adsStart != 0 {
			c.state.set(adsBusy, 1)
		}
	case adsLow, adsHigh:
		c.state.set(register, uint32(v))
	}
}

func (c *ads111x) read() uint16 {
	register := adsConversion + int(c.state.get(adsPointer))
	v := uint16(c.state.get(register))
	if register == adsConfig {
		v &^= adsStart
		if v&adsSingle != 0 && c.state.get(adsBusy) == 0 {
			v |= adsStart
		}
	}
	return v
}

func (c *ads111x) settle(now *moment) { _ = c.convert(now) } // the next read says what is wrong

// convert ends the newest conversion that is over by now. The register of one
// that was begun with another gain keeps the old value until then.
func (c *ads111x) convert(now *moment) error {
	if now.world == nil {
		return nil
	}
	period, series := c.period(), c.state.get(adsConfig)&adsSingle == 0
	n := now.since(&c.state.times[adsBegan]) / period
	ended := c.state.times[adsBegan] + n*period
	switch {
	case n < 1, !series && c.state.get(adsBusy) == 0, series && ended <= c.state.times[adsEnded]:
		return nil
	}
	v, err := c.volts(now)
	if err != nil {
		return err
	}
	full := adsRanges[c.state.get(adsConfig)>>9&7]
	code := min(max(math.Round(v/full*32768), -32768), 32767)
	c.state.set(adsConversion, uint32(uint16(int16(code))))
	c.state.set(adsBusy, 0)
	c.state.times[adsEnded] = ended
	return nil
}

// adsPairs are the differences that the multiplexer can take; from 4 on it
// takes one input against ground.
var adsPairs = [4][2]int{{0, 1}, {0, 3}, {1, 3}, {2, 3}}

// volts between the converter's two inputs.
func (c *ads111x) volts(now *moment) (float64, error) {
	mux := c.state.get(adsConfig) >> 12 & 7
	switch {
	case !c.muxed:
		return now.volts(c.inputs[0])
	case mux >= 4:
		return now.volts(c.inputs[mux-4])
	}
	plus, err := now.volts(c.inputs[adsPairs[mux][0]])
	if err != nil {
		return 0, err
	}
	minus, err := now.volts(c.inputs[adsPairs[mux][1]])
	return plus - minus, err
}
