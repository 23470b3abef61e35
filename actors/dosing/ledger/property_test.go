package ledger_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
	"pgregory.net/rapid"
)

// world is a ledger beside the vial it describes.
type world struct {
	l       ledger.Ledger
	trueML  float64
	alt     float64 // mL of alt media in the vial
	in, out float64 // through the pumps
	taken   float64
	highest float64
	efflux  float64
}

func (w *world) pump(role hw.PumpRole, ml float64) {
	if role == hw.Waste {
		out := math.Max(0, math.Min(ml, w.trueML-w.efflux))
		if w.trueML > 0 {
			w.alt -= w.alt * out / w.trueML
		}
		w.trueML, w.out = w.trueML-out, w.out+out
		return
	}
	if role == hw.AltMedia {
		w.alt += ml
	}
	w.trueML, w.in = w.trueML+ml, w.in+ml
	w.highest = math.Max(w.highest, w.trueML)
}

func drawDose(t *rapid.T, i int) ledger.Dose {
	ml := rapid.Float64Range(0.01, 3).Draw(t, "ml")
	d := ledger.Dose{
		ID: fmt.Sprint(i), Pump: rapid.SampledFrom(hw.PumpRoles[:]).Draw(t, "pump"), ML: ml,
		WorstCaseML: ml * rapid.Float64Range(1, 1.3).Draw(t, "worst"), Expires: noon.Add(time.Hour),
		Exchange: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "exchange"),
	}
	if d.Pump != hw.Waste {
		d.OwesWasteML = rapid.SampledFrom([]float64{0, ml}).Draw(t, "owes")
	}
	return d
}

// step runs one dose: the pump moves any amount up to the worst case, then the
// process commits, aborts (nothing moved) or dies and recovers from storage.
func (w *world) step(t *rapid.T, d ledger.Dose, mayCrash bool) {
	next, err := w.l.Reserve(d, noon, lim)
	w.l = next
	if err != nil {
		return
	}
	moved := rapid.Float64Range(0, d.WorstCaseML).Draw(t, "moved")
	how := rapid.IntRange(0, 9).Draw(t, "how")
	switch {
	case how == 0:
		w.l, _, err = w.l.Abort(d.ID)
	case how <= 2 && mayCrash:
		w.pump(d.Pump, moved)
		w.l, err = roundTrip(t, w.l).Recover(noon, lim)
	default:
		w.pump(d.Pump, moved)
		w.l, _, err = w.l.Commit(d.ID, moved, noon)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func roundTrip(t fataler, l ledger.Ledger) ledger.Ledger {
	data, err := encode(l)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, l) {
		t.Fatal(fmt.Sprintf("came back from JSON as %+v, want %+v", back, l))
	}
	return back
}

func newWorld(t *rapid.T) *world {
	v := rapid.Float64Range(5, 17.5).Draw(t, "volume")
	return &world{l: vial(t, v), trueML: v, efflux: 15, highest: v}
}

func TestExactPumpsConserveLiquidAndNeverOverfill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		start := w.trueML
		for i := range rapid.IntRange(1, 60).Draw(t, "doses") {
			w.step(t, drawDose(t, i), false)
			if i%7 == 6 {
				ml := rapid.Float64Range(0.01, 1).Draw(t, "sample")
				if next, err := w.l.Sample(ml); err == nil {
					w.l = next
					w.alt -= w.alt * ml / w.trueML
					w.trueML, w.taken = w.trueML-ml, w.taken+ml
				}
			}
			if math.Abs(w.l.CurrentVolumeML-w.trueML) > 1e-9 {
				t.Fatalf("ledger %v mL, vial %v mL", w.l.CurrentVolumeML, w.trueML)
			}
			if got := w.l.CumulativeMediaAddedML + w.l.CumulativeAltMediaAddedML - w.l.CumulativeWasteRemovedML - w.taken; math.Abs(got-(w.l.CurrentVolumeML-start)) > 1e-9 {
				t.Fatalf("in − out = %v mL, the volume changed by %v mL", got, w.l.CurrentVolumeML-start)
			}
			if math.Abs(w.l.AltMediaFraction*w.trueML-w.alt) > 1e-9 {
				t.Fatalf("alt media = %v mL, vial %v mL", w.l.AltMediaFraction*w.trueML, w.alt)
			}
			if w.highest >= lim.MaxFillML {
				t.Fatalf("the vial held %v mL", w.highest)
			}
		}
	})
}

func TestCrashAtAnyStepIsConservative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for i := range rapid.IntRange(1, 60).Draw(t, "doses") {
			d := drawDose(t, i)
			if rapid.Bool().Draw(t, "crash before the pump starts") {
				if next, err := w.l.Reserve(d, noon, lim); err == nil {
					if w.l, err = roundTrip(t, next).Recover(noon, lim); err != nil {
						t.Fatal(err)
					}
				}
			} else {
				w.step(t, d, true)
			}
			if w.l.CurrentVolumeML < w.trueML-1e-9 {
				t.Fatalf("ledger %v mL is below the vial's %v mL", w.l.CurrentVolumeML, w.trueML)
			}
			if w.highest >= lim.MaxFillML {
				t.Fatalf("the vial held %v mL", w.highest)
			}
			if w.l.NeedsHuman {
				t.Fatalf("a human was called at %v mL", w.l.CurrentVolumeML)
			}
			roundTrip(t, w.l)
		}
	})
}

func TestEveryCommandIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for i := range rapid.IntRange(1, 30).Draw(t, "doses") {
			d := drawDose(t, i)
			w.step(t, d, true)
			before := w.l
			if after, err := w.l.Reserve(d, noon, lim); err == nil || !reflect.DeepEqual(after, before) {
				t.Fatalf("dose %s obeyed twice: %v", d.ID, err)
			}
			if after, _, err := w.l.Commit(d.ID, d.ML, noon); err == nil || !reflect.DeepEqual(after, before) {
				t.Fatalf("dose %s committed twice: %v", d.ID, err)
			}
		}
	})
}

func TestAnOlderLedgerIsNotChangedByItsSuccessors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for i := range 20 {
			before := w.l
			frozen, err := encode(before)
			if err != nil {
				t.Fatal(err)
			}
			w.step(t, drawDose(t, i), true)
			if _, err := before.Reserve(dose(fmt.Sprint("other", i), hw.Media, 15), noon, lim); err == nil {
				t.Fatal("15 mL were accepted")
			}
			roundTrip(t, w.l)
			if o, ok := w.l.Lookup(fmt.Sprint("other", i)); ok {
				t.Fatalf("one successor wrote into the other: %+v", o)
			}
			if now, err := encode(before); err != nil || string(now) != string(frozen) {
				t.Fatalf("a value changed: %s, %v, was %s", now, err, frozen)
			}
		}
	})
}
