package check

import (
	"math"
	"slices"
)

// What evidence is worth, as ln of a likelihood ratio.
const (
	enough  = 9.0
	urgent  = 6.0  // when the next dose could reach the brim
	ruled   = -2.0 // below it a hypothesis is ruled out
	longest = 12   // doses back that something may have begun
	doubled = 1.7  // steps of TooLarge, in the measure of earlier ones

	confirmed = 0.5  // share of the evidence that must stand against a bump
	seldom    = 2.0  // evidence against a bump at one given piece
	pumpError = 1.15 // of a pump with a poor calibration
)

// Finding is a verdict and how sure it is.
type Finding struct {
	Verdict  Verdict
	Evidence float64 // ln of how much likelier it is than a sound vial
	Doses    int     // that show it
}

// hypothesis is what may be wrong since a dose.
type hypothesis struct {
	verdict Verdict
	doses   int
	path    []float64 // ln OD by its steps alone
	enough  float64
}

// Judge weighs the doses so far. roomML is what the vial has room for above its
// efflux level; nextML is what comes in next: a verdict that waits for it must
// not come too late.
func (c *Check) Judge(roomML, nextML float64) Finding {
	pieces := c.all()
	doses := dosesIn(pieces)
	if len(doses) < 2 {
		return Finding{}
	}
	all := []hypothesis{{path: path(pieces, factors(pieces, len(pieces), scaled(1)))}}
	for i, onset := range doses {
		n := len(doses) - i
		if n > longest || n < 2 {
			continue
		}
		add := func(v Verdict, shows int, f func(Piece) float64, least float64) {
			all = append(all, hypothesis{v, shows, path(pieces, factors(pieces, onset, f)), least})
		}
		add(NoStep, n, scaled(0), enough)
		add(TooLarge, n, scaled(doubled), enough)
		in := inflow(pieces[onset:])
		for _, share := range [...]float64{1, 0.7, 0.4} {
			least := enough
			if share*in+pumpError*nextML >= roomML {
				least = urgent
			}
			add(Filling, n-1, filling(share, roomML), least)
		}
	}
	return best(pieces, all)
}

// best is the likeliest hypothesis, if it is likely enough; the first is that of
// a sound vial.
func best(pieces []Piece, all []hypothesis) (f Finding) {
	paths := make([][]float64, len(all))
	for i, h := range all {
		paths[i] = h.path
	}
	e, excess := evidences(pieces, paths)
	top := 0
	for i, h := range all {
		if sure := (e[i] - e[0]) / excess; i > 0 && sure >= h.enough && sure > f.Evidence {
			f, top = Finding{h.verdict, sure, h.doses}, i
		}
	}
	if top == 0 || (e[top]-bumped(pieces, paths[0], e[0]))/excess < confirmed*all[top].enough {
		return Finding{}
	}
	return f
}

// bumped is the evidence for a sound vial that somebody may have bumped or
// turned once since the oldest dose in question, and told nobody.
func bumped(pieces []Piece, sound []float64, evidence float64) float64 {
	doses := dosesIn(pieces)
	from := doses[max(0, len(doses)-longest-1)]
	for i := from; i < len(pieces); i++ {
		if pieces[i].Moved || pieces[i].Fresh {
			continue
		}
		jump := slices.Clone(pieces)
		jump[i].Moved = true
		e, _ := evidences(jump, [][]float64{sound})
		evidence = math.Max(evidence, e[0]-seldom)
	}
	return evidence
}

// UnverifiedML is the most that may stand above the efflux level without the
// readings contradicting it, in mL. What they have once ruled out stays so.
func (c *Check) UnverifiedML() float64 {
	pieces := c.all()
	doses := dosesIn(pieces)
	doses = doses[max(0, len(doses)-longest):]
	if len(doses) == 0 {
		return c.SinceML
	}
	paths := [][]float64{path(pieces, factors(pieces, len(pieces), scaled(1)))}
	for _, onset := range doses {
		paths = append(paths, path(pieces, factors(pieces, onset, filling(1, math.Inf(1)))))
	}
	e, excess := evidences(pieces, paths)
	for i, onset := range doses {
		if (e[i+1]-e[0])/excess > ruled {
			if i == 0 {
				return c.SinceML
			}
			c.SinceML = math.Min(c.SinceML, inflow(pieces[onset:])+c.unseen())
			return c.SinceML
		}
	}
	c.SinceML = c.unseen()
	return c.SinceML
}

// unseen is what came in since the last piece, in mL.
func (c *Check) unseen() float64 {
	if _, _, ok := c.current(); ok {
		return 0
	}
	return c.Dose.InflowML
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

// factors are each dose's step relative to the one expected: f from onset on.
func factors(pieces []Piece, onset int, f func(Piece) float64) []float64 {
	all := make([]float64, len(pieces))
	for i, p := range pieces {
		all[i] = 1
		if i >= onset && p.Dose.LnStep < 0 {
			all[i] = f(p)
		}
	}
	return all
}

func scaled(by float64) func(Piece) float64 { return func(Piece) float64 { return by } }

// filling: of each dose a share stays in the vial.
func filling(share, roomML float64) func(Piece) float64 {
	extra := 0.0
	return func(p Piece) float64 {
		volume := p.Dose.InflowML / math.Expm1(-p.Dose.LnStep)
		factor := math.Log1p(p.Dose.InflowML/(volume+extra)) / -p.Dose.LnStep
		extra = math.Min(extra+share*p.Dose.InflowML, roomML)
		return factor
	}
}

// path is ln OD as the steps alone would make it.
func path(pieces []Piece, factors []float64) []float64 {
	levels, level := make([]float64, len(pieces)), 0.0
	for i, p := range pieces {
		level += factors[i] * p.Dose.LnStep
		levels[i] = level
	}
	return levels
}

func inflow(pieces []Piece) (ml float64) {
	for _, p := range pieces {
		ml += p.Dose.InflowML
	}
	return ml
}
