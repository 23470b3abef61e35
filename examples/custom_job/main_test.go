package main

import (
	"errors"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
)

// glass is a probe that says what the test wants.
var glass = &struct {
	ph    float64
	err   error
	reads int
}{ph: 7}

type fake struct{}

func (fake) ReadPH() (float64, error) {
	glass.reads++
	return glass.ph, glass.err
}

func init() {
	actors.Register(actors.Own, "ph_under_test", func() actors.Job { return newPHReading(fake{}) })
}

// alarm is the newest state of the alarm, and how often it was raised.
func alarm(kit *actorstest.Kit) (active bool, raised int) {
	for _, f := range kit.Facts {
		if a, ok := f.(actors.Alarm); ok {
			if a.Active && !active {
				raised++
			}
			active = a.Active
		}
	}
	return active, raised
}

func TestReadsPublishesAndWarns(t *testing.T) {
	kit := actorstest.Start(t, actors.Own, "ph_under_test", "interval", 10, "low", 6.5)
	if kit.Setting("ph") != "unknown" {
		t.Errorf("before the first reading ph is %v, want unknown", kit.Setting("ph"))
	}
	for _, step := range []struct {
		ph     float64
		err    error
		shown  float64
		active bool
	}{
		{7.012, nil, 7.01, false},
		{6.4, nil, 6.4, true},
		{6.3, nil, 6.3, true},
		{7, nil, 7, false},
		{0, errors.New("unplugged"), 7, true},
		{7.2, nil, 7.2, false},
	} {
		glass.ph, glass.err = step.ph, step.err
		kit.Run(10 * time.Second)
		if active, _ := alarm(kit); kit.Setting("ph") != step.shown || active != step.active {
			t.Errorf("at pH %v: ph is %v, alarm %v; want %v, %v", step.ph, kit.Setting("ph"), active, step.shown, step.active)
		}
	}
	if _, raised := alarm(kit); raised != 2 {
		t.Errorf("raised %d times, want 2", raised)
	}
	if r := kit.Set("low", 8); r.OK {
		t.Error("low above high was accepted")
	}
	if r := kit.Set("ph", 3); r.Code != "read_only" {
		t.Errorf("setting what is measured: %+v, want read_only", r)
	}
	before := glass.reads
	kit.Set("interval", 1)
	kit.Run(10 * time.Second)
	if n := glass.reads - before; n != 10 {
		t.Errorf("%d readings in 10 s at 1 s, want 10", n)
	}
}
