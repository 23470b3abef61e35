package check

import (
	"math"
	"slices"
	"time"
)

// Piece is a run of readings without a dose: a straight line in ln OD.
type Piece struct {
	Hours float64 `json:"h"` // from the centre of the piece before
	Fresh bool    `json:"fresh,omitempty"`
	Moved bool    `json:"moved,omitempty"` // the light changed by itself before it
	Seen  bool    `json:"seen,omitempty"`  // somebody has looked at the vial before it
	Dose  Dose    `json:"dose"`            // before it, after the piece before

	N      float64 `json:"n"`
	Level  float64 `json:"level"`  // ln OD at the centre
	Slope  float64 `json:"slope"`  // 1/h
	Spread float64 `json:"spread"` // Σ (t − centre)², h²
	Square float64 `json:"square"` // Σ residual²
	Lag    float64 `json:"lag"`    // Σ residual · the one before

	hidden      bool    // the step before it is regrown within minutes
	base, baseN float64 // then: ln OD before the dose, and of how many readings
	drop, heard float64 // what is left of the step, and of how many readings; 0 for unknown
}

// sum is the line through readings. Outliers, such as a bubble, are left out once.
func sum(readings []reading) (p Piece, centre time.Duration, ok bool) {
	rs := slices.Clone(readings)
	for range 2 {
		if len(rs) < fewest {
			return Piece{}, 0, false
		}
		if p, centre, ok = line(rs); !ok {
			return Piece{}, 0, false
		}
		if len(rs) < sound {
			return p, centre, true
		}
		edge := outlier * spread(rs, p, centre)
		rs = slices.DeleteFunc(rs, func(r reading) bool { return math.Abs(p.rest(r, centre)) > edge+1e-12 })
	}
	return p, centre, true
}

const (
	outlier = 4.0 // standard deviations: a reading that far off is not noise
	sound   = 8   // readings that tell their own spread
)

func line(rs []reading) (p Piece, centre time.Duration, ok bool) {
	p.N = float64(len(rs))
	for _, r := range rs {
		centre += (r.at - rs[0].at) / time.Duration(len(rs))
		p.Level += r.ln / p.N
	}
	centre += rs[0].at
	cross := 0.0
	for _, r := range rs {
		t := (r.at - centre).Hours()
		p.Spread += t * t
		cross += t * (r.ln - p.Level)
	}
	if !(p.Spread > 0) {
		return p, centre, false
	}
	p.Slope = cross / p.Spread
	before := 0.0
	for _, r := range rs {
		rest := p.rest(r, centre)
		p.Square += rest * rest
		p.Lag += rest * before
		before = rest
	}
	return p, centre, true
}

func (p Piece) rest(r reading, centre time.Duration) float64 {
	return r.ln - p.Level - p.Slope*(r.at-centre).Hours()
}

// spread is a robust standard deviation of readings around p.
func spread(rs []reading, p Piece, centre time.Duration) float64 {
	size := make([]float64, len(rs))
	for i, r := range rs {
		size[i] = math.Abs(p.rest(r, centre))
	}
	slices.Sort(size)
	return 1.4826 * size[len(size)/2] // of a normal distribution
}

// noise is the variance that independent readings would need for their mean to
// be as uncertain as that of the pieces' readings: one reading hands part of
// its error to the next.
func noise(pieces []Piece) float64 {
	var square, lag, n, free float64
	for _, p := range pieces {
		square, lag, n, free = square+p.Square, lag+p.Lag, n+p.N, free+p.N-2
	}
	if !(square > 0) || !(free > 0) {
		return 1e-12 // rounding
	}
	share := lag/square + 2*float64(len(pieces))/n // a line takes some of the correlation away
	share = min(max(share, 0), 0.9)
	return max(square/free*(1+share)/(1-share), 1e-12)
}
