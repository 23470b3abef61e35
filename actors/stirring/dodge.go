package stirring

import (
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/rhythm"
)

const (
	// alarmNotDodging is on while OD is read too often to be dodged.
	alarmNotDodging = "stirring_cannot_dodge"
	// relaxed is the interval from which on the speed can be controlled between
	// readings; below it the duty is what it was. Pioreactor 26.7.2.
	relaxed = 8330 * time.Millisecond
	// shortDelay is a delay that leaves the liquid moving. Pioreactor 26.7.2.
	shortDelay = 250 * time.Millisecond
)

// Hides implements actors.Hider: the two speeds exist only while dodging.
func (s *Stirring) Hides(name string) bool {
	return !s.Dodging && (name == duringOD || name == outsideOD)
}

// Names of the settings that dodging is about.
const (
	enableDodge = "enable_dodging_od"
	duringOD    = "target_rpm_during_od_reading"
	outsideOD   = "target_rpm_outside_od_reading"
)

// dodge begins or ends the dodging that the setting wants.
func (s *Stirring) dodge(c *actors.Context) error {
	if !s.EnableDodge {
		c.StopDodgingOD()
		c.Clear(alarmNotDodging)
		s.endDodging()
		return nil
	}
	if s.PreDelay < shortDelay || s.PostDelay < shortDelay {
		c.Log().Warning("Delays below %v around OD readings: the liquid may still move.", shortDelay)
	}
	return c.DodgeOD(s.PreDelay, s.PostDelay)
}

// dodging follows whether there are readings to dodge. Without, it is stirred
// as ever.
func (s *Stirring) dodging(c *actors.Context, m actors.Dodging) {
	if m.Reason != "" {
		c.Raise(alarmNotDodging, "medium", "stirring does not slow down for OD readings: "+m.Reason, false)
	} else {
		c.Clear(alarmNotDodging)
	}
	near, before := s.near, s.TargetRPM
	switch {
	case m.On && !s.Dodging:
		s.beginDodging(c)
	case !m.On:
		s.endDodging()
	}
	if (near != s.near || before != s.TargetRPM) && c.State() != actors.Sleeping {
		if err := s.turn(c); err != nil {
			c.Log().Error("%v", err)
		}
	}
}

func (s *Stirring) beginDodging(c *actors.Context) {
	if s.follows = s.follows || s.OutsideRPM == unset; s.follows {
		s.OutsideRPM = s.TargetRPM
	}
	if s.OutsideRPM != s.TargetRPM {
		s.feed(c, s.OutsideRPM)
	}
	s.Dodging, s.TargetRPM = true, s.OutsideRPM
	s.feedAside(c)
	if od, _, _ := actors.Latest[actors.ODRhythm](c, ""); od.Interval < relaxed {
		c.Log().Notice("OD is read every %v: too often to control the speed in between, which takes %v; a stirring calibration keeps it true.", od.Interval, relaxed)
	}
}

func (s *Stirring) endDodging() {
	if s.Dodging {
		s.Dodging, s.near, s.TargetRPM = false, false, s.OutsideRPM
	}
}

// odNear slows down for a reading.
func (s *Stirring) odNear(c *actors.Context) {
	s.near, s.TargetRPM = true, s.DuringRPM
	s.aside(c)
}

func (s *Stirring) aside(c *actors.Context) {
	r, program, err := s.rotor.Aside(s.DuringRPM, s.PreDelay+rhythm.Reading)
	if err != nil {
		c.Log().Error("%v", err) // the setting's range forbids it
		return
	}
	s.rotor = r
	if s.DuringRPM == 0 {
		c.Publish(actors.StirringRate{})
	}
	s.run(c, program)
}

// odOver goes on as before the reading.
func (s *Stirring) odOver(c *actors.Context) {
	if !s.near {
		return
	}
	s.near, s.TargetRPM = false, s.OutsideRPM
	od, _, _ := actors.Latest[actors.ODRhythm](c, "")
	r, program := s.rotor.Back(od.Interval - rhythm.Reading - s.PreDelay - s.PostDelay)
	s.rotor = r
	s.run(c, program)
}

// redodge acts on changed settings of dodging, and refuses the target that
// dodging would only overwrite.
func (s *Stirring) redodge(c *actors.Context, names []string) error {
	if s.Dodging && slices.Contains(names, "target_rpm") {
		return actors.Refuse("dodging",
			"target_rpm: it changes with every OD reading while stirring dodges them; set %s or %s", outsideOD, duringOD)
	}
	if slices.Contains(names, enableDodge) {
		if s.EnableDodge {
			if err := c.CanDodgeOD(s.PreDelay, s.PostDelay); err != nil {
				return err
			}
		}
		if err := s.dodge(c); err != nil {
			return err
		}
	}
	if slices.Contains(names, outsideOD) {
		s.follows = false
		if s.Dodging && !s.near {
			s.TargetRPM = s.OutsideRPM
		}
	}
	return nil
}
