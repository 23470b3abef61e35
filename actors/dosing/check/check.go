// Package check compares what doses should do to the optical density with what
// it does: −ln(1+v/V) in ln OD for each dose, growth in between. The ledger is
// not the vial: an empty bottle or a dead pump makes no step, and behind a
// blocked waste line the vial fills, so that the steps shrink.
//
// It refuses to guess: a verdict needs two doses and evidence far beyond the
// noise, and where steps drown in it, [Finding.UnverifiedML] says how much could
// stand in the vial without the readings contradicting it. Whoever lets no more
// in than there is room for keeps a vial from running over that nobody can see,
// and stops sound ones: in a 15 mL vial with its brim at 20 mL a step of 1 mL is
// 6.5 %, behind a blocked waste line the next is 0.4 % smaller. A fast turbidostat
// at 0.6 % of noise shows its waste leaving ([Finding.Leaves]) within 4 mL if it
// has grown steadily before, a noisier one not always: a person who looks knows more.
// A starved chemostat regrows a step within minutes to the same level, whatever
// the volume; only the first minutes tell, the better the more doses are given
// together ([Check.PulseML]). After a start nothing tells a blocked line from a
// slow pump before some doses are known.
//
//	c.Read(at, od)                            // good readings, no pump on
//	c.Began(at); c.Ended(at, check.Dose{…})   // around each dose
//	finding := c.Judge(5)
package check

import (
	"math"
	"slices"
	"time"
)

// Verdict is what is wrong with the liquid.
type Verdict string

// The verdicts.
const (
	Fine     Verdict = ""              // nothing is known to be wrong
	NoStep   Verdict = "no_step"       // nothing comes in: bottle empty, pump dead, tube off
	Filling  Verdict = "waste_blocked" // the steps shrink as in a vial that fills
	TooLarge Verdict = "too_large"     // more comes in than is counted, or there is less to dilute
)

// Dose is what a dose should have done.
type Dose struct {
	InflowML float64
	WasteML  float64 // that left, by the ledger
	LnStep   float64 // −ln(1+v/V), by the ledger
}

// Settle is how long after a dose readings mean nothing: bubbles. Pioreactor 26.7.2.
const Settle = 30 * time.Second

const (
	first  = 90 * time.Second // readings are summed up in pieces; a starved culture regrows fast at first
	piece  = 3 * time.Minute
	long   = 10 * time.Minute // growth is straight by then
	fewest = 3                // readings of a piece: a turbidostat may wait for no more
	kept   = 150              // pieces: some 40 doses, 15 kB
)

// Memory is what a Check must keep over a restart.
type Memory struct {
	Pieces  []Piece `json:"pieces,omitempty"` // oldest first
	Dose    Dose    `json:"dose"`             // since the last piece
	SinceML float64 `json:"since_ml"`         // waste since it was last seen to leave
}

// Check follows one vial. Its zero value knows nothing yet. Not safe for
// concurrent use.
type Check struct {
	Memory
	readings  []reading
	last      time.Duration // centre of the last piece
	together  bool          // the last piece is of this life
	dosing    bool
	sinceDose int           // pieces
	seen      bool          // somebody has looked at the vial since the last piece
	moved     bool          // the light has changed by itself since the last piece
	quiet     time.Duration // readings before it mean nothing
}

type reading struct {
	at time.Duration
	ln float64
}

// Read takes a good reading of OD. It reports whether there is more to judge by.
func (c *Check) Read(at time.Duration, od float64) (more bool) {
	if c.dosing || at < c.quiet || !(od > 0) || math.IsInf(od, 0) {
		return false
	}
	if len(c.readings) > 0 && at-c.readings[0].at >= c.span() {
		c.close()
		more = true
	}
	c.readings = append(c.readings, reading{at, math.Log(od)})
	return more
}

// span is how long the piece under way may become.
func (c *Check) span() time.Duration {
	switch c.sinceDose {
	case 0:
		return first
	case 1:
		return piece
	}
	return long
}

// Began says that a dose is about to move liquid.
func (c *Check) Began(time.Duration) {
	c.close()
	c.dosing = true
}

// Ended says what the dose should have done.
func (c *Check) Ended(at time.Duration, d Dose) {
	c.dosing, c.quiet, c.sinceDose = false, at+Settle, 0
	c.Dose.InflowML += d.InflowML
	c.Dose.LnStep += d.LnStep
	c.Drained(d.WasteML)
}

// Drained says that ml of waste should have left.
func (c *Check) Drained(ml float64) {
	c.Dose.WasteML += ml
	c.SinceML += ml
}

// Disturbed says that the light changed by itself: a bumped or sampled vial.
func (c *Check) Disturbed(at time.Duration) {
	c.close()
	c.moved, c.quiet = true, max(c.quiet, at+Settle)
}

// Forget starts anew: another vial, or a person has looked at this one.
func (c *Check) Forget() {
	c.Memory, c.readings, c.together = Memory{}, nil, false
}

// Trust says that somebody has looked and the waste has left: what was learnt
// holds, and what is in question begins now.
func (c *Check) Trust() {
	c.close()
	c.seen, c.SinceML = true, 0
}

// close sums up the readings since the last piece. Too few are left out.
func (c *Check) close() {
	p, centre, ok := c.current()
	c.readings = nil
	if !ok {
		return
	}
	c.last, c.together, c.moved, c.seen, c.Dose = centre, true, false, false, Dose{}
	c.sinceDose++
	c.Pieces = append(slices.Delete(c.Pieces, 0, max(0, len(c.Pieces)+1-kept)), p)
}

// current is the piece that the readings so far make.
func (c *Check) current() (p Piece, centre time.Duration, ok bool) {
	p, centre, ok = sum(c.readings)
	if !ok {
		return p, centre, false
	}
	p.Dose, p.Moved, p.Seen, p.Fresh = c.Dose, c.moved, c.seen, !c.together
	if c.together {
		p.Hours = (centre - c.last).Hours()
	}
	return p, centre, true
}

// all are the pieces with the one under way.
func (c *Check) all() []Piece {
	p, _, ok := c.current()
	if !ok {
		return c.Pieces
	}
	return append(slices.Clip(c.Pieces), p)
}
