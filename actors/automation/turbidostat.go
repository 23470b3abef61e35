package automation

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Turbidostat exchanges media for culture whenever the culture has grown to its
// target density, as its biomass_signal tells. One noisy reading must not
// trigger, so the middle of a few settled readings counts.
//
// Takes: ODFiltered, ODReading, ODFused, Dosed, DoseRefused. Sends: an
// exchange; DilutionEvent, NoEvent when refused, ErrorOccurred when readings
// stay out. Fails by: state that cannot be read. It goes to sleep, with an
// alarm, when the baseline that normalized_od is counted in drowns in noise:
// then the target means nothing.
type Turbidostat struct {
	ExchangeVolumeML float64 `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media in, and as much waste out"`
	TargetBiomass    float64 `toml:"target_biomass" unit:"AU" above:"0" max:"1000" set:"yes" help:"dilute at this biomass_signal; with normalized_od, so many times the density at the start"`
	Biomass

	baseline baseline
	hold     time.Duration // no exchange before it, on Mono
	refused  string        // why the last exchange was
	last     dilution      // the exchange under way
}

// dilution is why and how an exchange was asked for; it becomes its event.
type dilution struct {
	LatestBiomass    float64 `json:"latest_biomass"`
	TargetBiomass    float64 `json:"target_biomass"`
	Signal           string  `json:"resolved_biomass_signal"`
	ExchangeVolumeML float64 `json:"exchange_volume_ml"`
	MovedML          float64 `json:"volume_actually_moved_ml"`
}

// NewTurbidostat is a turbidostat with the defaults of Pioreactor's UI; a
// target must be given.
func NewTurbidostat() actors.Automation {
	return &Turbidostat{ExchangeVolumeML: 1, Biomass: Biomass{BiomassSignal: auto}}
}

// Receive implements actors.Job.
func (t *Turbidostat) Receive(c *actors.Context, msg any) error {
	if biomass, fresh := t.hear(c, msg); fresh {
		return t.density(c, biomass)
	}
	switch msg := msg.(type) {
	case actors.Started:
		c.Every(time.Minute)
		if t.TargetBiomass <= 0 {
			return actors.Refuse("out_of_range", "target_biomass: want the density to hold, above 0, such as 3 for three times the density at the start")
		}
		return t.start(c)
	case actors.Entered:
		t.begin(c)
		t.baseline, t.hold = baseline{}, 0
	case actors.SettingsChanged:
		return t.changed(c)
	case actors.ODReading:
		if t.baseline.reading(msg) {
			t.input.heard(c)
		}
	case actors.Dosed:
		t.recent, t.refused = settled{}, ""
		t.last.MovedML = msg.MediaML
		c.Event("DilutionEvent", moved("exchanged", msg), t.last)
	case actors.DoseRefused:
		return t.later(c, msg)
	case actors.Tick:
		t.input.stale(c, t.BiomassSignal)
	case actors.Stopping:
		c.Clear(alarmBaseline)
		t.stop(c, msg)
	}
	return nil
}

// density decides after each settled value of the signal.
func (t *Turbidostat) density(c *actors.Context, biomass float64) error {
	if t.BiomassSignal == normalizedOD {
		if trusted, err := t.baseline.judge(c, biomass); !trusted {
			return err
		}
	}
	if biomass < t.TargetBiomass || c.Mono() < t.hold {
		return nil
	}
	t.last = dilution{LatestBiomass: biomass, TargetBiomass: t.TargetBiomass, Signal: t.BiomassSignal, ExchangeVolumeML: t.ExchangeVolumeML}
	return c.Exchange(t.ExchangeVolumeML)
}

// later waits after a refusal, and says the same reason once.
func (t *Turbidostat) later(c *actors.Context, refused actors.DoseRefused) error {
	t.recent, t.hold = settled{}, c.Mono()+retry
	if refused.Code == t.refused {
		return nil
	}
	t.refused = refused.Code
	return actors.Refuse(refused.Code, "no exchange, trying again every %v: %s", retry, refused.Reason)
}
