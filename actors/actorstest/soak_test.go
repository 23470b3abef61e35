//go:build soak

package actorstest_test

import (
	"testing"

	"github.com/pioactor/pioactor/actors/actorstest"
)

// TestSoakHouseInTrouble is the gate's campaign over many more seeds.
func TestSoakHouseInTrouble(t *testing.T) {
	for seed := range uint64(20_000) {
		if broken := campaign(t, 1_000_000+seed, actorstest.HouseOptions{}); len(broken) > 0 {
			t.Fatalf("seed %d:\n%q", 1_000_000+seed, broken)
		}
		if seed%1000 == 999 {
			t.Logf("%d seeds, no rule broken", seed+1)
		}
	}
}

// TestSoakNothingChangesInsideAnODWindow is whole days with everything running.
func TestSoakNothingChangesInsideAnODWindow(t *testing.T) {
	for seed := range uint64(20) {
		quietDay(t, seed, 24)
	}
}

// TestSoakXR is whole days of units with three angles.
func TestSoakXR(t *testing.T) {
	e := estimator(t)
	for seed := range uint64(5) {
		xrDay(t, e, seed, 24)
	}
}
