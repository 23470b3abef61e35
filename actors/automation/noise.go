package automation

import "math"

// noise is how much a reading scatters, from the steps in ln to the next reading
// and to the next but one; growth makes all steps of a kind larger by the same. A
// reading may hand part of its error to the next, as od_reading does when it takes
// out hum: then steps are smaller than errors, and averaging helps less.
type noise struct {
	before [2]float64 // the readings before, newest first; 0 for none since the last dose
	steps  [2]scatter // over one reading and two
}

// scatter follows the mean and the variance of the last some hundred values.
type scatter struct {
	mean, variance float64
	n              int
}

// take takes the next value. A wild one counts as one that is five σ off.
func (s *scatter) take(x float64) {
	const known, memory = 10, 200
	off := x - s.mean
	if edge := 5 * math.Sqrt(s.variance); s.n >= known && edge > 0 {
		off = min(max(off, -edge), edge)
	}
	s.n = min(s.n+1, memory)
	share := 1 / float64(s.n)
	s.mean += share * off
	s.variance += share * ((1-share)*off*off - s.variance)
}

// take takes the next reading.
func (v *noise) take(x float64) {
	if !(x > 0) {
		return
	}
	for i, before := range v.before {
		if before > 0 {
			v.steps[i].take(math.Log(x / before))
		}
	}
	v.before = [2]float64{x, v.before[0]}
}

// dosed: the next reading is no neighbour of the last.
func (v *noise) dosed() { v.before = [2]float64{} }

// variance is the relative variance of independent readings whose mean would
// scatter as much.
func (v *noise) variance() float64 {
	one, two := v.steps[0].variance, v.steps[1].variance
	if !(one > 0) {
		return 0
	}
	share := min(max(two/one-1, 0), 0.8) // of its error that a reading hands on
	return one / 2 * (1 + share) / ((1 - share) * (1 - share))
}

// width is how many readings settle on a value with a σ of 0.9 %: half of what
// 1 mL takes off 15 mL is more than three of that. The middle half of n has about
// 1.25/n of the variance of one.
func (v *noise) width(least, most int) int {
	const wanted = 0.009
	return min(max(int(math.Ceil(1.25*v.variance()/(wanted*wanted))), least), most)
}
