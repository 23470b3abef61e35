package sim

import (
	"math"

	"github.com/pioactor/pioactor/hw"
)

// Longest pieces of time. Growth, mixing, heat and stirring are each exact over
// a piece; what a piece splits is only how they act on each other.
const (
	quietStep  = 10.0 // s; lag, substrate and temperature hardly move
	dosingStep = 1.0  // s; growth and dilution alternate
	tinyStep   = 1e-9 // s; so that rounding cannot stop time
)

// Bubbles rise to full strength with the first time constant while a pump
// runs, and clear with the second: below 2 % after 24 s.
const (
	bubblingS = 2.0
	clearingS = 6.0
)

// step advances the twin; duties are constant during it.
func (b *Board) step(seconds float64) {
	b.stirrer.advance(b.at, seconds, b.duty[stirrerOut])
	for seconds > 0 {
		seconds -= b.piece(seconds)
	}
}

// piece advances everything but the stirrer by at most seconds, up to the next
// instant at which a flow changes, and returns by how much.
func (b *Board) piece(seconds float64) float64 {
	shortest := min(seconds, tinyStep)
	speeds, busy := b.speeds()
	seconds = min(seconds, quietStep)
	if busy {
		seconds = min(seconds, dosingStep)
	}
	var in [2]float64
	for i := range in {
		in[i], seconds = b.pumps[i].deliver(speeds[i], seconds)
	}
	f, seconds := b.vial.limit(flows{media: in[0], alt: in[1]}, speeds[2], seconds)
	seconds = max(seconds, shortest)

	b.culture.settle(seconds, b.stirrer.rpm)
	b.live(f, seconds)
	b.heat.advance(seconds, b.heating())
	for i, liquid := range [...]float64{in[0], in[1], f.waste} {
		b.pumps[i].account(b.duty[mediaOut+i], speeds[i], liquid, seconds)
	}
	if b.vial.removed {
		b.vial.spilled += (in[0] + in[1]) * seconds
	}
	b.bubble(busy, seconds)
	return seconds
}

// speeds are the pumps' in mL/s; busy when any turns.
func (b *Board) speeds() (speeds [len(hw.PumpRoles)]float64, busy bool) {
	for i := range b.pumps {
		speeds[i] = b.pumps[i].speed(b.duty[mediaOut+i])
		busy = busy || speeds[i] > 0
	}
	return speeds, busy
}

func (b *Board) heating() float64 {
	if b.faults.heaterDead {
		return 0
	}
	return b.duty[heaterOut]
}

// live lets the culture grow and exchanges its liquid: half of the growth
// before and half after, so that their alternation errs in second order only
// (Strang 1968).
func (b *Board) live(f flows, seconds float64) {
	hours := seconds / 3600
	if f == (flows{}) {
		b.culture.grow(hours, b.heat.vialC())
		return
	}
	b.culture.grow(hours/2, b.heat.vialC())
	b.exchange(f, seconds)
	b.culture.grow(hours/2, b.heat.vialC())
}

// exchange mixes what flowed in into the vial and books what left it.
func (b *Board) exchange(f flows, seconds float64) {
	m, c := mix(b.vial.volume, seconds, f), &b.culture
	c.od = m.solute(c.od, 0)
	if in := f.in(); in > 0 {
		feed := (f.media*c.cfg.MediaSubstrateGPerL + f.alt*c.cfg.AltMediaSubstrateGPerL) / in
		c.substrate = m.solute(c.substrate, feed)
		c.alt = m.solute(c.alt, f.alt/in)
		b.heat.chill(m.thinning)
	} else {
		c.substrate = m.solute(c.substrate, 0)
		c.alt = m.solute(c.alt, 0)
	}
	b.vial.account(m, f, seconds)
}

func (b *Board) bubble(busy bool, seconds float64) {
	if busy {
		b.bubbles = 1 - (1-b.bubbles)*math.Exp(-seconds/bubblingS)
		return
	}
	if b.bubbles > 1e-12 {
		b.bubbles *= math.Exp(-seconds / clearingS)
	} else {
		b.bubbles = 0
	}
}
