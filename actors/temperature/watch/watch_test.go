package watch_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/temperature/watch"
	"github.com/pioactor/pioactor/hw"
)

var (
	limits = hw.HeatLimits{ReduceC: 63, DisableC: 65, ShutdownC: 66}
	wall   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// rig is a heater's board in a room of 22 °C with a vial that does not move.
type rig struct {
	watch.Watch
	now   time.Duration
	vialC float64
	lead  float64
	want  float64 // % the owner asks for
	gain  float64 // °C/%
	fault func(r watch.Reading) watch.Reading
	log   []string
}

func start(vialC float64) *rig {
	return &rig{Watch: watch.New(limits, watch.Memory{}), vialC: vialC, gain: 0.24, now: time.Hour}
}

func (r *rig) duty() float64 { return r.want * r.Share(r.now) }

// run lets d pass; readings are taken when the watch wants them.
func (r *rig) run(d time.Duration) {
	for end := r.now + d; r.now < end; {
		duty := r.duty()
		r.Watch = r.Driven(r.now, duty)
		final := r.gain * duty
		r.lead = final + (r.lead-final)*math.Exp(-0.5/24)
		r.now += 500 * time.Millisecond
		if r.now >= r.Next(r.now) {
			r.read()
		}
	}
}

func (r *rig) read() {
	reading := watch.Reading{At: r.now - 300*time.Millisecond, C: math.Round((r.vialC+r.lead)*16) / 16}
	if r.fault != nil {
		reading = r.fault(reading)
	}
	before, _, _ := r.Fault()
	r.Watch = r.Read(r.now, wall.Add(r.now), reading)
	if f, latched, _ := r.Fault(); f != before {
		r.log = append(r.log, fmt.Sprintf("%v %s %v", r.now, f, latched))
	}
}

func (r *rig) wants(t *testing.T, f watch.Fault, latched bool) {
	t.Helper()
	if got, l, text := r.Fault(); got != f || l != latched || (f == "") != (text == "") {
		t.Errorf("fault %q, latched %v (%s); want %q, %v; %v", got, l, text, f, latched, r.log)
	}
	if f != watch.None && r.Share(r.now) != 0 {
		t.Errorf("share %v under fault %s, want 0", r.Share(r.now), f)
	}
}

func broken(watch.Reading) watch.Reading { return watch.Reading{Err: errors.New("no answer")} }

func reads(c float64) func(watch.Reading) watch.Reading {
	return func(r watch.Reading) watch.Reading { r.C = c; return r }
}

func TestNoHeatBeforeTheFirstReading(t *testing.T) {
	r := start(22)
	r.want = 50
	if r.duty() != 0 {
		t.Errorf("duty %v before any reading, want 0", r.duty())
	}
	r.run(time.Second)
	if r.duty() != 50 {
		t.Errorf("duty %v after a plausible reading, want 50", r.duty())
	}
}

func TestHealthyHeaterIsLeftAlone(t *testing.T) {
	for name, r := range map[string]*rig{"cold": start(22), "37 °C": start(37), "weak": start(30), "strong": start(30)} {
		switch name {
		case "weak":
			r.gain = 0.1
		case "strong":
			r.gain = 0.4
		}
		for i := range 200 {
			r.want = []float64{5, 10, 25, 45, 75, 100, 3}[i%7]
			if r.gain > 0.3 {
				r.want /= 2
			}
			r.run(95 * time.Second)
			r.want = 0
			r.run(105 * time.Second)
		}
		r.wants(t, watch.None, false)
		if len(r.log) > 0 {
			t.Errorf("%s: %v", name, r.log)
		}
	}
}

// A TMP1075 steps by 0.0625 °C: in a steady room it says the same for hours.
func TestSteadyRoomIsNotFrozen(t *testing.T) {
	r := start(22)
	r.run(24 * time.Hour)
	r.wants(t, watch.None, false)
}

func TestOneGlitchTurnsOffForASecond(t *testing.T) {
	for name, fault := range map[string]func(watch.Reading) watch.Reading{
		"lost": broken, "NaN": reads(math.NaN()), "−1 °C": reads(-1), "85 °C": reads(85), "step": reads(50), "200 °C": reads(200)} {
		r := start(37)
		r.want = 30
		r.run(10 * time.Minute)
		r.fault = fault
		r.read()
		if r.duty() != 0 {
			t.Errorf("%s: duty %v at the first bad reading, want 0", name, r.duty())
		}
		r.fault = nil
		r.run(2 * time.Second)
		if r.duty() != 30 || len(r.log) > 0 {
			t.Errorf("%s: duty %v, %v 2 s after a glitch; want 30 and no fault", name, r.duty(), r.log)
		}
	}
}

func TestFaultsOfTheReadingEndByThemselves(t *testing.T) {
	for f, fault := range map[watch.Fault]func(watch.Reading) watch.Reading{
		watch.Lost: broken, watch.OutOfRange: reads(-1), watch.Step: reads(55),
		watch.Stale: func(r watch.Reading) watch.Reading { r.At -= 10 * time.Second; return r },
	} {
		r := start(37)
		r.want = 30
		r.run(10 * time.Minute)
		r.fault = fault
		r.run(10 * time.Second)
		r.wants(t, f, false)
		if f == watch.Step {
			continue // it stays 55 and plausible: see the next test
		}
		r.run(20 * time.Minute)
		r.wants(t, f, false)
		r.fault = nil
		r.run(watch.Rearm - 5*time.Second)
		r.wants(t, f, false)
		r.run(20 * time.Second)
		r.wants(t, watch.None, false)
		if r.duty() != 30 {
			t.Errorf("%s: duty %v after 5 min of plausible readings, want 30", f, r.duty())
		}
	}
}

func TestPlausibleMeansWithoutABreak(t *testing.T) {
	r := start(37)
	r.want = 30
	r.run(time.Minute)
	r.fault = broken
	r.run(10 * time.Second)
	for range 5 {
		r.fault = nil
		r.run(4 * time.Minute)
		r.fault = broken
		r.run(7 * time.Second)
	}
	r.wants(t, watch.Lost, false)
}

func TestFourthFaultOfADayLatches(t *testing.T) {
	r := start(37)
	r.want = 30
	for i := range 4 {
		r.fault = nil
		r.run(time.Hour)
		r.wants(t, watch.None, false)
		r.fault = broken
		r.run(10 * time.Second)
		r.wants(t, watch.Lost, i == 3)
	}
	r.fault = nil
	r.run(48 * time.Hour)
	r.wants(t, watch.Lost, true)
	r.Watch = watch.New(limits, r.Memory())
	r.run(time.Hour)
	r.wants(t, watch.Lost, true)
	r.Watch = r.Acknowledge()
	r.run(2 * time.Second)
	r.wants(t, watch.None, false)
	if r.duty() != 30 {
		t.Errorf("duty %v after the acknowledgement, want 30", r.duty())
	}
}

func TestFaultsOfOtherDaysDoNotCount(t *testing.T) {
	r := start(37)
	r.want = 30
	for range 10 {
		r.fault = nil
		r.run(9 * time.Hour)
		r.fault = broken
		r.run(10 * time.Second)
		r.wants(t, watch.Lost, false)
	}
}

func TestFrozenWhileAChangeIsDue(t *testing.T) {
	for name, at := range map[string]time.Duration{"in the heat": 80 * time.Second, "in the cool-down": 150 * time.Second} {
		r := start(37)
		frozen := math.NaN()
		for i := range 4 {
			if i == 2 {
				r.fault = func(x watch.Reading) watch.Reading {
					if math.IsNaN(frozen) && r.now >= time.Hour+400*time.Second+at {
						frozen = x.C
					}
					if !math.IsNaN(frozen) {
						x.C = frozen
					}
					return x
				}
			}
			r.want = 40
			r.run(95 * time.Second)
			r.want = 0
			r.run(105 * time.Second)
		}
		r.wants(t, watch.Frozen, false)
		r.fault = nil
		r.run(6 * time.Minute)
		r.wants(t, watch.None, false)
		if len(r.log) != 2 {
			t.Errorf("%s: %v, want one fault and its end", name, r.log)
		}
	}
}

func TestHeaterWithoutEffectLatches(t *testing.T) {
	cold := start(22)
	cold.gain = 0
	cold.want = 25
	cold.run(2 * time.Minute)
	cold.wants(t, watch.NoGain, true)

	warm := start(37)
	for i := range 800 {
		if warm.want = 0; i%200 < 95 {
			warm.want = 40
		}
		if i == 450 {
			warm.gain = 0
		}
		if warm.gain == 0 {
			warm.vialC -= (warm.vialC - 22) / 600
		}
		warm.run(time.Second)
	}
	warm.wants(t, watch.NoGain, true)
	warm.gain = 0.24
	warm.run(24 * time.Hour)
	warm.wants(t, watch.NoGain, true)
}

func TestLargeColdDoseIsNotADeadHeater(t *testing.T) {
	r := start(37)
	for i := range 12 {
		r.want = 15
		r.run(5 * time.Second)
		for range 60 {
			if i%4 == 2 {
				r.vialC -= 5.0 / 60
			}
			r.run(time.Second)
		}
		r.run(30 * time.Second)
		r.want = 0
		r.run(105 * time.Second)
		r.vialC += 1
	}
	r.wants(t, watch.None, false)
}

func TestOverTemperatureLatches(t *testing.T) {
	r := start(22)
	r.want = 30
	r.run(time.Minute)
	for r.vialC < 70 && len(r.log) == 0 {
		r.vialC += 0.2
		r.run(time.Second)
	}
	r.wants(t, watch.OverTemperature, true)
	if r.vialC+r.lead > limits.DisableC+3 {
		t.Errorf("latched only at %.1f °C, want soon above %v", r.vialC+r.lead, limits.DisableC)
	}
	r.vialC = 22
	r.run(time.Hour)
	r.wants(t, watch.OverTemperature, true)
	r.Watch = r.Acknowledge()
	r.run(10 * time.Second)
	r.wants(t, watch.None, false)
}

func TestAcknowledgingAHotBoardDoesNotHeatIt(t *testing.T) {
	r := start(70)
	r.want = 30
	for range 5 {
		r.run(10 * time.Second)
		r.wants(t, watch.OverTemperature, true)
		r.Watch = r.Acknowledge()
		if r.duty() != 0 {
			t.Errorf("duty %v before a plausible reading, want 0", r.duty())
		}
	}
}

func TestHeatIsReducedAboveTheLimitAndComesBack(t *testing.T) {
	r := start(63.5)
	r.want, r.gain = 10, 0.1
	r.run(2 * time.Minute)
	if d := r.duty(); !(d > 0 && d < 5) {
		t.Errorf("duty %v after 2 min above %v °C, want it reduced", d, limits.ReduceC)
	}
	r.vialC = 60
	r.run(10 * time.Minute)
	if r.duty() != 10 {
		t.Errorf("duty %v back below, want 10", r.duty())
	}
}

func TestSilenceIsNoPermission(t *testing.T) {
	r := start(37)
	r.want = 30
	r.run(time.Minute)
	if got := r.Share(r.now + watch.Patience + time.Second); got != 0 {
		t.Errorf("share %v after %v without a reading, want 0", got, watch.Patience)
	}
}
