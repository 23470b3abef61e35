package stirring_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"github.com/pioactor/pioactor/hw/sim"
)

// reader stands for od_reading: it says when it reads.
type reader struct{ every time.Duration }

func (r reader) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		c.Publish(actors.ODRhythm{Job: c.Name(), First: c.Mono(), Interval: r.every})
	case actors.Command:
		c.Publish(actors.ODRhythm{Job: c.Name(), First: c.Mono(), Interval: msg.Body.(time.Duration)})
	case actors.Stopping:
		c.Publish(actors.ODRhythm{Job: c.Name()})
	}
	return nil
}

// reads starts od_reading and returns its first reading, on Mono.
func (b *bench) reads(every time.Duration) time.Duration {
	b.Helper()
	if err := b.sys.Start(actors.Spec{Name: "od_reading", New: func() actors.Job { return reader{every} }}); err != nil {
		b.Fatal(err)
	}
	b.clk.Run(0)
	return b.clk.Mono()
}

// around collects the true speed in the middle of each reading, and just before
// the bar has to slow down for the next.
func (b *bench) around(first, every time.Duration, readings int) (during, outside []float64) {
	for range readings {
		next := every - (b.clk.Mono()-first)%every
		b.clk.Run(next + 500*time.Millisecond)
		during = append(during, b.board.Truth().RPM)
		b.clk.Run(every - 2100*time.Millisecond)
		outside = append(outside, b.board.Truth().RPM)
	}
	return during, outside
}

func within(t *testing.T, what string, got []float64, want, tolerance float64) {
	t.Helper()
	for _, x := range got {
		if math.Abs(x-want) > tolerance {
			t.Errorf("%s: %.0f rpm, want %v ± %v; all: %.0f", what, x, want, tolerance, got)
			return
		}
	}
}

func TestDodgingSlowsDownForEachReading(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		for _, c := range []struct {
			every             time.Duration
			during, tolerance float64
		}{{10 * time.Second, 0, 30}, {10 * time.Second, 300, 30}, {5 * time.Second, 0, 100}, {5 * time.Second, 200, 50}} {
			b := start(t, seed, nil, "enable_dodging_od", true, "target_rpm_during_od_reading", c.during)
			b.clk.Run(2 * time.Minute)
			if b.shown("currently_dodging_od") != false || b.shown("target_rpm_during_od_reading") != nil {
				t.Error("dodges although nobody reads")
			}
			first := b.reads(c.every)
			if b.shown("currently_dodging_od") != true || b.shown("target_rpm_during_od_reading") != c.during || b.shown("target_rpm_outside_od_reading") != 500.0 {
				t.Errorf("shown: dodging %v, during %v, outside %v", b.shown("currently_dodging_od"), b.shown("target_rpm_during_od_reading"), b.shown("target_rpm_outside_od_reading"))
			}
			b.clk.Run(2 * time.Minute)
			during, outside := b.around(first, c.every, 30)
			within(t, "during readings", during, c.during, 20)
			within(t, "between readings", outside, 500, c.tolerance)
			if b.alarm("stirring_stalled") || b.alarm("stirring_off") {
				t.Errorf("every %v at %v rpm: alarms", c.every, c.during)
			}
			b.sys.Stop("od_reading")
			b.clk.Run(time.Minute)
			if b.shown("currently_dodging_od") != false || b.shown("target_rpm_outside_od_reading") != nil || b.shown("target_rpm") != 500.0 {
				t.Errorf("after reading: dodging %v, outside %v, target %v", b.shown("currently_dodging_od"), b.shown("target_rpm_outside_od_reading"), b.shown("target_rpm"))
			}
			within(t, "after reading", []float64{b.board.Truth().RPM}, 500, rotor.Tolerance)
		}
	})
}

