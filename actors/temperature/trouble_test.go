package temperature_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// warmed is a house whose vial has been at 37 °C for a while.
func warmed(t testing.TB, seed uint64, wrap func(hw.Board) hw.Board) *warmHouse {
	t.Helper()
	h := open(t, 37, actorstest.HouseOptions{Seed: seed, Wrap: wrap}, nil)
	h.Run(3 * time.Hour)
	if c := h.Board.Truth().VialC; math.Abs(c-37.5) > 2 {
		t.Fatalf("seed %d: the vial is at %.2f °C after 3 h", seed, c)
	}
	return h
}

func (h *warmHouse) alarm(name string) actors.Alarm {
	a, _ := actors.LatestOf[actors.Alarm](h.System, name)
	return a
}

// heatedWithin lets at most d pass until there is heat.
func (h *warmHouse) heatedWithin(t testing.TB, d time.Duration) {
	t.Helper()
	h.RunUntil(d, "heat", func() bool { return h.duty() > 0 })
}

func (h *warmHouse) inject(t testing.TB, kind sim.FaultKind, value float64) sim.Fault {
	t.Helper()
	f := sim.Fault{Kind: kind, Value: value}
	if err := h.Board.Inject(f); err != nil {
		t.Fatal(err)
	}
	return f
}

// glitchy loses single readings on the bus, or whole series of them.
type glitchy struct {
	hw.Board
	lose int
}

func (g *glitchy) Thermometer() (hw.Thermometer, error) {
	th, err := g.Board.Thermometer()
	return glitchyThermometer{th, g}, err
}

type glitchyThermometer struct {
	hw.Thermometer
	g *glitchy
}

func (g glitchyThermometer) Series(n int, interval time.Duration) hw.Series {
	s := g.Thermometer.Series(n, interval)
	lost := min(g.g.lose, n)
	g.g.lose -= lost
	s.C = s.C[lost:]
	s.Failed = lost
	if lost > 0 {
		s.Err = errors.New("no acknowledge")
	}
	return s
}

// follow lets d pass and returns the vial's lowest temperature and its mean.
func (h *warmHouse) follow(d time.Duration) (low, mean float64) {
	low = math.Inf(1)
	n := int(d / time.Second)
	for range n {
		h.Run(time.Second)
		c := h.Board.Truth().VialC
		low, mean = min(low, c), mean+c/float64(n)
	}
	return low, mean
}

// One glitch on the bus, at any instant of the cycle, costs the culture nothing
// that it could feel: the vial is compared with itself in a world without it, by
// its lowest temperature and by its mean, since a cycle may come a little later.
func TestGlitchCostsLessThanHalfADegree(t *testing.T) {
	for _, lost := range []int{1, 6} {
		worst := 0.0
		for seed := range uint64(6 / thin) {
			g := &glitchy{}
			with := warmed(t, seed+1, func(b hw.Board) hw.Board { g.Board = b; return g })
			without := warmed(t, seed+1, nil)
			wait := time.Duration(seed*thin) * 34 * time.Second
			with.Run(wait)
			without.Run(wait)
			g.lose = lost
			low, mean := with.follow(time.Hour)
			lowest, usual := without.follow(time.Hour)
			worst = max(worst, lowest-low, usual-mean)
			if a := with.alarm("heater_reading"); a.Active {
				t.Errorf("seed %d: a glitch raised %+v", seed, a)
			}
		}
		t.Logf("%d of the bus's answers lost at once: the vial was up to %.3f °C colder", lost, worst)
		if worst >= 0.5 {
			t.Errorf("%d answers lost: the vial was %.2f °C colder, want less than 0.5", lost, worst)
		}
	}
}

