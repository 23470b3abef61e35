package automation

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Morbidostat drives a culture to evolve resistance. Every duration it dilutes
// by exchange_volume_ml, whatever the density, except that a culture so thin
// that it would wash out is left alone. What it dilutes with is decided anew
// each time: alt media, which holds the drug, if the culture is denser than
// target_biomass and grows faster than target_growth_rate; else plain media.
// So growth settles at the target, and as resistance rises, the drug follows.
//
// Source: Toprak et al., Nat Genet 44:101 (2012) and Nat Protoc 8:555 (2013),
// where the target is the dilution rate, as it is here by default: the rate at
// which the culture really is diluted, whatever the pumps' calibrations say.
// The density tells, for what growth gains and dilution does not take off again
// is there at the next exchange. So density stays where it is, too; any other
// target lets it sink to target_biomass, or rise. They exchanged 1 mL in 12 mL
// about every 12 min; in our 15 mL vial 1 mL in 12 min is a dilution rate of
// 0.32 1/h. To name a growth rate and have it held, see [PIDMorbidostat].
//
// Takes: ODFiltered, ODReading, ODFused, GrowthRate, Tick, Saved, Dosed,
// DoseRefused. Sends: an exchange; AddAltMediaEvent or DilutionEvent, NoEvent
// when nothing is due, ErrorOccurred when readings stay out. Fails by: state
// that cannot be read.
type Morbidostat struct {
	Duration         time.Duration `toml:"duration" unit:"min" above:"0" max:"1440" set:"yes" help:"from one exchange to the next"`
	ExchangeVolumeML float64       `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media or alt media in, and as much waste out"`
	TargetBiomass    float64       `toml:"target_biomass" unit:"AU" above:"0" max:"1000" set:"yes" help:"no drug up to this biomass_signal; with normalized_od, so many times the density at the start"`
	MinimumBiomass   float64       `toml:"minimum_biomass" unit:"AU" min:"0" max:"1000" word:"auto=-1" set:"yes" help:"no exchange up to this biomass_signal; auto: a fifth of target_biomass"`
	TargetGrowthRate float64       `toml:"target_growth_rate" unit:"1/h" min:"0" max:"3" word:"dilution_rate=-1" set:"yes" help:"no drug up to this growth rate"`
	SkipFirstRun     bool          `toml:"skip_first_run" help:"wait a full duration before the first exchange"`
	Biomass

	rhythm  rhythm[before]
	density input
	growth  input // 1/h
	last    challenge
}

// before is the density when the exchange before began.
type before struct {
	At      time.Time `json:"at"`
	Density float64   `json:"density"`
	Signal  string    `json:"signal"`
}

// challenge is why an exchange is what it is; it becomes its event.
type challenge struct {
	LatestBiomass float64 `json:"latest_biomass"`
	TargetBiomass float64 `json:"target_biomass"`
	Signal        string  `json:"resolved_biomass_signal"`
	GrowthPerH    float64 `json:"latest_growth_rate"`
	TargetPerH    float64 `json:"target_growth_rate"`
	MediaML       float64 `json:"media_ml"`
	AltMediaML    float64 `json:"alt_media_ml"`
}

const (
	dilutionRate = -1 // as target_growth_rate: the rate of the exchanges themselves
	aFifth       = -1 // as minimum_biomass: of target_biomass
)

// NewMorbidostat is a morbidostat with the rhythm of Toprak et al.; a target
// must be given.
func NewMorbidostat() actors.Automation {
	return &Morbidostat{Duration: 12 * time.Minute, ExchangeVolumeML: 1, MinimumBiomass: aFifth, TargetGrowthRate: dilutionRate,
		Biomass: Biomass{BiomassSignal: auto}, rhythm: rhythm[before]{key: "morbidostat", what: "exchange"}}
}

