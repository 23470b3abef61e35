package temperature

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// The heat that a dose takes along is known as soon as the dose is, long before
// a measurement shows it; a controller that hears of it from measurements alone
// swings, for it answers one dose while the next is on its way. So the heater
// gives it back at once: the next rest begins later. The duty stays what the
// automation wants, and a cool-down is one after steady heat as ever.
//
// Liquid is taken to be as warm as the room.
const vialWarmth = 10 * time.Minute // in which a vial loses its warmth; 6 to 14 min on recorded boards

// chill is what doses took along and the heater has not given back, as a share
// of the vial's warmth over the room.
type chill struct {
	owed float64
	at   time.Duration // when it was that much
}

// share is what is left of it: a heated vial warms up again by itself.
func (h chill) share(now time.Duration) float64 {
	return h.owed * math.Exp(-(now-h.at).Seconds()/vialWarmth.Seconds())
}

// pour adds ml to a vial that then holds vialML.
func (h *chill) pour(now time.Duration, ml, vialML float64) {
	if ml > 0 && ml < vialML {
		h.owed, h.at = min(h.share(now)+ml/vialML, 1), now
	}
}

// repay is how long to heat on, at most, to give it back. The usual heating of a
// cycle makes up for what a vial loses in it, the share every / vialWarmth.
func (h *chill) repay(now, heating, every, most time.Duration) time.Duration {
	whole := float64(vialWarmth) * float64(heating) / float64(every) // for all of the warmth
	longer := min(time.Duration(whole*h.share(now)), most)
	h.owed, h.at = h.share(now)-float64(longer)/whole, now
	return longer
}

// diluted books what flowed in.
func (k *keeper) diluted(c *actors.Context, d actors.DosingEvent) {
	vial, _, known := actors.Latest[actors.Vial](c, "")
	if k.serving && known && d.Event != "remove_waste" {
		k.chill.pour(c.Mono(), d.VolumeML, vial.VolumeML)
	}
}

// warms puts a rest off while there is heat to give back; a heating lasts at
// most twice as long for it, and what is left waits for the next.
func (k *keeper) warms(c *actors.Context, b begin) bool {
	if k.wanted == 0 {
		k.chill = chill{} // it is too warm as it is
		return false
	}
	longer := k.chill.repay(c.Mono(), k.plan.First, k.plan.Every, k.plan.First-k.longer)
	if longer < time.Second {
		return false
	}
	k.longer += longer
	c.After(longer, b)
	return true
}
