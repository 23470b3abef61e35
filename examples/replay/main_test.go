package main

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
)

func TestSaysOnceThatGrowthHasStopped(t *testing.T) {
	kit := actorstest.Start(t, actors.Own, "plateau", "hold", 10)
	raised := 0
	for minute := range 60 {
		rate := 0.5
		if minute >= 20 && minute < 45 {
			rate = 0.01
		}
		kit.Publish(actors.GrowthRate{PerH: rate})
		kit.Run(time.Minute)
	}
	active := false
	for _, f := range kit.Facts {
		if a, ok := f.(actors.Alarm); ok {
			if a.Active {
				raised++
			}
			active = a.Active
		}
	}
	if raised != 1 || active {
		t.Errorf("raised %d times, still active %v; want once, and cleared", raised, active)
	}
}
