package automation

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// retry is how long a turbidostat waits after a refused exchange: the reason,
// such as the vial's limit of inflow, does not pass in seconds.
const retry = time.Minute

// Turbidostat exchanges media for culture whenever the culture has grown to its
// target density.
//
// The signal is normalized_od, the growth job's filtered density, 1 when it
// began: as in Pioreactor 26.7.2. One noisy reading of raw OD in twenty would
// trigger too soon and hold the culture below its target. The filter knows the
// growth rate and every dose, so it hardly lags; what lag and noise are left,
// the median of three settled readings answers. The host withholds readings
// during any dose and for 30 s after it.
//
// Takes: ODFiltered, ODReading, Dosed, DoseRefused. Sends: an exchange;
// DilutionEvent, NoEvent when refused, ErrorOccurred when readings stay out.
// Fails by: nothing. It goes to sleep, with an alarm, when the baseline that
// normalized_od is counted in drowns in noise: then the target means nothing.
type Turbidostat struct {
	ExchangeVolumeML float64 `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media in, and as much waste out"`
	TargetBiomass    float64 `toml:"target_biomass" unit:"AU" above:"0" max:"1000" set:"yes" help:"dilute at this biomass_signal; with normalized_od, so many times the density at the start"`
	BiomassSignal    string  `toml:"biomass_signal" oneof:"auto|normalized_od|od_fused|od" set:"yes"`

	recent   settled
	baseline baseline
	input    freshness
	good     bool          // a good reading came since the last value of the signal
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
	return &Turbidostat{ExchangeVolumeML: 1, BiomassSignal: "auto"}
}

// Receive implements actors.Job.
func (t *Turbidostat) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		c.Every(time.Minute)
		return t.check()
	case actors.Entered:
		t.begin(c)
	case actors.SettingsChanged:
		t.recent = settled{} // three readings for the new target
		return t.check()
	case actors.ODReading: // the host lets only good ones through
		t.good = true
		if t.baseline.reading(msg) {
			t.input.heard(c)
		}
	case actors.ODFiltered:
		return t.density(c, msg)
	case actors.Dosed:
		t.recent, t.refused = settled{}, ""
		t.last.MovedML = msg.MediaML
		c.Event("DilutionEvent", exchanged(msg), t.last)
	case actors.DoseRefused:
		return t.later(c, msg)
	case actors.Tick:
		t.input.watch(c, "normalized_od")
	case actors.Stopping:
		c.Clear(alarmBaseline)
	}
	return nil
}

// check resolves the signal and wants a target.
func (t *Turbidostat) check() error {
	switch {
	case t.BiomassSignal == "od" || t.BiomassSignal == "od_fused":
		return &actors.Refusal{Code: "not_calibrated", Reason: fmt.Sprintf(
			"biomass_signal: %s needs an active calibration, and there is none; use normalized_od", t.BiomassSignal)}
	case t.TargetBiomass <= 0:
		return &actors.Refusal{Code: "out_of_range", Reason: "target_biomass: want the density to hold, above 0, such as 3 for three times the density at the start"}
	}
	t.BiomassSignal = "normalized_od"
	return nil
}

// begin forgets what was measured before a pause.
func (t *Turbidostat) begin(c *actors.Context) {
	t.recent, t.baseline, t.good, t.hold = settled{}, baseline{}, false, 0
	t.input.heard(c)
}

// density decides after each value of the signal.
func (t *Turbidostat) density(c *actors.Context, f actors.ODFiltered) error {
	if !t.good {
		return nil // made of readings that are not good
	}
	t.good = false
	if trusted, err := t.baseline.judge(c, f.Value); !trusted {
		return err
	}
	t.input.heard(c)
	biomass, ok := t.recent.add(f.Value)
	if !ok || biomass < t.TargetBiomass || c.Mono() < t.hold {
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
	return &actors.Refusal{Code: refused.Code, Reason: fmt.Sprintf("no exchange, trying again every %v: %s", retry, refused.Reason)}
}
