package chip_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/i2c/i2ctest"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

func implausible(t *testing.T, v float64, err error) {
	t.Helper()
	if !errors.Is(err, chip.ErrImplausible) || v != 0 {
		t.Errorf("%v, %v; want 0 and ErrImplausible", v, err)
	}
}

// Wires that nobody pulls down, or all down, make no number.
func TestGarbageIsNoNumber(t *testing.T) {
	for name, fill := range map[string]byte{"all ones": 0xFF, "all zeros": 0x00} {
		t.Run(name, func(t *testing.T) {
			bus, _ := bench(t, func(_ uint16, _, r []byte) error {
				for i := range r {
					r[i] = fill
				}
				return nil
			})
			v, err := made[*chip.ADS1115](t)(chip.NewADS1115(bus, 0x48)).Volts(0)
			implausible(t, v, err)
			v, err = made[*chip.ADS1114](t)(chip.NewADS1114(bus, 0x48)).Volts(0)
			implausible(t, v, err)
			v, err = made[*chip.Pico](t)(chip.NewPico(bus, 0x2C)).Volts(2)
			implausible(t, v, err)
			if fill == 0xFF {
				v, err = made[*chip.TMP1075](t)(chip.NewTMP1075(bus, 0x4F)).TemperatureC()
				implausible(t, v, err)
			}
			dac := made[*chip.DAC43608](t)(chip.NewDAC43608(bus, 0x49))
			if err := dac.Halt(); !errors.Is(err, chip.ErrImplausible) {
				t.Errorf("Halt = %v, though nobody knows whether the outputs are off", err)
			}
		})
	}
}

// An answer that stops halfway leaves ones behind.
func TestShortReadIsNoNumber(t *testing.T) {
	bus, _ := bench(t, func(_ uint16, _, r []byte) error {
		if len(r) > 0 {
			r[0] = 0x19 // 25 °C, if more came
		}
		return nil
	})
	v, err := made[*chip.TMP1075](t)(chip.NewTMP1075(bus, 0x4F)).TemperatureC()
	implausible(t, v, err)
}

func TestTMP1075Outvotes(t *testing.T) {
	good, flipped := asked(0, 0x19, 0x00), asked(0, 0x59, 0x00)
	tests := map[string]struct {
		ops  []i2ctest.IO
		want float64
	}{
		"flip in the first":         {[]i2ctest.IO{flipped, good, good}, 25},
		"flip in the second":        {[]i2ctest.IO{good, flipped, good}, 25},
		"impossible, then good":     {[]i2ctest.IO{asked(0, 0x90, 0), good, good}, 25},
		"0 °C of a chip just on":    {[]i2ctest.IO{asked(0, 0, 0), good, good}, 25},
		"two that differ a little":  {[]i2ctest.IO{good, asked(0, 0x19, 0x10)}, 25.0625},
		"two real readings at zero": {[]i2ctest.IO{asked(0, 0, 0), asked(0, 0, 0), asked(0, 0, 0), asked(0, 0, 0)}, 0},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			d := made[*chip.TMP1075](t)(chip.NewTMP1075(playback(t, 0x4F, c.ops...), 0x4F))
			if got, err := d.TemperatureC(); err != nil || got != c.want {
				t.Errorf("%v °C, %v, want %v °C", got, err, c.want)
			}
		})
	}
	d := made[*chip.TMP1075](t)(chip.NewTMP1075(playback(t, 0x4F,
		asked(0, 0x10, 0), asked(0, 0x20, 0), asked(0, 0x30, 0), asked(0, 0x40, 0)), 0x4F))
	v, err := d.TemperatureC()
	implausible(t, v, err)
}

func TestPicoFirmwareMustAgree(t *testing.T) {
	p := made[*chip.Pico](t)(chip.NewPico(playback(t, 0x2C, asked(8, 5, 0), asked(8, 1, 0)), 0x2C))
	v, err := p.Volts(2)
	implausible(t, v, err)
}

