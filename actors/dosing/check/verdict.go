package check

import (
	"math"
	"slices"
)

// What evidence is worth, as ln of a likelihood ratio.
const (
	enough  = 9.0
	certain = 14.0 // of a filling vial: at 9 two of 24 sound lives of 48 h were stopped; it costs some tenths of a mL
	ruled   = -4.0 // below it a hypothesis is ruled out: of 2880 blocked vials none looked so before its brim
	longest = 12   // doses back that something may have begun
	doubled = 1.7  // steps of TooLarge, in the measure of earlier ones

	confirmed = 0.5 // share of the evidence that must stand against a bump
	seldom    = 2.0 // evidence against a bump at one given piece

	// PumpError is how much faster a pump with a poor calibration may be.
	PumpError = 1.15
)

// Finding is a verdict and how sure it is.
type Finding struct {
	Verdict  Verdict
	Evidence float64 // ln of how much likelier it is than a sound vial
	Doses    int     // that show it
	// UnverifiedML is the most waste that may not have left without the readings
	// contradicting it. What they have once ruled out stays so.
	UnverifiedML float64
	Leaves       bool // the readings show that waste leaves
}

// hypothesis is what may be wrong since a dose.
type hypothesis struct {
	verdict Verdict
	doses   int
	course  course
	enough  float64
	brim    bool // all waste since is in the vial
}

// Judge weighs the doses so far. roomML is what the vial has room for above its
// efflux level.
func (c *Check) Judge(roomML float64) Finding {
	pieces := c.all()
	doses := unseen(pieces, dosesIn(pieces))
	if len(doses) == 0 {
		return Finding{UnverifiedML: c.SinceML}
	}
	sound := steps(pieces, 0, 0, scaled(1))
	all := []hypothesis{{course: sound}}
	for i, onset := range doses[max(0, len(doses)-longest):] {
		n := min(len(doses), longest) - i
		add := func(v Verdict, shows int, f func(Piece) float64, least float64) {
			all = append(all, hypothesis{v, shows, steps(pieces, sound.at(onset-1), onset, f), least, false})
		}
		for _, share := range [...]float64{1, 0.7, 0.4} {
			add(Filling, n-1, filling(share, roomML), certain)
			all[len(all)-1].brim = share == 1
		}
		add(NoStep, n, scaled(0), enough)
		add(TooLarge, n, scaled(doubled), enough)
	}
	e, excess := evidences(pieces, courses(all))
	f := best(pieces, all, e, excess)
	f.UnverifiedML = c.unverified(pieces, all, e, excess)
	f.Leaves = drained(all, e, excess)
	return f
}

// Pulses are doses given together, so that their common step can be seen.
const (
	calmSD = 0.009 // of one reading of ln OD: every dose can be seen
	wildSD = 0.025 // takes half of the room above the efflux level
)

// PulseML is up to which volume doses should be given together, 0 when there is
// no need: two pulses fit into the room above the efflux level, and the second
// shows whether the first has left.
func (c *Check) PulseML(roomML float64) float64 {
	sd := math.Sqrt(noise(c.Pieces))
	if sd < calmSD {
		return 0
	}
	return roomML / PumpError / 2 * math.Min(1, sd/wildSD)
}

func courses(all []hypothesis) []course {
	list := make([]course, len(all))
	for i, h := range all {
		list[i] = h.course
	}
	return list
}

// best is the likeliest hypothesis, if it is likely enough and shows in more than
// one dose; the first is that of a sound vial.
func best(pieces []Piece, all []hypothesis, e []float64, excess float64) (f Finding) {
	top := 0
	for i, h := range all {
		if sure := (e[i] - e[0]) / excess; i > 0 && h.told() && sure >= h.enough && sure > f.Evidence {
			f, top = Finding{Verdict: h.verdict, Evidence: sure, Doses: h.doses}, i
		}
	}
	if top == 0 || (e[top]-bumped(pieces, all[0].course, e[0]))/excess < confirmed*all[top].enough {
		return Finding{}
	}
	return f
}

// told reports whether more than one dose is part of the hypothesis.
func (h hypothesis) told() bool { return h.doses >= 2 || h.verdict == Filling && h.doses == 1 }

// bumped is the evidence for a sound vial that somebody may have bumped or
// turned once since the oldest dose in question, and told nobody.
func bumped(pieces []Piece, sound course, evidence float64) float64 {
	doses := dosesIn(pieces)
	from := doses[max(0, len(doses)-longest-1)]
	for i := from; i < len(pieces); i++ {
		if pieces[i].Moved || pieces[i].Fresh {
			continue
		}
		jump := slices.Clone(pieces)
		jump[i].Moved = true
		e, _ := evidences(jump, []course{sound})
		evidence = math.Max(evidence, e[0]-seldom)
	}
	return evidence
}

// unverified goes back to the oldest dose whose waste may have stayed.
func (c *Check) unverified(pieces []Piece, all []hypothesis, e []float64, excess float64) float64 {
	first := true
	for i, h := range all {
		if !h.brim {
			continue
		}
		if (e[i]-e[0])/excess > ruled {
			if !first {
				c.SinceML = math.Min(c.SinceML, waste(pieces[h.course.from:])+c.fresh())
			}
			return c.SinceML
		}
		first = false
	}
	c.SinceML = math.Min(c.SinceML, c.fresh())
	return c.SinceML
}

// drained reports whether waste has left for sure: that all of it stays since the
// oldest dose is ruled out.
func drained(all []hypothesis, e []float64, excess float64) bool {
	i := slices.IndexFunc(all, func(h hypothesis) bool { return h.brim && h.told() })
	return i > 0 && (e[i]-e[0])/excess < ruled
}

// unseen are the doses since somebody has looked at the vial.
func unseen(pieces []Piece, doses []int) []int {
	looked := len(pieces) - 1
	for looked > 0 && !pieces[looked].Seen {
		looked--
	}
	return slices.DeleteFunc(doses, func(i int) bool { return i < looked })
}

// fresh is the waste since the last piece, in mL.
func (c *Check) fresh() float64 {
	if _, _, ok := c.current(); ok {
		return 0
	}
	return c.Dose.WasteML
}

// dosesIn are the pieces with inflow before them.
func dosesIn(pieces []Piece) (at []int) {
	for i, p := range pieces {
		if p.Dose.LnStep < 0 && !p.Fresh && !p.Moved {
			at = append(at, i)
		}
	}
	return at
}

func scaled(by float64) func(Piece) float64 { return func(Piece) float64 { return by } }

// filling: of the waste of each dose a share stays in the vial.
func filling(share, roomML float64) func(Piece) float64 {
	extra := 0.0
	return func(p Piece) float64 {
		volume := p.Dose.InflowML / math.Expm1(-p.Dose.LnStep)
		factor := math.Log1p(p.Dose.InflowML/(volume+extra)) / -p.Dose.LnStep
		extra = math.Min(extra+share*p.Dose.WasteML, roomML)
		return factor
	}
}

// steps is ln OD as the steps alone would make it from the piece from on: with
// the share f of each step expected. level is that of the piece before.
func steps(pieces []Piece, level float64, from int, f func(Piece) float64) course {
	c := course{from, level, make([]float64, len(pieces)-from)}
	for i, p := range pieces[from:] {
		if p.Dose.LnStep < 0 {
			level += f(p) * p.Dose.LnStep
		}
		c.level[i] = level
	}
	return c
}

func waste(pieces []Piece) (ml float64) {
	for _, p := range pieces {
		ml += p.Dose.WasteML
	}
	return ml
}
