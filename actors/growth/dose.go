package growth

import (
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

const (
	longestDose = 10 * time.Minute // an end that nobody reports
	starving    = 3 * time.Minute  // without a reading: one among bubbles is better than none
	flagged     = 2                // readings flagged by Pioreactor 26.7.2 after a dose
	minStep     = -3.0             // what the filter takes at once: 19 vial volumes
)

// doses is what was dosed since the last reading taken.
type doses struct {
	running bool
	since   time.Duration // Mono of its start
	quiet   time.Duration // Mono when the bubbles have cleared
	cleared time.Time     // wall time of the last dose's end
	step    float64       // sum of −ln(1+v/V)
	unknown bool          // something was dosed, nobody knows how much
	flags   int           // legacy: readings still to be flagged
}

// pending is what the next observation has to be told.
func (d *doses) pending(legacy bool) (lnStep float64, recent bool) {
	if legacy { // Pioreactor 26.7.2 flags anew every 0.5 s while a pump of the dose runs
		return 0, d.flags > 0 || d.running
	}
	if d.unknown {
		return 0, true
	}
	return max(d.step, minStep), false
}

// told notes that the filter knows.
func (d *doses) told() {
	d.step, d.unknown, d.flags = 0, false, max(d.flags-1, 0)
}

// doseStarted stops taking readings until the dose has ended and cleared.
func (j *Job) doseStarted(c *actors.Context, m actors.DoseStarted) {
	if m.LnStep == 0 {
		return // waste only: the culture that stays is the same
	}
	j.dose.running, j.dose.since, j.dose.flags = true, c.Mono(), flagged
	j.spoil()
}

// dosed adds the step of what was really moved.
func (j *Job) dosed(c *actors.Context, m actors.Dosed) {
	if m.MediaML+m.AltMediaML <= 0 && !j.dose.running {
		return
	}
	j.dose.running, j.dose.quiet, j.dose.cleared = false, c.Mono()+actors.Settle, m.At
	if m.MediaML+m.AltMediaML <= 0 {
		return
	}
	j.dose.flags = flagged
	j.dose.step += min(m.LnStep, 0)
	j.dose.unknown = j.dose.unknown || m.LnStep >= 0
	j.spoil()
}

// spoil begins the warm-up anew: its readings must be of one culture.
func (j *Job) spoil() {
	if j.warm != nil {
		j.warm.Reset()
	}
}

func (j *Job) disturb() {
	j.disturbed = true
	j.spoil()
}

// tooSoon reports that a reading was taken in a dose or among its bubbles. The
// legacy estimator takes it and flags it, as Pioreactor 26.7.2 does.
func (j *Job) tooSoon(m actors.ODReadings) bool {
	d := &j.dose
	if d.running && m.Mono-d.since > longestDose {
		d.running, d.unknown = false, true
	}
	bubbly := m.Mono < d.quiet || slices.ContainsFunc(m.Readings, func(r actors.ODReading) bool { return r.Quality.Reason == bubbles })
	starves := j.filter != nil && m.Mono-j.last.mono > starving && j.last.boot == m.Boot
	switch {
	case j.Estimator == legacyEstimator:
		return false
	case d.running || bubbly && !starves:
		return true
	}
	return m.At.Before(d.cleared)
}

// bubbles is the reason of a reading that was taken after liquid was moved, also
// where that is no dilution, such as waste.
const bubbles = "bubbles"

// entered continues after a pause in which nothing was heard: whatever was done
// to the vial, the level is anchored anew.
func (j *Job) entered(c *actors.Context, m actors.Entered) {
	switch {
	case m.State == actors.Sleeping:
		j.heard = c.Now()
	case m.From == actors.Sleeping:
		j.dose.running = false
		j.disturb()
		j.missedDose(c)
	}
}

// missedDose asks the ledger whether there was a dose while nothing was heard.
func (j *Job) missedDose(c *actors.Context) {
	v, _, ok := actors.Latest[actors.Vial](c, "")
	if ok && j.filter != nil && v.LastDose.After(j.heard) {
		j.dose.unknown, j.dose.flags = true, flagged
	}
}
