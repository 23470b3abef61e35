package guide

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Stirring makes the calibration of the stirrer, rpm over duty, without a
// question: it drives a ramp of duties and measures each. Source of the plan:
// Pioreactor 26.7.2, protocol "dc_based".
type Stirring struct {
	subject Subject
	plan    []Stir // the first two only get the bar turning
	next    int    // of plan
	points  calibration.Points
	keeping bool
	using   bool
}

// The plan of a ramp. Source: Pioreactor 26.7.2.
const (
	lowestShare  = 0.66 // of the usual duty
	highestShare = 1.33
	perRamp      = 5 // duties; down, up, down
	kickFor      = 500 * time.Millisecond
	warmUp       = 3 * time.Second
	settle       = 2 * time.Second
	window       = 2 * time.Second
	stirringHz   = 200

	leastTurning = 8 // of the 15 duties; fewer say too little of a curve. Our own
)

// NewStirring begins the calibration of the stirrer around s.Duty.
func NewStirring(s Subject) Stirring {
	low, high := lowestShare*s.Duty, min(100, highestShare*s.Duty)
	down, up := ramp(high, low), ramp(low, high)
	g := Stirring{subject: s, plan: []Stir{{Percent: 100, Settle: kickFor}, {Percent: round3((low + high) / 2), Settle: warmUp}}}
	for _, duty := range slices.Concat(down, up, down) {
		g.plan = append(g.plan, Stir{Percent: duty, Settle: settle, Window: window})
	}
	return g
}

// ramp is perRamp duties from one to the other, both included.
func ramp(from, to float64) []float64 {
	all := make([]float64, perRamp)
	for i := range all {
		all[i] = round3(from + (to-from)*float64(i)/(perRamp-1))
	}
	return all
}

func round3(x float64) float64 { return math.Round(x*1000) / 1000 }

// Begin implements Guide.
func (g Stirring) Begin() (Guide, Action) { return g, g.plan[0] }

// Points implements Guide.
func (g Stirring) Points() calibration.Points { return g.points }

// Prompt implements Guide: there is nothing to answer.
func (g Stirring) Prompt() Prompt {
	q := Prompt{Title: "Calibrating the stirrer", Percent: 100 * float64(g.next) / float64(len(g.plan))}
	if g.next < len(g.plan) {
		q.Text = fmt.Sprintf("The stirrer is driven with %g %% and its speed is measured.", g.plan[g.next].Percent)
	} else {
		q.Text, q.Warnings = "The calibration is being saved.", g.warnings()
	}
	return q
}

// Step implements Guide.
func (g Stirring) Step(in Input) (Guide, Action, error) {
	switch in := in.(type) {
	case Ran:
		if g.next < len(g.plan) && g.plan[g.next].Window == 0 {
			return g.onward()
		}
	case Measured:
		if g.next < len(g.plan) && g.plan[g.next].Window > 0 {
			return g.measured(in.RPM)
		}
	case Kept:
		if g.keeping {
			return g.kept()
		}
	case Failed:
		return g, Abort(in), nil
	}
	return g, nil, refuse("stirring: it is measured by itself; wait for it, or stop it")
}

// measured records a speed; a bar that stands says nothing about the curve.
func (g Stirring) measured(rpm float64) (Guide, Action, error) {
	if rpm > 0 {
		g.points.X = append(slices.Clip(g.points.X), g.plan[g.next].Percent)
		g.points.Y = append(slices.Clip(g.points.Y), rpm)
	}
	return g.onward()
}

// onward goes to the next duty, or to the end.
func (g Stirring) onward() (Guide, Action, error) {
	if g.next++; g.next < len(g.plan) {
		return g, g.plan[g.next], nil
	}
	c, err := g.fit()
	if err != nil {
		return g, Abort{err.Error()}, nil
	}
	g.keeping = true
	return g, Keep{c}, nil
}

// fit is the curve, or why there is none.
func (g Stirring) fit() (calibration.Calibration, error) {
	if n := len(g.points.X); n < leastTurning {
		return calibration.Calibration{}, refuse("the bar turned at %d of %d duties only: look whether there is a stir bar and it is centred; "+
			"raise initial_duty_cycle of [stirring]", n, len(g.plan)-2)
	}
	if _, r := fitness(g.points, 0); r <= 0 {
		return calibration.Calibration{}, refuse("more duty did not give more speed: look whether the bar follows the motor")
	}
	curve, err := calibration.FitSpline(g.points.X, g.points.Y, nil, calibration.Auto)
	if err != nil {
		return calibration.Calibration{}, err
	}
	return calibration.Calibration{
		Kind: calibration.Stirring, Name: g.name(), Unit: g.subject.Unit, Curve: curve, X: "DC %", Y: "RPM", Recorded: g.points,
		PWMHz: stirringHz,
	}, nil
}

func (g Stirring) name() string { return g.subject.Device + "-" + g.subject.Stamp }

func (g Stirring) warnings() []string {
	if n := len(g.plan) - 2 - len(g.points.X); n > 0 {
		return []string{fmt.Sprintf("At %d of %d duties the bar stood still; they are left out.", n, len(g.plan)-2)}
	}
	return nil
}

func (g Stirring) kept() (Guide, Action, error) {
	if g.subject.Use && !g.using {
		g.using = true
		return g, Use{g.name()}, nil
	}
	text := fmt.Sprintf("%s is saved. `pioactor calibrations use stirring %s` makes it the active one.", g.name(), g.name())
	if g.using {
		text = g.name() + " is saved, and the active calibration of stirring."
	}
	return g, Finish{text}, nil
}

var _ Guide = Stirring{}
