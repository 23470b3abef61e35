package od

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
)

// firstReference is what was kept of this vial; what was kept of another one is
// over with it.
func (j *Job) firstReference(c *actors.Context) (k kept, found bool, err error) {
	if found, err = c.Load(key(c.Experiment()), &k); err != nil || !found {
		return kept{}, false, err
	}
	if number := vialNumber(c); number != 0 && k.Vial != number {
		j.vial = number
		return kept{}, false, nil
	}
	j.vial = k.Vial
	return k, true, nil
}

// vialNumber is 0 where nobody knows.
func vialNumber(c *actors.Context) uint64 {
	v, _, _ := actors.Latest[actors.Vial](c, "")
	return v.Number
}

// follow begins anew in a swapped vial, and takes up a first reference that a
// blank was measured with meanwhile.
func (j *Job) follow(c *actors.Context) {
	if j.saving {
		return
	}
	if number := vialNumber(c); number != 0 && number != j.vial {
		j.vial, j.saved, j.waiting = number, false, batch{}
		j.ref.FirstV, j.ref.Relative, j.ref.Baseline, j.ref.Power = 0, 0, 0, 0
		j.forget()
	}
	if j.saved || j.ref.FirstV != 0 || j.ref.Mode == optics.None {
		return
	}
	k, found, err := j.firstReference(c)
	if err != nil {
		c.Log().Warning("The first reference is taken anew, the one that was kept cannot be read: %v.", err)
	}
	if found {
		j.ref.FirstV, j.saved = k.FirstV, !unsaved(c)
	}
}

// unsaved reports that the disk refused the first reference: what is loaded is
// known to this process only, and has to be saved again.
func unsaved(c *actors.Context) bool {
	a, _, _ := actors.Latest[actors.Alarm](c, notSaved)
	return a.Active
}

// subtract takes the blank off a reading, and notes which. What is below the
// blank is true, and no density to steer by.
func (j *Job) subtract(c *actors.Context, r actors.ODReading) actors.ODReading {
	r.VialNumber = j.vial
	if j.collect != nil {
		return r // the blank itself is being measured
	}
	blank := blankOf(c, j.vial)
	if r.BlankID = blank.ID; len(blank.Means) == 0 {
		return r
	}
	for _, m := range blank.Means {
		if m.Channel == r.Channel {
			r.BlankAU = m.Value
		}
	}
	if r.Value -= r.BlankAU; r.Value < 0 && r.Quality.Grade == actors.Good {
		r.Quality = actors.Quality{Grade: optics.BelowBlank.Code(), Reason: optics.BelowBlank.Reason()}
	}
	return r
}

// blankOf is the experiment's blank in this vial; the zero Blank without one.
func blankOf(c *actors.Context, vial uint64) actors.Blank {
	blank, _, _ := actors.Latest[actors.Blank](c, c.Experiment())
	if vial != 0 && blank.Vial != vial {
		return actors.Blank{}
	}
	return blank
}

// curve is the calibration or estimator in force on one of the photodiodes:
// it knows the medium too, and with a blank that would be subtracted twice.
func (j *Job) curve(c *actors.Context) (device string) {
	if e, _, _ := actors.Latest[actors.EstimatorActive](c, "od_fused"); e.Name != "" {
		return "the estimator " + e.Name
	}
	for _, angle := range j.Channels {
		if k, _, _ := actors.Latest[actors.CalibrationActive](c, "od"+angle); angle != reference && k.Name != "" {
			return "the calibration " + k.Name + " of od" + angle
		}
	}
	return ""
}

// twice refuses a start with both, as Pioreactor 26.7.2 does.
func (j *Job) twice(c *actors.Context) error {
	curve := j.curve(c)
	switch {
	case curve == "":
		return nil
	case j.collect != nil:
		return actors.Refuse("blank_and_calibration",
			"no blank is needed: %s is in force and knows the medium; deactivate it first", curve)
	case len(blankOf(c, vialNumber(c)).Means) > 0:
		return actors.Refuse("blank_and_calibration",
			"the experiment has a blank, and %s is in force: both know the medium; delete the blank with `pioactor run od_blank delete`, or deactivate the other", curve)
	}
	return nil
}
