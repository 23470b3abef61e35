package temperature_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/temperature/watch"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

func TestHeaterFaultsInTheHouse(t *testing.T) {
	for seed := range uint64(18 / thin) {
		if err := campaign(t, seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// campaign breaks the thermometer or the heater of a whole unit at a random
// instant and holds device, job and alarm to the rules by the twin's true state.
func campaign(t testing.TB, seed uint64) error {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 11))
	h := open(t, 31+8*rng.Float64(), actorstest.HouseOptions{Seed: seed + 1, Forget: true}, func(c *cmd.Config) {
		c.Sim.Start = append(c.Sim.Start, "od_reading") // its windows hold the heater up
		c.Sim.RoomC = 18 + 9*rng.Float64()
	})
	var broken error
	limits := usual(t)
	h.OnFact(func(actors.Fact) {
		if c := h.Board.Truth().BoardC; c > limits.DisableC && broken == nil {
			broken = fmt.Errorf("the board is at %.1f °C", c)
		}
	})
	h.Run(40*time.Minute + time.Duration(rng.Int64N(int64(10*time.Minute))))
	kind := []sim.FaultKind{sim.ThermometerError, sim.ThermometerNaN, sim.ThermometerStep, sim.HeaterDead}[rng.IntN(4)]
	value := 0.0
	if kind == sim.ThermometerStep {
		value = (7 + 13*rng.Float64()) * float64(1-2*rng.IntN(2))
	}
	h.heatedWithin(t, 4*time.Minute)
	f := h.inject(t, kind, value)
	limit := 2*watch.Period + watch.Confirm
	if kind == sim.HeaterDead {
		limit = 15 * time.Minute
		h.RunUntil(limit, "alarm", func() bool { return h.alarm("heater_no_gain").Active })
	} else {
		h.Run(limit)
	}
	if h.duty() > 0 {
		return fmt.Errorf("%s: %v %% of heat %v after it began", kind, h.duty(), limit)
	}
	if rng.IntN(3) == 0 { // somebody else breaks too
		h.System.Crash([]string{slot, "temperature", "heater", "thermometer"}[rng.IntN(4)], "campaign")
	}
	h.never(t, time.Duration(rng.Int64N(int64(4*time.Minute))), "the fault is over")
	if err := h.Board.Clear(f); err != nil {
		return err
	}
	if kind == sim.HeaterDead {
		h.never(t, 20*time.Minute, "an acknowledgement")
		h.Do("alarm", actors.Acknowledge{Name: "heater_no_gain"})
	}
	h.RunUntil(watch.Rearm+15*time.Minute, "heat after a "+string(kind), func() bool { return h.duty() > 0 })
	if h.alarm("heater_reading").Latched {
		return fmt.Errorf("%s: latched", kind)
	}
	return broken
}

func usual(t testing.TB) hw.HeatLimits {
	t.Helper()
	info, err := hw.Model("pioreactor_20ml", "1.5")
	if err != nil {
		t.Fatal(err)
	}
	return info.Heat
}

// No change of any duty inside an OD window, the heater's included.
func TestHeaterKeepsQuietForODReadings(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{}, func(c *cmd.Config) { c.Sim.Start = append(c.Sim.Start, "stirring", "od_reading") })
	h.Run(2 * time.Hour)
	warm, disturbed, n := 0, 0, 0
	for _, od := range actorstest.Collect[actors.ODReading](h.House) {
		n++
		if od.TemperatureC > 30 {
			warm++
		}
		if od.Quality.Reason == "disturbed" {
			disturbed++
		}
	}
	if n < 1400 || disturbed > 0 || warm < 1000 {
		t.Errorf("%d readings, %d disturbed, %d with the vial's temperature", n, disturbed, warm)
	}
}
