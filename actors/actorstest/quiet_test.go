package actorstest_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
)

// everything is every job of the experiment: a dose every other dose of the
// rate limit, a day of two minutes, heat that comes and goes.
var everything = []string{
	"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=chemostat duration=7",
	"led_automation=light_dark_cycle light_intensity=40 light_duration_minutes=1 dark_duration_minutes=1",
	"temperature_automation=thermostat target_temperature=37",
}

// restarts are how each of them is started again.
var restarts = []actors.StartJob{
	{Job: "stirring"}, {Job: "od_reading"}, {Job: "growth_rate_calculating"},
	{Job: "dosing_automation", Options: []setting.Pair{{Name: "automation_name", Value: "chemostat"}, {Name: "duration", Value: 7.0}}},
	{Job: "led_automation", Options: []setting.Pair{{Name: "automation_name", Value: "light_dark_cycle"},
		{Name: "light_duration_minutes", Value: 1.0}, {Name: "dark_duration_minutes", Value: 1.0}}},
	{Job: "temperature_automation", Options: []setting.Pair{{Name: "automation_name", Value: "thermostat"}, {Name: "target_temperature", Value: 37.0}}},
}

// busyHouse has everything running that disturbs a reading.
func busyHouse(t *testing.T, seed uint64, configure func(*cmd.Config)) (*actorstest.House, *quietLog) {
	q := &quietLog{value: map[string]float64{}, driven: map[string]int{}}
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Wrap: func(b hw.Board) hw.Board {
		q.Board = b
		return q
	}, Configure: func(c *cmd.Config) {
		c.Sim.Start, c.Sim.WasteSeen = everything, true
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
	if actorstest.RaceEnabled {
		hours = 1
	}
	quietDay(t, 1, hours)
}

// tally is what came of a busy day.
type tally struct {
	good, pumped, rates, doses int
}

func quietDay(t *testing.T, seed uint64, hours float64) {
	t.Helper()
	h, q := busyHouse(t, seed, nil)
	n := watchBusy(t, h)
	h.RunUntil(time.Minute, "ready", func() bool { return h.State("od_reading") == actors.Ready })
	m := &meddler{t: t, h: h, q: q, r: rand.New(rand.NewPCG(seed, 5))}
	for h.Lived() < time.Duration(hours*float64(time.Hour)) {
		h.Run(time.Duration(m.r.Int64N(int64(4 * time.Minute))))
		m.meddle()
	}
	q.verdict(t, seed, hours)
	t.Logf("seed %d: %d bursts, driven %v, %+v", seed, q.bursts, q.driven, *n)
	if n.good < int(350*hours) || n.rates < int(300*hours) || n.pumped == 0 || n.doses < int(5*hours) {
		t.Errorf("seed %d: not a busy %v h: %+v", seed, hours, *n)
	}
}

// verdict fails the test if anything changed inside a window, or nothing ever.
func (q *quietLog) verdict(t *testing.T, seed uint64, hours float64) {
	t.Helper()
	for _, b := range q.broken {
		t.Errorf("seed %d: %s", seed, b)
	}
	for _, output := range []string{"LED A", "LED C", "LED D", "stirrer", "pump media", "pump waste", "heater"} {
		if q.driven[output] < int(5*hours) {
			t.Errorf("seed %d: %s changed %d times in %v h: nothing was tried", seed, output, q.driven[output], hours)
		}
	}
}

// watchBusy counts, and holds every reading with a pump on to be of no use.
func watchBusy(t *testing.T, h *actorstest.House) *tally {
	n, pumped := &tally{}, map[time.Time]bool{}
	h.OnFact(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.ODReading:
			if f.PumpOn {
				n.pumped++
				pumped[f.At] = true
			}
			if f.Quality.Grade == actors.Good {
				n.good++
			}
			if f.PumpOn && f.Quality.Grade != actors.Bad {
				t.Errorf("%v: a reading with a pump on is %s", h.Lived(), f.Quality.Grade)
			}
		case actors.GrowthRate:
			if n.rates++; pumped[f.At] {
				t.Errorf("%v: a growth rate from a reading with a pump on", h.Lived())
			}
		case actors.Dosed:
			n.doses++
		}
	})
	return n
}

// meddler is somebody at the unit who starts, stops and sets at random.
type meddler struct {
	t *testing.T
	h *actorstest.House
	q *quietLog
	r *rand.Rand
}

