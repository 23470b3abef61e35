package od

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/fusion"
	"github.com/pioactor/pioactor/actors/od/optics"
)

// fusedDevice is whose estimator joins the angles.
const fusedDevice = "od_fused"

// alarmUnfused is on while the estimator in force cannot be applied.
const alarmUnfused = "od_not_fused"

// contradiction is a misfit, in standard deviations of the reading that fits
// least, that noise does not explain.
const contradiction = 5.0

// fuser joins the angles of a Pioreactor XR.
type fuser struct {
	on    bool // an estimator is in force
	name  string
	ir    float64 // % it was made at
	model fusion.Model
	needs []string // angles
	why   string   // it cannot be applied
	shown bool     // the last ODFused had a value
}

// estimator takes up the estimator in force. Only an XR has the photodiodes.
func (j *Job) estimator(c *actors.Context, f actors.EstimatorActive) {
	if f.Device != fusedDevice {
		return
	}
	shown := j.fuser.shown
	j.fuser = fuser{shown: shown}
	if f.Name == "" || !strings.HasSuffix(j.Model, "_XR") {
		j.unfused(c, "")
		return
	}
	j.fuser.on, j.fuser.name, j.fuser.ir = true, f.Name, f.Estimator.IRPercent
	model, err := fusion.New(f.Estimator)
	if err != nil {
		j.fuser.why = err.Error()
	}
	j.fuser.model = model
	for _, a := range f.Estimator.Angles {
		j.fuser.needs = append(j.fuser.needs, a.Angle)
	}
}

// fuse publishes the density that all angles together tell, from uncalibrated
// readings.
func (j *Job) fuse(c *actors.Context, b batch) {
	if !j.fuser.on {
		return
	}
	volts, q, err := j.angles(b)
	var e fusion.Estimate
	if err == nil {
		e, err = j.fuser.model.Estimate(volts)
	}
	if err != nil {
		j.unfused(c, fmt.Sprintf("The estimator %s is not applied: %v.", j.fuser.name, err))
		return
	}
	c.Clear(alarmUnfused)
	switch {
	case e.AtLow || e.AtHigh:
		j.tellOutside(c, fusedDevice, fmt.Errorf("%.3g is at the end of what %s was made for", e.Value, j.fuser.name))
		q = worse(q, optics.OutsideCalibration)
	case e.Misfit > contradiction:
		q = worse(q, optics.AnglesDisagree)
	}
	j.fuser.shown = true
	c.Publish(actors.ODFused{Meta: actors.Meta{At: b.at}, Value: e.Value, Low: e.Low, High: e.High, Quality: q, Estimator: j.fuser.name, VialNumber: j.vial})
}

// errBadAngle is a reading for which od_reading itself has a word already.
var errBadAngle = errors.New("a reading is bad")

// angles are the mean readings of each angle that is needed, with the worst of
// their qualities.
func (j *Job) angles(b batch) (map[string]float64, actors.Quality, error) {
	q := actors.Quality{Grade: actors.Good}
	if j.fuser.why != "" {
		return nil, q, errors.New(j.fuser.why)
	}
	volts := map[string]float64{}
	for _, angle := range j.fuser.needs {
		n := 0.0
		for i, r := range b.readings {
			if r.Angle != angle {
				continue
			}
			if r.IRPercent != j.fuser.ir {
				return nil, q, otherLight(j.fuser.ir, r.IRPercent)
			}
			if r.BlankAU != 0 {
				return nil, q, errBlank
			}
			if raw := b.raw[i]; raw.UsableForControl() {
				volts[angle], n = volts[angle]+r.RawAU, n+1
				q = worse(q, raw)
				continue
			}
			return nil, q, fmt.Errorf("%w: photodiode %d, %s°, %s", errBadAngle, r.Channel, angle, b.raw[i].Reason())
		}
		if n == 0 {
			return nil, q, fmt.Errorf("no photodiode looks at %s°: every angle of the estimator is needed, see [photodiodes]", angle)
		}
		volts[angle] /= n
	}
	return volts, q, nil
}

// unfused takes the fused density back, once, and says why.
func (j *Job) unfused(c *actors.Context, why string) {
	switch {
	case why == "":
		c.Clear(alarmUnfused)
	case !strings.Contains(why, errBadAngle.Error()):
		c.Raise(alarmUnfused, "medium", why, false)
	}
	if !j.fuser.shown {
		return
	}
	j.fuser.shown = false
	c.Publish(actors.ODFused{Quality: actors.Quality{Grade: actors.Bad, Reason: "unavailable"}})
}
