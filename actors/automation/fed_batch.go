package automation

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// FedBatch adds a fixed volume of media at a fixed interval and removes
// nothing. When the next dose would fill the vial to its limit it goes to
// sleep, until somebody has made room and wakes it.
//
// Takes: Tick, Saved, Dosed, DoseRefused. Sends: media; AddMediaEvent, and
// NoEvent when there was none. Fails by: state that cannot be read.
type FedBatch struct {
	Duration       time.Duration `toml:"duration" unit:"min" above:"0" max:"10080" set:"yes" help:"from one dose to the next"`
	DosingVolumeML float64       `toml:"dosing_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media in; nothing is removed"`
	SkipFirstRun   bool          `toml:"skip_first_run" help:"wait a full duration before the first dose"`

	rhythm rhythm[struct{}]
}

// NewFedBatch is a fed batch with the defaults of Pioreactor's UI.
func NewFedBatch() actors.Automation {
	return &FedBatch{Duration: 720 * time.Minute, DosingVolumeML: 1,
		rhythm: rhythm[struct{}]{key: "fed_batch", what: "dose"}}
}

// Receive implements actors.Job.
func (m *FedBatch) Receive(c *actors.Context, msg any) error {
	m.rhythm.skip = m.SkipFirstRun
	due, err := m.rhythm.hear(c, msg, m.Duration)
	switch msg := msg.(type) {
	case actors.Tick:
		if due {
			m.rhythm.dose(c, actors.Dose{MediaML: m.DosingVolumeML}, struct{}{})
		}
	case actors.Dosed:
		c.Event("AddMediaEvent", moved("added", msg), map[string]float64{
			"dosing_volume_ml": m.rhythm.plan.MediaML, "volume_actually_moved_ml": msg.MediaML})
	case actors.DoseRefused:
		return m.refused(c, msg)
	}
	return err
}

// refused says why nothing was added. The ledger knows the vial: a full one
// does not get emptier by waiting.
func (m *FedBatch) refused(c *actors.Context, d actors.DoseRefused) error {
	if d.Code != "overfill" {
		return &actors.Refusal{Code: d.Code, Reason: "no dose: " + d.Reason}
	}
	c.Sleep()
	return actors.Refuse(d.Code, "fed_batch sleeps: %s, then wake it", d.Reason)
}
