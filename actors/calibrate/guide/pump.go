package guide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Pump makes the calibration of a pump from weighings of water: how many
// millilitres in how many seconds. Source of the plan: Pioreactor 26.7.2,
// protocol "duration_based".
type Pump struct {
	subject Subject
	done    []entry // the steps that count, in order
	undone  []entry // those taken back, the last first to be redone
	busy    bool    // an action for pending is under way
	pending entry
}

// entry is one step that was taken.
type entry struct {
	stage   stage
	numbers []float64 // target: mL; others: one
	text    string    // name
}

// stage is what a step is about.
type stage int

const (
	target stage = iota // which volumes
	prime               // fill the tube, until 0 s are wanted
	tracer              // one run to learn the rate
	weighTracer
	run // one of the weighings
	weigh
	name // of the calibration, and keep it
	use  // make it the active one
	over
)

// The plan and its bounds. Source where named: Pioreactor 26.7.2.
const (
	tracerRun     = time.Second // Pioreactor
	belowTarget   = 0.8         // Pioreactor: the shortest run moves so much of the least target
	aboveTarget   = 1.1         // Pioreactor: the longest, of the largest target
	firstPrime    = "20"        // s; about 2 mL, a tube of 1 m
	longestPrime  = 120.0       // s
	leastTargetML = 0.05        // three drops
	mostTargetML  = 40.0        // the larger vial
	leastRate     = 0.005       // mL/s: a tube that is clamped or full of air
	mostRate      = 5.0         // mL/s: far above any pump of this size
	longestRunS   = 300.0       // s: ten weighings shall end
	shortestRunS  = 0.1         // s: starting and stopping weigh more than pumping
	factorApart   = 2.0         // a weighing so far from the others is a slip
	usualRate     = 0.0911      // mL/s, Pioreactor: before anything was weighed
	wideScatter   = 0.05        // of the mean volume: worth a warning
	pumpHz        = 250         // Pioreactor
	pumpDuty      = 100         // %, Pioreactor
)

// NewPump begins the calibration of the pump s.Device.
func NewPump(s Subject) Pump { return Pump{subject: s} }

// Begin implements Guide: the first thing is a question.
func (p Pump) Begin() (Guide, Action) { return p, nil }

// Points implements Guide.
func (p Pump) Points() calibration.Points { return p.view().points }

// view is what the steps so far come to.
type view struct {
	at     stage
	target []float64 // mL
	primed int       // runs to fill the tube
	ranS   float64   // the run to be weighed now
	rate   float64   // mL/s, of the tracer
	plan   []float64 // s, of the weighings
	points calibration.Points
	name   string
}

func (p Pump) view() view {
	var v view
	for _, e := range p.done {
		v.take(e)
	}
	return v
}

// take goes one step on.
func (v *view) take(e entry) {
	switch e.stage {
	case target:
		v.target, v.at = e.numbers, prime
	case prime:
		v.primed++
		if e.numbers[0] == 0 {
			v.at = tracer
		}
	case tracer:
		v.ranS, v.at = e.numbers[0], weighTracer
	case weighTracer:
		v.rate = e.numbers[0] / v.ranS
		v.plan, v.at = planFor(v.target, v.rate), run
	case run:
		v.ranS, v.at = e.numbers[0], weigh
	case weigh:
		v.points.X, v.points.Y = append(v.points.X, v.ranS), append(v.points.Y, e.numbers[0])
		v.at = run
		if len(v.points.X) == len(v.plan) {
			v.at = name
		}
	case name:
		v.name, v.at = e.text, use
	case use:
		v.at = over
	}
}

// planFor is how long each run of the weighings lasts, in s: four short, two
// between, four long.
func planFor(target []float64, rate float64) []float64 {
	shortest := belowTarget * slices.Min(target) / rate
	longest := aboveTarget * slices.Max(target) / rate
	return slices.Concat(slices.Repeat([]float64{shortest}, 4),
		slices.Repeat([]float64{(shortest + longest) / 2}, 2), slices.Repeat([]float64{longest}, 4))
}

