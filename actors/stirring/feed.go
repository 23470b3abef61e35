package stirring

import (
	"slices"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"github.com/pioactor/pioactor/hw/calibration"
)

// calibratedDuty is the duty that should hold rpm, by the calibration in force.
// Outside of what was calibrated it is the nearest duty that was.
func calibratedDuty(c *actors.Context, rpm float64) (duty float64, ok bool) {
	f, _, known := actors.Latest[actors.CalibrationActive](c, "stirring")
	if !known || f.Name == "" || f.Calibration.Kind != calibration.Stirring || rpm <= 0 {
		return 0, false
	}
	duty, err := f.Calibration.Nearest(rpm)
	if err != nil {
		c.Log().Warning("stirring: %v: starting from a duty of %.3g %%.", err, duty)
	}
	return duty, duty > 0 && duty <= 100
}

// feed lets the rotor begin a new target at the duty that the calibration
// foretells; the controller does the rest.
func (s *Stirring) feed(c *actors.Context, rpm float64) {
	calibrated, ok := calibratedDuty(c, rpm)
	if !ok || !s.UseRPM {
		return
	}
	duty := calibrated
	if now := s.rotor.Status().DutyPercent; now > 0 {
		duty = now
	}
	if r, err := s.rotor.Seed(rotor.FeedForward(duty, calibrated)); err == nil {
		s.rotor = r
	} // a duty of 0 seeds nothing
}

// feedTargets feeds what names of the speeds that were set.
func (s *Stirring) feedTargets(c *actors.Context, names []string) {
	if slices.Contains(names, "target_rpm") || s.Dodging && slices.Contains(names, outsideOD) {
		s.feed(c, s.outside())
	}
	if s.Dodging && slices.Contains(names, duringOD) {
		s.feedAside(c)
	}
}

// outside is the target whenever no reading is near.
func (s *Stirring) outside() float64 {
	if s.Dodging {
		return s.OutsideRPM
	}
	return s.TargetRPM
}

// feedAside gives the speed around readings its first duty.
func (s *Stirring) feedAside(c *actors.Context) {
	if duty, ok := calibratedDuty(c, s.DuringRPM); ok {
		if r, err := s.rotor.SeedAside(s.DuringRPM, duty); err == nil {
			s.rotor = r
		} // calibratedDuty gives none that is refused
	}
}
