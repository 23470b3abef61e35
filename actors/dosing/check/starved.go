package check

import (
	"math"
	"slices"
)

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
			if p.hidden = since > 0 && starving(all[since-1:i], variance); p.hidden {
				p.base, p.baseN = calm(all[since:i])
			}
			since = i
		}
	}
	listen(all)
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

// calm is ln OD before a dose, from the last pieces of a plateau.
func calm(pieces []Piece) (level, n float64) {
	from := max(min(2, len(pieces)-1), len(pieces)-3)
	for _, p := range pieces[from:] {
		level += p.N * p.Level
		n += p.N
	}
	return level / n, n
}

// What a starved culture has regrown when its readings begin is much the same
// after doses of one size, so that what is left of the step tells of the volume.
const (
	left   = 0.3  // share of the steps that must be left on average to tell anything
	large  = 0.06 // of a step in ln OD, that takes many minutes to regrow
	steady = 0.01 // change of the regrowth from dose to dose, in the measure of the step
)

// listen measures what is left of hidden steps: in the first piece after a dose,
// and of large ones in the second too, if that much is left there.
func listen(all []Piece) {
	var drop, step, later, laterStep float64
	for i, p := range all {
		if !p.hidden {
			continue
		}
		drop, step = drop+p.Level-p.base, step+p.Dose.LnStep
		if p.Dose.LnStep < -large && follows(all, i) {
			later, laterStep = later+all[i+1].Level-p.base, laterStep+p.Dose.LnStep
		}
	}
	if step == 0 || drop/step < left {
		return
	}
	wide := laterStep < 0 && later/laterStep >= left
	for i := range all {
		p := &all[i]
		level, n := p.Level, p.N
		if !p.hidden {
			continue
		}
		if wide && p.Dose.LnStep < -large {
			if !follows(all, i) {
				continue
			}
			n += all[i+1].N
			level += (all[i+1].Level - p.Level) * all[i+1].N / n
		}
		p.drop, p.heard = level-p.base, 1/(1/n+1/p.baseN)
	}
}

// follows reports whether the piece after i belongs to the same time between doses.
func follows(all []Piece, i int) bool {
	return i+1 < len(all) && all[i+1].Dose.LnStep == 0 && !all[i+1].Fresh && !all[i+1].Moved
}

// regrowth is a filter of how much of a step of one size is regrown, for all series.
type regrowth struct {
	size     int // of the steps
	variance float64
	mean     []float64
}

// alike is how far apart steps of one size may be.
const alike = 0.015

// regrows is the filter for steps like p's. Of a new size nothing is known.
func (s *state) regrows(p Piece) *regrowth {
	size := int(math.Round(p.Dose.LnStep / alike))
	for _, r := range s.drops {
		if r.size == size {
			return r
		}
	}
	r := &regrowth{size: size, variance: 1, mean: make([]float64, len(s.mean))}
	s.drops = append(s.drops, r)
	return r
}

// drop takes in what is left of a step: drop = gain·step + regrowth.
func (m *model) drop(s *state, p Piece, courses []course, i int, variance float64, values []float64) {
	r := s.regrows(p)
	r.variance += square(steady * p.Dose.LnStep)
	values[0] = p.drop
	for h, c := range courses[:s.live-1] {
		step := c.at(i) - c.at(i-1)
		if step == 0 { // nothing came in: nothing to regrow from either
			step = r.mean[h+1] - r.mean[0]
		}
		values[h+1] = step
	}
	total := r.variance + variance/p.heard
	gain, data := r.variance/total, p.drop-r.mean[0]
	m.take(data, total)
	r.mean[0] += gain * data
	for h := 1; h < s.live; h++ {
		e := values[h] - r.mean[h]
		m.cross[h-1] += data * e / total
		m.own[h-1] += e * e / total
		r.mean[h] += gain * e
	}
	r.variance *= 1 - gain
}
