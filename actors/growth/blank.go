package growth

import (
	"slices"

	"github.com/pioactor/pioactor/actors"
)

// follow keeps the normalization in step with what r was computed from: another
// vial begins anew, another blank moves the factors by what its record says. It
// is false for a reading of the vial or the blank before.
func (j *Job) follow(c *actors.Context, r actors.ODReading) bool {
	switch {
	case j.saving: // what is being written must not change under it
		return r.VialNumber == j.norm.Vial && r.BlankID == j.norm.Blank
	case r.VialNumber < j.norm.Vial:
		return false
	case r.VialNumber > j.norm.Vial:
		j.renormalize(c, r)
	case r.BlankID == j.norm.Blank:
	case j.norm.Start.Factors == nil:
		j.norm.Blank = r.BlankID
		j.spoil()
	default:
		return j.reblank(c, r)
	}
	return true
}

// renormalize begins anew in another vial.
func (j *Job) renormalize(c *actors.Context, r actors.ODReading) {
	if j.norm.Start.Factors != nil {
		c.Log().Notice("The vial was swapped: OD is normalized anew.")
	}
	j.norm = normalization{Vial: r.VialNumber, Blank: r.BlankID}
	j.filter, j.warm, j.skipped, j.hasSnap = nil, nil, 0, false
}

// reblank moves the factors along the record of blanks. All that is derived
// stays as it was: the record was made for that.
func (j *Job) reblank(c *actors.Context, r actors.ODReading) bool {
	blank, _, _ := actors.Latest[actors.Blank](c, c.Experiment())
	steps, ahead := between(blank.History, j.norm.Blank, r.BlankID)
	if !ahead {
		if older, behind := between(blank.History, r.BlankID, j.norm.Blank); behind && len(older) > 0 {
			return false // measured before the change
		}
		c.Log().Warning("The blank of the normalization is not on record: OD is normalized anew.")
		j.renormalize(c, r)
		return true
	}
	factors := slices.Clone(j.norm.Start.Factors)
	for _, s := range steps {
		for _, f := range s.Factors {
			if i := slices.Index(j.channels, f.Channel); i >= 0 {
				factors[i] += f.Value
			}
		}
	}
	if slices.Min(factors) <= 0 {
		c.Log().Warning("The new blank is more than all that OD was normalized by: OD is normalized anew.")
		j.renormalize(c, r)
		return true
	}
	j.norm.Start.Factors, j.norm.Blank, j.warm = factors, r.BlankID, nil
	c.Save(normKey(c.Experiment()), j.norm)
	return true
}

// between are the changes that lead from one blank to another.
func between(history []actors.BlankChange, from, to string) (steps []actors.BlankChange, ok bool) {
	first := slices.IndexFunc(history, func(s actors.BlankChange) bool { return s.From == from })
	last := slices.IndexFunc(history, func(s actors.BlankChange) bool { return s.To == to })
	if first < 0 || last < first {
		return nil, false
	}
	return history[first : last+1], true
}
