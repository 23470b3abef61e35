package actorstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
)

var startChemostat = actors.StartJob{Job: "dosing_automation", Options: []setting.Pair{
	{Name: "automation_name", Value: "chemostat"}, {Name: "duration", Value: 20.0}, {Name: "exchange_volume_ml", Value: 0.5}}}

// fan is a stirrer of the twin, without a calibration.
type fan struct {
	perPct, friction, inertia float64 // rpm/%, %, s
	target                    float64
}

// live is when the bar came to stay within 20 rpm of the target, at the start
// and after the target rose by 200 rpm, and how far it strays in an hour after each.
func (x fan) live(t testing.TB) (start, step time.Duration, strays float64) {
	h := actorstest.Open(t, actorstest.HouseOptions{Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.RPMPerPct, c.Sim.FrictionPct, c.Sim.InertiaS = x.perPct, x.friction, x.inertia
		c.Sim.StallPct, c.Sim.StartPct = x.friction+5, x.friction+25
		c.SetJob("stirring", "target_rpm", x.target)
		c.Sim.Start = []string{"stirring"}
	}})
	phase := func(target float64) (came time.Duration) {
		began := h.Lived()
		for at := time.Duration(0); at < time.Hour; at += time.Second {
			h.Run(time.Second)
			off := math.Abs(h.Board.Truth().RPM - target)
			if off > 20 && at < 10*time.Minute {
				came = h.Lived() - began
			}
			if at >= 10*time.Minute {
				strays = max(strays, off)
			}
		}
		return came
	}
	start = phase(x.target)
	if r := h.Set("stirring", "target_rpm", x.target+200); !r.OK {
		t.Fatal(r.Reason)
	}
	return start, phase(x.target + 200), strays
}

// daylight is one life under light_dark_cycle with its defaults, beside OD
// readings: by how much the light was switched too early or late at most, how
// often, and which share of the day's 16 h the LED really shone: it is dark
// while OD is read.
func daylight(t testing.TB, hours int, seed uint64) (off time.Duration, changes int, share float64) {
	const day, light = 24 * time.Hour, 16 * time.Hour
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "led_automation=light_dark_cycle"}
	}})
	h.OnFact(func(f actors.Fact) {
		if l, ok := f.(actors.LEDChanged); ok && l.Channel == "D" {
			phase := h.Lived() % day
			if l.Percent == 0 {
				phase -= light
			}
			off, changes = max(off, phase.Abs()), changes+1
		}
	})
	lit, looks := 0.0, 0.0
	for h.Lived() < time.Duration(hours)*time.Hour {
		h.Run(1270 * time.Millisecond)
		if h.Lived()%day < light {
			looks++
			if h.Board.Truth().LEDPct[3] > 0 {
				lit++
			}
		}
	}
	return off, changes, lit / looks
}
