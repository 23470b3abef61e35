//go:build soak

package actorstest_test

import (
	"fmt"
	"testing"
)

// TestSoakOneByteFaultAtATime is every fault alone, on units of both optics.
func TestSoakOneByteFaultAtATime(t *testing.T) {
	for seed := range uint64(2) {
		for _, version := range []string{"1.1", "1.5"} {
			eachByteFault(t, version, 3+seed, 0, 1)
		}
	}
}

// TestSoakByteFaultsAtRandom is an hour for each rate, seed and version.
func TestSoakByteFaultsAtRandom(t *testing.T) {
	for _, version := range []string{"1.1", "1.5"} {
		for _, rate := range byteRates {
			for seed := uint64(1); seed <= 10; seed++ {
				t.Run(fmt.Sprintf("%s/%v/%d", version, rate, seed), func(t *testing.T) {
					for _, b := range randomByteFaults(t, hatOptions{version: version, seed: seed}, rate) {
						t.Error(b)
					}
				})
			}
		}
	}
}
