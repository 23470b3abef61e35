// Package rotor keeps the stir bar at its speed: a state machine that is told
// what the tachometer measured and answers with a [Program], what to drive for
// how long and when to measure next. Time comes in as values.
//
// It first learns how fast the motor answers and walks to the target within a
// minute, then holds it with a small gain. A bar that stands still is kicked; if
// two kicks do not help it raises a fault, and goes on kicking every 5 min for
// ever: it refuses to give up, because cells that settle are lost. It also
// refuses to believe a tachometer that goes silent at full speed: then it keeps
// the duty that held the target.
//
//	r, err := rotor.New(rotor.DefaultConfig())
//	r, program, err := r.SetTarget(now, 500)
//	r, program = r.Measured(now, 468.3) // after the program's last action
//
// Figures follow Pioreactor 26.7.2 unless a comment says otherwise.
package rotor

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Fixed figures of the controller.
const (
	Tolerance = 20.0             // rpm: within it the target is reached
	Patience  = 60 * time.Second // until a target not reached is reported
	RetryKick = 5 * time.Minute  // between kicks once a fault is raised
	MaxRPM    = 5000.0           // of a target

	maxStep     = 7.5   // duty points an update
	maxKickDuty = 60.0  // after a kick
	maxSeenRPM  = 20000 // beyond it the tachometer counts noise
)

// Config is the tuning; see [DefaultConfig].
type Config struct {
	InitialDuty float64       // % until the motor is known
	HoldGain    float64       // duty points per rpm and update once the target is reached
	Interval    time.Duration // between updates once the target is reached
	OpenLoop    bool          // no tachometer: drive InitialDuty and never measure
}

// DefaultConfig is the shipped tuning.
func DefaultConfig() Config {
	return Config{InitialDuty: 30, HoldGain: 0.005, Interval: 23 * time.Second}
}

// Validate reports everything wrong with c.
func (c Config) Validate() error {
	var errs []error
	if !(c.InitialDuty > 0 && c.InitialDuty <= 100) {
		errs = append(errs, fmt.Errorf("rotor: initial duty %v %%: want above 0 and at most 100", c.InitialDuty))
	}
	if !(c.HoldGain >= 0 && c.HoldGain <= 1/maxSlope) {
		errs = append(errs, fmt.Errorf("rotor: gain %v %%/rpm: want 0 to %.3f, more would swing", c.HoldGain, 1/maxSlope))
	}
	if c.Interval < time.Second || c.Interval > 10*time.Minute {
		errs = append(errs, fmt.Errorf("rotor: update interval %v: want 1s to 10m", c.Interval))
	}
	return errors.Join(errs...)
}

// Phase is what the controller is about.
type Phase string

// The phases.
const (
	Off       Phase = "off"
	Acquiring Phase = "acquiring" // walking to the target
	Holding   Phase = "holding"   // at the target
	Stalled   Phase = "stalled"   // no revolution seen
)

// Fault is what a person should look at.
type Fault string

// The faults. Both keep the motor driven and are over with the next revolution.
const (
	NoFault           Fault = ""
	MotorStalled      Fault = "stalled"            // two kicks did not turn it
	TachometerSuspect Fault = "tachometer_suspect" // it went silent while at the target
)

// Rotor is the controller's state, a value: each call returns the next one.
type Rotor struct {
	cfg    Config
	target float64 // rpm
	duty   float64 // % that should hold the target
	phase  Phase
	since  time.Duration // when the target was set

	rpm     float64 // measured last
	reached bool    // since the target was set
	misses  int     // measurements in a row outside the tolerance while holding
	motor   motor
	stall   stall

	aside aside // for OD readings
	still bool  // the motor rests
	rough bool  // what is measured is good for telling turning from standing
}

// New is a controller at rest.
func New(cfg Config) (Rotor, error) {
	if err := cfg.Validate(); err != nil {
		return Rotor{}, err
	}
	return Rotor{cfg: cfg, duty: cfg.InitialDuty, phase: Off, motor: unknownMotor(), still: true}, nil
}

// Seed sets the duty to start the next target with, such as one that was stored
// or one from [FeedForward].
func (r Rotor) Seed(duty float64) (Rotor, error) {
	if !(duty > 0 && duty <= 100) {
		return r, fmt.Errorf("rotor: seed duty %v %%: want above 0 and at most 100", duty)
	}
	r.duty = duty
	return r, nil
}

// FeedForward is the duty for a new target when a stirring calibration says that
// calibrated would hold it and duty is the present estimate.
func FeedForward(duty, calibrated float64) float64 {
	return clamp(1.05*(duty-0.90*(duty-calibrated)), 0, 100)
}

