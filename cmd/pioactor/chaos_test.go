//go:build chaos

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seed decides the instants of a run; PIOACTOR_SEED repeats one's.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64N(1e6)
	if text := os.Getenv("PIOACTOR_SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("PIOACTOR_SEED: %v", err)
		}
	}
	t.Logf("repeat with PIOACTOR_SEED=%d", n)
	return n
}

// TestChaosKills kills 200 times.
func TestChaosKills(t *testing.T) {
	from := seed(t)
	for i := range uint64(4) {
		t.Run(fmt.Sprintf("victim %d", i), func(t *testing.T) {
			t.Parallel()
			killNodes(t, from+i, 50)
		})
	}
}
