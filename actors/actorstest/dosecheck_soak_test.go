//go:build soak

package actorstest

import (
	"testing"
	"time"
)

// TestSoakDoseCheck prints what the dose check does on the twin, scored on its
// true state; none that is well may be judged, and no vial may run over: behind a
// line blocked from the start never, in mid-run for who wanted it strict.
func TestSoakDoseCheck(t *testing.T) {
	for _, regime := range []string{"turbidostat", "slow turbidostat", "chemostat"} {
		for _, noise := range []float64{0.006, 0.016, 0.033, 0} {
			for i, pump := range []float64{0.85, 1.15} {
				for _, most := range []float64{0, strictML} {
					watched{regime, noise, pump, most}.soak(t, uint64(3+i), time.Duration(i)*1234*time.Second)
				}
			}
		}
	}
}

func (w watched) soak(t *testing.T, seed uint64, late time.Duration) {
	well := w.live(t, seed, 48*time.Hour, "", 0)
	t.Logf("%s: well for 48 h: somebody called %d times, last at %v", w, well.asks, well.asked.Round(time.Minute))
	if well.stopped != 0 {
		t.Logf("%s: FALSE VERDICT at %v: %s", w, well.stopped, well.text)
	}
	if half := w.live(t, seed, 24*time.Hour, "waste_blocked:0.5", 8*time.Hour); half.overflowML > 0 {
		t.Errorf("%s: half of the waste: %.2f mL over the brim", w, half.overflowML)
	}
	if o := w.live(t, seed+10, 16*time.Hour, "waste_blocked:1", 0); o.overflowML > 0 {
		t.Errorf("%s: blocked from the start: %.2f mL over the brim", w, o.overflowML)
	}
	for _, fault := range []string{"waste_blocked:1", "bottle_empty:media", "pump_dead:media"} {
		o := w.live(t, seed+10, 32*time.Hour, fault, 10*time.Hour+late)
		t.Logf("%s: %s: %d doses until noticed, at %.2f mL, %.2f mL over the brim: %.60s", w, fault, o.after, o.ml, o.overflowML, o.text)
		if o.overflowML > 0 && w.mostML > 0 {
			t.Errorf("%s: %s: %.2f mL over the brim", w, fault, o.overflowML)
		}
	}
}