// Status is what can be told about the rotor.
type Status struct {
	Phase       Phase
	Fault       Fault
	TargetRPM   float64
	MeasuredRPM float64 // rounded to 0.1
	DutyPercent float64
	Reached     bool // the target, at least once since it was set
	Kicks       int  // since it last turned
}

// Status of the rotor.
func (r Rotor) Status() Status {
	s := Status{Phase: r.phase, Fault: r.stall.fault, TargetRPM: r.target, MeasuredRPM: r.rpm, Reached: r.reached, Kicks: r.stall.kicks}
	if r.phase != Off {
		s.DutyPercent = r.duty
	}
	return s
}

// Overdue reports that the target was not reached within [Patience].
func (r Rotor) Overdue(now time.Duration) bool {
	return r.phase != Off && !r.cfg.OpenLoop && !r.reached && !r.rough && now-r.since > Patience
}

// SetTarget sets a speed in rpm, 0 to 5000; 0 stops. A rotor at rest gets a kick.
func (r Rotor) SetTarget(now time.Duration, rpm float64) (Rotor, Program, error) {
	if !(rpm >= 0 && rpm <= MaxRPM) {
		return r, nil, fmt.Errorf("rotor: target %v rpm: want 0 to %v", rpm, MaxRPM)
	}
	r.target, r.since, r.reached, r.misses = rpm, now, false, 0
	r.aside.on, r.rough = false, false
	switch {
	case rpm == 0:
		r, program := r.Stop()
		return r, program, nil
	case r.phase == Off || r.still:
		r.phase, r.motor, r.still = Acquiring, r.motor.disturbed(), false
		return r, r.startProgram(), nil
	case r.phase == Stalled:
		r, program := r.kick(now)
		return r, program, nil
	}
	r.phase = Acquiring
	return r, r.watch(0), nil
}

// Stop drives 0 and keeps what was learnt about the motor. The target is kept
// for the caller to set again.
func (r Rotor) Stop() (Rotor, Program) {
	r.phase, r.rpm, r.reached, r.stall, r.still = Off, 0, false, stall{}, true
	return r, Program{{Do: Drive, DutyPercent: 0}}
}

// Measured takes in the speed over the window of the program's last action, and
// answers with the next program, which replaces whatever is left of the old one.
// At rest and in open loop it answers with none. A speed that cannot be one is
// not believed: the same duty is measured again.
func (r Rotor) Measured(now time.Duration, rpm float64) (Rotor, Program) {
	believed := rpm >= 0 && rpm <= maxSeenRPM
	switch {
	case r.cfg.OpenLoop || r.phase == Off && !r.aside.on:
		return r, nil
	case r.aside.on && believed:
		return r.seenAside(rpm), nil
	case !believed && (r.aside.on || r.rough):
		return r, nil
	case !believed:
		return r, r.watch(settle)
	}
	before := r.rpm
	r.rpm = RoundRPM(rpm)
	switch {
	case r.rpm == 0:
		return r.standing(now, before)
	case r.rough:
		return r.seenRough(), nil
	}
	return r.turning()
}

// turning corrects the duty of a motor that turns.
func (r Rotor) turning() (Rotor, Program) {
	if r.phase == Stalled {
		r.phase, r.motor = Acquiring, r.motor.disturbed()
	}
	r.stall = stall{}
	r.motor = r.motor.observe(r.duty, r.rpm)
	e := r.target - r.rpm
	near := math.Abs(e) <= Tolerance
	r.reached = r.reached || near
	if r.phase == Holding && !r.lost(e) {
		r.misses = count(r.misses, near)
		r = r.step(r.cfg.HoldGain * e)
		return r, r.watch(r.cfg.Interval - Window(r.target))
	}
	r.misses = 0
	r = r.step(r.motor.step(e))
	if near {
		r.phase = Holding
		return r, r.watch(firstHold)
	}
	r.phase = Acquiring
	if (r.duty == 100 && e > 0) || (r.duty == 0 && e < 0) {
		return r, r.watch(r.cfg.Interval) // out of reach: no hurry
	}
	return r, r.watch(settle)
}

// lost reports that a held target has slipped: far off once, or off twice.
func (r Rotor) lost(e float64) bool {
	return math.Abs(e) > 3*Tolerance || (r.misses > 0 && math.Abs(e) > Tolerance)
}

func (r Rotor) step(points float64) Rotor {
	r.duty = round5(clamp(r.duty+clamp(points, -maxStep, maxStep), 0, 100))
	return r
}

func count(misses int, near bool) int {
	if near {
		return 0
	}
	return misses + 1
}

// RoundRPM rounds a speed to 0.1 rpm, as it is published.
func RoundRPM(rpm float64) float64 { return math.Round(rpm*10) / 10 }

func round5(x float64) float64 { return math.Round(x*1e5) / 1e5 }

func clamp(x, lo, hi float64) float64 { return math.Max(lo, math.Min(x, hi)) }
