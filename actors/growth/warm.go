package growth

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/growth/ekf"
)

// defaultInterval is expected between readings when nobody says. Pioreactor 26.7.2.
const defaultInterval = 5 * time.Second

// warmUp collects the first readings; then their statistics go to the disk.
func (j *Job) warmUp(c *actors.Context, m actors.ODReadings) {
	if j.norm.ready {
		j.keep(c) // the disk refused it before
		return
	}
	if j.skipped < j.Skip {
		j.skipped++
		return
	}
	if j.warm == nil && !j.newWarmUp(c) {
		return
	}
	gap := max(j.gap(c, m.Meta), 0)
	if err := j.warm.Add(j.values, gap); err != nil {
		c.Log().Warning("A reading is skipped: %v.", err)
		return
	}
	j.took(m.Meta)
	if !j.warm.Done() {
		return
	}
	start, err := j.warm.Start()
	if err != nil {
		c.Log().Warning("The first readings are no start: %v.", err)
		j.warm.Reset()
		return
	}
	j.warm = nil
	j.norm = normalization{Channels: j.channels, Start: start, Vial: j.norm.Vial, Blank: j.norm.Blank, ready: true}
	j.keep(c)
}

func (j *Job) newWarmUp(c *actors.Context) bool {
	w, err := ekf.NewWarmUp(len(j.channels), j.Samples)
	if err == nil && j.norm.Start.Factors != nil {
		err = w.KeepFactors(j.norm.Start.Factors)
	}
	if err != nil {
		c.Log().Error("No warm-up: %v.", err)
		return false
	}
	j.warm, j.last = w, stamp{}
	if wait := time.Duration(j.Samples) * expectedInterval(c); wait > longWarmUp {
		c.Log().Warning("Growth rates begin in %v: lower samples_for_od_statistics to have them earlier.", wait)
	}
	return true
}

// longWarmUp is worth a word. Pioreactor 26.7.2.
const longWarmUp = 10 * time.Minute

// expectedInterval between readings, as od_reading has it.
func expectedInterval(c *actors.Context) time.Duration {
	s, _, _ := actors.Latest[actors.SettingChanged](c, "od_reading/interval")
	if seconds, ok := s.Value.(float64); ok && seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	return defaultInterval
}

// begin starts the filter from the normalization, which is on the disk.
func (j *Job) begin(c *actors.Context) {
	f, err := j.newFilter(c)
	if err != nil {
		c.Log().Error("The first readings are no start: %v.", err)
		j.norm.ready = false // factors stay, the rest is collected anew
		return
	}
	j.filter = f
	j.dose.step, j.dose.unknown, j.dose.flags, j.disturbed = 0, false, 0, false
	if j.Estimator == legacyEstimator {
		j.last = stamp{} // its first step is the expected one; Pioreactor 26.7.2
	}
}

func (j *Job) newFilter(c *actors.Context) (ekf.Filter, error) {
	if j.Estimator == legacyEstimator {
		return ekf.NewLegacy(j.norm.Start, ekf.LegacyConfig{OutlierSD: j.OutlierSD, Interval: expectedInterval(c)})
	}
	return ekf.NewDefault(j.norm.Start, ekf.DefaultTuning())
}

// stamp is when a reading was taken, by both clocks: wall time steps, and
// monotonic time ends with the boot.
type stamp struct {
	at   time.Time
	mono time.Duration // of its publication
	boot string
}

func (j *Job) took(m actors.Meta) { j.last = stamp{m.At, m.Mono, m.Boot} }

// wallStep is a difference of the two clocks that publishing cannot explain.
const wallStep = 5 * time.Second

// gap is the time since the reading before.
func (j *Job) gap(c *actors.Context, m actors.Meta) time.Duration {
	if j.last.at.IsZero() {
		return expectedInterval(c)
	}
	wall, mono := m.At.Sub(j.last.at), m.Mono-j.last.mono
	if j.last.boot == m.Boot && (wall-mono).Abs() > wallStep {
		return max(mono, 0) // somebody set the wall clock
	}
	return max(wall, 0)
}
