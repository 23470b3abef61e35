package automation

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Chemostat exchanges a fixed volume at a fixed interval, so that the dilution
// rate, in 1/h, is exchange_volume_ml / volume / duration in h.
//
// Takes: Tick, Saved, Dosed, DoseRefused. Sends: an exchange; DilutionEvent,
// and NoEvent when there was none. Fails by: state that cannot be read.
type Chemostat struct {
	Duration         time.Duration `toml:"duration" unit:"min" above:"0" max:"10080" set:"yes" help:"from one exchange to the next"`
	ExchangeVolumeML float64       `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media in, and as much waste out"`
	SkipFirstRun     bool          `toml:"skip_first_run" help:"wait a full duration before the first exchange"`

	rhythm rhythm[struct{}]
}

// NewChemostat is a chemostat with the defaults of Pioreactor's UI.
func NewChemostat() actors.Automation {
	return &Chemostat{Duration: 20 * time.Minute, ExchangeVolumeML: 0.5,
		rhythm: rhythm[struct{}]{key: "chemostat", what: "exchange"}}
}

// Receive implements actors.Job.
func (m *Chemostat) Receive(c *actors.Context, msg any) error {
	m.rhythm.skip = m.SkipFirstRun
	due, err := m.rhythm.hear(c, msg, m.Duration)
	switch msg := msg.(type) {
	case actors.Tick:
		if due {
			m.rhythm.dose(c, actors.Dose{MediaML: m.ExchangeVolumeML, WasteML: m.ExchangeVolumeML, MayWait: true}, struct{}{})
		}
	case actors.Dosed:
		c.Event("DilutionEvent", moved("exchanged", msg), map[string]float64{
			"exchange_volume_ml": m.rhythm.plan.MediaML, "volume_actually_cycled_ml": msg.MediaML})
	case actors.DoseRefused:
		return &actors.Refusal{Code: msg.Code, Reason: "no exchange: " + msg.Reason}
	}
	return err
}