func TestPicoAsksFirmwareAgainAfterTrouble(t *testing.T) {
	minor, dead := byte(5), false
	bus, _ := bench(t, func(_ uint16, w, r []byte) error {
		switch {
		case dead:
			return errNACK
		case w[0] == 8:
			r[0], r[1] = minor, 0
		default:
			r[0], r[1] = 0, 0x40
		}
		return nil
	})
	p := made[*chip.Pico](t)(chip.NewPico(bus, 0x2C))
	closeTo(t, p, 2, 0x4000*3.3/4095/32, 1e-12)
	dead = true
	if _, err := p.Volts(2); !errors.Is(err, chip.ErrNoAnswer) {
		t.Errorf("without power: %v", err)
	}
	dead, minor = false, 3
	closeTo(t, p, 2, 0x4000*3.3/4095/16, 1e-12)
}

// Whatever has failed before, and whatever fails now, Halt tries everything.
func TestHaltTriesEveryOutput(t *testing.T) {
	tests := map[string]struct {
		made func(*chip.Bus) (chip.LEDs, error)
		off  map[byte]string // register: the last bytes that make it safe
	}{
		"RP2040": {func(b *chip.Bus) (chip.LEDs, error) { return chip.NewPico(b, 0x2C) },
			map[byte]string{0: "\x00", 1: "\x00", 2: "\x00", 3: "\x00"}},
		"DAC43608": {func(b *chip.Bus) (chip.LEDs, error) { return chip.NewDAC43608(b, 0x49) },
			map[byte]string{1: "\x01\xff", 8: "\x00\x00", 9: "\x00\x00", 10: "\x00\x00", 11: "\x00\x00"}},
	}
	for name, c := range tests {
		for broken := range c.off {
			t.Run(name, func(t *testing.T) {
				wrote := map[byte]string{1: "\x00\xff"}
				bus, _ := bench(t, func(_ uint16, w, r []byte) error {
					if w[0] == broken {
						return errNACK
					}
					if copy(r, wrote[w[0]]); len(r) == 0 {
						wrote[w[0]] = string(w[1:])
					}
					return nil
				})
				leds := made[chip.LEDs](t)(c.made(bus))
				needed := broken == 0 || broken == 8 || broken == 1 && name == "DAC43608"
				if err := leds.Set(0, 100); needed != (err != nil) {
					t.Errorf("register %d broken: Set = %v", broken, err)
				}
				if err := leds.Halt(); err == nil {
					t.Errorf("register %d broken: Halt says that all is out", broken)
				}
				for register, want := range c.off {
					if register != broken && wrote[register] != want {
						t.Errorf("register %d broken: register %d got %x, want %x", broken, register, wrote[register], want)
					}
				}
			})
		}
	}
}

// A value that could not be followed by power is taken back.
func TestDAC43608TakesTheValueBack(t *testing.T) {
	bus := playback(t, 0x49,
		wrote(8, 0x0F, 0xF0),
		asked(1, 0x00, 0xFF), asked(1, 0x00, 0xFE), // a flipped bit
		wrote(8, 0, 0))
	d := made[*chip.DAC43608](t)(chip.NewDAC43608(bus, 0x49))
	if err := d.Set(0, 100); !errors.Is(err, chip.ErrImplausible) {
		t.Errorf("Set = %v, want ErrImplausible", err)
	}
}