func TestLostThermometerStopsTheHeatAndReturns(t *testing.T) {
	for _, kind := range []sim.FaultKind{sim.ThermometerError, sim.ThermometerNaN} {
		h := warmed(t, 1, nil)
		h.heatedWithin(t, 4*time.Minute)
		f := h.inject(t, kind, 0)
		h.Run(13 * time.Second)
		if h.duty() != 0 {
			t.Errorf("%s: %v %% of heat after two samples", kind, h.duty())
		}
		a := h.alarm("heater_reading")
		if !a.Active || a.Latched || h.lastDuty() == 0 {
			t.Errorf("%s: alarm %+v, the automation's duty %v", kind, a, h.lastDuty())
		}
		h.Run(10 * time.Minute)
		if err := h.Board.Clear(f); err != nil {
			t.Fatal(err)
		}
		h.never(t, 290*time.Second, "5 min of plausible readings")
		h.heatedWithin(t, 40*time.Second)
		if h.alarm("heater_reading").Active {
			t.Errorf("%s: the alarm stays", kind)
		}
		h.measured = nil
		h.Run(2 * time.Hour)
		if over, _ := figures(h.measured, 37); over > 0.8 {
			t.Errorf("%s: %.2f °C above the target after it", kind, over)
		}
	}
}

// never fails the test if there is heat within d.
func (h *warmHouse) never(t testing.TB, d time.Duration, before string) {
	t.Helper()
	for end := h.Clock.Mono() + d; h.Clock.Mono() < end; h.Run(500 * time.Millisecond) {
		if h.duty() > 0 {
			t.Fatalf("%v %% of heat before %s", h.duty(), before)
		}
	}
}

func TestDeadHeaterLatchesUntilAcknowledged(t *testing.T) {
	h := warmed(t, 1, nil)
	f := h.inject(t, sim.HeaterDead, 0)
	h.RunUntil(15*time.Minute, "alarm heater_no_gain", func() bool { return h.alarm("heater_no_gain").Active })
	h.never(t, 30*time.Minute, "an acknowledgement")
	h.Kill()
	h.never(t, 30*time.Minute, "an acknowledgement, after a restart")
	if err := h.Board.Clear(f); err != nil {
		t.Fatal(err)
	}
	h.never(t, 10*time.Minute, "an acknowledgement")
	if r := h.Do("alarm", actors.Acknowledge{Name: "heater_no_gain"}); !r.OK {
		t.Fatal(r.Reason)
	}
	h.heatedWithin(t, 5*time.Minute)
	if a := h.alarm("heater_no_gain"); a.Active {
		t.Errorf("acknowledged: %+v", a)
	}
}

// A sleep at any instant of a measurement stops the heat, and the result that
// was under way does not bring it back.
func TestSleepDuringAMeasurementNeverHeats(t *testing.T) {
	for seed := range uint64(15 / thin) {
		h := warmed(t, seed+1, nil)
		h.heatedWithin(t, 4*time.Minute)
		h.RunUntil(4*time.Minute, "cool-down", func() bool { return h.duty() == 0 })
		h.Run(time.Duration(rand.New(rand.NewPCG(seed, 1)).Int64N(int64(108 * time.Second))))
		state := actors.Sleeping
		if seed%3 == 0 {
			state = actors.Disconnected
		}
		before := len(h.told)
		if r := h.Do(slot, actors.SetState{State: state}); !r.OK {
			t.Fatal(r.Reason)
		}
		h.Run(0) // the devices hear of it in the same instant
		h.never(t, 10*time.Minute, "it is woken")
		if len(h.told) > before+1 || h.lastDuty() != 0 {
			t.Errorf("seed %d: measured %d times for nobody, duty %v", seed, len(h.told)-before, h.lastDuty())
		}
		if state == actors.Sleeping {
			h.Do(slot, actors.SetState{State: actors.Ready})
			h.heatedWithin(t, time.Second)
		}
	}
}

