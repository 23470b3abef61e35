package sim_test

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

func ExampleNew() {
	now := time.Duration(0) // the house's monotonic clock, here by hand
	board, err := sim.New(sim.DefaultConfig(), func() time.Duration { return now })
	if err != nil {
		fmt.Println(err)
		return
	}
	now = 4 * time.Hour
	fmt.Printf("OD %.2f AU in %.1f mL\n", board.Truth().ODAU, board.Truth().VolumeML)

	media, err := board.Pump(hw.Media)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := media.Set(100); err != nil {
		fmt.Println(err)
		return
	}
	now += 11 * time.Second
	if err := media.Halt(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("OD %.2f AU in %.1f mL\n", board.Truth().ODAU, board.Truth().VolumeML)
	// Output:
	// OD 0.75 AU in 15.0 mL
	// OD 0.71 AU in 16.0 mL
}

func ExampleParseFault() {
	fault, err := sim.ParseFault("led_dim:A=0.5")
	fmt.Println(fault.Kind, fault.Target, fault.Value, err)
	_, err = sim.ParseFault("waste_blocked:2")
	fmt.Println(err)
	// Output:
	// led_dim A 0.5 <nil>
	// sim: fault waste_blocked: value 2: must be 0 to 1
}

// A simulated vial outlives its process.
func ExampleBoard_Snapshot() {
	now := time.Duration(0)
	clock := func() time.Duration { return now }
	before, err := sim.New(sim.DefaultConfig(), clock)
	if err != nil {
		fmt.Println(err)
		return
	}
	now = 4 * time.Hour
	snapshot, err := before.Snapshot()
	if err != nil {
		fmt.Println(err)
		return
	}

	now = 0 // the next process
	after, err := sim.New(sim.DefaultConfig(), clock)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = after.Restore(snapshot)
	fmt.Printf("%.2f AU, %v\n", after.Truth().ODAU, err)
	// Output: 0.75 AU, <nil>
}
