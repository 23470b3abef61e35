//go:build soak

package compat

import (
	"fmt"
	"testing"
	"time"
)

// TestSoakHATIsLikeTheSimulator is the gate's test with an hour for every HAT,
// and other cultures.
func TestSoakHATIsLikeTheSimulator(t *testing.T) {
	for name, f := range hats {
		for seed := uint64(1); seed <= 5; seed++ {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) { twins(t, f, seed, time.Hour) })
		}
	}
}
