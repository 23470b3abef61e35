//go:build soak

package automation_test

import (
	"fmt"
	"testing"
)

// TestSoakMorbidostats is TestScoredMorbidostats over targets,
// drifts, pump errors and seeds.
func TestSoakMorbidostats(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		for _, pump := range []float64{0.85, 1, 1.15} {
			for _, drift := range []float64{0, 0.03} {
				for _, c := range []struct {
					target, minutes float64
				}{{0.1, 60}, {0.3, 20}, {0.3, 60}, {0.5, 20}} {
					challenged{fmt.Sprintf("pid_morbidostat target_normalized_od=8 target_growth_rate=%v duration=%v", c.target, c.minutes),
						drift, pump, seed, c.target}.hold(t, 0.06)
				}
				// The rule compares with the dilution rate by the calibration, whatever the pumps give.
				challenged{"morbidostat target_biomass=8", drift, pump, seed, toprakPerH}.hold(t, 0.15)
			}
		}
	}
}
