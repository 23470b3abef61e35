package compat

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// fitted is a HAT with a holder on it.
type fitted struct{ hat, model, version string }

// hats has each converter and each LED driver there is.
var hats = map[string]fitted{
	"ADS1115 and DAC43608": {"1.0", "pioreactor_20ml", "1.0"},
	"RP2040":               {"1.2", "pioreactor_20ml", "1.1"},
	"ADS1114":              {"1.2", "pioreactor_20ml", "1.5"},
	"XR":                   {"1.1", "pioreactor_20ml_XR", "1.5"},
}

// inUse is a growing culture in f, with a unit that has all its jobs to do.
func (f fitted) inUse(seed uint64) func(*cmd.Config) {
	return func(c *cmd.Config) {
		c.Sim.Seed, c.Sim.InitialODAU, c.Sim.LagH = seed, 0.5, 0
		c.Sim.QuietADC = f.version == "1.5" // what the simulator says of an ADS1114
		c.Sim.NoiseCV = 0.001               // calm: what differs is not chance, and each step of a dose can be seen
		c.Unit.Model, c.Unit.ModelVersion = f.model, f.version
		if strings.HasSuffix(f.model, "_XR") {
			c.Photodiodes = map[string]string{"1": "REF", "2": "90", "3": "135", "4": "45"}
		}
	}
}

// live is a working day of a unit in short: everything that it has is used.
// It lasts for the duration given, and each of its parts in proportion.
func (u *rig) live(all time.Duration) {
	u.t.Helper()
	until := func(share float64) {
		u.t.Helper()
		u.Run(max(time.Duration(share*float64(all))-u.Lived(), 0))
	}
	u.start("stirring")
	u.start("od_reading")
	u.start("growth_rate_calculating")
	u.start("temperature_automation", "automation_name", "thermostat", "target_temperature", 32)
	u.start("led_automation", "automation_name", "light_dark_cycle", "light_duration_minutes", 7, "dark_duration_minutes", 5)
	until(0.05)
	u.must(u.Do("vial", actors.Dose{AltMediaML: 0.3, WasteML: 0.6, Source: "CLI"}))
	u.must(u.Set("stirring", "enable_dodging_od", true))
	until(0.15)
	u.must(u.Set("stirring", "enable_dodging_od", false))
	u.Run(time.Second)
	u.start("dosing_automation", "automation_name", "turbidostat", "target_biomass", 1.05, "exchange_volume_ml", 0.8, "biomass_signal", "normalized_od")
	until(0.3)
	u.must(u.Set("stirring", "target_rpm", "600"))
	u.keeps("stirring", "target_rpm", "abc")
	until(0.4)
	u.inject("button_pressed", time.Second)
	u.must(u.Do("monitor", actors.Identify{}))
	u.must(u.Set("led_automation", "light_intensity", "12.5"))
	until(0.5)
	u.must(u.Do("led_automation", actors.SetState{State: actors.Sleeping}))
	until(0.55)
	u.must(u.Do("led_automation", actors.SetState{State: actors.Ready}))
	until(0.75)
	u.inject("rail_voltage:4.5", 3*time.Minute)
	until(0.97)
	u.ended = u.Lived()
	for _, job := range []string{"dosing_automation", "led_automation", "temperature_automation", "growth_rate_calculating", "od_reading", "stirring"} {
		u.enter(job, actors.Disconnected)
	}
	until(1)
}

// twins live the same on the twin itself, and on a HAT around it.
func twins(t *testing.T, f fitted, seed uint64, all time.Duration) {
	t.Helper()
	bare := open(t, f.inUse(seed))
	bare.live(all)
	onHAT := openOn(t, f.hat, f.inUse(seed))
	onHAT.live(all)
	alike(t, bare, onHAT)
	used(t, onHAT, all)
}

// TestAHATIsLikeTheSimulator: a client cannot tell them apart. The gate lets one
// HAT live for an hour and the others for 20 min, the soak all for an hour.
func TestAHATIsLikeTheSimulator(t *testing.T) {
	for name, f := range hats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := 20 * time.Minute
			if name == "RP2040" {
				all = time.Hour
			}
			twins(t, f, 1, all)
		})
	}
}

// used checks that it really went through every driver.
func used(t *testing.T, u *rig, all time.Duration) {
	t.Helper()
	traffic, wiring := u.HAT.Machine.Traffic(), u.HAT.Machine.Wiring()
	readings := int(all / (5 * time.Second)) // OD's interval
	least := func(what string, got, want int) {
		t.Helper()
		if got < want {
			t.Errorf("%s: %d times, want at least %d", what, got, want)
		}
	}
	for input, adc := range wiring.ADC {
		switch {
		case input == "version":
		case input == "aux":
			least(adc.Driver+" for "+input, traffic.Transactions[adc.Address], int(all.Minutes()))
		default:
			least(adc.Driver+" for "+input, traffic.Transactions[adc.Address], 40*readings*9/10)
		}
	}
	least(wiring.LED.Driver+" for LEDs", traffic.Transactions[wiring.LED.Address], 2*readings)
	least("TMP1075", traffic.Transactions[wiring.Thermometer], int(all.Minutes()))
	doses := 0
	for _, d := range u.doses(u.ended) {
		doses += map[bool]int{true: 1}[d.what == "add_media"]
	}
	least("dose of media", doses, int(all.Minutes()/10))
	for channel, p := range wiring.PWM {
		switch role := fake.DefaultRoles()[channel]; {
		case p.Hardware >= 0:
			least("kernel's PWM of "+role, endingIn(traffic.Writes, "/duty_cycle", p.Hardware), 2*doses)
		case role == "stirring":
			least("toggling of "+role, traffic.Levels[p.Pin], int(0.9*2*200*all.Seconds()))
		case role == "heating":
			least("toggling of "+role, traffic.Levels[p.Pin], int(0.3*2*16*all.Seconds()))
		default:
			least("switching of "+role, traffic.Levels[p.Pin], 2)
		}
	}
	least("turn at the hall sensor", traffic.Edges[wiring.Pins.Hall], int(0.85*500*all.Minutes()))
	least("edge of the button", traffic.Edges[wiring.Pins.Button], 2)
	least("switching of the status LED", traffic.Levels[wiring.Pins.LED], 5)
}

func endingIn(writes map[string]int, end string, channel int) (n int) {
	for name, count := range writes {
		if strings.HasSuffix(name, "pwm"+string(rune('0'+channel))+end) {
			n += count
		}
	}
	return n
}

// dose is one dosing event.
type dose struct {
	at   time.Duration
	what string
	ml   float64
}

// doses are the events until then; how much is left of a dose that is cut off at
// the end is chance.
func (u *rig) doses(until time.Duration) (all []dose) {
	for i, s := range u.said {
		if s.topic == "E/dosing_events" && u.when[i] < until {
			all = append(all, dose{u.when[i], text(s.payload, "event"), number(s.payload, "volume_change")})
		}
	}
	return all
}

// moved is what a pump has really moved, mL.
func (u *rig) moved(role hw.PumpRole) float64 { return u.Truth().Pump(role).MovedML }

// near fails unless got and want are within tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.6g on the HAT, %.6g on the twin, want within %.3g", what, got, want, tolerance)
	}
}
