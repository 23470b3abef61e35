package actorstest_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
)

// quietLog watches the wires of a board: what every output is driven with, and
// when the photodiodes are sampled.
type quietLog struct {
	hw.Board
	h       *actorstest.House
	value   map[string]float64
	changes []change
	from    time.Duration // of the newest burst, light included
	until   time.Duration
	bursts  int
	broken  []string
}

type change struct {
	output string
	at     time.Duration
}

// light is how long the IR LED shines before the first sample; the default of
// settle_before_reading.
const light = 125 * time.Millisecond

func (q *quietLog) LED(channel string) (hw.Output, error) {
	out, err := q.Board.LED(channel)
	return &wire{q, "LED " + channel, out}, err
}

func (q *quietLog) Stirrer() hw.Output { return &wire{q, "stirrer", q.Board.Stirrer()} }

func (q *quietLog) Pump(role hw.PumpRole) (hw.Output, error) {
	out, err := q.Board.Pump(role)
	return &wire{q, "pump " + string(role), out}, err
}

func (q *quietLog) Heater() (hw.Output, error) {
	out, err := q.Board.Heater()
	return &wire{q, "heater", out}, err
}

func (q *quietLog) Photodiodes() hw.Photodiodes { return &eyes{q.Board.Photodiodes(), q} }

// wire is an output on the way to the board.
type wire struct {
	q    *quietLog
	name string
	hw.Output
}

func (w *wire) Set(percent float64) error {
	w.q.driven(w.name, percent)
	return w.Output.Set(percent)
}

func (w *wire) Halt() error {
	w.q.driven(w.name, 0)
	return w.Output.Halt()
}

func (q *quietLog) driven(output string, percent float64) {
	if q.h == nil || q.value[output] == percent {
		return // the house is being built, with every output off
	}
	now := q.h.Lived()
	q.value[output] = percent
	q.changes = append(q.changes, change{output, now})
	if now > q.from && now < q.until {
		q.say("%s set to %.4g %%, %v after the light came on", output, percent, now-q.from)
	}
}

func (q *quietLog) say(format string, args ...any) {
	if len(q.broken) < 10 {
		q.broken = append(q.broken, q.h.Lived().String()+": "+fmt.Sprintf(format, args...))
	}
}

// eyes are the photodiodes with somebody watching.
type eyes struct {
	hw.Photodiodes
	q *quietLog
}

func (e *eyes) Burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	b, err := e.Photodiodes.Burst(plan, channels)
	q, now := e.q, e.q.h.Lived()
	q.bursts++
	q.from, q.until = now-light, now+b.Took
	for i := len(q.changes) - 1; i >= 0 && q.changes[i].at > q.from; i-- {
		q.say("%s changed %v before the first sample", q.changes[i].output, now-q.changes[i].at)
	}
	q.changes = q.changes[:0]
	return b, err
}

// busyHouse has everything running that disturbs a reading.
func busyHouse(t *testing.T, seed uint64, configure func(*cmd.Config)) (*actorstest.House, *quietLog) {
	q := &quietLog{value: map[string]float64{}}
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Wrap: func(b hw.Board) hw.Board {
		q.Board = b
		return q
	}, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=chemostat duration=7"}
		if configure != nil {
			configure(c)
		}
	}})
	q.h = h
	return h, q
}

// TestNothingChangesInsideAnODWindow is a part of a day with everything running, and with
// redundant starts and stops of all of it at random moments.
func TestNothingChangesInsideAnODWindow(t *testing.T) {
	hours := 8.0 // the day is TestSoakNothingChangesInsideAnODWindow
	if raceEnabled {
		hours = 1
	}
	quietDay(t, 1, hours)
}

