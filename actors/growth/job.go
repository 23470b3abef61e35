// Package growth is the job growth_rate_calculating: from every instant's OD
// readings it estimates the specific growth rate µ (1/h) and a filtered,
// normalized OD.
//
// It refuses to take a dose for death or a bumped vial for growth: readings
// from the start of a dose until the bubbles have cleared are skipped, the
// dose's known step −ln(1+v/V) enters with the next, and after a disturbance
// the level is anchored anew. What OD is normalized by is on the disk before
// anything is derived from it.
//
//	spec := actors.Spec{Name: growth.Name, Slot: growth.Name, Experiment: "evolution 3",
//		New: func() actors.Job { return growth.New() }}
package growth

import (
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/growth/ekf"
)

// Name is the job's name and slot.
const Name = "growth_rate_calculating"

// The estimators.
const (
	houseEstimator  = "default"
	legacyEstimator = "legacy"
)

// Job estimates growth. Its defaults are those of Pioreactor 26.7.2.
//
// Takes: ODReadings, DoseStarted, Dosed, Disturbance.
// Sends: GrowthRate and ODFiltered with the time of the readings; alarm
// growth_rate_not_saved.
// Fails by: nothing at run time. It refuses to start with a normalization it
// cannot read: a new one would change what every target means.
type Job struct {
	Estimator string  `toml:"estimator" oneof:"default|legacy" help:"the house's filter, or Pioreactor's number for number"`
	Samples   int     `toml:"samples_for_od_statistics" min:"2" max:"1000" help:"readings that normalization and noise are taken from"`
	OutlierSD float64 `toml:"ekf_outlier_std_threshold" above:"2" max:"100" help:"of the legacy estimator: beyond so many SD a reading is weighted down"`
	Model     string  `toml:"model" help:"the vial; on a Pioreactor XR growth follows od_fused when an estimator is in force"`
	Skip      int     `toml:"skip_first" min:"0" max:"1000" help:"readings ignored at the start of an experiment"`

	run
}

// run is the state of a running job.
type run struct {
	channels []int // of the readings, ascending
	values   []float64
	ratios   ratios
	fused    bool      // the values are those of od_fused
	scales   []string  // calibration of each channel, or the estimator
	latest   []float64 // values of the newest reading, in those scales
	skipped  int
	warm     *ekf.WarmUp
	norm     normalization
	saving   bool // the normalization
	filter   ekf.Filter
	last     stamp // of the newest reading taken

	dose      doses
	heard     time.Time // doses until then are known of, if the job slept or was away
	disturbed bool
	snapped   time.Duration // Mono of the last snapshot
	hasSnap   bool
	losing    bool // snapshots are not saved
}

func init() {
	actors.Register(actors.Own, Name, func() actors.Job { return New() })
}

// New returns the job with its default settings.
func New() *Job {
	return &Job{Estimator: houseEstimator, Samples: 10, OutlierSD: 5, Skip: 5}
}

// Receive implements actors.Job.
func (j *Job) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		return j.start(c)
	case actors.ODReadings:
		if !j.fused {
			j.readings(c, m)
		}
	case actors.ODFused:
		if j.fused {
			j.readings(c, alone(m))
		}
	case actors.EstimatorActive:
		j.choose(m)
	case actors.DoseStarted:
		j.doseStarted(c, m)
	case actors.Dosed:
		j.dosed(c, m)
	case actors.Disturbance:
		j.disturb()
	case actors.Saved:
		j.savedSomething(c, m)
	case actors.Entered:
		j.entered(c, m)
	case actors.Stopping:
		j.snapshot(c)
	}
	return nil
}

// readings takes one instant's readings.
func (j *Job) readings(c *actors.Context, m actors.ODReadings) {
	if m.Experiment != c.Experiment() || !slices.ContainsFunc(m.Readings, usable) || j.tooSoon(m) {
		return
	}
	if !j.sameChannels(m.Readings) {
		j.rewire(c, m.Readings)
	}
	if !j.follow(c, m.Readings[0]) {
		return
	}
	if !j.complete(m.Readings) {
		return
	}
	j.rescale(c, m.Readings)
	j.latest = append(j.latest[:0], j.values...)
	switch {
	case j.filter != nil:
		j.update(c, m)
	case j.saving:
	default:
		j.warmUp(c, m)
	}
}

func (j *Job) sameChannels(readings []actors.ODReading) bool {
	return slices.EqualFunc(j.channels, readings, func(n int, r actors.ODReading) bool { return n == r.Channel })
}

// rewire begins with other photodiodes than before.
func (j *Job) rewire(c *actors.Context, readings []actors.ODReading) {
	if j.channels != nil {
		c.Log().Notice("The photodiodes changed: OD is normalized anew.")
	}
	j.channels = nil
	for _, r := range readings {
		j.channels = append(j.channels, r.Channel)
	}
	j.values = make([]float64, len(readings))
	j.ratios, j.scales, j.latest = nil, nil, nil
	j.filter, j.warm, j.norm, j.skipped = nil, nil, normalization{}, 0
}

// update feeds the filter and publishes what it believes.
func (j *Job) update(c *actors.Context, m actors.ODReadings) {
	for i := range j.values {
		j.values[i] /= j.norm.Start.Factors[i]
	}
	o := ekf.Observation{OD: j.values, Dt: j.gap(c, m.Meta), Disturbed: j.disturbed}
	o.DilutionLnStep, o.RecentDilution = j.dose.pending(j.Estimator == legacyEstimator)
	e, err := j.filter.Update(o)
	if err != nil {
		c.Log().Warning("A reading is skipped: %v.", err)
		return
	}
	j.took(m.Meta)
	j.dose.told()
	j.disturbed = false
	c.Publish(actors.GrowthRate{Meta: actors.Meta{At: m.At}, PerH: e.GrowthRatePerH, SDPerH: e.SDPerH})
	c.Publish(actors.ODFiltered{Meta: actors.Meta{At: m.At}, Value: e.OD})
	if !j.hasSnap || c.Mono()-j.snapped >= snapshotEvery {
		j.snapshot(c)
	}
}