func TestDodgingIsRefusedWithoutTimeForIt(t *testing.T) {
	b := start(t, 1, nil)
	b.reads(2 * time.Second)
	r := b.set("enable_dodging_od", true)
	if r.OK || r.Code != "cannot_dodge" || !strings.Contains(r.Reason, "every 2s") || !strings.Contains(r.Reason, "above 2.75s") {
		t.Errorf("2 s: %+v", r)
	}
	if b.shown("enable_dodging_od") != false {
		t.Error("a refused setting changed")
	}
	b.tell("od_reading", 5*time.Second)
	if r := b.set("enable_dodging_od", true); !r.OK || b.shown("currently_dodging_od") != true {
		t.Errorf("5 s: %+v", r)
	}
	b.clk.Run(time.Minute)
	b.tell("od_reading", 2*time.Second)
	b.clk.Run(time.Minute)
	if !b.alarm("stirring_cannot_dodge") || b.shown("currently_dodging_od") != false {
		t.Error("interval of 2 s: no alarm, or still dodging")
	}
	within(t, "readings too fast to dodge", []float64{b.board.Truth().RPM}, 500, rotor.Tolerance)
	b.tell("od_reading", 8*time.Second)
	b.clk.Run(time.Minute)
	if b.alarm("stirring_cannot_dodge") || b.shown("currently_dodging_od") != true {
		t.Error("interval of 8 s: alarm stays, or not dodging")
	}
	if r := b.set("target_rpm", 700); r.Code != "dodging" {
		t.Errorf("target while dodging: %+v", r)
	}
	if r := b.set("target_rpm_outside_od_reading", 700); !r.OK {
		t.Errorf("%+v", r)
	}
	b.clk.Run(2 * time.Minute)
	if b.set("enable_dodging_od", false); b.shown("target_rpm") != 700.0 || b.shown("target_rpm_outside_od_reading") != nil {
		t.Errorf("dodging off: target %v, outside %v", b.shown("target_rpm"), b.shown("target_rpm_outside_od_reading"))
	}
	b.wait(time.Minute, "700 rpm", func() bool { return math.Abs(b.board.Truth().RPM-700) <= rotor.Tolerance })
}

func (b *bench) tell(target string, body any) {
	b.sys.Do(actors.Command{Target: target, Body: body}, func(actors.Reply) {})
	b.clk.Run(0)
}

func TestDodgingNeedsASpeed(t *testing.T) {
	b := start(t, 1, nil, "use_rpm", false)
	if r := b.set("enable_dodging_od", true); r.OK || !strings.Contains(r.Reason, "use_rpm") {
		t.Errorf("open loop: %+v", r)
	}
}

func TestStalledBarIsFoundWhileDodging(t *testing.T) {
	for _, every := range []time.Duration{5 * time.Second, 12 * time.Second} {
		b := start(t, 3, nil, "enable_dodging_od", true)
		b.reads(every)
		b.clk.Run(5 * time.Minute)
		b.inject(sim.StirrerStall)
		b.wait(2*time.Minute, "alarm", func() bool { return b.alarm("stirring_stalled") })
		b.heal(sim.StirrerStall)
		b.wait(6*time.Minute, "turning again", func() bool { return !b.alarm("stirring_stalled") })
	}
}

// TestTogglesAtAnyMomentLeaveNoTrace starts and stops reading and dodging,
// sleeps and wakes, at random moments: the duty never changes within a reading
// that is dodged, and the bar always comes back to its target.
func TestTogglesAtAnyMomentLeaveNoTrace(t *testing.T) {
	const every = 10 * time.Second
	for seed := range uint64(8) {
		b := start(t, seed, nil, "enable_dodging_od", true, "target_rpm_during_od_reading", 100*float64(seed%3))
		rng := rand.New(rand.NewPCG(seed, 7))
		first, running, enabled, calm := b.reads(every), true, true, b.clk.Mono()
		for range 60 {
			from, drives := b.clk.Mono(), len(b.drives)
			b.clk.Run(time.Duration(rng.Int64N(int64(40 * time.Second))))
			was := -1.0
			for _, d := range b.drives[max(drives-1, 0):] {
				phase := (d.at - first) % every
				if running && enabled && d.percent != was && was >= 0 && d.at > max(from, calm)+every+3*time.Second && phase > 0 && phase < time.Second {
					t.Fatalf("seed %d: duty set to %v %%, %v into a reading", seed, d.percent, phase)
				}
				was = d.percent
			}
			calm = b.clk.Mono()
			switch rng.IntN(5) {
			case 0:
				if b.sys.Stop("od_reading"); running {
					b.clk.Run(0)
				}
				if running = !running; running {
					first = b.reads(every)
				}
			case 1, 2:
				enabled = rng.IntN(2) == 0
				b.set("enable_dodging_od", enabled)
			case 3:
				b.do(actors.SetState{State: actors.Sleeping})
				b.clk.Run(time.Duration(rng.Int64N(int64(5 * time.Second))))
				b.do(actors.SetState{State: actors.Ready})
				calm = b.clk.Mono()
			}
		}
		b.set("enable_dodging_od", false)
		b.clk.Run(2 * time.Minute)
		if b.shown("target_rpm") != 500.0 || b.shown("currently_dodging_od") != false {
			t.Errorf("seed %d: target %v, dodging %v", seed, b.shown("target_rpm"), b.shown("currently_dodging_od"))
		}
		within(t, "in the end", []float64{b.board.Truth().RPM}, 500, rotor.Tolerance)
	}
}
