package cmd

import (
	"maps"
	"time"

	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/bench"
	"github.com/pioactor/pioactor/actors/dosing"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/bridge/notify"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/sim"
)

// Config is one node's configuration: what config.toml holds. The rooms own
// their sections; this type only puts them side by side.
type Config struct {
	Unit        UnitConfig         `toml:"unit"`
	MQTT        bridge.Config      `toml:"mqtt"`
	Experiment  ExperimentConfig   `toml:"experiment"`
	PWM         map[string]string  `toml:"pwm"`
	LEDs        map[string]string  `toml:"leds"`
	Photodiodes map[string]string  `toml:"photodiodes"`
	Bioreactor  dosing.Config      `toml:"bioreactor"`
	Media       dosing.MediaConfig `toml:"media"`
	Bench       bench.Config       `toml:"bench"`
	Pioreactor  describe.Config    `toml:"pioreactor"`
	Sim         SimConfig          `toml:"sim"`
	Replay      ReplayConfig       `toml:"replay"`
	Logging     LoggingConfig      `toml:"logging"`
	Alarms      AlarmsConfig       `toml:"alarms"`

	jobs map[string]map[string]any // section → table, such as "dosing_automation.turbidostat"
}

// UnitConfig is the section [unit].
type UnitConfig struct {
	Name  string `toml:"name" help:"this unit's name on the wire; empty: the machine's host name"`
	Model string `toml:"model" oneof:"pioreactor_20ml|pioreactor_40ml|pioreactor_20ml_XR|pioreactor_40ml_XR" help:"the vial; an XR has photodiodes at 45, 90 and 135 degrees"`
	// ModelVersion decides how the vial's temperature is inferred and how warm its heater may be.
	ModelVersion string `toml:"model_version" oneof:"1.0|1.1|1.5" help:"its version: how warm the heater may get, how temperature is inferred"`
	Hardware     string `toml:"hardware" oneof:"auto|pioreactor|fake|sim|replay" help:"pioreactor is a HAT, fake its drivers on modelled chips; auto: pioreactor if a HAT is there, else sim; see pioactor doctor"`
	DataDir      string `toml:"data_dir" help:"where state is kept; empty: the user's data folder"`
}

// ExperimentConfig is the section [experiment].
type ExperimentConfig struct {
	Name string `toml:"name" help:"the first start's experiment; later the unit knows itself"`
}

// SimConfig is the section [sim]: the digital twin and how to start it.
type SimConfig struct {
	sim.Config
	FastForward time.Duration `toml:"fast_forward" min:"0" help:"how long the culture has grown before you look, at the first start"`
	Start       []string      `toml:"start" help:"the jobs of the first start"`
	WasteSeen   bool          `toml:"waste_seen" help:"who set the simulated vial up saw its waste leave, and said so (pioactor vial waste_seen), at the first start"`
}

// ReplayConfig is the section [replay]: recorded readings in place of a culture.
type ReplayConfig struct {
	sim.ReplayConfig
	File        string        `toml:"file" help:"CSV of od_readings"`
	FastForward time.Duration `toml:"fast_forward" min:"0" help:"how much of the recording has passed before you look"`
	Start       []string      `toml:"start" help:"the jobs of the first start"`
}

// LoggingConfig is the section [logging].
type LoggingConfig struct {
	File  string `toml:"file" help:"JSON lines; empty: pioactor.log in the data folder"`
	Level string `toml:"level" oneof:"debug|info|warning|error" help:"the least that is written"`
}

// AlarmsConfig is the section [alarms]: what is alarming, in [alarms.NAME], and
// where alarms go, in webhook and [alarms.deliver.NAME].
type AlarmsConfig struct {
	notify.Config
	Declared alarm.Config
}

// DefaultConfig is a simulated leader+worker on loopback; config.toml spells it out.
func DefaultConfig() Config {
	twin := sim.DefaultConfig()
	twin.Response = "linear" // so that an uncalibrated growth rate can be compared with the true one
	return Config{
		Unit:        UnitConfig{Model: "pioreactor_20ml", ModelVersion: "1.5", Hardware: "auto"},
		MQTT:        bridge.DefaultConfig(),
		Experiment:  ExperimentConfig{Name: "first experiment"},
		PWM:         map[string]string{"1": "stirring", "2": "media", "3": "alt_media", "4": "waste", "5": "heating"},
		LEDs:        map[string]string{"A": "IR"},
		Photodiodes: map[string]string{"1": "REF", "2": "90"},
		Bioreactor:  dosing.DefaultConfig(),
		Bench:       bench.DefaultConfig(),
		Pioreactor:  describe.DefaultConfig(),
		Media:       dosing.DefaultMediaConfig(),
		Sim: SimConfig{Config: twin, FastForward: 12 * time.Hour,
			Start: []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=30", "temperature_automation=thermostat target_temperature=37"}},
		Replay:  ReplayConfig{ReplayConfig: sim.DefaultReplayConfig(), Start: []string{"stirring", "od_reading", "growth_rate_calculating"}},
		Logging: LoggingConfig{Level: "info"},
		Alarms:  AlarmsConfig{Config: notify.DefaultConfig(), Declared: alarm.DefaultConfig()},
		jobs:    map[string]map[string]any{},
	}
}

// table is the config section of a job or automation, with what belongs to it
// from the shared sections.
func (c Config) table(slot, automation string) map[string]any {
	section := slot
	if automation != "" {
		section += "." + automation
	}
	table := maps.Clone(c.jobs[section])
	if table == nil {
		table = map[string]any{}
	}
	if slot == "od_reading" || slot == "self_test" {
		table["channels"] = anyMap(c.Photodiodes)
	}
	if slot == "od_reading" || slot == "growth_rate_calculating" {
		table["model"] = c.Unit.Model
	}
	return table
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// SetJob sets one key of a job's section, as the file would; for programs and
// tests that configure in Go. The value is checked when the job starts.
func (c *Config) SetJob(section, key string, value any) {
	table := maps.Clone(c.jobs[section])
	if table == nil {
		table = map[string]any{}
	}
	table[key] = value
	c.jobs[section] = table
}
