//go:build soak

package watch_test

import (
	"testing"

	"github.com/pioactor/pioactor/actors/temperature/watch"
)

// TestSoakHeaterFaultSchedules is the gate's property over ten thousand schedules.
func TestSoakHeaterFaultSchedules(t *testing.T) {
	found := map[watch.Fault]int{}
	for seed := range uint64(10_000) {
		schedule(t, 1_000_000+seed, found)
	}
	t.Logf("10000 schedules, no rule broken; faults %v", found)
}
