package actors_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
)

// kettle is somebody's own sensor.
type kettle struct {
	actors.Meta
	SteamC float64 `json:"steam_c"`
	Fill   float64 `json:"od_filtered"` // a name that is taken
	Label  string  `json:"label"`
}

func (kettle) RetainKey() string { return "" }

func init() { actors.Message[kettle]("kettle/1") }

func TestSignalsAreFoundInTheirFacts(t *testing.T) {
	ods := actors.ODReadings{Readings: []actors.ODReading{
		{Channel: 2, Value: 1.5, Quality: actors.Quality{Grade: actors.Good}},
		{Channel: 3, Value: 9, Quality: actors.Quality{Grade: actors.Bad}},
	}}
	for _, c := range []struct {
		fact   actors.Fact
		signal string
		want   float64
		ok     bool
	}{
		{ods, "od", 1.5, true},
		{ods, "od2", 1.5, true},
		{ods, "od3", 0, false}, // bad: no news
		{ods, "od1", 0, false},
		{ods, "growth_rate_per_h", 0, false},
		{actors.GrowthRate{PerH: -0.2}, "growth_rate_per_h", -0.2, true},
		{actors.GrowthRate{PerH: math.NaN()}, "growth_rate_per_h", 0, false},
		{actors.Vial{VolumeML: 14}, "current_volume_ml", 14, true},
		{actors.Vial{}, "current_volume_ml", 0, true},
		{actors.LEDs{B: 7}, "leds/B", 7, true},
		{actors.Computer{}, "cpu_temperature_c", 0, false}, // 0 is unknown there
		{actors.Computer{CPUTemperatureC: 61}, "cpu_temperature_c", 61, true},
		{kettle{SteamC: 99}, "steam_c", 99, true},
		{kettle{Fill: 3}, "kettle/od_filtered", 3, true},
		{actors.ODFiltered{Value: 2}, "od_filtered", 2, true},
		{actors.SettingChanged{Job: "a", Setting: "b", Value: int64(4)}, "a/b", 4, true},
		{actors.SettingChanged{Job: "a", Setting: "b", Value: true}, "a/b", 1, true},
		{actors.SettingChanged{Job: "a", Setting: "b", Value: "auto"}, "a/b", 0, false},
		{actors.SettingChanged{Job: "a", Setting: "b"}, "a/b", 0, false},
		{actors.SettingChanged{Job: "a", Setting: "c", Value: 1.0}, "a/b", 0, false},
		{actors.Log{}, "od", 0, false},
	} {
		got, ok := actors.SignalOf(c.fact, c.signal)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s of %+v = %v, %v; want %v, %v", c.signal, c.fact, got, ok, c.want, c.ok)
		}
	}
}

func TestSignalsAreListed(t *testing.T) {
	all := actors.Signals()
	for _, name := range []string{"od", "od4", "od_filtered", "growth_rate_per_h", "measured_rpm", "current_volume_ml", "dilution_rate_per_h",
		"disk_free_gb", "leds/A", "steam_c", "kettle/od_filtered"} {
		if !slices.Contains(all, name) {
			t.Errorf("%s is not listed in %v", name, all)
		}
		if err := actors.CheckSignal(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"label", "od5", "odd", "", "A", "volume"} {
		if err := actors.CheckSignal(name); err == nil || !strings.Contains(err.Error(), "there are alt_media_fraction, ") {
			t.Errorf("%q: %v, want a refusal that lists what there is", name, err)
		}
	}
}
