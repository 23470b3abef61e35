package device_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/actors/protocol"
)

// TestPumpsStopBetweenReadings orders runs of any length at any moment: none
// ends, or begins late by more than a window and its gap, within a reading.
func TestPumpsStopBetweenReadings(t *testing.T) {
	for _, every := range []time.Duration{3 * time.Second, 5 * time.Second, 20 * time.Second} {
		r := devicetest.Start(t, 4)
		rng := rand.New(rand.NewPCG(uint64(every), 1))
		first := r.Clock.Mono()
		r.System.Publish("exp", actors.ODRhythm{Job: devicetest.OD, First: first, Interval: every})
		for range 200 {
			r.Run(time.Duration(rng.Int64N(int64(every))))
			span := time.Duration(rng.Int64N(int64(15 * time.Second)))
			from := r.Clock.Mono()
			r.HeardBy("job1")
			r.Tell("job1", "pumps", protocol.Drive{Output: "pump/media", Percent: 100, For: span, Owner: "job1"})
			for r.Clock.Mono() < from+3*time.Second && r.Board.Outs["pump/media"].Percent == 0 && len(r.HeardBy("job1")) == 0 {
				r.Run(10 * time.Millisecond)
			}
			if late := r.Clock.Mono() - from; late > 1300*time.Millisecond {
				t.Fatalf("every %v: a run of %v began %v late, want at most a window and its margins", every, span, late)
			}
			for r.Board.Outs["pump/media"].Percent > 0 {
				r.Run(10 * time.Millisecond)
			}
			if phase := (r.Clock.Mono() - first) % every; phase > 10*time.Millisecond && phase < time.Second {
				t.Fatalf("every %v: a run of %v ended %v into a reading", every, span, phase)
			}
		}
	}
}

func TestPumpThatWaitsCanBeTakenBack(t *testing.T) {
	r := devicetest.Start(t, 5)
	r.System.Publish("exp", actors.ODRhythm{Job: devicetest.OD, First: r.Clock.Mono(), Interval: 5 * time.Second})
	r.Run(2 * time.Second)
	drive := protocol.Drive{Output: "pump/media", Percent: 100, For: 3500 * time.Millisecond, Owner: "job1", Tag: "a"}
	r.Tell("job1", "pumps", drive) // would end 0.5 s into a reading
	if v := r.Board.Outs["pump/media"].Percent; v != 0 {
		t.Fatalf("the pump runs, want it to wait")
	}
	r.Tell("job1", "pumps", protocol.Release{Output: "pump/media", Owner: "job1", Tag: "a"})
	r.Run(5 * time.Second)
	if v := r.Board.Outs["pump/media"].Percent; v != 0 {
		t.Error("a pump that was taken back runs")
	}
	r.HeardBy("job1")
	r.Run(2*time.Second - r.Clock.Mono()%(5*time.Second) + 5*time.Second)
	r.Tell("job1", "pumps", drive)
	drive.For, drive.Tag = time.Second, "b" // replaces the one that waits
	r.Tell("job1", "pumps", drive)
	if v := r.Board.Outs["pump/media"].Percent; v != 100 {
		t.Error("the shorter run waits although it ends before the reading")
	}
	r.Run(1100 * time.Millisecond)
	if v := r.Board.Outs["pump/media"].Percent; v != 0 {
		t.Error("the pump runs on")
	}
	r.Run(5 * time.Second)
	answers := 0
	for _, m := range r.HeardBy("job1") {
		if d, ok := m.(protocol.Driven); ok && d.OK {
			answers++
		}
	}
	if v := r.Board.Outs["pump/media"].Percent; v != 0 || answers != 2 {
		t.Errorf("pump at %v %%, %d answers; want it off, and both orders answered by the second", v, answers)
	}
}

func TestWindowIsRefusedWhenAPumpWouldStopInIt(t *testing.T) {
	r := devicetest.Start(t, 6)
	r.Tell("job1", "pumps", protocol.Drive{Output: "pump/waste", Percent: 100, For: 700 * time.Millisecond, Owner: "job1"})
	r.Tell(devicetest.OD, "window", protocol.AskQuiet{For: 2 * time.Second, Takes: time.Second, IRPercent: 70})
	if q := devicetest.Heard[protocol.Quiet](r); q.OK || !strings.Contains(q.Reason, "stops in 700ms") {
		t.Errorf("a pump stops in 0.7 s: %+v", q)
	}
	r.Run(time.Second)
	r.Tell("job1", "pumps", protocol.Drive{Output: "pump/waste", Percent: 100, For: 5 * time.Second, Owner: "job1"})
	r.Tell(devicetest.OD, "window", protocol.AskQuiet{For: 2 * time.Second, Takes: time.Second, IRPercent: 70})
	if q := devicetest.Heard[protocol.Quiet](r); !q.OK || !q.PumpOn {
		t.Errorf("a pump stops in 5 s: %+v, want the window, flagged", q)
	}
}
