package chip

import (
	"errors"
	"math"
	"sync"
	"time"
)

// TMP1075 is the thermometer on the heater's board, in steps of 0.0625 °C.
//
// A heater hangs on it, so it is read until two readings agree: one flipped bit
// makes no temperature.
//
// Datasheet SBOS854F, https://www.ti.com/lit/ds/symlink/tmp1075.pdf, "Digital
// Temperature Output" and table 7-1.
type TMP1075 struct {
	mu sync.Mutex
	device
}

var tmpTemperature = register{0x00, "temperature"} // 12 bits, signed, at the upper end of 16

const (
	tmpStepC = 0.0625
	// The chip is made for these (datasheet, recommended operating conditions).
	tmpLowestC, tmpHighestC = -55.0, 125.0
	// tmpAgreeC is more than two conversions 0.1 s apart differ at the fastest heating.
	tmpAgreeC = 0.5
	// tmpFirst is when a chip that just got power has its first reading; until
	// then it says 0 °C (same page of the datasheet; it converts every 27.5 ms).
	tmpFirst    = 35 * time.Millisecond
	tmpAttempts = 4 // two that agree, and one flipped bit in each of two others
)

// NewTMP1075 asks nothing of the chip.
func NewTMP1075(bus *Bus, address uint16) (*TMP1075, error) {
	d, err := newDevice(bus, "TMP1075", address)
	return &TMP1075{device: d}, err
}

// TemperatureC is the temperature in °C, -55 to 125: the newer of two readings
// that agree within 0.5 °C.
func (t *TMP1075) TemperatureC() (float64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var (
		known [tmpAttempts]float64
		n     int
		last  error
	)
	for range tmpAttempts {
		c, err := t.once()
		if err != nil {
			if !errors.Is(err, ErrImplausible) {
				return 0, err
			}
			last = err
			continue
		}
		for _, other := range known[:n] {
			if math.Abs(c-other) <= tmpAgreeC {
				return c, nil
			}
		}
		known[n], n = c, n+1
	}
	if last == nil {
		last = t.implausible(tmpTemperature, "no two of %v °C agree", known[:n])
	}
	return 0, last
}

// once is one reading.
func (t *TMP1075) once() (float64, error) {
	raw, err := t.get16(tmpTemperature)
	if err == nil && raw == 0 {
		t.bus.clock.Sleep(tmpFirst)
		raw, err = t.get16(tmpTemperature)
	}
	if err != nil {
		return 0, err
	}
	c := float64(int16(raw)>>4) * tmpStepC
	switch {
	case raw&0xF != 0:
		return 0, t.implausible(tmpTemperature, "0x%04x, whose last four bits are never set", raw)
	case c < tmpLowestC || c > tmpHighestC:
		return 0, t.implausible(tmpTemperature, "%.4g °C, outside of %g to %g", c, tmpLowestC, tmpHighestC)
	}
	return c, nil
}
