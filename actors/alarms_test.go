package actors_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// frail fails at every start while broken is true, and is refused while absent.
type frail struct{ broken, absent *bool }

func (f frail) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		if *f.broken {
			return errors.New("no bus")
		}
		c.HoldInit()
		c.After(time.Second, actors.Tick{})
	case actors.Tick:
		if *f.absent {
			c.Refuse(actors.Refuse("absent", "not fitted"))
		}
		c.Ready()
	}
	return nil
}

// reviver starts its child again whenever it ended.
type reviver struct {
	spec actors.Spec
	lost time.Duration
}

func (r reviver) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return c.Spawn(r.spec)
	case actors.ChildState:
		if msg.State == actors.Lost {
			c.After(r.lost, actors.Tick{})
		}
	case actors.Tick:
		return c.Spawn(r.spec)
	}
	return nil
}

func startFrail(t *testing.T, seed uint64, broken, absent *bool) (*actors.System, *clock.Clock) {
	t.Helper()
	clk := clock.Virtual(time.Unix(0, 0), seed)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	spec := actors.Spec{Name: "frail", Slot: "frail", New: func() actors.Job { return frail{broken, absent} }}
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return reviver{spec, time.Hour} }}); err != nil {
		t.Fatal(err)
	}
	return sys, clk
}

func TestAlarmOfALostJobEndsWhenItIsReadyAgain(t *testing.T) {
	for seed := range uint64(4) {
		broken, absent := true, false
		sys, clk := startFrail(t, seed, &broken, &absent)
		clk.Run(30 * time.Minute)
		if a, _ := actors.LatestOf[actors.Alarm](sys, "frail_lost"); !a.Active || a.Priority != "high" {
			t.Fatalf("seed %d: %+v, want an active alarm", seed, a)
		}
		broken = false
		clk.Run(time.Hour)
		if a, _ := actors.LatestOf[actors.Alarm](sys, "frail_lost"); a.Active {
			t.Errorf("seed %d: the job is ready again, and its alarm stands", seed)
		}
	}
}

func TestStartMayBeRefusedWhileInit(t *testing.T) {
	for seed := range uint64(4) {
		broken, absent := false, true
		sys, clk := startFrail(t, seed, &broken, &absent)
		clk.Run(2 * time.Second)
		s, _ := actors.LatestOf[actors.JobState](sys, "frail")
		if s.State != actors.Disconnected || s.Reason != "not fitted" || sys.Running("frail") {
			t.Errorf("seed %d: state %q, reason %q, running %v", seed, s.State, s.Reason, sys.Running("frail"))
		}
	}
}
