package stirring_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/stirring"
	"github.com/pioactor/pioactor/hw/sim"
)

// TestStirringOnTheHousesDevices runs the job on the actors that own the board,
// which start at the same time as it does.
func TestStirringOnTheHousesDevices(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := prepare(t, seed, nil)
		specs := []actors.Spec{device.Spec(b.board, device.DefaultConfig()),
			{Name: "stirring", Slot: "stirring", Experiment: "exp", New: stirring.New}}
		if err := b.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return node{specs} }}); err != nil {
			t.Fatal(err)
		}
		b.clk.Run(time.Second)
		if b.state().State != actors.Ready {
			t.Errorf("seed %d: state %q after 1 s, want ready", seed, b.state().State)
		}
		b.clk.Run(2 * time.Minute)
		if math.Abs(b.board.Truth().RPM-500) > 20 {
			t.Errorf("seed %d: %v rpm, state %s (%s)", seed, b.board.Truth().RPM, b.state().State, b.state().Reason)
		}
		b.clk.Run(2 * time.Hour)
		b.inject(sim.StirrerStall)
		b.clk.Run(time.Hour)
		if !b.alarm("stirring_stalled") {
			t.Error("no alarm for a stalled bar")
		}
		b.heal(sim.StirrerStall)
		b.clk.Run(7 * time.Minute)
		if math.Abs(b.board.Truth().RPM-500) > 20 || b.alarm("stirring_stalled") {
			t.Errorf("seed %d: %v rpm, state %s (%s)", seed, b.board.Truth().RPM, b.state().State, b.state().Reason)
		}
		b.do(actors.SetState{State: actors.Sleeping})
		b.clk.Run(3 * time.Second)
		if b.board.Truth().RPM != 0 {
			t.Error("asleep and turning")
		}
		b.clk.Run(3 * time.Minute)
		if !b.alarm("stirring_off") {
			t.Error("no alarm for a bar that is off")
		}
		b.do(actors.SetState{State: actors.Ready})
		b.clk.Run(time.Minute)
		if math.Abs(b.board.Truth().RPM-500) > 20 || b.alarm("stirring_off") {
			t.Errorf("seed %d: %v rpm, state %s (%s)", seed, b.board.Truth().RPM, b.state().State, b.state().Reason)
		}
		b.set("target_rpm", 0)
		b.clk.Run(5 * time.Minute)
		b.set("target_rpm", 1000)
		b.clk.Run(time.Minute)
		if math.Abs(b.board.Truth().RPM-1000) > 20 || b.alarm("stirring_off") {
			t.Errorf("seed %d: %v rpm, state %s (%s)", seed, b.board.Truth().RPM, b.state().State, b.state().Reason)
		}
	})
}
