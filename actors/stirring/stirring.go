// Package stirring is the job "stirring": it keeps the stir bar turning, at its
// target speed if there is a tachometer. What to drive and when to measure is
// decided in the room rotor; this room carries it out.
//
// It refuses to give up: a bar that stands still is kicked for as long as the
// job lives, because cells that settle are lost. It refuses to own the motor:
// the actor "stirrer" does, and stops it when this job no longer renews its lease.
//
//	[stirring]
//	initial_target_rpm = 500
package stirring

import (
	"errors"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
)

func init() { actors.Register(actors.Own, "stirring", New) }

// unset marks a setting that takes its initial value.
const unset = -1

// Stirring is the job.
//
// Takes: Driven and Cut from "stirrer", EdgesRead from "tachometer", OwnerGone
// of the stirrer, ODNear and ODOver.
// Sends: Drive, ReadEdges; StirringRate, PIDLog, the alarms stirring_stalled,
// stirring_off, stirring_unmeasured and stirring_cannot_dodge.
// Fails by: nothing the hardware does. It is refused at the start if another
// owner holds the stirrer, or if use_rpm is on and no tachometer is fitted.
type Stirring struct {
	TargetRPM   float64 `toml:"target_rpm" unit:"RPM" min:"0" max:"5000" set:"yes" help:"speed to hold; 0 stops; 0 in open loop"`
	DutyCycle   float64 `toml:"duty_cycle" unit:"%" min:"0" max:"100" set:"yes" help:"what the motor is driven with; with use_rpm the controller goes on from it"`
	EnableDodge bool    `toml:"enable_dodging_od" set:"yes" help:"slow down for each OD reading"`
	Dodging     bool    `toml:"currently_dodging_od" set:"no" help:"enable_dodging_od, and OD is read"`
	DuringRPM   float64 `toml:"target_rpm_during_od_reading" unit:"RPM" min:"0" max:"5000" set:"yes" help:"speed for OD readings while dodging"`
	OutsideRPM  float64 `toml:"target_rpm_outside_od_reading" unit:"RPM" min:"0" max:"5000" set:"yes" help:"speed between OD readings while dodging; target_rpm when dodging begins, if not set"`

	UseRPM           bool          `toml:"use_rpm" help:"hold target_rpm with the tachometer; false drives duty_cycle in open loop"`
	InitialTargetRPM float64       `toml:"initial_target_rpm" unit:"RPM" min:"0" max:"5000"`
	InitialDutyCycle float64       `toml:"initial_duty_cycle" unit:"%" above:"0" max:"100"`
	PreDelay         time.Duration `toml:"pre_delay_duration" unit:"s" min:"0.1" max:"60" help:"slow down so long before an OD reading"`
	PostDelay        time.Duration `toml:"post_delay_duration" unit:"s" min:"0" max:"60" help:"speed up so long after an OD reading"`
	BetweenUpdates   time.Duration `toml:"duration_between_updates" unit:"s" min:"6" max:"600" help:"between corrections once the target is reached"`
	Kp               float64       `toml:"kp" min:"0" max:"0.027" help:"duty points per rpm and correction"`

	rotor   rotor.Rotor
	drive   driver
	tacho   tacho
	overdue bool // said that the target is not reached
	near    bool // slowed down for an OD reading
	follows bool // the speed between readings is what target_rpm was
}

// New is the job with its defaults, which are those of Pioreactor 26.7.2.
func New() actors.Job {
	tuning := rotor.DefaultConfig()
	return &Stirring{TargetRPM: unset, DutyCycle: unset, OutsideRPM: unset, UseRPM: true, InitialTargetRPM: 500,
		PreDelay: 1500 * time.Millisecond, PostDelay: 250 * time.Millisecond,
		InitialDutyCycle: tuning.InitialDuty, BetweenUpdates: tuning.Interval, Kp: tuning.HoldGain}
}

// Validate gives what nobody has set its initial value, and checks the tuning.
func (s *Stirring) Validate() error {
	if s.TargetRPM == unset {
		s.TargetRPM = s.InitialTargetRPM
	}
	if s.DutyCycle == unset {
		s.DutyCycle = s.InitialDutyCycle
	}
	if s.EnableDodge && !s.UseRPM {
		return errors.New("enable_dodging_od: use_rpm is off, there is no speed to return to; set use_rpm = true")
	}
	return s.tuning().Validate()
}

func (s *Stirring) tuning() rotor.Config {
	return rotor.Config{InitialDuty: s.InitialDutyCycle, HoldGain: s.Kp, Interval: s.BetweenUpdates, OpenLoop: !s.UseRPM}
}

