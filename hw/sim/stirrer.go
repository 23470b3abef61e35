package sim

import (
	"errors"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// StirringConfig is the fan motor and the bar that follows its magnets: it
// turns at rpm_per_pct·(duty − friction_pct), by default 495 rpm at 27.5 %.
type StirringConfig struct {
	RPMPerPct   float64 `toml:"rpm_per_pct" unit:"RPM/%" min:"1" max:"1000" help:"speed gained by each percent of duty above friction_pct"`
	FrictionPct float64 `toml:"friction_pct" unit:"%" min:"0" max:"99" help:"duty that friction eats"`
	StallPct    float64 `toml:"stall_pct" unit:"%" min:"0" max:"100" help:"duty below which a turning bar stops"`
	StartPct    float64 `toml:"start_pct" unit:"%" min:"0" max:"100" help:"duty that sets a standing bar in motion"`
	InertiaS    float64 `toml:"inertia_s" unit:"s" min:"1e-3" max:"100" help:"time constant of speeding up and slowing down"`
}

func defaultStirring() StirringConfig {
	return StirringConfig{RPMPerPct: 22, FrictionPct: 5, StallPct: 10, StartPct: 40, InertiaS: 0.6}
}

func (c StirringConfig) validate() error {
	if (c.StallPct-c.FrictionPct)*c.RPMPerPct < 2*standstill {
		return errors.New("sim: stall_pct is too close to friction_pct: the bar would turn below 60 rpm")
	}
	return nil
}

const standstill = 30 // rpm; slower than this static friction holds the bar

// stirrer turns with one time constant, ω' = (ω∞ − ω)/τ, so that speed and
// angle are known at every instant without stepping.
type stirrer struct {
	cfg     StirringConfig
	stalled bool
	rpm     float64
	turn    float64 // revolutions since the last edge, 0 to 1
	edges   hw.Edges
}

// advance turns the bar for seconds from at, with a constant duty.
func (s *stirrer) advance(at time.Duration, seconds, duty float64) {
	goal := s.goal(duty)
	if goal > 0 {
		s.spin(at, seconds, goal)
		return
	}
	if s.rpm <= standstill {
		s.rpm = 0
		return
	}
	coast := s.cfg.InertiaS * math.Log(s.rpm/standstill)
	s.spin(at, min(seconds, coast), 0)
	if seconds >= coast {
		s.rpm = 0
	}
}

// goal is the speed the bar would settle at, rpm.
func (s *stirrer) goal(duty float64) float64 {
	turning := s.rpm > standstill && duty >= s.cfg.StallPct
	if s.stalled || duty <= s.cfg.FrictionPct || !(turning || duty >= s.cfg.StartPct) {
		return 0
	}
	return s.cfg.RPMPerPct * (duty - s.cfg.FrictionPct)
}

func (s *stirrer) spin(at time.Duration, seconds, goal float64) {
	start, tau := s.rpm, s.cfg.InertiaS
	total := s.turn + revolutions(start, goal, tau, seconds)
	if whole := math.Floor(total); whole >= 1 {
		when := whenTurned(start, goal, tau, seconds, whole-s.turn)
		s.edges.Count += uint64(whole)
		s.edges.Last = at + time.Duration(math.Round(when*1e9))
		total -= whole
	}
	s.turn = total
	s.rpm = goal + (start-goal)*math.Exp(-seconds/tau)
	if math.Abs(s.rpm-goal) < 1e-6 {
		s.rpm = goal
	}
}

// revolutions turned in t seconds: ∫ω dt with ω = goal + (start−goal)·e^(−t/τ).
func revolutions(start, goal, tau, t float64) float64 {
	return (goal*t - (start-goal)*tau*math.Expm1(-t/tau)) / 60
}

// whenTurned inverts revolutions for want within 0 to seconds, by Newton's
// method kept inside a shrinking bracket.
func whenTurned(start, goal, tau, seconds, want float64) float64 {
	if start == goal {
		return min(want*60/goal, seconds)
	}
	lo, hi := 0.0, seconds
	t := seconds
	for range 60 {
		miss := revolutions(start, goal, tau, t) - want
		if miss > 0 {
			hi = t
		} else {
			lo = t
		}
		next := t - miss*60/(goal+(start-goal)*math.Exp(-t/tau))
		if !(next >= lo && next <= hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-t) < 1e-12 {
			return next
		}
		t = next
	}
	return t
}
