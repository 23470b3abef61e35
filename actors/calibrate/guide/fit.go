package guide

import (
	"math"

	"github.com/pioactor/pioactor/hw/calibration"
)

// calibration is what the weighings come to, under the given name.
func (p Pump) calibration(v view, named string) (calibration.Calibration, error) {
	if err := calibration.CheckName("name", named); err != nil {
		return calibration.Calibration{}, &refused{err.Error()}
	}
	line, err := calibration.FitThroughOrigin(v.points.X, v.points.Y)
	if err != nil {
		return calibration.Calibration{}, &refused{err.Error()}
	}
	return calibration.Calibration{
		Kind: calibration.Pump, Name: named, Unit: p.subject.Unit, Curve: line, X: "Duration", Y: "Volume", Recorded: v.points,
		PWMHz: pumpHz, DutyPercent: pumpDuty,
	}, nil
}

// fitness is how far single runs are from the line y = rate·x, as a share of the
// mean y, and the correlation of x and y.
func fitness(points calibration.Points, rate float64) (scatter, correlation float64) {
	n := float64(len(points.X))
	if n == 0 {
		return 0, 0
	}
	meanX, meanY := mean(points.X), mean(points.Y)
	var sse, sxx, syy, sxy float64
	for i, x := range points.X {
		y := points.Y[i]
		sse += (y - rate*x) * (y - rate*x)
		sxx += (x - meanX) * (x - meanX)
		syy += (y - meanY) * (y - meanY)
		sxy += (x - meanX) * (y - meanY)
	}
	if sxx > 0 && syy > 0 {
		correlation = sxy / math.Sqrt(sxx*syy)
	}
	if meanY > 0 {
		scatter = math.Sqrt(sse/n) / meanY
	}
	return scatter, correlation
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