func quietDay(t *testing.T, seed uint64, hours float64) {
	t.Helper()
	h, q := busyHouse(t, seed, nil)
	var good, pumped, doses int
	h.OnFact(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.ODReading:
			if f.PumpOn {
				pumped++
			}
			if f.Quality.Grade == actors.Good {
				good++
			}
			if f.PumpOn && f.Quality.Grade == actors.Good {
				t.Errorf("%v: a reading with a pump on is good", h.Lived())
			}
		case actors.Dosed:
			doses++
		}
	})
	h.RunUntil(time.Minute, "ready", func() bool { return h.State("od_reading") == actors.Ready })
	r := rand.New(rand.NewPCG(seed, 5))
	slots := []string{"stirring", "od_reading", "growth_rate_calculating"}
	for h.Lived() < time.Duration(hours*float64(time.Hour)) {
		h.Run(time.Duration(r.Int64N(int64(4 * time.Minute))))
		slot := slots[r.IntN(len(slots))]
		switch r.IntN(8) {
		case 0: // already running
			if reply := h.Do("experiment", actors.StartJob{Job: slot}); reply.OK {
				t.Errorf("%s started twice", slot)
			}
		case 1: // a restart, and a second stop of what is stopped
			awaitDark(h, q)
			h.Do(slot, actors.SetState{State: actors.Disconnected})
			h.Do(slot, actors.SetState{State: actors.Disconnected})
			h.Run(time.Duration(r.Int64N(int64(3 * time.Second))))
			h.Do("experiment", actors.StartJob{Job: slot})
		case 2:
			awaitDark(h, q)
			h.Do(slot, actors.SetState{State: actors.Sleeping})
			h.Do(slot, actors.SetState{State: actors.Sleeping})
			h.Run(time.Duration(r.Int64N(int64(3 * time.Second))))
			h.Do(slot, actors.SetState{State: actors.Ready})
			h.Do(slot, actors.SetState{State: actors.Ready})
		case 3, 4:
			h.Set("stirring", "enable_dodging_od", r.IntN(3) > 0)
		case 5:
			h.Set("stirring", "target_rpm_during_od_reading", float64(r.IntN(3)*150))
		case 6:
			h.Do("vial", actors.Dose{MediaML: 0.1 + r.Float64(), WasteML: 1.1, Source: "test"})
		default:
			h.Do("leds", actors.SetLED{Channel: []string{"B", "C", "D"}[r.IntN(3)], Percent: float64(r.IntN(5) * 25),
				For: time.Duration(1+r.IntN(90)) * time.Second})
		}
	}
	for _, b := range q.broken {
		t.Error(b)
	}
	t.Logf("%d bursts, %d good readings, %d with a pump on, %d doses", q.bursts, good, pumped, doses)
	if perH := float64(good) / hours; perH < 400 || pumped == 0 || doses < int(5*hours) {
		t.Errorf("%.0f good readings an hour, %d with a pump on, %d doses: not a busy day", perH, pumped, doses)
	}
}

// awaitDark waits until no reading is under way: what is told to stop stops at
// once, inside a window too.
func awaitDark(h *actorstest.House, q *quietLog) {
	h.Run(100 * time.Millisecond)
	if h.Lived() < q.until {
		h.Run(q.until - h.Lived())
	}
	for q.value["LED A"] > 0 {
		h.Run(50 * time.Millisecond)
	}
}

// TestActuatorsShiftNoReading compares two vials that differ in nothing but what
// runs around the readings: the mean of good readings differs by less than the
// noise of one.
func TestActuatorsShiftNoReading(t *testing.T) {
	still := func(c *cmd.Config) {
		c.Sim.MuMaxPerH, c.Sim.InitialODAU, c.Sim.EvaporationMLPerH = 0, 0.5, 0
		c.Sim.Start = []string{"stirring", "od_reading"}
	}
	calm, calmSD := meanOD(t, still, nil)
	for name, busy := range map[string]func(h *actorstest.House, round int){
		"dodging": func(h *actorstest.House, round int) { h.Set("stirring", "enable_dodging_od", round%2 == 0) },
		"light": func(h *actorstest.House, round int) {
			h.Do("leds", actors.SetLED{Channel: "C", Percent: float64(round%2) * 100})
		},
		"waste": func(h *actorstest.House, round int) { // bubbles, not a drop less of what is measured
			if round%5 == 0 {
				h.Do("vial", actors.Dose{WasteML: 0.01, Source: "test"})
			}
		},
		"speed": func(h *actorstest.House, round int) { h.Set("stirring", "target_rpm", 400+float64(round%3)*100) },
	} {
		got, _ := meanOD(t, still, busy)
		t.Logf("%s: %.5f AU, %.5f AU undisturbed, noise %.5f AU", name, got, calm, calmSD)
		if math.Abs(got-calm) > calmSD {
			t.Errorf("%s: mean of good readings %.5f AU, %.5f AU undisturbed: off by more than the noise of one, %.5f AU", name, got, calm, calmSD)
		}
	}
}

// meanOD is the mean and the standard deviation of an hour's good readings.
func meanOD(t *testing.T, configure func(*cmd.Config), busy func(*actorstest.House, int)) (mean, sd float64) {
	t.Helper()
	h, q := busyHouse(t, 3, configure)
	var values []float64
	h.OnFact(func(f actors.Fact) {
		if f, ok := f.(actors.ODReading); ok && f.Quality.Grade == actors.Good && h.Lived() > 5*time.Minute {
			values = append(values, f.Value)
		}
	})
	for round := 0; h.Lived() < 65*time.Minute; round++ {
		h.Run(37 * time.Second)
		if busy != nil && h.Lived() > 5*time.Minute {
			busy(h, round)
		}
	}
	for _, b := range q.broken {
		t.Error(b)
	}
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		sd += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	if len(values) < 200 {
		t.Fatalf("only %d good readings in an hour", len(values))
	}
	return mean, math.Sqrt(sd)
}
