package dosing

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
)

// Config is the section [bioreactor], and what other sections say of the liquid.
type Config struct {
	InitialVolumeML      float64 `toml:"initial_volume_ml" unit:"mL" min:"0" max:"1000" help:"what the vial holds at the very first start; later the ledger knows"`
	EffluxTubeVolumeML   float64 `toml:"efflux_tube_volume_ml" unit:"mL" min:"0" max:"1000" help:"volume at the tip of the waste tube: the waste pump drains down to it"`
	InitialAltFraction   float64 `toml:"initial_alt_media_fraction" min:"0" max:"1" help:"share of alt media at the very first start"`
	MaxSubdoseML         float64 `toml:"max_subdose_ml" unit:"mL" min:"0.01" max:"1000" help:"an exchange that adds more is done in equal parts"`
	MinDoseML            float64 `toml:"min_dose_ml" unit:"mL" min:"0" max:"10" help:"what an automation wants of one liquid below this, no pump moves reliably: it is carried forward to the next dose"`
	MaxInflowVialsPerH   float64 `toml:"max_inflow_vials_per_h" unit:"vials/h" above:"0" max:"1000" help:"more inflow than so many vial volumes an hour is refused"`
	WasteRemovalMultiple float64 `toml:"waste_removal_multiplier" min:"0" max:"10" help:"after the waste of an exchange, so many times its volume is pumped on, to make sure of the level"`

	PauseBetweenSubdoses time.Duration `toml:"pause_between_subdoses_s" unit:"s" min:"0" max:"600" help:"after each inflow, so that the culture mixes"`

	MediaSlopeMLPerS    float64 `toml:"media_ml_per_s" unit:"mL/s" min:"0.00001" max:"100" help:"flow of the media pump; calibrate it"`
	AltMediaSlopeMLPerS float64 `toml:"alt_media_ml_per_s" unit:"mL/s" min:"0.00001" max:"100" help:"flow of the alt media pump; calibrate it"`
	WasteSlopeMLPerS    float64 `toml:"waste_ml_per_s" unit:"mL/s" min:"0.00001" max:"100" help:"flow of the waste pump; calibrate it"`

	// WasteSeen says that whoever set up a vial that nobody has dosed yet saw its
	// waste leave. From the section [sim].
	WasteSeen bool `toml:"-"`
	// Media is the section [media].
	Media MediaConfig `toml:"-"`
}

// MediaConfig is the section [media]: the bottles, and how long their liquid may
// flow unseen.
type MediaConfig struct {
	MediaML         float64 `toml:"media_ml" unit:"mL" min:"0" max:"100000" help:"in the full media bottle; 0: its level is not followed"`
	AltMediaML      float64 `toml:"alt_media_ml" unit:"mL" min:"0" max:"100000" help:"in the full alt media bottle; 0: its level is not followed"`
	WasteML         float64 `toml:"waste_ml" unit:"mL" min:"0" max:"100000" help:"room in the empty waste bottle; 0: its level is not followed"`
	LowML           float64 `toml:"low_ml" unit:"mL" min:"0" max:"100000" help:"alarm when no more than this is left in a bottle, or of the room for waste"`
	MaxUnverifiedML float64 `toml:"max_unverified_ml" unit:"mL" min:"0" max:"100000" help:"an automation may add so much before OD shows that the waste leaves; 0: what the vial has room for, and as much as it takes once OD or a person has seen the waste leave; in a 20 mL vial 4 is strict"`
}

// DefaultMediaConfig follows no bottle.
func DefaultMediaConfig() MediaConfig { return MediaConfig{LowML: 20} }

// DefaultConfig is a 20 mL vial with pumps as they come. Volumes, pause,
// multiplier and flow: Pioreactor 26.7.2.
func DefaultConfig() Config {
	return Config{
		InitialVolumeML: 15, EffluxTubeVolumeML: 15,
		MaxSubdoseML: ledger.DefaultMaxSubdoseML, MinDoseML: 0.05, MaxInflowVialsPerH: 3,
		WasteRemovalMultiple: 2, PauseBetweenSubdoses: 5 * time.Second,
		MediaSlopeMLPerS: ledger.DefaultSlopeMLPerS, AltMediaSlopeMLPerS: ledger.DefaultSlopeMLPerS, WasteSlopeMLPerS: ledger.DefaultSlopeMLPerS,
		Media: DefaultMediaConfig(),
	}
}

// Validate reports everything wrong with c, all at once.
func (c Config) Validate() error {
	var errs []error
	rule := func(name string, x, low, high float64) {
		if !(x >= low && x <= high) {
			errs = append(errs, fmt.Errorf("%s: want %g to %g, got %v", name, low, high, x))
		}
	}
	rule("initial_volume_ml", c.InitialVolumeML, 0, ledger.MaxDoseML)
	rule("efflux_tube_volume_ml", c.EffluxTubeVolumeML, 0, ledger.MaxDoseML)
	rule("initial_alt_media_fraction", c.InitialAltFraction, 0, 1)
	rule("max_subdose_ml", c.MaxSubdoseML, 0.01, ledger.MaxDoseML)
	rule("min_dose_ml", c.MinDoseML, 0, 10)
	rule("max_inflow_vials_per_h", c.MaxInflowVialsPerH, 1e-6, 1000)
	rule("waste_removal_multiplier", c.WasteRemovalMultiple, 0, 10)
	rule("pause_between_subdoses_s", c.PauseBetweenSubdoses.Seconds(), 0, 600)
	rule("media_ml_per_s", c.MediaSlopeMLPerS, 1e-5, 100)
	rule("alt_media_ml_per_s", c.AltMediaSlopeMLPerS, 1e-5, 100)
	rule("waste_ml_per_s", c.WasteSlopeMLPerS, 1e-5, 100)
	rule("media_ml", c.Media.MediaML, 0, 1e5)
	rule("alt_media_ml", c.Media.AltMediaML, 0, 1e5)
	rule("waste_ml", c.Media.WasteML, 0, 1e5)
	rule("low_ml", c.Media.LowML, 0, 1e5)
	rule("max_unverified_ml", c.Media.MaxUnverifiedML, 0, 1e5)
	return errors.Join(errs...)
}

// slopes are the pumps' flows by role.
func (c Config) slopes() map[hw.PumpRole]ledger.Pump {
	return map[hw.PumpRole]ledger.Pump{
		hw.Media:    {SlopeMLPerS: c.MediaSlopeMLPerS},
		hw.AltMedia: {SlopeMLPerS: c.AltMediaSlopeMLPerS},
		hw.Waste:    {SlopeMLPerS: c.WasteSlopeMLPerS},
	}
}

// books are those of a vial that nobody has dosed yet.
func (c Config) books(info hw.Info) (ledger.Ledger, ledger.Limits, error) {
	limits := ledger.Limits{CapacityML: info.CapacityML, MaxFillML: info.MaxFillML}
	fresh, err := ledger.New(c.InitialVolumeML, c.EffluxTubeVolumeML, c.InitialAltFraction, limits)
	if err == nil {
		err = fresh.CheckGeometry(c.MaxSubdoseML, limits)
	}
	if err != nil {
		return fresh, limits, fmt.Errorf("[bioreactor] %w", err)
	}
	return fresh, limits, nil
}

// Fits reports whether the volumes of c suit a vial such as info.
func (c Config) Fits(info hw.Info) error {
	_, _, err := c.books(info)
	return err
}
