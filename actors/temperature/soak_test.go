//go:build soak

package temperature_test

import "testing"

// TestSoakHeaterFaultsInTheHouse is the gate's campaign over many more seeds.
func TestSoakHeaterFaultsInTheHouse(t *testing.T) {
	for seed := range uint64(3000) {
		if err := campaign(t, 1_000_000+seed); err != nil {
			t.Fatalf("seed %d: %v", 1_000_000+seed, err)
		}
	}
}
