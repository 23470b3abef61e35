//go:build soak

package actorstest

import (
	"testing"
	"time"
)

// TestSoakDoseCheck prints what the dose check does on the twin, scored on its
// true state; no vial may run over, and none that is well be judged.
func TestSoakDoseCheck(t *testing.T) {
	for _, regime := range []string{"turbidostat", "slow turbidostat", "chemostat"} {
		for _, noise := range []float64{0.006, 0.016, 0.033, 0} {
			for i, pump := range []float64{0.85, 1.15} {
				w, seed := watched{regime, noise, pump}, uint64(3+i)
				well := w.live(t, seed, 48*time.Hour, "", 0)
				half := w.live(t, seed, 24*time.Hour, "waste_blocked:0.5", 8*time.Hour)
				t.Logf("%s: well for 48 h: somebody called %d times, last at %v; half waste: %.2f mL over the brim", w, well.asks, well.asked.Round(time.Minute), half.overflowML)
				if well.stopped != 0 {
					t.Logf("%s: FALSE VERDICT at %v: %s", w, well.stopped, well.text)
				}
				for _, fault := range []string{"waste_blocked:1", "bottle_empty:media", "pump_dead:media"} {
					o := w.live(t, seed+10, 32*time.Hour, fault, 10*time.Hour+time.Duration(i)*1234*time.Second)
					t.Logf("%s: %s: %d doses until noticed, at %.2f mL: %.60s", w, fault, o.after, o.ml, o.text)
					if o.overflowML > 0 || half.overflowML > 0 {
						t.Errorf("%s: %s: %.2f mL over the brim", w, fault, o.overflowML)
					}
				}
			}
		}
	}
}
