package check

import "math"

// wanders are how fast a growth rate may wander, in 1/h per √h: from steady to
// that of a chemostat, which regrows each dose in minutes and then starves. The
// readings themselves choose among them.
var wanders = [...]float64{0.01, 0.05, 0.3, 1.5, 6}

// jumpVariance is how far ln OD may jump when a vial is bumped or turned, squared.
const jumpVariance = 0.25

const (
	jitter = 0.02 // of a pump, from dose to dose
	gainSD = 0.25 // of the common gain of pump and optics around 1
)

// course is ln OD as the steps of a hypothesis alone would make it; before the
// piece from it is that of the first, the sound vial.
type course struct {
	from   int
	before float64   // of the piece before from
	level  []float64 // from there on
}

// at is the level of piece i, no earlier than the one before from.
func (c course) at(i int) float64 {
	if i < c.from {
		return c.before
	}
	return c.level[i-c.from]
}

// model is a Kalman filter of ln OD and its slope over pieces, for several
// series at once: they share the gains, so the evidence for a share of steps in
// the data comes from one pass. Series 0 is the data; the others are courses,
// in the order of from: each begins as a copy of the sound one.
type model struct {
	logDet float64
	square float64 // Σ e₀²/S
	count  int
	cross  []float64 // Σ e₀·eₕ/S
	own    []float64 // Σ eₕ²/S
}

// state of one filter.
type state struct {
	p     [3]float64 // variances: level, level·slope, slope
	mean  [][2]float64
	live  int // series that have begun
	drops []*regrowth
}

func filtered(pieces []Piece, courses []course, variance, wander float64) model {
	n := len(courses)
	m := model{cross: make([]float64, n), own: make([]float64, n)}
	s := state{mean: make([][2]float64, n+1), live: 1}
	values := make([]float64, n+1)
	for i, p := range pieces {
		for s.live <= n && courses[s.live-1].from <= i {
			s.begin(&m)
		}
		if p.heard > 0 {
			m.drop(&s, p, courses, i, variance, values)
		}
		s.pass(p, wander, i == 0)
		values[0] = p.Level
		for h, c := range courses[:s.live-1] {
			values[h+1] = c.at(i)
		}
		m.weigh(&s, 0, values, variance/p.N)
		values[0] = p.Slope
		clear(values[1:s.live])
		m.weigh(&s, 1, values, variance/p.Spread)
	}
	return m
}

// begin takes the next series in.
func (s *state) begin(m *model) {
	if h := s.live - 1; h > 0 {
		s.mean[s.live] = s.mean[1]
		for _, r := range s.drops {
			r.mean[s.live] = r.mean[1]
		}
		m.cross[h], m.own[h] = m.cross[0], m.own[0]
	}
	s.live++
}

// pass is the time between two pieces, and the dose in it.
func (s *state) pass(p Piece, wander float64, first bool) {
	if first || p.Fresh {
		s.p = [3]float64{100, 0, 1}
		return
	}
	h, q := p.Hours, wander*wander
	for i := range s.mean[:s.live] {
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

func square(x float64) float64 { return x * x }

// weigh takes in one value of each series: the level (part 0) or the slope.
func (m *model) weigh(s *state, part int, values []float64, variance float64) {
	column := [2]float64{s.p[part], s.p[part+1]} // of the covariance
	total := column[part] + variance
	g0, g1 := column[0]/total, column[1]/total
	data := values[0] - s.mean[0][part]
	m.take(data, total)
	s.mean[0][0] += g0 * data
	s.mean[0][1] += g1 * data
	data /= total
	for i := 1; i < s.live; i++ {
		e := values[i] - s.mean[i][part]
		m.cross[i-1] += data * e
		m.own[i-1] += e * e / total
		s.mean[i][0] += g0 * e
		s.mean[i][1] += g1 * e
	}
	s.p[0] -= column[0] * g0
	s.p[1] -= column[0] * g1
	s.p[2] -= column[1] * g1
}

// take counts an innovation of the data.
func (m *model) take(e, variance float64) {
	m.logDet += math.Log(variance)
	m.square += e * e / variance
	m.count++
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

// evidences are those of all courses, over every wander, and how much worse than
// the noise allows the first fits, that of a sound vial: at least 1. What the
// model does not know makes all evidence count so much less.
func evidences(pieces []Piece, courses []course) (sums []float64, excess float64) {
	sums = make([]float64, len(courses))
	for i := range sums {
		sums[i] = math.Inf(-1)
	}
	variance := noise(pieces)
	pieces = hidden(pieces, variance)
	best := math.Inf(-1)
	for _, wander := range wanders {
		m := filtered(pieces, courses, variance, wander)
		for h := range courses {
			sums[h] = logAdd(sums[h], m.evidence(h))
		}
		if e := m.evidence(0); e > best {
			best, excess = e, math.Max(1, m.misfit(0)/float64(m.count))
		}
	}
	return sums, excess
}

func logAdd(a, b float64) float64 {
	top := math.Max(a, b)
	return top + math.Log(math.Exp(a-top)+math.Exp(b-top))
}
