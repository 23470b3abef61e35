package actors

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
)

// rester is a job that does nothing, and a device that asks whether it is held.
type rester struct{ why *string }

func (r rester) Receive(c *Context, msg any) error {
	if _, ok := msg.(Started); ok {
		*r.why = c.Held()
	}
	return nil
}

func TestHeldJobStaysAsleepAndWhatIsNoJobDecidesItself(t *testing.T) {
	clk := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	sys, err := NewSystem(Options{Unit: "u", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	var why string
	start := func(name, slot string) {
		sys.Publish("", Held{Job: name, Why: "somebody works here"})
		if err := sys.Start(Spec{Name: name, Slot: slot, New: func() Job { return rester{&why} }}); err != nil {
			t.Fatal(err)
		}
		clk.Run(time.Second)
	}
	set := func(s State) (r Reply) {
		sys.Do(Command{Target: "job", Body: SetState{s}}, func(got Reply) { r = got })
		clk.Run(time.Second)
		return r
	}
	start("device", "")
	if why != "somebody works here" {
		t.Errorf("a device that is held hears %q", why)
	}
	start("job", "job")
	if s, _ := LatestOf[JobState](sys, "job"); s.State != Sleeping {
		t.Errorf("a held job is %s, want sleeping", s.State)
	}
	if r := set(Ready); r.Code != "held" {
		t.Errorf("waking it answered %+v, want held", r)
	}
	sys.Publish("", Held{Job: "job"})
	if r := set(Ready); !r.OK {
		t.Errorf("waking it once it is released answered %+v", r)
	}
}
