package growth

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/growth/ekf"
	"github.com/pioactor/pioactor/actors/state"
)

const (
	snapshotEvery = time.Minute      // spares the SD card
	freshFor      = 10 * time.Minute // an older level is not continued but anchored anew
)

// normalization is what an experiment's OD is relative to, and its noise.
type normalization struct {
	Channels []int     `json:"channels"`
	Start    ekf.Start `json:"start"`
	Vial     uint64    `json:"vial_number,omitempty"` // where it was measured
	Blank    string    `json:"blank_id,omitempty"`    // what had been subtracted
	ready    bool      // all of it was measured in this life, or is on the disk
}

// snapshot is the filter at one instant.
type snapshot struct {
	At        time.Time       `json:"at"`    // of the newest reading in it
	Heard     time.Time       `json:"heard"` // doses until then are in it
	Estimator string          `json:"estimator"`
	Step      float64         `json:"ln_step"` // dosed since then
	Unknown   bool            `json:"unknown_dose"`
	Ratios    ratios          `json:"ratios,omitempty"`
	Scales    []string        `json:"scales,omitempty"`
	Latest    []float64       `json:"latest,omitempty"`
	Filter    json.RawMessage `json:"filter"`
	Vial      uint64          `json:"vial_number,omitempty"`
}

func part(experiment string) string {
	if experiment == "" {
		return "$unit"
	}
	return state.Escape(experiment)
}

func normKey(experiment string) string { return "growth/" + part(experiment) }
func snapKey(experiment string) string { return "growth_filter/" + part(experiment) }

// start takes up what the experiment has.
func (j *Job) start(c *actors.Context) error {
	found, err := c.Load(normKey(c.Experiment()), &j.norm)
	if err != nil {
		return actors.Refuse("bad_state",
			"growth_rate_calculating: the experiment's normalization cannot be read (%v): restore it from a backup, or start a new experiment", err)
	}
	if n := len(j.norm.Channels); found && (n == 0 || n != len(j.norm.Start.Factors)) {
		return actors.Refuse("bad_state",
			"growth_rate_calculating: the experiment's normalization has %d channels and %d factors: restore it from a backup, or start a new experiment", n, len(j.norm.Start.Factors))
	}
	if found {
		j.channels, j.values = slices.Clone(j.norm.Channels), make([]float64, len(j.norm.Channels))
		j.resume(c)
	}
	j.source(c)
	actors.Subscribe[actors.ODReadings](c)
	actors.Subscribe[actors.DoseStarted](c)
	actors.Subscribe[actors.Dosed](c)
	actors.Subscribe[actors.Disturbance](c)
	return nil
}

// resume continues from the snapshot: as it was if it is fresh, with the level
// anchored anew if it is not. Pioreactor's filter cannot be anchored: it warms
// up again, with the factors it has.
func (j *Job) resume(c *actors.Context) {
	var s snapshot
	found, err := c.Load(snapKey(c.Experiment()), &s)
	if err != nil {
		c.Log().Warning("The filter's snapshot cannot be read, so it warms up again: %v.", err)
	}
	age := c.Now().Sub(s.At)
	stale := age > freshFor || age < 0
	if !found || err != nil || s.Vial != j.norm.Vial || s.Estimator != j.Estimator || stale && s.Estimator == legacyEstimator {
		return
	}
	f := emptyFilter(s.Estimator)
	if err := f.UnmarshalJSON(s.Filter); err != nil {
		c.Log().Warning("The filter's snapshot is no state, so it warms up again: %v.", err)
		return
	}
	j.filter, j.last, j.disturbed = f, stamp{at: s.At}, stale
	if len(s.Ratios) == len(j.channels) {
		j.ratios = s.Ratios
	}
	if len(s.Scales) == len(j.channels) && len(s.Latest) == len(j.channels) {
		j.scales, j.latest = s.Scales, s.Latest
	}
	j.dose.step, j.dose.unknown, j.heard = min(s.Step, 0), s.Unknown, s.Heard
	j.missedDose(c)
}

func emptyFilter(estimator string) ekf.Filter {
	if estimator == legacyEstimator {
		return &ekf.Legacy{}
	}
	return &ekf.Default{}
}

// keep puts the normalization on the disk; the filter starts when it is there.
func (j *Job) keep(c *actors.Context) {
	j.saving = true
	c.Save(normKey(c.Experiment()), j.norm)
}

// snapshot saves the filter. A lost one costs no more than a warm-up.
func (j *Job) snapshot(c *actors.Context) {
	if j.filter == nil {
		return
	}
	state, err := j.filter.MarshalJSON()
	if err != nil {
		c.Log().Error("The filter cannot be saved: %v.", err)
		return
	}
	j.hasSnap, j.snapped = true, c.Mono()
	c.Save(snapKey(c.Experiment()), snapshot{j.last.at, c.Now(), j.Estimator, j.dose.step, j.dose.unknown, slices.Clone(j.ratios),
		slices.Clone(j.scales), slices.Clone(j.latest), state, j.norm.Vial})
}

// savedSomething starts the filter, or says why growth rates are missing.
func (j *Job) savedSomething(c *actors.Context, m actors.Saved) {
	if m.Key == snapKey(c.Experiment()) {
		if m.Err != nil && !j.losing {
			c.Log().Warning("The filter's state is not saved: %v.", m.Err)
		}
		j.losing = m.Err != nil
		return
	}
	j.saving = false
	if m.Err != nil {
		c.Raise("growth_rate_not_saved", "high", fmt.Sprintf("No growth rate: its normalization cannot be saved: %v.", m.Err), false)
		return
	}
	c.Clear("growth_rate_not_saved")
	if j.norm.ready && j.filter == nil {
		j.begin(c)
	}
}
