package automation

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/pid"
)

// PIDMorbidostat holds a culture at a growth rate below what it could have, by
// the share of alt media, which holds a drug, in what it feeds. Each run
// dilutes as much as the target growth rate makes grow, V·(e^(µ·T)−1), so that
// density stays where it is while growth is on target; above 1.25 times the
// target density it dilutes 2.5 times as much, at or below 0.7 times nothing.
// The controller sees the growth rate only.
//
// Source: Pioreactor 26.7.2, which cites Zhong et al. 2020, and these
// differences: the exchange is the exact one and not its first term µ·T·V,
// which falls short by half of µ·T; volumes too small to pump are carried
// forward and not dropped; the integral may raise the drug, too.
//
// Takes: GrowthRate, ODFiltered, Tick, Saved, Dosed, DoseRefused. Sends: an
// exchange; AddAltMediaEvent, NoEvent when nothing is due, ErrorOccurred when
// readings stay out; PIDLog. Fails by: state that cannot be read.
type PIDMorbidostat struct {
	Duration           time.Duration `toml:"duration" unit:"min" above:"0" max:"1440" set:"yes" help:"from one exchange to the next"`
	TargetNormalizedOD float64       `toml:"target_normalized_od" unit:"AU" above:"0" max:"1000" set:"yes" help:"so many times the density at the start; nothing is dosed at or below 0.7 times this"`
	TargetGrowthRate   float64       `toml:"target_growth_rate" unit:"1/h" above:"0" max:"3" set:"yes" help:"growth rate to hold, and dilution rate"`
	Kp                 float64       `toml:"kp" unit:"h" min:"0" max:"100" help:"share of alt media for each 1/h of growth above the target"`
	Ki                 float64       `toml:"ki" min:"0" max:"100" help:"its growth per hour for each 1/h of growth above the target"`
	Kd                 float64       `toml:"kd" unit:"h2" min:"0" max:"100" help:"share of alt media for each 1/h that growth rises in an hour"`
	MinimumDoseML      float64       `toml:"minimum_dosing_volume_ml" unit:"mL" min:"0" max:"5" help:"less than this is not pumped, but carried forward to a later dose"`
	SkipFirstRun       bool          `toml:"skip_first_run" help:"wait a full duration before the first exchange"`

	rhythm  rhythm[control]
	density input // nOD
	growth  input // 1/h
	good    bool  // a good reading came since the last density
	share   float64
}

// control is what the morbidostat carries from run to run.
type control struct {
	PID   pid.State `json:"pid"`
	Small carried   `json:"small"`
}

// NewPIDMorbidostat is a morbidostat with Pioreactor's rhythm and targets. Its
// gains are our own. The vial follows its feed with the time constant 1/D, some
// hours, so the integral must be about as slow: Ki = Kp/2 h. Kp = 2 answers a
// growth rate half a 1/h too high with pure drug, and keeps within the margin
// that one decision per run leaves. On the twin, with an IC50 that rises by
// half, the true growth rate was 0.104, 0.305 and 0.504 1/h, ± 0.003, for
// targets of 0.1, 0.3 and 0.5 over the last 24 of 48 h. A proportional gain
// alone must stay above the target to feed drug at all. See
// TestScoredMorbidostats.
func NewPIDMorbidostat() actors.Automation {
	return &PIDMorbidostat{Duration: time.Hour, TargetNormalizedOD: 1.5, TargetGrowthRate: 0.1,
		Kp: 2, Ki: 1, MinimumDoseML: 0.1,
		rhythm: rhythm[control]{key: "pid_morbidostat", what: "exchange"}}
}

// Receive implements actors.Job.
func (m *PIDMorbidostat) Receive(c *actors.Context, msg any) error {
	m.rhythm.skip = m.SkipFirstRun
	due, err := m.rhythm.hear(c, msg, m.Duration)
	switch msg := msg.(type) {
	case actors.Entered:
		m.density.heard(c)
		m.growth.heard(c)
		m.good = false
	case actors.ODReading:
		m.good = true // the host lets only good ones through
	case actors.ODFiltered:
		if m.good {
			m.density.take(c, msg.Value)
		}
		m.good = false
	case actors.GrowthRate:
		if m.good {
			m.growth.take(c, msg.PerH)
		}
	case actors.Tick:
		if due {
			return m.run(c)
		}
	case actors.Dosed:
		m.density.known, m.growth.known = false, false
		c.Event("AddAltMediaEvent", moved("exchanged", msg), altMediaAdded{m.share, msg.AltMediaML, msg.MediaML})
	case actors.DoseRefused:
		return &actors.Refusal{Code: msg.Code, Reason: "no exchange: " + msg.Reason}
	}
	return err
}

// run decides an exchange from readings that are not too old.
func (m *PIDMorbidostat) run(c *actors.Context) error {
	density, known := m.density.fresh(c, normalizedOD)
	growth, also := m.growth.fresh(c, "growth_rate")
	switch {
	case !known || !also:
		m.rhythm.postpone(c, m.Duration)
		return nil
	case density <= 0.7*m.TargetNormalizedOD:
		m.rhythm.pass(c)
		return actors.Refuse("below_density",
			"no exchange: normalized OD %.3g is not above %.3g, 0.7 times the target", density, 0.7*m.TargetNormalizedOD)
	}
	vial, _, known := actors.Latest[actors.Vial](c, "")
	if !known {
		m.rhythm.postpone(c, m.Duration)
		return nil
	}
	ml := vial.VolumeML * math.Expm1(m.TargetGrowthRate*m.Duration.Hours())
	if density > 1.25*m.TargetNormalizedOD {
		ml *= 2.5
	}
	return m.exchange(c, ml, growth)
}

// exchange asks for ml, of which the controller decides the share of alt media.
func (m *PIDMorbidostat) exchange(c *actors.Context, ml, growth float64) error {
	controller, err := m.controller()
	if err != nil {
		return err
	}
	if m.share, err = controller.Update(m.TargetGrowthRate, growth, m.Duration.Hours()); err != nil {
		return err
	}
	m.publish(c, controller.State(), growth)
	media, alt, small := m.rhythm.book.Kept.Small.add((1-m.share)*ml, m.share*ml, m.MinimumDoseML)
	m.rhythm.dose(c, actors.Dose{MediaML: media, AltMediaML: alt, WasteML: media + alt}, control{controller.State(), small})
	return nil
}

func (m *PIDMorbidostat) controller() (*pid.PID, error) {
	controller, err := pid.New(pid.Config{Kp: -m.Kp, Ki: -m.Ki, Kd: -m.Kd, Max: 1})
	if err != nil {
		return nil, err
	}
	return controller, controller.Restore(m.rhythm.book.Kept.PID)
}

func (m *PIDMorbidostat) publish(c *actors.Context, s pid.State, growth float64) {
	c.Publish(actors.PIDLog{Job: c.Name(), Target: "growth_rate", Setpoint: m.TargetGrowthRate, Upper: 1,
		Kp: -m.Kp, Ki: -m.Ki, Kd: -m.Kd, Integral: s.Integral,
		Proportional: -m.Kp * (m.TargetGrowthRate - growth), Derivative: -m.Kd * s.Derivative, Input: growth, Output: m.share})
}

// altMediaAdded is the data of AddAltMediaEvent, in Pioreactor's order.
type altMediaAdded struct {
	Share      float64 `json:"fraction_of_alt_media_to_add"`
	AltMediaML float64 `json:"alt_media_ml"`
	MediaML    float64 `json:"media_ml"`
}
