package check

import (
	"math"
	"slices"
)

// wanders are how fast a growth rate may wander, in 1/h per √h: from steady to
// that of a chemostat, which regrows each dose in minutes and then starves. The
// readings themselves choose among them.
var wanders = [...]float64{0.01, 0.05, 0.3, 1.5, 6}

// jumpVariance is how far ln OD may jump when a vial is bumped or turned, squared.
const jumpVariance = 0.25

const (
	jitter = 0.02 // of a pump, from dose to dose
	gainSD = 0.5  // of the common gain of pump and optics around 1
)

// model is a Kalman filter of ln OD and its slope over pieces, for several
// series at once: they share the gains, so the evidence for a share of steps in
// the data comes from one pass. Series 0 is the data; the others are what the
// steps of a hypothesis alone would be.
type model struct {
	logDet float64
	square float64   // Σ e₀²/S
	cross  []float64 // Σ e₀·eₕ/S
	own    []float64 // Σ eₕ²/S
}

// state of one filter.
type state struct {
	p    [3]float64 // variances: level, level·slope, slope
	mean [][2]float64
}

func filtered(pieces []Piece, paths [][]float64, variance, wander float64) model {
	m := model{cross: make([]float64, len(paths)), own: make([]float64, len(paths))}
	s := state{mean: make([][2]float64, len(paths)+1)}
	values := make([]float64, len(paths)+1)
	for i, p := range pieces {
		s.pass(p, wander, i == 0)
		values[0] = p.Level
		for h, path := range paths {
			values[h+1] = path[i]
		}
		m.weigh(&s, 0, values, variance/p.N)
		values[0] = p.Slope
		for h := range paths {
			values[h+1] = 0
		}
		m.weigh(&s, 1, values, variance/p.Spread)
	}
	return m
}

// pass is the time between two pieces, and the dose in it.
func (s *state) pass(p Piece, wander float64, first bool) {
	if first || p.Fresh {
		s.p = [3]float64{100, 0, 1}
		return
	}
	h, q := p.Hours, wander*wander
	for i := range s.mean {
		s.mean[i][0] += h * s.mean[i][1]
	}
	s.p[0] += 2*h*s.p[1] + h*h*s.p[2] + q*h*h*h/3 + square(p.unsure()*p.Dose.LnStep)
	s.p[1] += h*s.p[2] + q*h*h/2
	s.p[2] += q * h
	if p.Moved {
		s.p[0] += jumpVariance
	}
}

// unsure is how much of the step before p may be something else.
func (p Piece) unsure() float64 {
	if p.hidden {
		return 1
	}
	return jitter
}

// starved is how little a culture grows before a dose, in the measure of its
// growth since the dose before, when it lives on what a dose brings. It regrows
// each step within minutes, nobody can say how much of it.
const starved = 0.5

// hidden marks the doses of starved cultures.
func hidden(pieces []Piece, variance float64) []Piece {
	all := slices.Clone(pieces)
	since := 0 // first piece after the dose before; 0 for none
	for i := 1; i < len(all); i++ {
		p := &all[i]
		if p.Fresh || p.Moved {
			since = 0
		} else if p.Dose.LnStep < 0 {
			p.hidden = since > 0 && starving(all[since-1:i], variance)
			since = i
		}
	}
	return all
}

// starving looks at the pieces from the one before a dose to the one before the
// next: a culture that grew, and hardly at the end.
func starving(pieces []Piece, variance float64) bool {
	last := pieces[len(pieces)-1]
	hours, grown := 0.0, last.Level-pieces[0].Level-pieces[1].Dose.LnStep
	for _, p := range pieces[1:] {
		hours += p.Hours
	}
	slope, uncertain := last.Slope, variance/last.Spread
	if len(pieces) > 3 { // from the second piece after the dose to the last
		calm := pieces[2]
		span := 0.0
		for _, p := range pieces[3:] {
			span += p.Hours
		}
		slope, uncertain = (last.Level-calm.Level)/span, variance*(1/last.N+1/calm.N)/(span*span)
	}
	return slope+2*math.Sqrt(uncertain) < starved*grown/hours
}

func square(x float64) float64 { return x * x }

// weigh takes in one value of each series: the level (part 0) or the slope.
func (m *model) weigh(s *state, part int, values []float64, variance float64) {
	column := [2]float64{s.p[part], s.p[part+1]} // of the covariance
	total := column[part] + variance
	data := values[0] - s.mean[0][part]
	m.logDet += math.Log(total)
	m.square += data * data / total
	for i := range s.mean {
		e := values[i] - s.mean[i][part]
		if i > 0 {
			m.cross[i-1] += data * e / total
			m.own[i-1] += e * e / total
		}
		s.mean[i][0] += column[0] / total * e
		s.mean[i][1] += column[1] / total * e
	}
	s.p[0] -= column[0] * column[0] / total
	s.p[1] -= column[0] * column[1] / total
	s.p[2] -= column[1] * column[1] / total
}

// misfit is Σ e²/S with the common gain of series h that fits best.
func (m model) misfit(h int) float64 {
	w := 1 / (gainSD * gainSD)
	cross, own := m.cross[h]+w, m.own[h]+w
	return m.square + w - cross*cross/own
}

// evidence is the ln likelihood of series h as the steps in the data, whatever
// the common gain.
func (m model) evidence(h int) float64 {
	own := m.own[h]*gainSD*gainSD + 1
	return -(m.logDet + m.misfit(h) + math.Log(own)) / 2
}

// evidences are those of all paths, over every wander, and how much worse than
// the noise allows the first fits, that of a sound vial: at least 1. What the
// model does not know makes all evidence count so much less.
func evidences(pieces []Piece, paths [][]float64) (sums []float64, excess float64) {
	sums = make([]float64, len(paths))
	for i := range sums {
		sums[i] = math.Inf(-1)
	}
	variance := noise(pieces)
	pieces = hidden(pieces, variance)
	best := math.Inf(-1)
	for _, wander := range wanders {
		m := filtered(pieces, paths, variance, wander)
		for h := range paths {
			sums[h] = logAdd(sums[h], m.evidence(h))
		}
		if e := m.evidence(0); e > best {
			best, excess = e, math.Max(1, m.misfit(0)/float64(2*len(pieces)))
		}
	}
	return sums, excess
}

func logAdd(a, b float64) float64 {
	top := math.Max(a, b)
	return top + math.Log(math.Exp(a-top)+math.Exp(b-top))
}
