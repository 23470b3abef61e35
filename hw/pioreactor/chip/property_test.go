package chip_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

// Whatever light does, a reading is right to a step of the range that suits it, or
// of the range before; saturated light is FullScaleV; two readings at the same
// light are in the finest range.
func TestADSFollowsLight(t *testing.T) {
	for name, open := range adsDrivers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				clock := &handClock{}
				model := newADS(clock)
				model.period = time.Second / 128 * time.Duration(rapid.IntRange(90, 110).Draw(r, "clock, %")) / 100
				c := made[chip.Converter](t)(open(busOn(t, &wires{clock, model.tx}, clock)))
				for range rapid.IntRange(1, 12).Draw(r, "steps") {
					v := math.Exp(rapid.Float64Range(math.Log(1e-4), math.Log(6)).Draw(r, "ln V"))
					model.volts[0] = v
					clock.Sleep(c.Settle())
					want, step := min(v, c.FullScaleV()), 6.144/32767
					for range 3 {
						got, err := c.Volts(0)
						if err != nil || math.Abs(got-want) > step {
							r.Fatalf("%v V, %v, want %v V ± %v", got, err, want, step)
						}
						step = max(1.3*v/0.85, 0.256) * 2 / 32767 // twice: a range is twice the next
					}
				}
			})
		})
	}
}

// Noise at a switch point does not change the range with every reading.
func TestADS1114KeepsItsRange(t *testing.T) {
	for _, border := range []float64{3.48, 1.741, 0.870, 0.435, 0.2176} {
		clock := &handClock{}
		model := newADS(clock)
		c := made[*chip.ADS1114](t)(chip.NewADS1114(busOn(t, &wires{clock, model.tx}, clock), 0x48))
		for k := range 40 {
			model.volts[0] = min(border*(1+0.01*float64(k%3-1)), 3.2)
			clock.Sleep(c.Settle())
			if _, err := c.Volts(0); err != nil {
				t.Fatal(err)
			}
		}
		if model.written > 3 {
			t.Errorf("%v V ± 1 %%: the range was set %d times in 40 readings", border, model.written)
		}
	}
}

func TestPicoRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		times := rapid.SampledFrom([]float64{16, 32}).Draw(r, "times")
		v := rapid.Float64Range(0, 1.6).Draw(r, "V")
		raw := uint16(v / 3.3 * 4095 * times)
		minor := map[float64]byte{16: 3, 32: 5}[times]
		bus, _ := bench(t, func(_ uint16, w, in []byte) error {
			if in[0], in[1] = byte(raw), byte(raw>>8); w[0] == 8 {
				in[0], in[1] = minor, 0
			}
			return nil
		})
		p := made[*chip.Pico](t)(chip.NewPico(bus, 0x2C))
		got, err := p.Volts(2)
		if want := min(v, p.FullScaleV()); err != nil || math.Abs(got-want) > 3.3/4095/times {
			r.Fatalf("%v V, %v, want %v V", got, err, want)
		}
	})
}

func TestTMP1075RoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.Uint16().Draw(r, "register")
		bus, _ := bench(t, func(_ uint16, _, in []byte) error {
			in[0], in[1] = byte(word>>8), byte(word)
			return nil
		})
		got, err := made[*chip.TMP1075](t)(chip.NewTMP1075(bus, 0x4F)).TemperatureC()
		if possible := word&0xF == 0 && int16(word) >= -55*256 && int16(word) <= 125*256; possible != (err == nil) {
			r.Fatalf("0x%04x: %v °C, %v", word, got, err)
		}
		if err == nil && got != float64(int16(word))/256 {
			r.Fatalf("0x%04x: %v °C, want %v", word, got, float64(int16(word))/256)
		}
	})
}

// Any one flipped bit in any one answer: an error, or a temperature that is right.
func TestTMP1075OneFlippedBit(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		word := uint16(rapid.IntRange(5*16, 80*16).Draw(r, "sixteenths of °C")) << 4
		when, bit := rapid.IntRange(0, 3).Draw(r, "answer"), rapid.IntRange(0, 15).Draw(r, "bit")
		n := 0
		bus, _ := bench(t, func(_ uint16, _, in []byte) error {
			v := word
			if n == when {
				v ^= 1 << bit
			}
			in[0], in[1] = byte(v>>8), byte(v)
			n++
			return nil
		})
		got, err := made[*chip.TMP1075](t)(chip.NewTMP1075(bus, 0x4F)).TemperatureC()
		if want := float64(word) / 256; err != nil || math.Abs(got-want) > 0.5 {
			r.Fatalf("%v °C, %v, want %v °C", got, err, want)
		}
	})
}

// After any sequence of settings, with answers lost at random, Halt without an
// error means dark, and Set without an error means what was set and nothing else.
func TestLEDsAreWhatWasSet(t *testing.T) {
	for name, open := range map[string]func(*chip.Bus) (chip.LEDs, error){
		"RP2040":   func(b *chip.Bus) (chip.LEDs, error) { return chip.NewPico(b, 0x2C) },
		"DAC43608": func(b *chip.Bus) (chip.LEDs, error) { return chip.NewDAC43608(b, 0x49) },
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				m := ledModel{config: 0x00FF, dac: name == "DAC43608"}
				for k := range m.value {
					m.value[k] = 0xFF // as after power-up
				}
				lost := rapid.SliceOfN(rapid.IntRange(0, 3), 200, 200).Draw(r, "lost")
				n := 0
				bus, _ := bench(t, func(_ uint16, w, in []byte) error {
					if n++; lost[n%len(lost)] == 0 {
						return errNACK
					}
					m.tx(w, in)
					return nil
				})
				leds := made[chip.LEDs](t)(open(bus))
				if !m.dac {
					m.value = [4]byte{}
				}
				known := true
				var want [4]byte
				for range rapid.IntRange(1, 20).Draw(r, "calls") {
					if rapid.IntRange(0, 4).Draw(r, "halt") == 0 {
						known, want = leds.Halt() == nil, [4]byte{}
					} else {
						k, percent := rapid.IntRange(0, 3).Draw(r, "LED"), rapid.Float64Range(0, 100).Draw(r, "%")
						known = leds.Set(k, percent) == nil && known
						want[k] = byte(math.Round(percent / 100 * 255))
					}
					if got := m.light(); known && got != want {
						r.Fatalf("light %v, want %v of 255", got, want)
					}
				}
			})
		})
	}
}

// ledModel is what either LED driver makes of its bytes.
type ledModel struct {
	dac    bool
	config uint16
	value  [4]byte
}

func (m *ledModel) tx(w, r []byte) {
	switch {
	case !m.dac:
		m.value[w[0]] = w[1]
	case len(r) == 2:
		r[0], r[1] = byte(m.config>>8), byte(m.config)
	case w[0] == 1:
		m.config = uint16(w[1])<<8 | uint16(w[2])
	default:
		m.value[w[0]-8] = w[1]<<4 | w[2]>>4
	}
}

func (m *ledModel) light() (l [4]byte) {
	for k, v := range m.value {
		if !m.dac || m.config&0x100 == 0 && m.config&(1<<k) == 0 {
			l[k] = v
		}
	}
	return l
}
