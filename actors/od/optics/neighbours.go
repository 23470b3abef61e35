package optics

import "math"

// Neighbours compares a reading with those before it, a few seconds ago: a culture
// cannot jump. What jumps is light that nobody knows of, a bit that was flipped, or
// a hand at the vial; of one reading alone nobody can tell which. The zero value
// has seen nothing. It is a value: [Neighbours.Next] returns the next one.
type Neighbours struct {
	last  float64 // the newest that fitted; 0: none
	noise float64 // mean relative difference of two neighbours
	seen  int     // differences, up to remember
	odd   float64 // where it has jumped to
	odds  int     // readings there
	loose bool    // the newest was followed, whether it fitted or not
	doubt bool    // the converter has failed since the newest that fitted
}

const (
	learning  = 12   // differences before the noise is known
	remember  = 60   // differences that it is the mean of; fewer dip by chance
	jumpLeast = 0.04 // relative; less is not worth a missing reading
	jumpTimes = 6    // mean differences; in 15 h of a recorded run noise alone comes to 5.1
	usual     = 3    // mean differences
	jumpLasts = 3    // readings; then it is so
)

// Next takes in a reading that nothing is wrong with, and reports whether it fits.
// Readings that do not, but agree with each other, fit from the third on.
func (n Neighbours) Next(v float64) (Neighbours, bool) {
	switch {
	case !(v > 0):
		return n, true // darkness is no neighbour of anything
	case n.last == 0 && !n.doubt:
		n.last = v
		return n, true
	}
	off := math.Inf(1) // nothing to compare it with
	if n.last > 0 {
		off = math.Abs(v/n.last - 1)
	}
	limit := max(jumpLeast, jumpTimes*n.noise)
	if n.seen < learning && !n.doubt || off <= limit {
		return n.fits(v, off), true
	}
	if n.odd == 0 || math.Abs(v/n.odd-1) > limit {
		n.odds = 0
	}
	if n.odd, n.odds = v, n.odds+1; n.odds < jumpLasts {
		return n, false
	}
	return n.settle(v), true
}

// Doubt takes in that the converter gave no reading: the next must fit one from
// before, or two others must agree with it.
func (n Neighbours) Doubt() Neighbours {
	if n.loose {
		n = n.Forget()
	}
	n.doubt = true
	return n
}

func (n Neighbours) fits(v, off float64) Neighbours {
	n.seen = min(n.seen+1, remember)
	if n.seen == remember {
		off = min(off, max(usual*n.noise, jumpLeast/2)) // odd ones must not teach it that they are usual
	}
	n.noise += (off - n.noise) / float64(n.seen)
	return n.settle(v)
}

// settle makes v what the next is compared with.
func (n Neighbours) settle(v float64) Neighbours {
	n.last, n.odd, n.odds, n.loose, n.doubt = v, 0, 0, false, false
	return n
}

// Follow takes in a reading that need not fit: bubbles rise, and move it.
func (n Neighbours) Follow(v float64) Neighbours {
	if v > 0 && !n.doubt {
		n.last, n.odd, n.odds, n.loose = v, 0, 0, true
	}
	return n
}

// Forget begins anew after what may change a reading: a dose, a hand, other light.
func (n Neighbours) Forget() Neighbours {
	return Neighbours{noise: n.noise, seen: n.seen, doubt: n.doubt}
}
