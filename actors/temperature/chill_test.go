package temperature_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/sim"
)

// heating lets the current heating end and returns how long the next one lasts
// and how warm the true vial is at the end of the rest after it; begun is called
// early in it.
func (h *warmHouse) heating(t testing.TB, begun func()) (lasted time.Duration, vialC float64) {
	t.Helper()
	h.RunUntil(10*time.Minute, "a rest", func() bool { return h.duty() == 0 })
	h.RunUntil(10*time.Minute, "heat", func() bool { return h.duty() > 0 })
	from := h.Lived()
	h.Run(10 * time.Second)
	begun()
	h.RunUntil(10*time.Minute, "a rest", func() bool { return h.duty() == 0 })
	lasted = h.Lived() - from
	h.RunUntil(10*time.Minute, "heat", func() bool { return h.duty() > 0 })
	return lasted, h.Board.Truth().VialC
}

func (h *warmHouse) dose(t testing.TB, ml float64) {
	t.Helper()
	if r := h.Do("vial", actors.Dose{MediaML: ml, WasteML: ml}); !r.OK {
		t.Fatal(r.Reason)
	}
}

// TestHeatOfADoseIsGivenBack: 1 mL into 15 takes about 1 °C along, and the vial
// is as warm as before at the end of the cycle.
func TestHeatOfADoseIsGivenBack(t *testing.T) {
	for seed := range uint64(4) {
		h := warmed(t, seed+1, nil)
		usual, before := h.heating(t, func() {})
		lasted, after := h.heating(t, func() { h.dose(t, 1) })
		if longer := lasted - usual; longer < 14*time.Second || longer > 20*time.Second {
			t.Errorf("seed %d: a dose prolongs the heating by %v, want about 17 s", seed+1, longer)
		}
		if math.Abs(after-before) > 0.4 {
			t.Errorf("seed %d: %.2f °C before the dose, %.2f °C a cycle later", seed+1, before, after)
		}
		if next, _ := h.heating(t, func() {}); next > usual+2*time.Second {
			t.Errorf("seed %d: the heating after it lasts %v, usual %v: given back twice", seed+1, next, usual)
		}
	}
}

// TestHeatForADoseThatWasNone: with a dead pump the heat is not owed. Its vial
// must not get much too warm until somebody comes.
func TestHeatForADoseThatWasNone(t *testing.T) {
	h := warmed(t, 1, nil)
	if err := h.Board.Inject(sim.Fault{Kind: sim.PumpDead, Target: "media"}); err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for range 20 {
		_, c := h.heating(t, func() { h.dose(t, 1) })
		most = max(most, c)
	}
	if most > 38.5 {
		t.Errorf("%.2f °C after 20 doses that brought nothing, target 37", most)
	}
	t.Logf("at most %.2f °C", most)
}

// TestAHeatingLastsAtMostTwiceAsLong: however much was poured in, the vial's
// measurement is not put off for long.
func TestAHeatingLastsAtMostTwiceAsLong(t *testing.T) {
	h := warmed(t, 2, nil)
	usual, _ := h.heating(t, func() {})
	lasted, _ := h.heating(t, func() {
		for range 5 {
			h.dose(t, 2)
			h.Run(15 * time.Second)
		}
	})
	if lasted < usual+45*time.Second || lasted > 2*usual+2*time.Second {
		t.Errorf("a heating lasts %v, usual %v", lasted, usual)
	}
}
