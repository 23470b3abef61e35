package sim

import "maps"

// Config says what the twin is made of. Start from [DefaultConfig]: the zero
// value is not a valid vial. In TOML every field lies flat in one table.
type Config struct {
	// Seed of every random draw: the same seed and the same calls give the same bytes.
	Seed uint64 `toml:"seed"`
	// Model and Version are what [hw.Info] reports.
	Model   string `toml:"model"`
	Version string `toml:"version"`
	// Absent lists parts that are not fitted: "heater", "thermometer",
	// "tachometer", "media", "alt_media", "waste".
	Absent []string `toml:"absent"`

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
		Seed: 1, Model: "pioreactor_20ml", Version: "1.5", Absent: []string{},
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
