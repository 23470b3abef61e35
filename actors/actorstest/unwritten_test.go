package actorstest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// TestWhatAFullDiskRefusedIsWrittenOnceThereIsRoom: nobody has to change it again
// for it to survive a power cut, and the alarms end by themselves.
func TestWhatAFullDiskRefusedIsWrittenOnceThereIsRoom(t *testing.T) {
	for seed := range uint64(3) {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Configure: func(c *cmd.Config) {
			c.Sim.Start = []string{"stirring", "od_reading", "temperature_automation=thermostat"}
			c.Bioreactor.InitialVolumeML = 16 // so that there is waste
		}})
		h.Run(10 * time.Second)
		h.Store.Break(errors.New("disk full"))
		for _, do := range []struct {
			target string
			body   any
		}{
			{"stirring", actors.Set{Values: []setting.Pair{{Name: "target_rpm", Value: 432.0}}}},
			{"vial", actors.Dose{WasteML: 0.5}},
			{"bench", actors.PauseVial{}},
		} {
			h.Do(do.target, do.body)
			h.Run(30 * time.Second)
		}
		hot := sim.Fault{Kind: sim.ThermometerStep, Value: 60} // latches the heater off
		if err := h.Board.Inject(hot); err != nil {
			t.Fatal(err)
		}
		h.Run(time.Minute)
		if err := h.Board.Clear(hot); err != nil {
			t.Fatal(err)
		}
		alarms := []string{"state_not_saved", "vial_not_saved", "bench_not_saved", "heater_state_not_saved"}
		for _, name := range alarms {
			if a, _ := actors.LatestOf[actors.Alarm](h.System, name); !a.Active {
				t.Errorf("no alarm %s while the disk is full", name)
			}
		}
		waste := volumes(h).WasteML
		h.Store.Break(nil)
		h.Run(61 * time.Second)
		for _, name := range alarms {
			if a, _ := actors.LatestOf[actors.Alarm](h.System, name); a.Active {
				t.Errorf("%s goes on a minute after there is room: %s", name, a.Text)
			}
		}
		h.Kill()
		h.Run(10 * time.Second)
		rpm, _ := actors.LatestOf[actors.SettingChanged](h.System, "stirring/target_rpm")
		pause, _ := actors.LatestOf[actors.VialState](h.System, "")
		if heater, _ := actors.LatestOf[actors.Heater](h.System, ""); !heater.Latched {
			t.Errorf("after a power cut the heater is not latched off any more: %+v", heater)
		}
		if rpm.Value != 432.0 || !pause.Paused || volumes(h).WasteML != waste || waste == 0 {
			t.Errorf("after a power cut: %v rpm, paused %v, %v mL of waste; want 432, true, %v", rpm.Value, pause.Paused, volumes(h).WasteML, waste)
		}
	}
}

func volumes(h *actorstest.House) actors.Vial {
	v, _ := actors.LatestOf[actors.Vial](h.System, "")
	return v
}
