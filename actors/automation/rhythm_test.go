package automation_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/cmd"
)

// cutOff is a store whose chemostat was killed at minute 20 of its run, before
// it knew what became of the exchange.
func cutOff(t *testing.T) state.Store {
	t.Helper()
	store := state.NewMemory()
	text, err := json.Marshal(map[string]any{"experiment": "exp", "value": map[string]any{
		"at": epoch.Add(20 * time.Minute), "before": epoch, "open": true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Save("chemostat", text); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestRunThatMovedNothingBeforeAKillIsMadeUpFor(t *testing.T) {
	back := epoch.Add(21 * time.Minute)
	for name, c := range map[string]struct {
		lastDose time.Time
		want     []time.Duration
	}{
		"nothing moved": {epoch.Add(time.Minute), []time.Duration{2 * time.Second, 20 * time.Minute}},
		"media moved":   {epoch.Add(20*time.Minute + 11*time.Second), []time.Duration{19 * time.Minute}},
	} {
		seeds(t, func(t *testing.T, seed uint64) {
			b := startAfter(t, []actors.Fact{actors.Vial{VolumeML: 15, LastDose: c.lastDose}}, seed, back, cutOff(t), "chemostat", "duration", 20)
			b.clk.Run(25 * time.Minute)
			g := b.gaps(back)
			if len(g) != len(c.want) {
				t.Fatalf("%s: exchanges after %v, want %v", name, g, c.want)
			}
			for i := range g {
				if g[i] != c.want[i] {
					t.Errorf("%s: exchanges after %v, want %v", name, g, c.want)
				}
			}
		})
	}
	b := start(t, 1, back, cutOff(t), "chemostat", "duration", 20)
	b.clk.Run(10 * time.Minute)
	if len(b.asked) != 0 {
		t.Error("without books it dosed in doubt")
	}
}

// TestKillsNeitherMissNorDouble lets a chemostat live for days among kills,
// crashes, in and between doses, and counts what its vial was given.
func TestKillsNeitherMissNorDouble(t *testing.T) {
	const duration, kills = 20 * time.Minute, 20
	for seed := uint64(1); seed <= 3/thin; seed++ {
		rng := rand.New(rand.NewPCG(seed, 3))
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Configure: func(c *cmd.Config) {
			c.Sim.Start = []string{"stirring", "dosing_automation=chemostat duration=20 exchange_volume_ml=0.5"}
		}})
		var doses []time.Time
		h.OnFact(func(f actors.Fact) {
			if d, ok := f.(actors.DoseStarted); ok && d.Source == "dosing_automation:chemostat" {
				doses = append(doses, d.At)
			}
		})
		for kill := range kills {
			h.Run(time.Duration(rng.Int64N(int64(40 * time.Minute))))
			if kill%2 == 0 { // in the middle of a dose
				n := len(doses)
				h.RunUntil(time.Hour, "dose", func() bool { return len(doses) > n })
				h.Run(time.Duration(rng.Int64N(int64(15 * time.Second))))
			}
			if kill%3 == 0 {
				h.System.Crash("dosing_automation", "planned")
			} else {
				h.Kill()
			}
		}
		h.Run(time.Hour)
		for i := 1; i < len(doses); i++ {
			if gap := doses[i].Sub(doses[i-1]); gap < duration-time.Second || gap > duration+10*time.Second {
				t.Errorf("seed %d: exchange %d of %d came %v after the last, want %v", seed, i, len(doses), gap, duration)
			}
		}
		if len(doses) < kills/2 {
			t.Errorf("seed %d: only %d exchanges", seed, len(doses))
		}
	}
}

// TestFedBatchNeverFillsTheVial: by the books never, and with a pump 15 % faster
// than they think not over the brim.
func TestFedBatchNeverFillsTheVial(t *testing.T) {
	for _, factor := range []float64{1, 1.15} {
		h := actorstest.Open(t, actorstest.HouseOptions{Configure: func(c *cmd.Config) {
			c.Sim.Start = []string{"stirring", "dosing_automation=fed_batch duration=60 dosing_volume_ml=0.7"}
			c.Sim.MediaRateFactor = factor
		}})
		info := h.Board.Info()
		limit := info.MaxFillML
		if factor > 1 {
			limit = info.CapacityML
		}
		h.Run(12 * time.Hour)
		if v, s := h.Board.Truth().VolumeML, h.State("dosing_automation"); v >= limit || v < 15+3.9*0.7 || s != actors.Sleeping {
			t.Errorf("pump %v: %.2f mL, %s; want 4 doses of 0.7 mL over 15, below %v, sleeping", factor, v, s, limit)
		}
		var added, none int
		for _, e := range actorstest.Collect[actors.AutomationEvent](h) {
			switch e.Name {
			case "AddMediaEvent":
				added++
			case "NoEvent":
				none++
			}
		}
		if added != 4 || none != 1 {
			t.Errorf("pump %v: %d AddMediaEvents and %d NoEvents, want 4 and 1", factor, added, none)
		}
		h.Do("dosing_automation", actors.SetState{State: actors.Ready})
		h.Run(3 * time.Hour)
		if v, s := h.Board.Truth().VolumeML, h.State("dosing_automation"); v >= limit || s != actors.Sleeping {
			t.Errorf("pump %v, woken in vain: %.2f mL, %s", factor, v, s)
		}
	}
}

func TestFedBatchTellsWhatItAdded(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "fed_batch", "duration", 30, "dosing_volume_ml", 0.8)
	b.clk.Run(61 * time.Minute)
	if len(b.doses) != 3 || b.doses[0].MediaML != 0.8 || b.doses[0].WasteML != 0 {
		t.Fatalf("doses %+v, want three of 0.8 mL without waste", b.doses)
	}
	if d := b.data("AddMediaEvent"); len(d) != 2 || d["dosing_volume_ml"] != 0.8 || d["volume_actually_moved_ml"] != 0.8 {
		t.Errorf("event data = %v", d)
	}
}
