// Package pid is a proportional-integral-derivative controller as pure
// arithmetic: the state is a value that can be stored, time comes in as dt.
//
// It refuses to wind up: while the output stands at a limit, the integral grows
// no further than what just reaches that limit. It refuses numbers that are not
// finite, and then changes nothing.
//
//	c, err := pid.New(pid.Config{Kp: 2.6, Kd: 4.6, Min: -25, Max: 25})
//	delta, err := c.Update(setpoint, measured, 1)
//
// The law is out = Kp·e + I + Kd·d with e = setpoint − measured. The derivative
// is taken of the measurement, d = −Δmeasured/dt, so that a new setpoint gives
// no kick. I is in output units: a changed Ki gives no bump. While the output
// is within its limits this equals Pioreactor 26.7.2.
package pid

import (
	"errors"
	"fmt"
	"math"
)

// Config is the tuning. The zero value of each field works except for the
// limits, which must span a range.
type Config struct {
	Kp, Ki, Kd float64
	Min, Max   float64 // limits of the output
	// Smoothing of the derivative, the share of its past: 0 to below 1.
	Smoothing float64
}

// Validate reports everything wrong with c.
func (c Config) Validate() error {
	var errs []error
	for _, g := range [...]float64{c.Kp, c.Ki, c.Kd} {
		if !finite(g) {
			errs = append(errs, fmt.Errorf("pid: gain %v is not a number", g))
		}
	}
	if !finite(c.Min) || !finite(c.Max) || c.Min >= c.Max {
		errs = append(errs, fmt.Errorf("pid: limits %v to %v: want a range", c.Min, c.Max))
	}
	if !(c.Smoothing >= 0 && c.Smoothing < 1) {
		errs = append(errs, fmt.Errorf("pid: smoothing %v: want 0 to below 1", c.Smoothing))
	}
	return errors.Join(errs...)
}

// State is what the controller remembers; its zero value is a fresh start.
type State struct {
	Integral   float64 `json:"integral"`   // in output units
	Derivative float64 `json:"derivative"` // smoothed, before the gain
	Last       float64 `json:"last"`       // measurement of the update before
	Primed     bool    `json:"primed"`     // whether Last holds one
}

// PID is a controller. Not safe for concurrent use.
type PID struct {
	cfg   Config
	state State
}

// New returns a fresh controller.
func New(cfg Config) (*PID, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &PID{cfg: cfg}, nil
}

// State is for storing.
func (p *PID) State() State { return p.state }

// Restore takes a stored state back. The integral is cut to what the output
// limits can use.
func (p *PID) Restore(s State) error {
	if !finite(s.Integral) || !finite(s.Derivative) || !finite(s.Last) {
		return fmt.Errorf("pid: restore %+v: not a number; reset instead", s)
	}
	reach := math.Max(math.Abs(p.cfg.Min), math.Abs(p.cfg.Max))
	s.Integral = clamp(s.Integral, -reach, reach)
	p.state = s
	return nil
}

// Retune changes gains and limits and keeps the state.
func (p *PID) Retune(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	p.cfg = cfg
	return nil
}

// Reset forgets everything: the next update has no derivative.
func (p *PID) Reset() { p.state = State{} }

// Update gives the output for a measurement taken dt after the one before, in
// whatever unit of time the gains are for; dt must be above 0. The first update
// has no derivative.
func (p *PID) Update(setpoint, measured, dt float64) (float64, error) {
	if !finite(setpoint) || !finite(measured) || !(dt > 0) || math.IsInf(dt, 0) {
		return 0, fmt.Errorf("pid: setpoint %v, measured %v, dt %v: want numbers and dt above 0", setpoint, measured, dt)
	}
	next := p.state
	next.Derivative = p.derivative(measured, dt)
	next.Last, next.Primed = measured, true
	e := setpoint - measured
	direct := p.cfg.Kp*e + p.cfg.Kd*next.Derivative
	next.Integral = p.integrate(direct, p.cfg.Ki*e*dt)
	out := direct + next.Integral
	if !finite(out) {
		return 0, fmt.Errorf("pid: setpoint %v, measured %v, dt %v overflow", setpoint, measured, dt)
	}
	p.state = next
	return clamp(out, p.cfg.Min, p.cfg.Max), nil
}

func (p *PID) derivative(measured, dt float64) float64 {
	if !p.state.Primed {
		return 0
	}
	d := -(measured - p.state.Last) / dt
	return (1-p.cfg.Smoothing)*d + p.cfg.Smoothing*p.state.Derivative
}

// integrate adds step to the integral, but never further beyond a limit than it
// already is.
func (p *PID) integrate(direct, step float64) float64 {
	i := p.state.Integral
	switch {
	case step > 0:
		return math.Max(i, math.Min(i+step, p.cfg.Max-direct))
	case step < 0:
		return math.Min(i, math.Max(i+step, p.cfg.Min-direct))
	}
	return i
}

func clamp(x, lo, hi float64) float64 { return math.Max(lo, math.Min(x, hi)) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
