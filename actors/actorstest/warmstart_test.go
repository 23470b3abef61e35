package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
)

// TestHeatBeginsOutsideTheWindow: the first plausible reading permits heat, and
// at a start it often comes while OD is read. More heat waits for the window's end.
func TestHeatBeginsOutsideTheWindow(t *testing.T) {
	for seed := range uint64(seeds(200)) {
		a := newAudit()
		actorstest.Open(t, actorstest.HouseOptions{
			Seed: seed + 1, Forget: true, NoHash: true,
			Configure: func(c *cmd.Config) {
				c.Sim.Start = []string{"stirring", "od_reading", "temperature_automation=thermostat target_temperature=37"}
			},
			Opened: func(h *actorstest.House) {
				a.h = h
				h.OnFact(a.fact)
			},
			Interfere: func(_ *actorstest.House, to string, msg any) []any {
				a.spy(to, msg)
				return []any{msg}
			},
		})
		a.run(20 * time.Second)
		a.h.Kill()
		a.cut()
		a.run(20 * time.Second)
		if a.h.Board.Truth().HeaterPct == 0 {
			t.Fatalf("seed %d: no heat after 20 s", seed+1)
		}
		if len(a.broken) > 0 {
			t.Fatalf("seed %d: %v", seed+1, a.broken[0])
		}
	}
}
