package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// spy is a dosing automation that notes what it is shown, and doses.
type spy struct{}

// spied are the readings that reached an automation.
var spied []actors.ODReading

func (spy) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.ODReadings](c)
		c.Every(2 * time.Minute)
	case actors.Tick:
		return c.Exchange(0.7)
	case actors.ODReading:
		spied = append(spied, msg)
	case actors.ODReadings:
		spied = append(spied, msg.Readings...)
	}
	return nil
}

func init() {
	actors.Register(actors.Dosing, "spy", func() actors.Automation { return spy{} })
	actors.Register(actors.LED, "spy", func() actors.Automation { return spy{} })
}

// TestNoReadingWithAPumpOnEverSteers is a law: such a reading is bad, it reaches
// no automation of any family, and no growth rate comes of it.
func TestNoReadingWithAPumpOnEverSteers(t *testing.T) {
	for seed := range uint64(3) {
		spied = nil
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1, Forget: true, Configure: func(c *cmd.Config) {
			c.Sim.InitialODAU, c.Sim.LagH = 0.5, 0
			c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=spy", "led_automation=spy"}
		}})
		h.WasteSeen()
		pumped, rates := map[time.Time]bool{}, 0
		h.OnFact(func(f actors.Fact) {
			switch f := f.(type) {
			case actors.ODReading:
				if f.PumpOn {
					pumped[f.At] = true
					if f.Quality.Grade != actors.Bad {
						t.Errorf("seed %d: a reading with a pump on is %s %s", seed, f.Quality.Grade, f.Quality.Reason)
					}
				}
			case actors.GrowthRate:
				if rates++; pumped[f.At] {
					t.Errorf("seed %d: growth rate from a reading with a pump on", seed)
				}
			}
		})
		h.Run(2 * time.Hour)
		if len(pumped) < 50 || len(spied) < 100 || rates < 100 {
			t.Errorf("seed %d: %d readings with a pump on, %d seen by automations, %d rates: nothing was tried", seed, len(pumped), len(spied), rates)
		}
		for _, r := range spied {
			if r.PumpOn || r.Quality.Grade != actors.Good {
				t.Fatalf("seed %d: an automation saw %+v", seed, r)
			}
		}
	}
}

// TestUnsteadyLampPausesDosingOnlyMeanwhile: a turbidostat doses, does not while
// the reference is unstable, and goes on by itself.
func TestUnsteadyLampPausesDosingOnlyMeanwhile(t *testing.T) {
	for seed := range uint64(3) {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1, Forget: true, Configure: func(c *cmd.Config) {
			c.Sim.InitialODAU, c.Sim.LagH = 0.5, 0
			c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=1.05"}
		}})
		begun := 0
		h.OnFact(func(f actors.Fact) {
			if _, ok := f.(actors.DoseStarted); ok {
				begun++
			}
		})
		alarm := func() bool {
			a, _ := actors.LatestOf[actors.Alarm](h.System, "reference_unstable")
			return a.Active
		}
		h.RunUntil(2*time.Hour, "three doses", func() bool { return begun >= 3 })
		flicker := sim.Fault{Kind: sim.RefNoise, Value: 0.4}
		if err := h.Board.Inject(flicker); err != nil {
			t.Fatal(err)
		}
		h.RunUntil(time.Minute, "alarm", alarm)
		h.Run(2 * time.Minute) // a dose may have been decided on before
		before := begun
		h.Run(40 * time.Minute)
		if begun != before || h.State("dosing_automation") != actors.Ready || !alarm() {
			t.Errorf("seed %d: %d doses in 40 min of an unsteady lamp, %s, alarm %v", seed, begun-before, h.State("dosing_automation"), alarm())
		}
		if err := h.Board.Clear(flicker); err != nil {
			t.Fatal(err)
		}
		h.RunUntil(20*time.Minute, "dose after the lamp became steady", func() bool { return begun > before })
		if alarm() {
			t.Errorf("seed %d: the alarm stays", seed)
		}
	}
}
