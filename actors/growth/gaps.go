package growth

import (
	"math"

	"github.com/pioactor/pioactor/actors"
)

// ratioMemory is the share of the past in what the channels differ by: half of
// it is a minute old at the default interval.
const ratioMemory = 0.94

// ratios are how the channels' ln OD differ from their mean: no two follow a
// culture alike. They stand in for a channel that has no usable reading.
type ratios []float64

// learn takes an instant at which every channel was read.
func (r *ratios) learn(od []float64) {
	mean := 0.0
	for _, v := range od {
		mean += math.Log(v) / float64(len(od))
	}
	fresh := len(*r) != len(od)
	if fresh {
		*r = make(ratios, len(od))
	}
	for i, v := range od {
		now := math.Log(v) - mean
		if !fresh {
			now = ratioMemory*(*r)[i] + (1-ratioMemory)*now
		}
		(*r)[i] = now
	}
}

// fill replaces what is missing in od by what the other channels foretell. It
// reports false when nothing is known of the ratios, or nothing was read.
func (r ratios) fill(od []float64, missing []bool) bool {
	if len(r) != len(od) {
		return false
	}
	level, n := 0.0, 0.0
	for i, v := range od {
		if !missing[i] {
			level, n = level+math.Log(v)-r[i], n+1
		}
	}
	if n == 0 {
		return false
	}
	for i := range od {
		if missing[i] {
			od[i] = math.Exp(level/n + r[i])
		}
	}
	return true
}

// usable reports whether a reading may be believed.
func usable(r actors.ODReading) bool {
	return (r.Quality.Grade == actors.Good || r.Quality.Grade == actors.Uncertain) && r.Value > 0
}

// complete takes the values of one instant and makes up for channels without a
// usable one; it reports false when the instant cannot be used. Pioreactor's
// estimator, number for number, and a warm-up want every channel.
func (j *Job) complete(readings []actors.ODReading) bool {
	missing, gaps := make([]bool, len(readings)), 0
	for i, r := range readings {
		j.values[i] = r.Value
		if missing[i] = !usable(r); missing[i] {
			gaps++
		}
	}
	switch {
	case gaps == 0:
		j.ratios.learn(j.values)
		return true
	case j.filter == nil || j.Estimator == legacyEstimator:
		return false
	}
	return j.ratios.fill(j.values, missing)
}
