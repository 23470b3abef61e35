package actors

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
)

// reader counts the readings that reach a dosing automation.
type reader struct{ n *int }

func (r reader) Receive(_ *Context, msg any) error {
	if _, ok := msg.(ODReading); ok {
		*r.n++
	}
	return nil
}

func TestDoseGuardOfANextLifeKnowsTheDoseWhateverTheWallClockDoes(t *testing.T) {
	vial := Vial{LastDose: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for name, c := range map[string]struct {
		facts []Fact        // as they happened before the crash
		step  time.Duration // of the wall clock
		waits time.Duration // after the last of facts
	}{
		"no dose yet":                   {nil, 0, 0},
		"dosed":                         {[]Fact{DoseStarted{}, Dosed{}, vial}, 0, Settle},
		"dosed, clock put forward":      {[]Fact{DoseStarted{}, Dosed{}, vial}, 24 * time.Hour, Settle},
		"dosed, clock put back":         {[]Fact{DoseStarted{}, Dosed{}, vial}, -24 * time.Hour, Settle},
		"owed waste went out":           {[]Fact{DosingEvent{}, vial}, 24 * time.Hour, Settle},
		"dose under way":                {[]Fact{Dosed{}, DoseStarted{}, vial}, 24 * time.Hour, longestDose},
		"dose of a boot before":         {[]Fact{vial}, 0, Settle},
		"of a boot before, clock wrong": {[]Fact{vial}, -24 * time.Hour, Settle},
	} {
		for seed := range uint64(4) {
			clk := clock.Virtual(vial.LastDose, seed)
			sys, err := NewSystem(Options{Unit: "u", Clock: clk, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			root := Spec{Name: "root", New: func() Job {
				return brood{Spec{Name: "doser", Slot: string(Dosing), Family: Dosing, New: func() Job { return reader{&n} }}}
			}}
			if err := sys.Start(root); err != nil {
				t.Fatal(err)
			}
			for _, f := range c.facts {
				sys.Publish("", f)
			}
			clk.Run(5 * time.Second)
			clk.Step(c.step)
			sys.Crash("doser", "a planted panic")
			clk.Run(time.Second)
			sawAt := time.Duration(-1)
			for clk.Mono() < longestDose+time.Minute {
				sys.Publish("", ODReading{Quality: Quality{Grade: Good}})
				clk.Run(0)
				if n > 0 {
					sawAt = clk.Mono()
					break
				}
				clk.Run(time.Second)
			}
			if want := max(c.waits, 6*time.Second); sawAt < want || sawAt > want+time.Second {
				t.Errorf("%s, seed %d: the first reading came %v after the dose, want %v", name, seed, sawAt, want)
			}
		}
	}
}

// brood has one child.
type brood struct{ child Spec }

func (b brood) Receive(c *Context, msg any) error {
	if _, ok := msg.(Started); ok {
		return c.Spawn(b.child)
	}
	return nil
}

// slow needs hardware to become ready, unless it starts asleep. It counts how
// often it may switch something on.
type slow struct{ ready *int }

func (s slow) Receive(c *Context, msg any) error {
	switch m := msg.(type) {
	case Entered:
		if m.State == Ready {
			*s.ready++
		}
	case Started:
		if !c.StartsAsleep() {
			c.HoldInit()
			c.After(time.Second, Ready)
		}
	case State:
		c.Ready()
	}
	return nil
}

// TestJobThatSleptStartsAsleepHoweverOftenItFails: by a person's wish or because
// it is held, with no need of what it needs to work, and nothing is switched on.
func TestJobThatSleptStartsAsleepHoweverOftenItFails(t *testing.T) {
	for _, held := range []bool{false, true} {
		clk := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
		sys, err := NewSystem(Options{Unit: "u", Clock: clk})
		if err != nil {
			t.Fatal(err)
		}
		ready := 0
		root := Spec{Name: "root", New: func() Job { return brood{Spec{Name: "job", Slot: "job", New: func() Job { return slow{&ready} }}} }}
		if err := sys.Start(root); err != nil {
			t.Fatal(err)
		}
		state := func() State { s, _ := LatestOf[JobState](sys, "job"); return s.State }
		set := func(s State) (r Reply) {
			sys.Do(Command{Target: "job", Body: SetState{s}}, func(got Reply) { r = got })
			clk.Run(10 * time.Millisecond)
			return r
		}
		clk.Run(2 * time.Second)
		if r := set(Sleeping); !r.OK {
			t.Fatalf("sleep answered %+v", r)
		}
		if held {
			sys.Publish("", Held{Job: "job", Why: "somebody works here"})
		}
		for range 3 {
			sys.Crash("job", "a planted panic")
			clk.Run(200 * time.Millisecond)
			if s := state(); s != Sleeping {
				t.Errorf("held %v: 200 ms after a failure the job is %s, want sleeping", held, s)
			}
		}
		if ready != 1 {
			t.Errorf("held %v: the job was ready %d times, want once, before it slept", held, ready)
		}
		if held {
			sys.Publish("", Held{Job: "job"})
		}
		if r := set(Ready); !r.OK || state() != Ready || ready != 2 {
			t.Errorf("held %v: waking it answered %+v, it is %s, for the %d. time", held, r, state(), ready)
		}
	}
}
