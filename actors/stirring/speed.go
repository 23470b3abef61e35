package stirring

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"github.com/pioactor/pioactor/hw"
)

// The alarms of this job. None is latched: a bar that turns needs nobody.
const (
	alarmStalled    = "stirring_stalled"
	alarmOff        = "stirring_off"
	alarmUnmeasured = "stirring_unmeasured"
)

// tacho is one observation: the count at its start and at its end.
type tacho struct {
	window  time.Duration
	from    hw.Edges
	begun   bool // from is the count at the start
	waiting bool // for EdgesRead
	known   bool // it answered once, since the job started
	since   time.Duration

	glancing bool // for EdgesRead of a glance
	seen     hw.Edges
	glanced  bool // seen is the count of the last glance
}

// look ends the window of an observation; probe asks for a first sign of life;
// glance looks whether the bar turns at all, between observations.
type (
	look   struct{ gen uint64 }
	probe  struct{}
	glance struct{ gen uint64 }
)

// glances come so often while a speed is held, so that a bar that stands is
// found within two of them instead of at the next update.
const glanceEvery = 3 * time.Second

// watchFor looks now and then while the duty stays for d.
func (s *Stirring) watchFor(c *actors.Context, d time.Duration) {
	if d > 2*glanceEvery && s.tacho.known && s.UseRPM && s.drive.on > 0 {
		c.After(glanceEvery, glance{s.drive.gen})
	}
}

func (s *Stirring) glance(c *actors.Context, g glance) {
	if g.gen != s.drive.gen || s.tacho.begun || s.tacho.waiting {
		return
	}
	if s.tacho.glancing = c.Tell("tachometer", protocol.ReadEdges{}); s.tacho.glancing {
		c.After(glanceEvery, g)
	}
}

// glimpsed measures at once when the bar has not turned since the last glance.
func (s *Stirring) glimpsed(c *actors.Context, read protocol.EdgesRead) {
	stands := s.tacho.glanced && read.Err == nil && read.Edges.Count == s.tacho.seen.Count
	s.tacho.glancing, s.tacho.seen, s.tacho.glanced = false, read.Edges, read.Err == nil
	if stands && !s.near && s.rotor.Status().Phase == rotor.Holding {
		s.run(c, rotor.Program{{Do: rotor.Observe, For: rotor.Window(s.TargetRPM)}})
	}
}

// probe lets a start without a tachometer be refused before the job is ready.
func (s *Stirring) probe(c *actors.Context) {
	if !s.tacho.known && c.State() == actors.Init && !c.Tell("tachometer", protocol.ReadEdges{}) {
		c.After(hurry, probe{})
	}
}

func (s *Stirring) observe(c *actors.Context, window time.Duration) {
	s.tacho = tacho{window: window, known: s.tacho.known}
	s.ask(c)
}

func (s *Stirring) look(c *actors.Context, l look) {
	if l.gen == s.drive.gen && s.tacho.begun {
		s.ask(c)
	}
}

func (s *Stirring) ask(c *actors.Context) {
	s.tacho.waiting, s.tacho.since = true, c.Mono()
	if !c.Tell("tachometer", protocol.ReadEdges{}) {
		s.unmeasured(c, errors.New("stirring: the tachometer's actor is not running"))
	}
}

func (s *Stirring) edges(c *actors.Context, read protocol.EdgesRead) {
	if !s.tacho.known && !errors.Is(read.Err, hw.ErrAbsent) {
		s.tacho.known = true
		s.ready(c)
	}
	switch {
	case s.tacho.glancing:
		s.glimpsed(c, read)
	case read.Err != nil:
		s.unmeasured(c, read.Err)
	case !s.tacho.waiting:
	case !s.tacho.begun:
		s.tacho.from, s.tacho.begun, s.tacho.waiting = read.Edges, true, false
		c.After(s.tacho.window, look{s.drive.gen})
	default:
		s.tacho.begun, s.tacho.waiting = false, false
		s.measured(c, read.Edges.RPM(s.tacho.from))
	}
}

// unmeasured keeps the duty and measures again in a while. Without a tachometer
// a start is refused: it could never hold a speed.
func (s *Stirring) unmeasured(c *actors.Context, err error) {
	if errors.Is(err, hw.ErrAbsent) && c.State() == actors.Init {
		c.Refuse(actors.Refuse("no_tachometer",
			"stirring: the speed cannot be held, %v; set use_rpm = false to stir with a fixed duty_cycle", err))
		return
	}
	c.Raise(alarmUnmeasured, "medium", fmt.Sprintf("the stirring speed cannot be measured, the duty stays as it is: %v", err), false)
	if s.tacho.waiting {
		s.tacho.waiting, s.tacho.begun = false, false
		s.drive.program = rotor.Program{{Do: rotor.Observe, For: s.tacho.window}}
		c.After(pause, next{s.drive.gen})
	}
}

// prod asks again when the tachometer's actor has not answered.
func (s *Stirring) prod(c *actors.Context) {
	if s.tacho.waiting && c.Mono()-s.tacho.since > pause {
		s.unmeasured(c, errors.New("stirring: the tachometer's actor does not answer"))
	}
}

func (s *Stirring) measured(c *actors.Context, rpm float64) {
	before := s.rotor.Status()
	r, program := s.rotor.Measured(c.Mono(), rpm)
	s.rotor = r
	now := r.Status()
	c.Clear(alarmUnmeasured)
	c.Publish(actors.StirringRate{RPM: now.MeasuredRPM})
	if now.MeasuredRPM > 0 {
		c.Publish(s.pidLog(now, now.DutyPercent-before.DutyPercent))
	}
	s.judge(c, now)
	s.run(c, program)
}

// maxStep is the most the rotor corrects at once, duty points.
const maxStep = 7.5

// pidLog shows a correction as the step of a proportional controller, with the
// gain it came to.
func (s *Stirring) pidLog(now rotor.Status, step float64) actors.PIDLog {
	gain := s.Kp
	if e := now.TargetRPM - now.MeasuredRPM; e != 0 {
		gain = step / e
	}
	return actors.PIDLog{Job: "stirring", Target: "rpm", Setpoint: now.TargetRPM, Input: now.MeasuredRPM,
		Lower: -maxStep, Upper: maxStep, Kp: gain, Proportional: step, Output: step}
}

// judge tells people what the rotor thinks, after every measurement.
func (s *Stirring) judge(c *actors.Context, now rotor.Status) {
	switch now.Fault {
	case rotor.NoFault:
		c.Clear(alarmStalled)
	case rotor.TachometerSuspect:
		c.Raise(alarmStalled, "high", "the stir bar was at its target, then showed no revolution, and two kicks did not help: "+
			"it stands, or the tachometer is dead; it is kicked every 5 min. Look whether it turns", false)
	default:
		c.Raise(alarmStalled, "high", "the stir bar does not turn, and two kicks did not help; "+
			"it is kicked every 5 min. Look whether it is there and centred", false)
	}
	if late := s.rotor.Overdue(c.Mono()); late && !s.overdue {
		s.overdue = true
		c.Log().Warning("%v RPM is not reached after %v: %v RPM at a duty of %.1f %%", now.TargetRPM, rotor.Patience, now.MeasuredRPM, now.DutyPercent)
	}
}
