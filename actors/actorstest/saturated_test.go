package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
)

// TestAConvertersEndIsNoReading: light beyond the 1.55 V of a HAT's RP2040 is told
// as such. Nothing but the board knows where a converter ends.
func TestAConvertersEndIsNoReading(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{HAT: "1.2", Configure: func(c *cmd.Config) {
		c.Unit.ModelVersion, c.Sim.Start = "1.1", []string{"stirring", "od_reading"}
	}})
	h.Run(time.Minute)
	inject(t, h, "ambient:1.6")
	from := len(h.Facts)
	h.Run(time.Minute)
	bad := 0
	for _, f := range h.Facts[from:] {
		if r, ok := f.(actors.ODReading); ok && r.Channel == 2 {
			if r.Quality.Grade != actors.Bad || r.Quality.Reason != "saturated" {
				t.Errorf("%v of a converter at its end: %+v", r.Value, r.Quality)
			}
			bad++
		}
	}
	if bad < 10 {
		t.Errorf("%d readings in a minute, want one each 5 s", bad)
	}
}

// TestAHouseOnAHATSurvivesAPowerCut: the same vial, on outputs that were switched off.
func TestAHouseOnAHATSurvivesAPowerCut(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{HAT: "1.2", Configure: func(c *cmd.Config) {
		c.Sim.Start, c.Sim.InitialODAU, c.Sim.LagH = []string{"stirring", "od_reading"}, 0.5, 0
	}})
	h.Run(30 * time.Minute)
	before := h.Truth()
	h.Kill()
	after := h.Truth()
	if after.ODAU != before.ODAU || after.VolumeML != before.VolumeML || before.RPM < 400 || after.StirrerPct != 0 {
		t.Errorf("after the cut %+v, before %+v", after, before)
	}
	h.Run(5 * time.Minute)
	if now := h.Truth(); h.State("od_reading") != actors.Ready || now.RPM < 400 || now.ODAU <= before.ODAU {
		t.Errorf("od_reading is %s, %+v: want it to go on", h.State("od_reading"), now)
	}
}
