package fake

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// chip is one address on the bus. Its methods are called by who is on it.
type chip interface {
	address() uint16
	// reset is the state after power comes.
	reset()
	// tx is one transaction; an error is one that the kernel could give.
	tx(now *moment, w, r []byte) error
	// settle ends what the chip has measured until now.
	settle(now *moment)
	// leds are what it drives in percent, A to D, if it drives LEDs.
	leds() (percent [4]float64, drives bool)
}

// moment is what there is to measure at an instant.
type moment struct {
	at     time.Duration
	world  *world  // nil: nothing, and registers keep what they have
	bright float64 // V more at each photodiode, by a fault
}

// volts at the converter input that carries name.
func (n *moment) volts(name string) (float64, error) { return n.voltsAgo(name, 0) }

// voltsAgo is volts some time ago, since when nothing has changed.
func (n *moment) voltsAgo(name string, ago time.Duration) (float64, error) {
	v, err := n.world.volts(name, ago)
	if strings.HasPrefix(name, "pd") {
		v += n.bright
	}
	return v, err
}

// since is how long ago then was, which another clock may have said.
func (n *moment) since(then *time.Duration) time.Duration {
	if *then > n.at {
		*then = n.at
	}
	return n.at - *then
}

// place is what all chips have.
type place struct {
	at    uint16
	state *chipState
}

func (p place) address() uint16 { return p.at }

// dark is a chip that drives no LEDs.
type dark struct{}

func (dark) leds() (percent [4]float64, drives bool) { return percent, false }

// chipsOf are the chips of a layout, by address, with their registers in s.
func chipsOf(l layout, s *shared) (chips []chip) {
	d := l.Wiring
	drivers := map[uint16]string{d.LED.Address: d.LED.Driver}
	inputs := map[uint16]*[4]string{}
	for name, in := range d.ADC {
		drivers[in.Address] = in.Driver
		if inputs[in.Address] == nil {
			inputs[in.Address] = new([4]string)
		}
		inputs[in.Address][in.Channel&3] = name
	}
	if d.Thermometer != 0 {
		drivers[d.Thermometer] = "tmp1075"
	}
	var addresses []uint16
	for a := range drivers {
		addresses = append(addresses, a)
	}
	slices.Sort(addresses)
	for i, a := range addresses[:min(len(addresses), chipsKept)] {
		at := place{a, &s.chips[i]}
		names := *cmp.Or(inputs[a], new([4]string))
		switch drivers[a] {
		case "ads1115", "ads1114":
			chips = append(chips, &ads111x{place: at, inputs: names, muxed: drivers[a] == "ads1115", speed: speed(l.Setup.Seed, a)})
		case "pico":
			chips = append(chips, newPico(at, names, l.Setup.Firmware))
		case "dac43608":
			chips = append(chips, &dac43608{place: at})
		case "tmp1075":
			chips = append(chips, &tmp1075{place: at})
		}
	}
	return chips
}

// speed of a converter's own oscillator: off by up to 10 %, its datasheet says.
func speed(seed uint64, address uint16) float64 {
	return 0.9 + 0.2*rand.New(rand.NewPCG(seed, uint64(address))).Float64()
}

// registers is the protocol of most chips: the first byte written points, two
// more are the register's value, big endian; a read gives the register's two
// bytes, and ones after them.
func registers(w, r []byte, pointer func(byte), write func(uint16), read func() uint16) {
	if len(w) > 0 {
		pointer(w[0])
	}
	if len(w) > 2 {
		write(uint16(w[1])<<8 | uint16(w[2]))
	}
	if len(r) == 0 {
		return
	}
	for i := range r {
		r[i] = 0xFF
	}
	v := read()
	r[0] = byte(v >> 8)
	if len(r) > 1 {
		r[1] = byte(v)
	}
}