// Receive implements actors.Job.
func (s *Stirring) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return s.start(c)
	case actors.Entered:
		s.entered(c, msg)
	case actors.Dodging:
		s.dodging(c, msg)
	case actors.ODNear:
		s.odNear(c)
	case actors.ODOver:
		s.odOver(c)
	case actors.SettingsChanged:
		return s.changed(c, msg.Names)
	case next:
		s.step(c, msg)
	case retry:
		return s.again(c, msg)
	case look:
		s.look(c, msg)
	case glance:
		s.glance(c, msg)
	case probe:
		s.probe(c)
	case begun:
		c.Ready()
	case beat:
		s.beat(c)
	case protocol.Driven:
		s.driven(c, msg)
	case protocol.Cut:
		s.cut(c, msg)
	case protocol.EdgesRead:
		s.edges(c, msg)
	case actors.OwnerGone:
		if msg.Owner == protocol.Stirrer {
			s.cut(c, protocol.Cut{Output: protocol.Stirrer, Reason: "the stirrer's actor restarts"})
		}
	case actors.Stopping:
		s.stop(c)
	}
	return nil
}

// start kicks the motor; the job is ready once the kick is over.
func (s *Stirring) start(c *actors.Context) error {
	var err error
	if s.rotor, err = rotor.New(s.tuning()); err != nil {
		return err
	}
	if !s.UseRPM {
		s.TargetRPM = 0
	}
	s.seed()
	s.feed(c, s.TargetRPM)
	actors.Subscribe[actors.OwnerGone](c)
	s.drive.turned = c.Mono()
	c.After(renewal, beat{})
	if err := s.dodge(c); err != nil {
		return err
	}
	if !s.wanted() || c.StartsAsleep() {
		return nil
	}
	c.HoldInit()
	c.After(grace, begun{})
	if s.UseRPM {
		s.probe(c)
	}
	return s.turn(c)
}

// seed makes the rotor start from the duty people see.
func (s *Stirring) seed() {
	if r, err := s.rotor.Seed(s.DutyCycle); err == nil {
		s.rotor = r
	} // a duty of 0 seeds nothing: the rotor keeps the last that worked
}

// wanted reports whether the bar should turn.
func (s *Stirring) wanted() bool {
	if s.UseRPM {
		return s.TargetRPM > 0
	}
	return s.DutyCycle > 0
}

// openLoop is the target of a rotor that never measures: anything but 0.
const openLoop = 1

// turn carries the settings out, with a kick if the motor rests.
func (s *Stirring) turn(c *actors.Context) error {
	target := s.TargetRPM
	if !s.UseRPM && s.DutyCycle > 0 {
		target = openLoop
	}
	if s.near {
		s.aside(c)
		return nil
	}
	r, program, err := s.rotor.SetTarget(c.Mono(), target)
	if err != nil {
		return err
	}
	s.rotor, s.overdue = r, false
	s.run(c, program)
	return nil
}

func (s *Stirring) entered(c *actors.Context, e actors.Entered) {
	switch {
	case e.State == actors.Sleeping:
		s.rest(c)
	case e.From == actors.Sleeping && s.wanted():
		if err := s.turn(c); err != nil {
			c.Log().Error("%v", err)
		}
	}
}

// rest is what sleeping and stopping have in common: the devices have made the
// motor safe already.
func (s *Stirring) rest(c *actors.Context) {
	s.rotor, _ = s.rotor.Stop()
	if s.near {
		s.near, s.TargetRPM = false, s.OutsideRPM
	}
	s.drop()
	s.drive.on, s.drive.asked = 0, 0
	if s.UseRPM {
		s.DutyCycle = 0
		c.Publish(actors.StirringRate{})
	}
	c.Clear(alarmStalled)
	c.Clear(alarmUnmeasured)
}

func (s *Stirring) stop(c *actors.Context) {
	s.rest(c)
	c.Clear(alarmOff)
	c.Clear(alarmNotDodging)
}

func (s *Stirring) changed(c *actors.Context, names []string) error {
	for _, name := range names {
		if err := s.allow(name); err != nil {
			return err
		}
	}
	if err := s.redodge(c, names); err != nil {
		return err
	}
	s.feedTargets(c, names)
	if slices.Contains(names, "duty_cycle") {
		s.seed()
	}
	if c.State() == actors.Sleeping {
		return nil // it counts when the job wakes
	}
	if s.UseRPM && !s.wanted() {
		c.Publish(actors.StirringRate{})
		c.Clear(alarmStalled)
	}
	return s.turn(c)
}

func (s *Stirring) allow(name string) error {
	switch {
	case name == "target_rpm" && !s.UseRPM:
		return actors.Refuse("open_loop", "target_rpm: use_rpm is off, nobody measures the speed; set duty_cycle")
	case name == "duty_cycle" && s.near:
		return actors.Refuse("dodging", "duty_cycle: stirring is slowed down for an OD reading; try again in a few seconds")
	case name == "duty_cycle" && s.UseRPM && s.DutyCycle == 0:
		return actors.Refuse("closed_loop", "duty_cycle: 0 would only be corrected; to stop stirring set target_rpm to 0")
	case name == "duty_cycle" && s.UseRPM && s.TargetRPM == 0:
		return actors.Refuse("closed_loop", "duty_cycle: target_rpm is 0, the stirrer rests; set target_rpm")
	}
	return nil
}