// expected is the rate that weighings are held against, mL/s.
func (v view) expected() float64 {
	if line, err := calibration.FitThroughOrigin(v.points.X, v.points.Y); err == nil {
		return line.At(1)
	}
	return v.rate
}

// Step implements Guide.
func (p Pump) Step(in Input) (Guide, Action, error) {
	switch in := in.(type) {
	case Answer:
		return p.answer(in)
	case Undo:
		return p.undo()
	case Redo:
		return p.redo()
	case Ran:
		return p.ran(in)
	case Kept:
		return p.kept()
	case Failed:
		p.busy = false
		return p, nil, nil
	}
	return p, nil, refuse("%s: does not wait for %T", p.subject.Device, in)
}

func (p Pump) answer(a Answer) (Guide, Action, error) {
	if p.busy {
		return p, nil, refuse("wait until the pump has stopped; then answer")
	}
	v := p.view()
	e, action, err := p.judge(v, a.value(p.field(v)))
	if err != nil {
		return p, nil, err
	}
	if action != nil {
		p.pending, p.busy = e, true
		return p, action, nil
	}
	return p.accept(e)
}

// accept takes a step. What was undone cannot be redone after it.
func (p Pump) accept(e entry) (Guide, Action, error) {
	p.done, p.undone, p.busy = append(slices.Clip(p.done), e), nil, false
	v := p.view()
	switch {
	case v.at == over:
		return p, Finish{p.end(v, e)}, nil
	case v.at == use && p.subject.Use:
		p.pending, p.busy = entry{stage: use, text: "used"}, true
		return p, Use{v.name}, nil
	}
	return p, nil, nil
}

func (p Pump) end(v view, last entry) string {
	if last.text == "used" {
		return fmt.Sprintf("%s is saved, and the active calibration of %s.", v.name, p.subject.Device)
	}
	return fmt.Sprintf("%s is saved. `pioactor calibrations use %s %s` makes it the active one.", v.name, p.subject.Device, v.name)
}

// ran ends a run of the pump: what counts is how long it really ran.
func (p Pump) ran(r Ran) (Guide, Action, error) {
	if !p.busy || p.pending.stage > run {
		return p, nil, refuse("%s: no run is under way", p.subject.Device)
	}
	p.pending.numbers = []float64{r.For.Seconds()}
	return p.accept(p.pending)
}

func (p Pump) kept() (Guide, Action, error) {
	if !p.busy || p.pending.stage < name {
		return p, nil, refuse("%s: nothing is being kept", p.subject.Device)
	}
	if p.pending.stage == use {
		p.pending.text = "used"
	}
	return p.accept(p.pending)
}

func (p Pump) undo() (Guide, Action, error) {
	switch n := len(p.done); {
	case p.busy:
		return p, nil, refuse("wait until the pump has stopped; then undo")
	case n == 0:
		return p, nil, refuse("there is nothing to undo")
	case p.done[n-1].stage >= name:
		return p, nil, refuse("%s is saved already; begin anew for another", p.done[n-1].text)
	default:
		p.undone = append(slices.Clip(p.undone), p.done[n-1])
		p.done = slices.Clip(p.done[:n-1])
		return p, nil, nil
	}
}

// redo counts a step again that was taken back; nothing runs.
func (p Pump) redo() (Guide, Action, error) {
	n := len(p.undone)
	if p.busy || n == 0 {
		return p, nil, refuse("there is nothing to redo")
	}
	p.done = append(slices.Clip(p.done), p.undone[n-1])
	p.undone = slices.Clip(p.undone[:n-1])
	return p, nil, nil
}

// role is the device as people say it.
func (p Pump) role() string {
	return strings.ReplaceAll(strings.TrimSuffix(p.subject.Device, "_pump"), "_", " ")
}

var _ Guide = Pump{}