// Receive implements actors.Job.
func (m *Morbidostat) Receive(c *actors.Context, msg any) error {
	m.rhythm.skip = m.SkipFirstRun
	if _, set := msg.(actors.SettingsChanged); set {
		if err := m.changed(c); err != nil {
			return err
		}
	}
	if value, fresh := m.hear(c, msg); fresh {
		m.density.take(c, value)
	}
	due, err := m.rhythm.hear(c, msg, m.Duration)
	switch msg := msg.(type) {
	case actors.Started:
		if m.TargetBiomass <= 0 {
			return actors.Refuse("out_of_range", "target_biomass: want the density above which the drug may come, above 0, such as 3 for three times the density at the start")
		}
		return errors.Join(err, m.start(c))
	case actors.Entered:
		m.begin(c)
		m.density.heard(c)
		m.growth.heard(c)
	case actors.GrowthRate:
		if m.good {
			m.growth.take(c, msg.PerH)
		}
	case actors.Tick:
		if due {
			return m.run(c)
		}
	case actors.Dosed:
		m.dosed(c, msg)
	case actors.DoseRefused:
		return &actors.Refusal{Code: msg.Code, Reason: "no exchange: " + msg.Reason}
	case actors.Stopping:
		m.stop(c, msg)
	}
	return err
}

// Validate wants room between the two densities.
func (m *Morbidostat) Validate() error {
	if m.TargetBiomass > 0 && m.MinimumBiomass >= m.TargetBiomass {
		return fmt.Errorf("minimum_biomass: want less than target_biomass, %g AU, got %g AU", m.TargetBiomass, m.MinimumBiomass)
	}
	return nil
}

// minimum is the density up to which nothing is exchanged, AU.
func (m *Morbidostat) minimum() float64 {
	if m.MinimumBiomass == aFifth {
		return m.TargetBiomass / 5
	}
	return m.MinimumBiomass
}

// run decides an exchange from readings that are not too old.
func (m *Morbidostat) run(c *actors.Context) error {
	density, known := m.density.fresh(c, m.BiomassSignal)
	growth, also := m.growth.fresh(c, "growth_rate")
	vial, _, inBooks := actors.Latest[actors.Vial](c, "")
	switch {
	case !known || !also || !inBooks:
		m.rhythm.postpone(c, m.Duration)
		return nil
	case density <= m.minimum():
		m.rhythm.pass(c)
		return actors.Refuse("below_density",
			"no exchange: %s %.3g AU is not above minimum_biomass, %.3g AU", m.BiomassSignal, density, m.minimum())
	}
	now := before{c.Now(), density, m.BiomassSignal}
	m.last = challenge{LatestBiomass: density, TargetBiomass: m.TargetBiomass, Signal: m.BiomassSignal,
		GrowthPerH: growth, TargetPerH: m.target(now, growth, vial.VolumeML)}
	dose := actors.Dose{MediaML: m.ExchangeVolumeML, WasteML: m.ExchangeVolumeML}
	if density > m.TargetBiomass && growth > m.last.TargetPerH {
		dose.MediaML, dose.AltMediaML = 0, m.ExchangeVolumeML
	}
	m.rhythm.dose(c, dose, now)
	return nil
}

// target is the growth rate above which the drug may come, 1/h. The dilution
// rate is by the ledger until there is a density of one exchange ago.
func (m *Morbidostat) target(now before, growth, volumeML float64) float64 {
	if m.TargetGrowthRate != dilutionRate {
		return m.TargetGrowthRate
	}
	last := m.rhythm.book.Kept
	since := now.At.Sub(last.At)
	if last.Signal != now.Signal || since <= 0 || since > 2*m.Duration {
		return math.Log1p(m.ExchangeVolumeML/volumeML) / m.Duration.Hours()
	}
	return growth - math.Log(now.Density/last.Density)/since.Hours()
}

func (m *Morbidostat) dosed(c *actors.Context, d actors.Dosed) {
	m.density.known, m.growth.known, m.recent = false, false, settled{}
	m.last.MediaML, m.last.AltMediaML = d.MediaML, d.AltMediaML
	name, text := "DilutionEvent", moved("exchanged", d)
	if d.AltMediaML > 0 {
		name, text = "AddAltMediaEvent", text+" with alt media"
	}
	c.Event(name, text, m.last)
}
