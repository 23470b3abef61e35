package monitor_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
	"github.com/pioactor/pioactor/hw/sim"
)

func inject(t *testing.T, h *actorstest.House, text string) sim.Fault {
	t.Helper()
	f, err := sim.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Board.Inject(f); err != nil {
		t.Fatal(err)
	}
	return f
}

func raised(h *actorstest.House, name string) bool {
	a, _ := actors.LatestOf[actors.Alarm](h.System, name)
	return a.Active
}

func TestTheTwinsSupplyButtonAndLight(t *testing.T) {
	for seed := range uint64(3) {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1, Configure: func(c *cmd.Config) { c.Sim.Start = []string{} }})
		h.Run(2 * time.Minute)
		if raised(h, "voltage_low") || len(h.Board.Faults()) != 0 {
			t.Fatal("a healthy unit alarms")
		}
		low := inject(t, h, "rail_voltage:4.5")
		h.Run(time.Minute)
		lit := 0
		for range 40 {
			h.Run(250 * time.Millisecond)
			if h.Board.OutputsPct()["status LED"] > 0 {
				lit++
			}
		}
		if !raised(h, "voltage_low") || lit == 0 || lit == 40 {
			t.Errorf("seed %d: low supply: alarm %v, the LED is lit in %d of 40 looks, want it to blink", seed, raised(h, "voltage_low"), lit)
		}
		if err := h.Board.Clear(low); err != nil {
			t.Fatal(err)
		}
		h.Run(2 * time.Minute)
		if raised(h, "voltage_low") || h.Board.OutputsPct()["status LED"] != 0 {
			t.Errorf("seed %d: the supply is back: alarm %v, LED %v %%", seed, raised(h, "voltage_low"), h.Board.OutputsPct()["status LED"])
		}
		pressed := inject(t, h, "button_pressed")
		h.Run(time.Second)
		down, _ := actors.LatestOf[actors.SettingChanged](h.System, "monitor/button_down")
		if down.Value != true || h.Board.OutputsPct()["status LED"] == 0 {
			t.Errorf("seed %d: pressed: button_down %v, LED %v %%", seed, down.Value, h.Board.OutputsPct()["status LED"])
		}
		if err := h.Board.Clear(pressed); err != nil {
			t.Fatal(err)
		}
		h.Run(time.Second)
		r := h.Do("monitor", actors.Identify{})
		h.Run(10 * time.Millisecond)
		if !r.OK || h.Board.OutputsPct()["status LED"] == 0 {
			t.Errorf("seed %d: identify: %+v, LED %v %%", seed, r, h.Board.OutputsPct()["status LED"])
		}
	}
}

// A monitor that fails takes its codes with it, and shows them again.
func TestCodesComeBackWithTheMonitor(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{Configure: func(c *cmd.Config) { c.Sim.Start = []string{} }})
	inject(t, h, "rail_voltage:4.5")
	h.Run(2 * time.Minute)
	h.System.Crash("monitor", "test")
	h.Run(10 * time.Second)
	blinked := false
	for range 60 {
		h.Run(100 * time.Millisecond)
		blinked = blinked || h.Board.OutputsPct()["status LED"] > 0
	}
	if !blinked || h.State("monitor") != actors.Ready {
		t.Errorf("blinks %v, monitor %s", blinked, h.State("monitor"))
	}
}
