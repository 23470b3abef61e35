package od

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw/calibration"
)

// outsideEvery is how often a reading outside of what was calibrated is
// mentioned. Pioreactor 26.7.2.
const outsideEvery = 300 * time.Second

// alarmUncalibrated is on while a calibration in force cannot be applied.
const alarmUncalibrated = "od_not_calibrated"

// curves are the calibrations in force, by angle, and what was said of them.
type curves struct {
	active  map[string]calibration.Calibration
	broken  map[string]string        // angle → why its calibration is not applied
	outside map[string]time.Duration // what was outside → Mono of the last word of it
}

// takeUp follows what is in force, from the start and at every change. It counts
// from the next reading on.
func (j *Job) takeUp(c *actors.Context) {
	actors.Subscribe[actors.CalibrationActive](c)
	actors.Subscribe[actors.EstimatorActive](c)
	j.curves = curves{map[string]calibration.Calibration{}, map[string]string{}, map[string]time.Duration{}}
	for _, angle := range angles {
		if f, _, ok := actors.Latest[actors.CalibrationActive](c, "od"+angle); ok {
			j.calibration(c, f)
		}
	}
	last, _, _ := actors.Latest[actors.ODFused](c, "")
	j.fuser.shown = last.Quality.Grade == actors.Good || last.Quality.Grade == actors.Uncertain // of an earlier life
	if f, _, ok := actors.Latest[actors.EstimatorActive](c, fusedDevice); ok {
		j.estimator(c, f)
	}
}

func (j *Job) calibration(c *actors.Context, f actors.CalibrationActive) {
	for _, angle := range angles {
		if f.Device != "od"+angle {
			continue
		}
		delete(j.curves.active, angle)
		if f.Name != "" {
			j.curves.active[angle] = f.Calibration
			c.Log().Info("OD at %s° is calibrated by %s.", angle, f.Name)
		}
		j.broke(c, angle, "")
	}
}

// unfit says why a calibration does not belong to how channel is read.
func unfit(cal calibration.Calibration, angle string, irPercent float64) error {
	switch {
	case cal.Kind != calibration.OD && cal.Kind != calibration.OD600:
		return fmt.Errorf("it is a %s; want %s or %s", cal.Kind, calibration.OD, calibration.OD600)
	case cal.Angle != angle:
		return fmt.Errorf("it was made at %s°; use one of %s°", cal.Angle, angle)
	case cal.IRPercent != irPercent:
		return otherLight(cal.IRPercent, irPercent)
	}
	return nil
}

// errBlank: a curve was made from what the photodiode shows, medium and all.
var errBlank = errors.New("a blank is subtracted, and the two exclude each other: remove the blank, or leave the device without an active file")

func otherLight(made, now float64) error {
	return fmt.Errorf("it was made at an ir_led_intensity of %g %%, and it is %g %% now: set ir_led_intensity to %g, or calibrate anew", made, now, made)
}

// calibrated makes a reading's value what its calibration says. A calibration
// that cannot be applied leaves the raw value, as a bad reading: whoever steers
// by calibrated OD must not take volts for it.
func (j *Job) calibrated(c *actors.Context, r actors.ODReading) actors.ODReading {
	r.RawAU = r.Value
	cal, ok := j.curves.active[r.Angle]
	if !ok || j.collect != nil { // a blank is measured in raw OD
		return r
	}
	err := unfit(cal, r.Angle, r.IRPercent)
	if r.BlankAU != 0 {
		err = errBlank
	}
	var od float64
	if err == nil {
		od, err = cal.Nearest(r.RawAU)
	}
	outside := errors.Is(err, calibration.ErrBelowDomain) || errors.Is(err, calibration.ErrAboveDomain) || errors.Is(err, calibration.ErrNoSolution)
	if math.IsNaN(od) || math.IsInf(od, 0) || err != nil && (!outside || len(cal.Recorded.X) == 0) {
		if err == nil {
			err = fmt.Errorf("its curve has no number at %.4g", r.RawAU)
		}
		j.broke(c, r.Angle, fmt.Sprintf("The calibration %s of %s° is not applied: %v.", cal.Name, r.Angle, err))
		r.Quality = worse(r.Quality, optics.Uncalibrated)
		return r
	}
	j.broke(c, r.Angle, "")
	if err != nil {
		j.tellOutside(c, "od"+r.Angle, err)
		r.Quality = worse(r.Quality, optics.OutsideCalibration)
	}
	r.Value, r.Calibration = od, cal.Name
	return r
}

// broke notes whether the calibration of an angle is not applied, and why.
func (j *Job) broke(c *actors.Context, angle, why string) {
	if j.curves.broken[angle] == why {
		return
	}
	if j.curves.broken[angle] = why; why == "" {
		delete(j.curves.broken, angle)
	}
	if len(j.curves.broken) == 0 {
		c.Clear(alarmUncalibrated)
		return
	}
	for _, a := range angles {
		if why := j.curves.broken[a]; why != "" {
			c.Raise(alarmUncalibrated, "medium", why, false)
			return
		}
	}
}

// tellOutside warns, not too often, that a reading lies outside of what was
// calibrated.
func (j *Job) tellOutside(c *actors.Context, device string, why error) {
	if last, told := j.curves.outside[device]; told && c.Mono()-last < outsideEvery {
		return
	}
	j.curves.outside[device] = c.Mono()
	c.Log().Warning("%s: %v: OD is put at its end.", device, why)
}

// worse is the less trustworthy of what a reading has and q.
func worse(have actors.Quality, q optics.Quality) actors.Quality {
	grades := []string{actors.Good, actors.Uncertain, actors.Bad}
	if slices.Index(grades, q.Code()) > slices.Index(grades, have.Grade) {
		return actors.Quality{Grade: q.Code(), Reason: q.Reason()}
	}
	return have
}
