package chip

import (
	"sync"
	"time"
)

// ADS1114 is a converter with one input, 0, that converts all the time, 128 times a
// second ±10 %. Each photodiode of the v1.5 optics has one.
//
// Volts waits until there is a conversion that it has not given before. The
// configuration is read back after it was written, each second while readings
// are taken, and whenever a reading looks as if it were lost; a chip without it
// is configured again. Until a new range is certainly in use no reading is taken.
//
// Datasheet SBAS444E, https://www.ti.com/lit/ds/symlink/ads1115.pdf,
// "Continuous-Conversion Mode" and "Config Register".
type ADS1114 struct {
	mu sync.Mutex
	device
	r       int           // the range it should be in
	sure    bool          // it is configured as far as anybody knows
	checked time.Duration // when that was last read back
	ready   time.Duration // from when on there is a new reading
}

// NewADS1114 asks nothing of the chip.
func NewADS1114(bus *Bus, address uint16) (*ADS1114, error) {
	d, err := newDevice(bus, "ADS1114", address)
	return &ADS1114{device: d}, err
}

// adsUsed are the bits of the config register that mean something here: without
// OS, which says that it converts, and MUX, which it does not have.
const adsUsed = 0x0FFF

// adsRecheck is how long a configuration is believed while readings are taken.
const adsRecheck = time.Second

// Volts measures input 0, the only one.
func (a *ADS1114) Volts(channel int) (float64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := checkChannel(channel, 1); err != nil {
		return 0, a.fault(adsConversion, err)
	}
	raw, err := a.conversion()
	if err == nil && raw == adsClipped && a.r != widest {
		if err = a.change(widest); err == nil {
			raw, err = a.conversion()
		}
	}
	if err != nil {
		a.sure = false
		return 0, err
	}
	v := adsVolts(raw, a.r)
	if v < adsLowestV {
		a.sure = false
		return 0, a.implausible(adsConversion, "%.4f V at an input that cannot be below 0", v)
	}
	if next := nextRange(a.r, v); next != a.r {
		a.sure = a.change(next) == nil // if not, the next reading tries again, and says so
	}
	return min(v, adsFullScaleV), nil
}

// conversion reads one that is new, in the range that the chip should be in.
func (a *ADS1114) conversion() (int16, error) {
	if !a.sure || a.bus.clock.Now()-a.checked >= adsRecheck {
		if _, err := a.ensure(); err != nil {
			return 0, err
		}
	}
	raw, err := a.fresh()
	if err != nil || !suspect(raw, a.config()) {
		return raw, err
	}
	renewed, err := a.ensure()
	if err != nil {
		return 0, err
	}
	if renewed {
		return a.fresh()
	}
	again, err := a.get16(adsConversion) // of the same conversion
	return int16(again), err
}

// fresh waits for the next conversion and reads it.
func (a *ADS1114) fresh() (int16, error) {
	a.until(a.ready)
	raw, err := a.get16(adsConversion)
	a.ready = a.bus.clock.Now() + adsSlowest
	return int16(raw), err
}

// config is what the register should contain: MODE 0 is continuous.
func (a *ADS1114) config() uint16 { return ranges[a.r].bit | adsRate | adsNoComp }

// ensure reads the configuration back and renews it if it is another.
func (a *ADS1114) ensure() (renewed bool, err error) {
	known := a.sure
	a.sure = false
	state, err := a.get16(adsConfig)
	if err != nil {
		return false, err
	}
	if state&adsUsed == a.config() {
		a.sure, a.checked = true, a.bus.clock.Now()
		return false, nil
	}
	if known {
		a.bus.counts[a.address].implausible.Add(1) // it was, and has lost it
	}
	return true, a.change(a.r)
}

// change puts the chip into a range and reads back that it is.
func (a *ADS1114) change(r int) error {
	a.r, a.sure = r, false
	if err := a.put16(adsConfig, a.config()); err != nil {
		return err
	}
	a.ready = a.bus.clock.Now() + adsRenewed
	state, err := a.get16(adsConfig)
	if err != nil {
		return err
	}
	if state&adsUsed != a.config() {
		return a.implausible(adsConfig, "0x%04x after 0x%04x was written", state, a.config())
	}
	a.sure, a.checked = true, a.bus.clock.Now()
	return nil
}

// FullScaleV is the chip's supply.
func (a *ADS1114) FullScaleV() float64 { return adsFullScaleV }

// Quiet is true.
func (a *ADS1114) Quiet() bool { return true }

// Settle is a conversion under way when the light changed, and the one before,
// which may be the newest until that ends.
func (a *ADS1114) Settle() time.Duration { return adsRenewed }
