//go:build soak

package actorstest_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/pioactor/pioactor/actors/actorstest"
)

// Names of the environment variables with the seed to begin with, and the one
// to end before: a soak that was ended goes on at the last figure it printed,
// and several processes share one.
const firstSeed, endSeed = "PIOACTOR_FIRST_SEED", "PIOACTOR_END_SEED"

// TestSoakHouseInTrouble is the gate's campaign over 100,000 seeds of its own.
func TestSoakHouseInTrouble(t *testing.T) {
	const begin = 1_000_000
	first, end := seedOf(t, firstSeed, begin), seedOf(t, endSeed, begin+100_000)
	cover = newCoverage()
	for seed := first; seed < end; seed++ {
		if broken := campaign(t, seed, actorstest.HouseOptions{}, nil); len(broken) > 0 {
			t.Errorf("seed %d: %v", seed, broken[0])
		}
		if next := seed + 1; next%2000 == 0 {
			println(next-first, "seeds, go on with", firstSeed+"="+strconv.FormatUint(next, 10))
		}
	}
	println(cover.String())
}

func seedOf(t *testing.T, variable string, otherwise uint64) uint64 {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return seed
}

// TestSoakPlantedDefects is what the gate does without the race detector.
func TestSoakPlantedDefects(t *testing.T) { findDefects(t, 200, len(defects)-1) }

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

// TestSoakLiquidFaults is hours of whole units whose tubes and bottles fail.
func TestSoakLiquidFaults(t *testing.T) { liquidLives(t, 1000, 500) }

// TestSoakMorbidostats is TestScoredMorbidostats over targets, drifts, pump
// errors, noises and seeds.
func TestSoakMorbidostats(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		for _, pump := range []float64{0.85, 1, 1.15} {
			for _, drift := range []float64{0, 0.03} {
				for _, c := range []struct {
					target, minutes float64
				}{{0.1, 60}, {0.3, 20}, {0.3, 60}, {0.5, 20}} {
					start := fmt.Sprintf("pid_morbidostat target_normalized_od=8 target_growth_rate=%v duration=%v", c.target, c.minutes)
					challenge{start, drift, pump, usual, c.target, 48, seed}.hold(t, 0.06)
				}
				for _, noise := range []float64{0.006, usual, 0.033} {
					challenge{toprak8, drift, pump, noise, 0, 48, seed}.hold(t, 0.15)
				}
			}
		}
	}
}
