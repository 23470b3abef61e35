package unit_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/unit"
)

// TestWatchdogGivesSignsOnlyWhileAllSupervisorsTurn: one that hangs silences it, one
// that fails, or is stopped, does not.
func TestWatchdogGivesSignsOnlyWhileAllSupervisorsTurn(t *testing.T) {
	const interval = 15 * time.Second
	for _, name := range []string{"node", "devices", "experiment"} {
		for seed := range uint64(2) {
			hung, signs := "", 0
			clk := clock.Virtual(time.Unix(1e9, 0), seed)
			sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, Seed: seed, Interfere: func(actor string, msg any) []any {
				if actor == hung {
					return nil
				}
				return []any{msg}
			}})
			if err != nil {
				t.Fatal(err)
			}
			devices := actors.Spec{Name: "devices", New: func() actors.Job { return &plain{} }}
			if err := sys.Start(unit.Node(devices, unit.Experiment(unit.Config{Name: "exp"}),
				unit.Watchdog(interval, func() { signs++ }))); err != nil {
				t.Fatal(err)
			}
			run := func(d time.Duration) int {
				signs = 0
				clk.Run(d)
				return signs
			}
			if n := run(10 * interval); n < 10 || n > 12 {
				t.Errorf("signs = %d in 10 intervals, want about 10", n)
			}
			sys.Crash(name, "as it was told")
			if n := run(10 * interval); n < 9 {
				t.Errorf("signs = %d in 10 intervals after %s failed, want about 10", n, name)
			}
			hung = name
			run(interval)
			if n := run(10 * interval); n != 0 {
				t.Errorf("signs = %d while %s hangs, want none", n, name)
			}
		}
	}
}
