package temperature_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
)

const slot = "temperature_automation"

// warmHouse is a unit that does nothing but keep its vial warm.
type warmHouse struct {
	*actorstest.House
	measured []float64 // the vial's true temperature at the end of each cool-down
	told     []float64 // what was published then
	means    []float64 // its mean from one to the next
	sum      float64
	n        int
}

func open(t testing.TB, target float64, o actorstest.HouseOptions, change func(*cmd.Config)) *warmHouse {
	t.Helper()
	o.Configure = func(c *cmd.Config) {
		c.Sim.Start = []string{fmt.Sprintf("temperature_automation=thermostat target_temperature=%g", target)}
		if change != nil {
			change(c)
		}
	}
	h := &warmHouse{House: actorstest.Open(t, o)}
	h.OnFact(h.fact)
	return h
}

func (h *warmHouse) fact(f actors.Fact) {
	if v, ok := f.(actors.VialTemperature); ok {
		h.measured, h.told = append(h.measured, h.Board.Truth().VialC), append(h.told, v.C)
		if h.n > 0 {
			h.means = append(h.means, h.sum/float64(h.n))
		}
		h.sum, h.n = 0, 0
	}
}

// live lets d pass and looks at the vial every two seconds.
func (h *warmHouse) live(d time.Duration) {
	for range int(d / (2 * time.Second)) {
		h.Run(2 * time.Second)
		h.sum, h.n = h.sum+h.Board.Truth().VialC, h.n+1
	}
}

func (h *warmHouse) duty() float64 { return h.Board.Truth().HeaterPct }

// figures are of the true vial when it is measured: how far it went above the
// target, and the mean of the last hours less the target.
func figures(temps []float64, target float64) (overshoot, steady float64) {
	overshoot = math.Inf(-1)
	for _, c := range temps {
		overshoot = max(overshoot, c-target)
	}
	last := temps[len(temps)/2:]
	for _, c := range last {
		steady += (c - target) / float64(len(last))
	}
	return overshoot, steady
}

func TestThermostatHoldsItsTarget(t *testing.T) {
	cases := 0
	for _, model := range [][2]string{{"pioreactor_20ml", "1.5"}, {"pioreactor_20ml", "1.0"}} {
		for _, room := range []float64{18, 22, 27} {
			for _, target := range []float64{30, 37} {
				if cases++; cases%thin != 0 {
					continue
				}
				name := fmt.Sprintf("%s %s, room %g °C, target %g °C", model[0], model[1], room, target)
				h := open(t, target, actorstest.HouseOptions{Forget: true, Wrap: actorstest.Unpunctual(1)}, func(c *cmd.Config) {
					c.Unit.Model, c.Unit.ModelVersion, c.Sim.RoomC = model[0], model[1], room
					if model[1] == "1.0" {
						c.Sim.BoardLoss = 0 // its recorded boards end as warm as the vial, as the algorithm takes for granted
					}
					c.SetJob("temperature_automation.thermostat", "room_temperature_c", room)
				})
				h.live(8 * time.Hour)
				over, steady := figures(h.measured, target)
				told, _ := figures(h.told, target)
				mean, _ := figures(h.means, target)
				_, meanSteady := figures(h.means, target)
				t.Logf("%s: overshoot %.2f °C (told %.2f), steady error %+.2f °C, mean of a cycle up to %+.2f, steady %+.2f °C, duty %.1f %%",
					name, over, told, steady, mean, meanSteady, h.lastDuty())
				if over > 0.5 || math.Abs(steady) > 0.5 {
					t.Errorf("%s: overshoot %.2f °C, steady error %+.2f °C; want at most 0.5", name, over, steady)
				}
			}
		}
	}
}

func (h *warmHouse) lastDuty() float64 {
	d, _ := actors.LatestOf[actors.HeaterDuty](h.System, "")
	return d.Percent
}

func version10(c *cmd.Config) { c.Unit.ModelVersion = "1.0" }

// TestDoseIsNotTakenForAColdVial: a cool-down into which media is pumped counts
// only when three before it were given up, and is no failure.
func TestDoseIsNotTakenForAColdVial(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{Forget: true}, nil)
	h.live(2 * time.Hour)
	h.RunUntil(10*time.Minute, "heat", func() bool { return h.duty() > 0 })
	h.Run(10 * time.Second)
	h.told = nil
	for cycle := 1; cycle <= 8; cycle++ {
		h.RunUntil(10*time.Minute, "heat", func() bool { return h.duty() > 0 })
		h.RunUntil(10*time.Minute, "cool-down", func() bool { return h.duty() == 0 })
		h.Run(20 * time.Second)
		if r := h.Do("vial", actors.Dose{MediaML: 0.5, WasteML: 0.5}); !r.OK {
			t.Fatal(r.Reason)
		}
		h.RunUntil(10*time.Minute, "heat", func() bool { return h.duty() > 0 })
		h.Run(10 * time.Second)
		if want := cycle / 4; len(h.told) != want {
			t.Fatalf("after %d cool-downs with a dose in each: %d measurements, want %d", cycle, len(h.told), want)
		}
	}
	if a, _ := actors.LatestOf[actors.Alarm](h.System, "temperature_unknown"); a.Active {
		t.Errorf("alarm: %s", a.Text)
	}
	h.live(20 * time.Minute)
	if n := len(h.told) - 2; n < 5 {
		t.Errorf("%d measurements in 20 min without doses, want each to count again", n)
	}
}
