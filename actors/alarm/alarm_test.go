package alarm_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// raise and clear are what the tests tell the source of alarms.
type (
	raise struct {
		priority, text string
		latched        bool
	}
	clear struct{}
)

// source raises one alarm on demand, as a job would.
type source struct{}

func (source) Receive(c *actors.Context, msg any) error {
	cmd, ok := msg.(actors.Command)
	if !ok {
		return nil
	}
	switch m := cmd.Body.(type) {
	case raise:
		c.Raise("hot", m.priority, m.text, m.latched)
	case clear:
		c.Clear("hot")
	}
	return nil
}

type node struct{}

func (node) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); !ok {
		return nil
	}
	if err := c.Spawn(alarm.Spec(nil)); err != nil {
		return err
	}
	return c.Spawn(actors.Spec{Name: "source", Experiment: "exp", New: func() actors.Job { return source{} }})
}

type unit struct {
	*testing.T
	sys   *actors.System
	clk   *clock.Clock
	facts []actors.Alarm
}

func boot(t *testing.T, seed uint64, store state.Store) *unit {
	t.Helper()
	u := &unit{T: t, clk: clock.Virtual(time.Unix(1e9, 0), seed)}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: u.clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	u.sys = sys
	sys.Watch(func(f actors.Fact) {
		if a, ok := f.(actors.Alarm); ok {
			u.facts = append(u.facts, a)
		}
	})
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return node{} }}); err != nil {
		t.Fatal(err)
	}
	u.clk.Run(time.Second)
	return u
}

func (u *unit) do(target string, body any) (r actors.Reply) {
	r.Code = "unanswered"
	u.sys.Do(actors.Command{Target: target, Body: body}, func(got actors.Reply) { r = got })
	u.clk.Run(time.Second)
	return r
}

func (u *unit) list() []actors.Alarm {
	u.Helper()
	all, ok := u.do("alarm", actors.ListAlarms{}).Value.([]actors.Alarm)
	if !ok {
		u.Fatal("ListAlarms was not answered with alarms")
	}
	return all
}

func (u *unit) shown() actors.Alarm {
	a, _ := actors.LatestOf[actors.Alarm](u.sys, "hot")
	return a
}

func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	for _, seed := range []uint64{0, 1, 2, 3, 4} {
		test(t, seed)
	}
}

func TestClearedAlarmLeaves(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		u := boot(t, seed, state.NewMemory())
		u.do("source", raise{"low", "warm", false})
		u.do("source", raise{"low", "warm", false})
		if got := u.list(); len(got) != 1 || got[0].Experiment != "exp" {
			t.Fatalf("list = %+v, want one alarm of exp", got)
		}
		u.do("source", clear{})
		u.do("source", clear{})
		if got := u.list(); len(got) != 0 || u.shown().Active {
			t.Errorf("after clear: list %+v, shown %+v", got, u.shown())
		}
		if len(u.facts) != 2 {
			t.Errorf("facts = %d, want 2: one raise, one clear", len(u.facts))
		}
	})
}

func TestLatchedAlarmStaysUntilAcknowledged(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		u := boot(t, seed, state.NewMemory())
		u.do("source", raise{"high", "71 °C", true})
		since := u.shown().Since
		u.do("source", clear{})
		if a := u.shown(); !a.Active || !a.Over {
			t.Fatalf("cleared: %+v, want active and over", a)
		}
		if r := u.do("alarm", actors.Acknowledge{Name: "hot"}); !r.OK {
			t.Fatal(r.Reason)
		}
		if a := u.shown(); a.Active || !a.Acked || !a.Since.Equal(since) || !a.At.After(since) {
			t.Errorf("acknowledged: %+v, want gone, acknowledged, since %v", a, since)
		}
		if r := u.do("alarm", actors.Acknowledge{Name: "hot"}); r.Code != "unknown_alarm" {
			t.Errorf("a second acknowledgement: %+v", r)
		}
	})
}

func TestAcknowledgedAlarmStaysWhileItsConditionHolds(t *testing.T) {
	u := boot(t, 1, state.NewMemory())
	u.do("source", raise{"high", "71 °C", true})
	u.do("alarm", actors.Acknowledge{Name: "hot"})
	if a := u.shown(); !a.Active || !a.Acked {
		t.Errorf("acknowledged while hot: %+v, want active", a)
	}
	u.do("source", raise{"high", "72 °C", true})
	if a := u.shown(); !a.Acked || a.Text != "72 °C" {
		t.Errorf("a new text: %+v, want still acknowledged", a)
	}
	u.do("source", clear{})
	if len(u.list()) != 0 {
		t.Error("it did not leave when it cleared")
	}
	u.do("source", raise{"high", "71 °C", true})
	if a := u.shown(); !a.Active || a.Acked || a.Over {
		t.Errorf("the next time: %+v, want a new alarm", a)
	}
}

func TestConditionThatComesBackIsNews(t *testing.T) {
	u := boot(t, 2, state.NewMemory())
	u.do("source", raise{"high", "71 °C", true})
	u.do("source", clear{})
	u.do("source", raise{"high", "71 °C", true})
	u.do("alarm", actors.Acknowledge{Name: "hot"})
	if a := u.shown(); !a.Active {
		t.Errorf("%+v: gone although the condition holds again", a)
	}
}

func TestLatchedAlarmOutlivesARestart(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		store := state.NewMemory()
		u := boot(t, seed, store)
		u.do("source", raise{"high", "71 °C", true})
		since := u.shown().Since

		u = boot(t, seed, store)
		got := u.list()
		if len(got) != 1 || !got[0].Since.Equal(since) || got[0].Experiment != "exp" || u.shown().Text != "71 °C" {
			t.Fatalf("after the restart: %+v, want the alarm of %v", got, since)
		}
		u.do("alarm", actors.Acknowledge{Name: "hot"})
		if len(u.list()) != 0 {
			t.Error("acknowledged and not raised again, it stays")
		}
		if u = boot(t, seed, store); len(u.list()) != 0 {
			t.Error("an acknowledged alarm came back")
		}
	})
}

func TestRestoredAlarmThatStillHoldsStaysAfterAcknowledging(t *testing.T) {
	store := state.NewMemory()
	boot(t, 1, store).do("source", raise{"high", "71 °C", true})
	u := boot(t, 1, store)
	u.do("source", raise{"high", "71 °C", true})
	u.do("alarm", actors.Acknowledge{Name: "hot"})
	if !u.shown().Active {
		t.Error("gone although it was raised again after the restart")
	}
}

func TestAcknowledgedAlarmIsForgottenByARestart(t *testing.T) {
	store := state.NewMemory()
	u := boot(t, 1, store)
	u.do("source", raise{"high", "71 °C", true})
	u.do("alarm", actors.Acknowledge{Name: "hot"})
	if got := boot(t, 1, store).list(); len(got) != 0 {
		t.Errorf("list = %+v, want none: it was noted, and is raised again if it still holds", got)
	}
}

func TestUnlatchedAlarmIsForgottenByARestart(t *testing.T) {
	store := state.NewMemory()
	boot(t, 1, store).do("source", raise{"low", "warm", false})
	if got := boot(t, 1, store).list(); len(got) != 0 {
		t.Errorf("list = %+v, want none: whoever raised it looks again", got)
	}
}
