package chip_test

import (
	"math"
	"time"
)

// ads is an ADS1114 or ADS1115 as its datasheet has it.
type ads struct {
	clock   *handClock
	volts   [4]float64
	period  time.Duration // of a conversion
	config  uint16
	result  int16
	begun   time.Duration
	pending bool   // single shot under way
	active  uint16 // the configuration of the conversion under way
	pointer byte
	written int
}

func newADS(clock *handClock) *ads {
	a := &ads{clock: clock, period: time.Second / 128}
	a.reset()
	return a
}

// reset is what losing power does.
func (a *ads) reset() { a.config, a.result, a.pending, a.pointer = 0x0583, 0, false, 0 }

func (a *ads) measure(config uint16) int16 {
	full := []float64{6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256}[config>>9&7]
	input := 0
	if mux := config >> 12 & 7; mux >= 4 {
		input = int(mux - 4)
	}
	return int16(math.Round(min(max(a.volts[input]/full*32767, -32768), 32767)))
}

// advance finishes what has ended.
func (a *ads) advance() {
	now := a.clock.Now()
	if a.config&0x100 == 0 { // continuous
		for now-a.begun >= a.period {
			a.result, a.active, a.begun = a.measure(a.active), a.config, a.begun+a.period
		}
		return
	}
	if a.pending && now-a.begun >= a.period {
		a.result, a.pending = a.measure(a.active), false
	}
}

func (a *ads) tx(_ uint16, w, r []byte) error {
	a.advance()
	if len(w) > 0 {
		a.pointer = w[0]
	}
	if len(w) == 3 && w[0] == 1 {
		a.write(uint16(w[1])<<8 | uint16(w[2]))
	}
	v := uint16(a.result)
	if a.pointer == 1 {
		v = a.config
		if !a.pending && a.config&0x100 != 0 {
			v |= 0x8000
		}
	}
	if len(r) == 2 {
		r[0], r[1] = byte(v>>8), byte(v)
	}
	return nil
}

func (a *ads) write(v uint16) {
	a.written++
	asleep := a.config&0x100 != 0 && !a.pending
	a.config = v &^ 0x8000
	switch {
	case v&0x100 == 0 && asleep:
		a.begun, a.active = a.clock.Now(), a.config
	case v&0x8000 != 0 && asleep:
		a.begun, a.active, a.pending = a.clock.Now(), a.config, true
	}
}
