package chip_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

// One flipped bit anywhere in what a converter is told or says spoils at most one
// reading, which the estimators of OD drop with the extremes of their burst.
func TestOneFlippedBitSpoilsOneReading(t *testing.T) {
	drivers := map[string]func(*chip.Bus) (chip.Converter, error){
		"RP2040": func(b *chip.Bus) (chip.Converter, error) { return chip.NewPico(b, 0x2C) },
	}
	for name, open := range adsDrivers {
		drivers[name] = open
	}
	for name, open := range drivers {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(r *rapid.T) { flipOnce(t, r, name, open) }) })
	}
}

func flipOnce(t *testing.T, r *rapid.T, name string, open func(*chip.Bus) (chip.Converter, error)) {
	clock := &handClock{}
	model := newADS(clock)
	v := rapid.Float64Range(0.001, 1.5).Draw(r, "V")
	model.volts[0] = v
	flip := flipper{
		tx: model.tx, at: rapid.IntRange(1, 60).Draw(r, "transaction"),
		bit: rapid.IntRange(0, 39).Draw(r, "bit"),
	}
	if name == "RP2040" {
		flip.tx = func(_ uint16, w, in []byte) error { return pico(v, w, in) }
	}
	c := made[chip.Converter](t)(open(busOn(t, &wires{clock, flip.transact}, clock)))
	wrong := 0
	for k := range 30 {
		got, err := c.Volts(0)
		if tolerance := 2e-4; err == nil && math.Abs(got-v) > tolerance {
			wrong++
		}
		if err != nil && flip.n > flip.at+20 {
			r.Fatalf("reading %d, long after: %v", k, err)
		}
	}
	if wrong > 1 {
		r.Fatalf("%d of 30 readings wrong", wrong)
	}
}

// pico answers as firmware 0.5 with v at every input.
func pico(v float64, w, in []byte) error {
	if len(in) != 2 {
		return nil
	}
	raw := uint16(math.Round(v / 3.3 * 4095 * 32))
	switch {
	case w[0] == 8:
		in[0], in[1] = 5, 0
	case w[0] >= 4 && w[0] < 8:
		in[0], in[1] = byte(raw), byte(raw>>8)
	default:
		in[0], in[1] = 0xFF, 0xFF
	}
	return nil
}

// flipper flips one bit of one transaction: of its bytes written, then of those
// read, and none if it has fewer.
type flipper struct {
	tx         func(address uint16, w, r []byte) error
	n, at, bit int
}

func (f *flipper) transact(address uint16, w, r []byte) error {
	f.n++
	if f.n != f.at {
		return f.tx(address, w, r)
	}
	w, octet, mask := slices.Clone(w), f.bit/8, byte(1)<<(f.bit%8)
	if octet < len(w) {
		w[octet] ^= mask
	}
	err := f.tx(address, w, r)
	if k := octet - len(w); k >= 0 && k < len(r) {
		r[k] ^= mask
	}
	return err
}
