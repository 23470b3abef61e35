//go:build chaos

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// TestChaosKills kills 200 times. PIOACTOR_SEED repeats a run's instants.
func TestChaosKills(t *testing.T) {
	seed := rand.Uint64N(1e6)
	if text := os.Getenv("PIOACTOR_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("PIOACTOR_SEED: %v", err)
		}
	}
	t.Logf("repeat with PIOACTOR_SEED=%d", seed)
	for i := range uint64(4) {
		t.Run(fmt.Sprintf("victim %d", i), func(t *testing.T) {
			t.Parallel()
			killNodes(t, seed+i, 50)
		})
	}
}
