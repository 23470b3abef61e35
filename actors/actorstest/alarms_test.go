package actorstest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// alarmed is the names of alarms as they were raised, with what hides each at
// the end.
func alarmed(h *actorstest.House) (names []string, hidden map[string]string) {
	hidden = map[string]string{}
	for _, a := range actorstest.Collect[actors.Alarm](h) {
		if a.Active && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
		hidden[a.Name] = a.HiddenBy
	}
	return names, hidden
}

func TestHealthyUnitIsQuiet(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{})
	h.Run(5 * time.Hour)
	if r := h.Set("od_reading", "interval", 120.0); !r.OK {
		t.Fatal(r.Reason)
	}
	h.Run(time.Hour)
	h.Do("od_reading", actors.SetState{State: actors.Sleeping})
	h.Run(time.Hour)
	if names, _ := alarmed(h); len(names) > 0 {
		t.Errorf("alarms %v of a unit that lacks nothing", names)
	}
}

func TestDeadConverterIsOneAlarm(t *testing.T) {
	for seed := range uint64(2) {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1})
		h.Run(time.Hour)
		if err := h.Board.Inject(sim.Fault{Kind: sim.ADCError}); err != nil {
			t.Fatal(err)
		}
		h.Run(time.Hour)
		names, hidden := alarmed(h)
		var shown []string
		for _, name := range names {
			if hidden[name] == "" {
				shown = append(shown, name)
			}
		}
		if !slices.Contains(names, "od_stale") || len(shown) != 1 {
			t.Errorf("seed %d: of the alarms %v these are shown: %v, want one cause, and od_stale behind it", seed, names, shown)
		}
	}
}

// TestPauseHoldsThroughAPowerCut: no inflow while an alarm pauses dosing,
// whatever restarts, and none is caught up afterwards.
func TestPauseHoldsThroughAPowerCut(t *testing.T) {
	seeds := uint64(2)
	if actorstest.RaceEnabled {
		seeds = 1
	}
	for seed := range seeds {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1, Configure: func(c *cmd.Config) {
			d := alarm.Default()
			d.Signal, d.High, d.Delay, d.Action, d.Latch = "generations", 0.2, 0, "pause", true
			c.Alarms.Declared["grown"] = d
		}})
		h.RunUntil(12*time.Hour, "alarm", func() bool {
			a, _ := actors.LatestOf[actors.Alarm](h.System, "grown")
			return a.Active
		})
		h.Run(time.Minute) // a dose under way is cut, and its waste removed
		media := func() float64 { v, _ := actors.LatestOf[actors.Vial](h.System, ""); return v.MediaML }
		before := media()
		for range 3 {
			h.Run(20 * time.Minute)
			h.Kill()
			h.Run(time.Minute)
			if got := h.State("dosing_automation"); got != actors.Sleeping {
				t.Fatalf("seed %d: dosing is %s after a power cut, want asleep", seed, got)
			}
		}
		h.System.Crash("alarm", "planted")
		h.System.Crash("conditions", "planted")
		h.Run(20 * time.Minute)
		if got := media(); got != before {
			t.Errorf("seed %d: %v mL of media came in while the alarm holds", seed, got-before)
		}
	}
}