func (m *meddler) meddle() {
	job := restarts[m.r.IntN(len(restarts))]
	switch m.r.IntN(12) {
	case 0: // already running
		if runs := m.h.State(job.Job) == actors.Ready; m.h.Do("experiment", job).OK && runs {
			m.t.Errorf("%s started twice", job.Job)
		}
	case 1, 2: // a restart, and a second stop of what is stopped
		m.state(job.Job, actors.Disconnected)
		m.pause()
		m.h.Do("experiment", job)
		m.h.Do("experiment", job)
	case 3, 4:
		m.state(job.Job, actors.Sleeping)
		m.pause()
		m.state(job.Job, actors.Ready)
	case 5:
		awaitDark(m.h, m.q)
		m.h.System.Crash(job.Job, "planted")
	case 6, 7:
		m.h.Set("stirring", "enable_dodging_od", m.r.IntN(3) > 0)
	case 8:
		m.h.Set("stirring", "target_rpm_during_od_reading", float64(m.r.IntN(3)*150))
	case 9:
		m.h.Set("temperature_automation", "target_temperature", 30+8*m.r.Float64())
		m.h.Set("led_automation", "light_intensity", float64(m.r.IntN(5)*25))
	case 10:
		m.pump()
	default:
		m.h.Do("leds", actors.SetLED{Channel: "B", Percent: float64(m.r.IntN(5) * 25), For: time.Duration(1+m.r.IntN(90)) * time.Second})
	}
}

// state tells a job twice.
func (m *meddler) state(job string, s actors.State) {
	awaitDark(m.h, m.q)
	m.h.Do(job, actors.SetState{State: s})
	m.h.Do(job, actors.SetState{State: s})
}

func (m *meddler) pause() { m.h.Run(time.Duration(m.r.Int64N(int64(3 * time.Second)))) }

// pump moves liquid by hand: an exchange, or media in a circle.
func (m *meddler) pump() {
	d := actors.Dose{MediaML: 0.1 + m.r.Float64(), WasteML: 1.1, Source: "test"}
	if m.r.IntN(2) == 0 {
		d = actors.Dose{Pump: "media", Circulate: true, For: time.Duration(1+m.r.IntN(20)) * time.Second, Source: "test"}
	}
	m.h.Do("vial", d)
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
// runs around the readings: the mean of good readings, each beside the true
// density, differs by less than the noise of one.
func TestActuatorsShiftNoReading(t *testing.T) {
	still := func(c *cmd.Config) {
		c.Sim.MuMaxPerH, c.Sim.InitialODAU, c.Sim.EvaporationMLPerH = 0, restingAU, 0
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
		"dose": func(h *actorstest.House, round int) {
			if round%5 == 0 {
				h.Do("vial", actors.Dose{MediaML: 0.1, WasteML: 0.1, Source: "test"})
			}
		},
		"speed": func(h *actorstest.House, round int) { h.Set("stirring", "target_rpm", 400+float64(round%3)*100) },
		"heat": func(h *actorstest.House, round int) {
			h.Do("experiment", restarts[5])
			h.Set("temperature_automation", "target_temperature", 30+float64(round%2)*10)
		},
		"circle": func(h *actorstest.House, round int) {
			if round%5 == 0 {
				h.Do("vial", actors.Dose{Pump: "media", Circulate: true, For: 3 * time.Second, Source: "test"})
			}
		},
		"day": func(h *actorstest.House, _ int) { h.Do("experiment", restarts[4]) },
	} {
		got, _ := meanOD(t, still, busy)
		t.Logf("%s: %.5f AU, %.5f AU undisturbed, noise %.5f AU", name, got, calm, calmSD)
		if math.Abs(got-calm) > calmSD {
			t.Errorf("%s: mean of good readings %.5f AU, %.5f AU undisturbed: off by more than the noise of one, %.5f AU", name, got, calm, calmSD)
		}
	}
}

// restingAU is the density of the vials that do not grow, AU.
const restingAU = 0.5

// meanOD is the mean and the standard deviation of an hour's good readings, as
// they would be had nothing diluted the vial.
func meanOD(t *testing.T, configure func(*cmd.Config), busy func(*actorstest.House, int)) (mean, sd float64) {
	t.Helper()
	h, q := busyHouse(t, 3, configure)
	var values []float64
	h.OnFact(func(f actors.Fact) {
		if f, ok := f.(actors.ODReading); ok && f.Quality.Grade == actors.Good && h.Lived() > 5*time.Minute {
			values = append(values, f.Value*restingAU/h.Board.Truth().ODAU)
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