func TestCrashesStopTheHeatAndItResumes(t *testing.T) {
	for actor, back := range map[string]time.Duration{slot: time.Second, "temperature": time.Second, "heater": 15 * time.Second, "thermometer": 15 * time.Second} {
		for seed := range uint64(6 / thin) {
			h := warmed(t, seed+1, nil)
			h.heatedWithin(t, 4*time.Minute)
			h.Run(time.Duration(seed*thin) * 9 * time.Second)
			off := h.duty() == 0
			h.System.Crash(actor, "test")
			for range 80 { // the supervisor restarts within 30 ms
				h.Run(500 * time.Microsecond)
				off = off || h.duty() == 0
			}
			if !off && actor != "thermometer" {
				t.Errorf("%s: still %v %% of heat", actor, h.duty())
			}
			h.heatedWithin(t, back+112*time.Second) // a cool-down may be under way
			h.measured = nil
			h.Run(2 * time.Hour)
			if _, steady := figures(h.measured, 37); math.Abs(steady) > 0.5 {
				t.Errorf("%s: %.2f °C off the target an hour later", actor, steady)
			}
		}
	}
}

func TestPowerCutCostsLittle(t *testing.T) {
	h := warmed(t, 1, nil)
	h.heatedWithin(t, 4*time.Minute)
	h.Run(time.Second) // the thermostat has answered the last measurement
	duty := h.lastDuty()
	h.Kill()
	h.heatedWithin(t, 5*time.Second)
	if got := h.lastDuty(); math.Abs(got-duty) > 1e-9 {
		t.Errorf("after the restart %v %%, before %v %%", got, duty)
	}
	h.measured = nil
	h.Run(time.Hour)
	for _, c := range h.measured {
		if math.Abs(c-37) > 1 {
			t.Errorf("%.2f °C after a power cut of a moment", c)
		}
	}
}

func TestTargetAboveTheModelIsRefused(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{}, nil)
	h.Run(time.Minute)
	if r := h.Set(slot, "target_temperature", 79.0); r.OK || r.Code != "out_of_range" {
		t.Errorf("79 °C: %+v", r)
	}
	if r := h.Set(slot, "target_temperature", 40.0); !r.OK {
		t.Errorf("40 °C: %+v", r)
	}
	old := open(t, 37, actorstest.HouseOptions{}, version10)
	old.Run(time.Minute)
	if r := old.Set(slot, "target_temperature", 64.0); r.OK || r.Code != "out_of_range" {
		t.Errorf("64 °C in a vial of version 1.0: %+v", r)
	}
	if s, _ := actors.LatestOf[actors.SettingChanged](old.System, slot+"/target_temperature"); s.Value != 37.0 {
		t.Errorf("target %v after a refusal, want 37", s.Value)
	}
}

func TestOnlyTheAutomationHeats(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{}, nil)
	h.Run(time.Minute)
	if r := h.Do("temperature", actors.SetHeater{Percent: 90}); r.OK || r.Code != "not_serving" {
		t.Errorf("somebody heats: %+v", r)
	}
}

func TestOnlyRecordMeasuresAndNeverHeats(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{}, func(c *cmd.Config) {
		c.Sim.Start, c.Sim.RoomC = []string{"temperature_automation=only_record_temperature"}, 25
	})
	h.never(t, time.Hour, "anything")
	if n := len(h.told); n < 17 || n > 20 {
		t.Errorf("%d measurements in an hour, want one every 200 s", n)
	}
	for _, c := range h.told {
		if math.Abs(c-25) > 0.1 {
			t.Errorf("%.2f °C in a room of 25 °C", c)
		}
	}
	events := actorstest.Collect[actors.AutomationEvent](h.House)
	if len(events) != len(h.told) || events[0].Name != "NoEvent" {
		t.Errorf("%d events, the first %+v", len(events), events[0])
	}
}

func TestNoThermostatWithoutAHeater(t *testing.T) {
	h := open(t, 37, actorstest.HouseOptions{}, func(c *cmd.Config) { c.Sim.Absent = []string{"heater", "thermometer"} })
	h.Run(time.Second)
	if s, _ := actors.LatestOf[actors.JobState](h.System, slot); s.State != actors.Disconnected || s.Reason == "" {
		t.Errorf("state %+v, want a refusal", s)
	}
}
