// Package fusion joins the readings of photodiodes at several angles into one
// concentration, with an interval. No single angle will do: each rises and falls
// again as a culture thickens, and only together they tell thin from thick.
//
// It refuses to be surer than its standards allow: the interval holds what the
// noise leaves open and what the curve between two standards may hide, and an
// estimate at the end of the calibrated range says so.
//
//	m, err := fusion.New(estimator)
//	e, err := m.Estimate(map[string]float64{"45": 0.394, "90": 0.219, "135": 0.142})
//
// Equations of the estimate follow Pioreactor 26.7.2; the interval is ours.
package fusion

import (
	"fmt"
	"math"
	"slices"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Constants of the estimate. Source: Pioreactor 26.7.2.
const (
	leastSlope   = 0.05  // of ln V over ℓ: where the curve is flat, an angle still says a little
	leastV       = 1e-12 // V over reference; a reading of nothing has a logarithm all the same
	gridPoints   = 256
	refinePoints = 4
	atEdge       = 1e-3 // of the range of ℓ: this near an end the range may be too short
)

// lowScales are how much less, or more, an angle is believed at low density.
var lowScales = map[string]float64{"135": 0.04, "90": 4, "45": 10}

// Model is an estimator made ready. It is a value and safe to share.
type Model struct {
	angles  []angle
	lo, hi  float64 // of ℓ
	floor   float64
	hidden  float64   // see interpolation
	anchors []float64 // ℓ of the standards, ascending
	grid    []point   // of each angle at the first grid point, then at the next
}

// angle is one photodiode of a Model.
type angle struct {
	name      string
	mu, sigma calibration.Curve // ln V and ln σ over ℓ = log10 of the concentration
	low       float64
}

// New makes a Model of an estimator. The error says which rule it breaks.
func New(e calibration.Estimator) (Model, error) {
	if err := e.Validate(); err != nil {
		return Model{}, fmt.Errorf("fusion: %w", err)
	}
	m := Model{lo: e.MinLogC, hi: e.MaxLogC, floor: e.SigmaFloor}
	for _, a := range e.Angles {
		if a.Mu.Type == calibration.Poly || a.LogSigma.Type == calibration.Poly {
			return Model{}, fmt.Errorf("fusion: angle %s: its curves must go from knot to knot, and one is a polynomial", a.Angle)
		}
		low := 1.0
		if a.LowScale != nil {
			low = *a.LowScale
		}
		m.angles = append(m.angles, angle{a.Angle, a.Mu, a.LogSigma, low})
	}
	if !slices.ContainsFunc(e.Angles, func(a calibration.Angle) bool { return a.LowScale != nil }) {
		m.defaultScales()
	}
	m.tabulate()
	m.anchors = m.standards()
	m.hidden = m.interpolation()
	return m, nil
}

// defaultScales: the known ones for the three usual angles, otherwise in
// proportion to each angle's σ at the low end.
func (m *Model) defaultScales() {
	usual := len(m.angles) == len(lowScales)
	least := math.Inf(1)
	for _, a := range m.angles {
		_, known := lowScales[a.name]
		usual = usual && known
		least = min(least, m.sigmaOf(a, m.lo))
	}
	for i, a := range m.angles {
		m.angles[i].low = m.sigmaOf(a, m.lo) / least
		if usual {
			m.angles[i].low = lowScales[a.name]
		}
	}
}

// sigmaOf is the standard deviation of ln V at ℓ; never 0.
func (m *Model) sigmaOf(a angle, l float64) float64 {
	return max(math.Exp(a.sigma.At(l)), m.floor, leastSigma)
}

const leastSigma = 1e-6 // of ln V; a floor of 0 would make one angle infinitely sure

// misfit is the negative log-likelihood of ℓ, but for a constant: pseudo-Huber,
// so that one bubble at one angle does not carry the rest away.
func (m *Model) misfit(logV []float64, l float64) float64 {
	sum := 0.0
	for i, a := range m.angles {
		sum += m.at(a, l).misfit(logV[i])
	}
	return sum
}

// point is what an angle's curves say at one ℓ, whatever is read.
type point struct{ mu, sigma, logSigma float64 }

func (m *Model) at(a angle, l float64) point {
	t := min(max((m.hi-l)/(m.hi-m.lo), 0), 1)
	sigma := m.sigmaOf(a, l) / max(math.Abs(a.mu.Slope(l)), leastSlope) * (1 - t + a.low*t)
	return point{a.mu.At(l), sigma, math.Log(sigma)}
}

func (p point) misfit(logV float64) float64 {
	r := (logV - p.mu) / p.sigma
	return math.Sqrt(1+r*r) - 1 + p.logSigma
}

// tabulate works the curves out on the grid, once for all readings.
func (m *Model) tabulate() {
	m.grid = make([]point, 0, gridPoints*len(m.angles))
	for i := range gridPoints {
		for _, a := range m.angles {
			m.grid = append(m.grid, m.at(a, gridAt(m.lo, m.hi, i)))
		}
	}
}

// misfits are the misfits on the grid.
func (m *Model) misfits(logV []float64) []float64 {
	all, rest := make([]float64, gridPoints), m.grid
	for i := range all {
		for j, v := range logV {
			all[i] += rest[j].misfit(v)
		}
		rest = rest[len(logV):]
	}
	return all
}

// Estimate is a concentration with its interval.
type Estimate struct {
	Value float64 // in the unit of the standards
	Low   float64 // the true value lies from Low to High in 9 of 10 cases or more; see interval.go
	High  float64
	// AtLow and AtHigh: the estimate is at the end of the calibrated range, and
	// the truth may be beyond it, whatever the interval says.
	AtLow, AtHigh bool
	// Misfit is how far the reading that fits least is from its curve, in
	// standard deviations. A large one means that the angles contradict each
	// other: another culture, a bubble, a dirty vial.
	Misfit float64
}

// Estimate finds the concentration behind one reading of each angle, in volts
// over the relative reference. Every angle of the estimator must be there;
// others are ignored.
func (m Model) Estimate(readings map[string]float64) (Estimate, error) {
	logV := make([]float64, len(m.angles))
	for i, a := range m.angles {
		v, ok := readings[a.name]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return Estimate{}, fmt.Errorf("fusion: no reading at %s°: every angle of the estimator is needed", a.name)
		}
		logV[i] = math.Log(max(v, leastV))
	}
	l := m.locate(logV)
	if math.IsNaN(m.misfit(logV, l)) {
		return Estimate{}, fmt.Errorf("fusion: the curves of the estimator have no value at these readings")
	}
	half := min(m.interval(logV, l), widest)
	edge := atEdge * (m.hi - m.lo)
	return Estimate{
		Value: math.Pow(10, l), Low: math.Pow(10, l-half), High: math.Pow(10, l+half),
		AtLow: l-m.lo <= edge, AtHigh: m.hi-l <= edge, Misfit: m.worst(logV, l),
	}, nil
}

const widest = 100 // decades either way; 10 to this power is still a number

// locate is the most likely ℓ.
func (m *Model) locate(logV []float64) float64 {
	return minimize(func(l float64) float64 { return m.misfit(logV, l) }, m.misfits(logV), m.lo, m.hi)
}

// worst is the largest distance of a reading from its curve at l, in σ.
func (m *Model) worst(logV []float64, l float64) float64 {
	worst := 0.0
	for i, a := range m.angles {
		worst = max(worst, math.Abs(logV[i]-a.mu.At(l))/m.sigmaOf(a, l))
	}
	return worst
}
