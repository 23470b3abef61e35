package bridge

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

func TestAbsentBrokerIsAnAlarmAfterAWhile(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 1)
	sys, err := actors.NewSystem(actors.Options{Unit: "unit1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(DefaultConfig(), "exp1")
	if err != nil {
		t.Fatal(err)
	}
	b.sys = sys
	if err := sys.Start(b.Spec()); err != nil {
		t.Fatal(err)
	}
	alarm := func() bool {
		a, _ := actors.LatestOf[actors.Alarm](sys, alarmName)
		return a.Active
	}
	for _, step := range []struct {
		connected bool
		wait      time.Duration
		alarm     bool
	}{
		{false, grace - time.Second, false}, {true, time.Hour, false},
		{false, grace + time.Second, true}, {true, time.Second, false},
	} {
		b.status(step.connected)
		clk.Run(step.wait)
		if alarm() != step.alarm {
			t.Errorf("connected %v for %v: alarm %v, want %v", step.connected, step.wait, alarm(), step.alarm)
		}
	}
}
