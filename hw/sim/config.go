package sim

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"github.com/pioactor/pioactor/hw"
)

// Config says what the twin is made of. Start from [DefaultConfig]: the zero
// value is not a valid vial. In TOML every field lies flat in one table, except
// those that the unit's other sections decide.
type Config struct {
	Seed uint64 `toml:"seed" help:"of every random draw: the same seed and the same calls give the same bytes"`
	// Model and Version are what [hw.Info] reports; the unit's section decides.
	Model   string   `toml:"-"`
	Version string   `toml:"-"`
	Absent  []string `toml:"absent" help:"parts that are not fitted: heater, thermometer, tachometer, media, alt_media, waste, hat, status_led, button, rail"`

	// 5 V is what a Raspberry Pi's own supply gives the rail.
	RailV float64 `toml:"rail_v" unit:"V" min:"0" max:"30" help:"supply of pumps, stirrer and heater"`

	CultureConfig
	VialConfig
	StirringConfig
	ThermalConfig
	OpticsConfig
	NoiseConfig
}

// DefaultConfig is a 20 mL vial of 15 mL with a bacterium that doubles every
// 46 min after a lag of 1 h: about 0.5 AU after 3.6 h, 13 AU when the
// substrate is spent.
func DefaultConfig() Config {
	return Config{
		Seed: 1, Model: "pioreactor_20ml", Version: "1.5", Absent: []string{}, RailV: 5,
		CultureConfig:  defaultCulture(),
		VialConfig:     defaultVial(),
		StirringConfig: defaultStirring(),
		ThermalConfig:  defaultThermal(),
		OpticsConfig:   defaultOptics(),
		NoiseConfig:    defaultNoise(),
	}
}

// clone shares nothing with the caller's maps and slices.
func (c Config) clone() Config {
	c.Channels = maps.Clone(c.Channels)
	c.Absent = append([]string(nil), c.Absent...)
	return c
}

// fit fills what is 0 of a vial's two volumes from its model.
func fit(model string, capacityML, maxFillML *float64) error {
	if model == "" {
		return errors.New("sim: model is empty")
	}
	if *capacityML != 0 && *maxFillML != 0 {
		return nil
	}
	info, err := hw.Model(model, "")
	if err != nil {
		return fmt.Errorf("sim: %w, or CapacityML and MaxFillML must be given", err)
	}
	*capacityML, *maxFillML = cmp.Or(*capacityML, info.CapacityML), cmp.Or(*maxFillML, info.MaxFillML)
	return nil
}

// heatLimits are the model's, or for one nobody knows the strictest.
func heatLimits(model, version string) hw.HeatLimits {
	info, err := hw.Model(model, version)
	if err != nil {
		return hw.CautiousHeat
	}
	return info.Heat
}
