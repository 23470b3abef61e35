package main

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
)

func TestDilutesOnceWhenTheCultureIsTooDense(t *testing.T) {
	kit := actorstest.Start(t, actors.Dosing, "my_turbidostat", "target_od", 0.5)
	kit.OD(0.49)
	kit.OD(0.51)
	kit.OD(0.52) // while the dose runs, and right after it, nothing is believed
	kit.Run(time.Minute)
	if len(kit.Doses) != 1 || kit.Doses[0].MediaML != 1 {
		t.Errorf("doses = %+v, want one of 1 mL", kit.Doses)
	}
}