func TestBadArgumentsTouchNothing(t *testing.T) {
	bus, _ := bench(t, func(uint16, []byte, []byte) error { t.Error("something went over the wires"); return nil })
	pico, dac := made[*chip.Pico](t)(chip.NewPico(bus, 0x2C)), made[*chip.DAC43608](t)(chip.NewDAC43608(bus, 0x49))
	for _, leds := range []chip.LEDs{pico, dac} {
		for _, percent := range []float64{-0.1, 100.1, math.NaN(), math.Inf(1), math.Inf(-1)} {
			if err := leds.Set(0, percent); err == nil || !strings.Contains(err.Error(), "want 0 to 100") {
				t.Errorf("Set(0, %v) = %v", percent, err)
			}
		}
		for _, channel := range []int{-1, 4} {
			if leds.Set(channel, 1) == nil {
				t.Errorf("Set(%d, 1) went through", channel)
			}
		}
	}
	for c, wrong := range map[chip.Converter]int{pico: 4, made[*chip.ADS1115](t)(chip.NewADS1115(bus, 0x48)): -1, made[*chip.ADS1114](t)(chip.NewADS1114(bus, 0x48)): 1} {
		if _, err := c.Volts(wrong); err == nil {
			t.Errorf("%T.Volts(%d) went through", c, wrong)
		}
	}
	if _, err := chip.NewTMP1075(bus, 0x80); err == nil {
		t.Error("a chip at 0x80")
	}
}

// Both converters, power-cycled at any moment, give errors or the right voltage.
func TestADSPowerCycled(t *testing.T) {
	for name, open := range adsDrivers {
		t.Run(name, func(t *testing.T) {
			for cut := range 60 {
				clock := &handClock{}
				model := newADS(clock)
				model.volts[0] = 0.15
				n, at := 0, 0
				bus := busOn(t, &wires{clock, func(address uint16, w, r []byte) error {
					if n++; n == at {
						model.reset()
					}
					return model.tx(address, w, r)
				}}, clock)
				c := made[chip.Converter](t)(open(bus))
				closeTo(t, c, 0, 0.15, 2e-4)
				closeTo(t, c, 0, 0.15, 1e-5)
				at = n + 1 + cut
				for range 30 {
					closeTo(t, c, 0, 0.15, 1e-5)
				}
			}
		})
	}
}

// A converter whose clock is 10 % slow or fast never gives a conversion from before.
func TestADSReadsNoOldConversion(t *testing.T) {
	for name, open := range adsDrivers {
		for _, speed := range []time.Duration{90, 100, 110} {
			t.Run(name, func(t *testing.T) {
				clock := &handClock{}
				model := newADS(clock)
				model.period = time.Second / 128 * speed / 100
				c := made[chip.Converter](t)(open(busOn(t, &wires{clock, model.tx}, clock)))
				for _, v := range []float64{0.1, 3, 0.002, 1.2, 0.4, 0.05, 3.2, 0.25} {
					model.volts[0] = v
					clock.Sleep(c.Settle())
					closeTo(t, c, 0, v, 2e-4)
					clock.Sleep(37 * time.Millisecond)
				}
			})
		}
	}
}

var adsDrivers = map[string]func(*chip.Bus) (chip.Converter, error){
	"ADS1115": func(b *chip.Bus) (chip.Converter, error) { return chip.NewADS1115(b, 0x48) },
	"ADS1114": func(b *chip.Bus) (chip.Converter, error) { return chip.NewADS1114(b, 0x48) },
}

// A conversion that was given up is not taken for the next one's, of another input.
func TestADS1115WaitsForAnAbandonedConversion(t *testing.T) {
	clock := &handClock{}
	model := newADS(clock)
	model.volts = [4]float64{0.1, 0.2}
	deaf := false
	bus := busOn(t, &wires{clock, func(address uint16, w, r []byte) error {
		if err := model.tx(address, w, r); err != nil || !deaf {
			return err
		}
		return errNACK // heard, but the answer is lost
	}}, clock)
	a := made[*chip.ADS1115](t)(chip.NewADS1115(bus, 0x48))
	closeTo(t, a, 0, 0.1, 2e-4)
	closeTo(t, a, 1, 0.2, 2e-4)
	deaf = true
	if _, err := a.Volts(0); err == nil {
		t.Error("no error from a chip whose answers are lost")
	}
	deaf = false
	closeTo(t, a, 1, 0.2, 2e-5)
}
