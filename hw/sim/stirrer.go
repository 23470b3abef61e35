package sim

import (
	"errors"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// StirringConfig is the fan motor and the bar that follows its magnets.
type StirringConfig struct {
	// RPMPerPct and FrictionPct give the speed: rpm_per_pct·(duty − friction_pct).
	// Default 22 and 5: 495 rpm at 27.5 %.
	RPMPerPct   float64 `toml:"rpm_per_pct"`
	FrictionPct float64 `toml:"friction_pct"`
	// StallPct is the duty below which a turning bar stops. Default 10 %.
	StallPct float64 `toml:"stall_pct"`
	// StartPct is the duty that sets a standing bar in motion. Default 40 %:
	// a kick is needed.
	StartPct float64 `toml:"start_pct"`
	// InertiaS is the time constant of speeding up and slowing down. Default 0.6 s.
	InertiaS float64 `toml:"inertia_s"`
}

func defaultStirring() StirringConfig {
	return StirringConfig{RPMPerPct: 22, FrictionPct: 5, StallPct: 10, StartPct: 40, InertiaS: 0.6}
}

func (c StirringConfig) validate() error {
	err := check(
		bound{"rpm_per_pct", c.RPMPerPct, 1, 1000},
		bound{"friction_pct", c.FrictionPct, 0, 99},
		bound{"stall_pct", c.StallPct, 0, 100},
		bound{"start_pct", c.StartPct, 0, 100},
		bound{"inertia_s", c.InertiaS, 1e-3, 100},
	)
	if (c.StallPct-c.FrictionPct)*c.RPMPerPct < 2*standstill {
		err = errors.Join(err, errors.New("sim: stall_pct is too close to friction_pct: the bar would turn below 60 rpm"))
	}
	return err
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
