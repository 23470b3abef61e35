package pioreactor

import (
	"fmt"
	"slices"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// soldered is a chip on the bus.
type soldered struct {
	address uint16
	driver  string
}

// solderedOn lists the chips of d by address.
func solderedOn(d describe.Description) (all []soldered) {
	add := func(driver string, address uint16) {
		known := slices.ContainsFunc(all, func(s soldered) bool { return s.address == address })
		if driver != "" && address != 0 && !known {
			all = append(all, soldered{address, driver})
		}
	}
	for _, in := range d.ADC {
		add(in.Driver, in.Address)
	}
	add(d.LED.Driver, d.LED.Address)
	add("tmp1075", d.Thermometer)
	slices.SortFunc(all, func(a, b soldered) int { return int(a.address) - int(b.address) })
	return all
}

// Health is what the bus has counted, and what cannot be driven now.
func (b *Board) Health() (h hw.Health) {
	for _, s := range b.chips {
		n := b.bus.CountsAt(s.address)
		h.Parts = append(h.Parts, hw.PartHealth{
			Name: fmt.Sprintf("%s at 0x%02x on %s", s.driver, s.address, b.bus), Tried: n.Transactions, Failed: n.Failures()})
	}
	heard, odd := b.tacho.Odd()
	h.Parts = append(h.Parts, hw.PartHealth{Name: "the hall sensor", Tried: heard, Failed: odd})
	if since, with, stuck := b.bus.Stuck(); stuck {
		h.Trouble = fmt.Sprintf("%s hangs since %.0f s with 0x%02x: only switching the unit off and on helps", b.bus, since.Seconds(), with)
	}
	for _, channel := range b.channels {
		if line, ok := b.outputs[channel].driver.(interface{ Err() error }); ok {
			if err := line.Err(); err != nil {
				h.Trouble = fmt.Sprintf("PWM channel %d: %v", channel, err)
			}
		}
	}
	return h
}

var _ hw.Healthy = (*Board)(nil)
