package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
)

var (
	lim  = ledger.Limits{CapacityML: 20, MaxFillML: 18}
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

type fataler interface{ Fatal(...any) }

func vial(t fataler, volume float64) ledger.Ledger {
	l, err := ledger.New(volume, 15, 0, lim)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dose(id string, pump hw.PumpRole, ml float64) ledger.Dose {
	return ledger.Dose{ID: id, Pump: pump, ML: ml, WorstCaseML: ml, Expires: noon.Add(time.Minute)}
}

func run(t fataler, l ledger.Ledger, d ledger.Dose) ledger.Ledger {
	l, err := l.Reserve(d, noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	l, _, err = l.Commit(d.ID, d.ML, noon)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func code(err error) ledger.Code {
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func near(got, want float64) bool { return math.Abs(got-want) < 1e-9 }

func TestExchangeKeepsTheBooks(t *testing.T) {
	l := vial(t, 15)
	l = run(t, l, dose("1", hw.Media, 0.5))
	l = run(t, l, dose("2", hw.AltMedia, 0.5))
	if !near(l.CurrentVolumeML, 16) || !near(l.AltMediaFraction, 0.5/16) {
		t.Errorf("after inflow %v mL, alt fraction %v, want 16 mL, %v", l.CurrentVolumeML, l.AltMediaFraction, 0.5/16)
	}
	l = run(t, l, dose("3", hw.Waste, 3))
	want := vial(t, 15)
	want.AltMediaFraction, want.CumulativeMediaAddedML, want.CumulativeAltMediaAddedML = 0.5/16, 0.5, 0.5
	want.CumulativeWasteRemovedML, want.LastDoseAt = 1, noon
	want.Generations, want.Seen = l.Generations, l.Seen
	if !reflect.DeepEqual(l, want) {
		t.Errorf("after waste %+v, want %+v", l, want)
	}
	if g := math.Log(16.0/15) / math.Ln2; !near(l.Generations, g) {
		t.Errorf("generations = %v, want %v", l.Generations, g)
	}
}

func TestWasteNeverDrainsBelowTheEffluxTube(t *testing.T) {
	if l := run(t, vial(t, 15.3), dose("1", hw.Waste, 5)); l.CurrentVolumeML != 15 || !near(l.CumulativeWasteRemovedML, 0.3) {
		t.Errorf("15.3 mL drained by 5 mL = %v mL, %v mL of waste, want 15, 0.3", l.CurrentVolumeML, l.CumulativeWasteRemovedML)
	}
	if l := run(t, vial(t, 12), dose("1", hw.Waste, 5)); l.CurrentVolumeML != 12 || l.CumulativeWasteRemovedML != 0 {
		t.Errorf("12 mL drained = %v mL, %v mL of waste, want 12, 0", l.CurrentVolumeML, l.CumulativeWasteRemovedML)
	}
}

func TestOverfillIsRefusedWithFiguresAndNextStep(t *testing.T) {
	d := dose("1", hw.Media, 1)
	d.WorstCaseML = 1.2
	_, err := vial(t, 16.8).Reserve(d, noon, lim)
	if code(err) != ledger.Overfill {
		t.Fatalf("16.8 + 1.2 mL of below 18: %v, want overfill", err)
	}
	for _, part := range []string{"1.00 mL", "1.20 mL", "16.80", "18.00", "remove"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("refusal %q does not say %q", err, part)
		}
	}
	if _, err := vial(t, 16.79).Reserve(d, noon, lim); err != nil {
		t.Errorf("16.79 + 1.2 mL: %v", err)
	}
}

func TestRepeatedDoseIsAnsweredFromMemory(t *testing.T) {
	l := vial(t, 15)
	d := dose("1", hw.Media, 1)
	l, err := l.Reserve(d, noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	var dup *ledger.Duplicate
	if _, err := l.Reserve(d, noon, lim); !errors.As(err, &dup) || dup.Outcome.Status != ledger.Running {
		t.Errorf("repeated while running: %v", err)
	}
	l, first, err := l.Commit("1", 0.8, noon)
	if err != nil || first.Status != ledger.Done || !near(first.ML, 0.8) {
		t.Fatalf("commit: %+v, %v", first, err)
	}
	after, err := l.Reserve(d, noon.Add(time.Hour), lim)
	if !errors.As(err, &dup) || dup.Outcome != first || !reflect.DeepEqual(after, l) {
		t.Errorf("repeated after: %v, want the outcome %+v", err, first)
	}
	if _, _, err := l.Commit("1", 0.8, noon); !errors.As(err, &dup) || dup.Outcome != first {
		t.Errorf("committed twice: %v", err)
	}
	if _, _, err := l.Abort("1"); !errors.As(err, &dup) || dup.Outcome != first {
		t.Errorf("aborted after commit: %v", err)
	}
}

func TestRefusedDoseStaysRefused(t *testing.T) {
	l, err := vial(t, 17.5).Reserve(dose("1", hw.Media, 1), noon, lim)
	if code(err) != ledger.Overfill {
		t.Fatal(err)
	}
	l = run(t, l, dose("2", hw.Waste, 3))
	var dup *ledger.Duplicate
	if _, err := l.Reserve(dose("1", hw.Media, 1), noon, lim); !errors.As(err, &dup) || dup.Outcome.Code != ledger.Overfill {
		t.Errorf("the same command delivered again: %v, want its first refusal", err)
	}
}

func TestMemoryForgetsRefusalsFirst(t *testing.T) {
	l := run(t, vial(t, 15), dose("kept", hw.Media, 0.1))
	for i := range 400 {
		l, _ = l.Reserve(dose(fmt.Sprint("refused", i), hw.Media, 5), noon, lim)
	}
	if len(l.Seen) != 64 {
		t.Errorf("%d outcomes remembered, want 64", len(l.Seen))
	}
	if o, ok := l.Lookup("kept"); !ok || o.Status != ledger.Done {
		t.Errorf("the dose that ran is forgotten: %+v %t", o, ok)
	}
	for i := range 300 {
		l = run(t, l, dose(fmt.Sprint("w", i), hw.Waste, 0.1))
	}
	if _, ok := l.Lookup("kept"); ok || len(l.Seen) != 64 {
		t.Errorf("%d outcomes remembered, oldest still there %t", len(l.Seen), ok)
	}
}

func TestReserveRefusals(t *testing.T) {
	open, err := vial(t, 15).Reserve(dose("open", hw.Media, 1), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	newer := vial(t, 15)
	newer.Epoch = 5
	with := func(f func(*ledger.Dose)) ledger.Dose {
		d := dose("x", hw.Media, 1)
		f(&d)
		return d
	}
	cases := map[string]struct {
		l    ledger.Ledger
		d    ledger.Dose
		want ledger.Code
	}{
		"expired":           {vial(t, 15), with(func(d *ledger.Dose) { d.Expires = noon }), ledger.Expired},
		"no expiry":         {vial(t, 15), with(func(d *ledger.Dose) { d.Expires = time.Time{} }), ledger.Invalid},
		"no ID":             {vial(t, 15), with(func(d *ledger.Dose) { d.ID = "" }), ledger.Invalid},
		"ID not text":       {vial(t, 15), with(func(d *ledger.Dose) { d.ID = "\xff" }), ledger.Invalid},
		"no volume":         {vial(t, 15), with(func(d *ledger.Dose) { d.ML = 0 }), ledger.Invalid},
		"negative":          {vial(t, 15), with(func(d *ledger.Dose) { d.ML = -1 }), ledger.Invalid},
		"not a number":      {vial(t, 15), with(func(d *ledger.Dose) { d.ML = math.NaN() }), ledger.Invalid},
		"worst case NaN":    {vial(t, 15), with(func(d *ledger.Dose) { d.WorstCaseML = math.NaN() }), ledger.Invalid},
		"worst case less":   {vial(t, 15), with(func(d *ledger.Dose) { d.WorstCaseML = 0.5 }), ledger.Invalid},
		"unknown pump":      {vial(t, 15), with(func(d *ledger.Dose) { d.Pump = "soup" }), ledger.Invalid},
		"waste owing waste": {vial(t, 15), with(func(d *ledger.Dose) { d.Pump, d.OwesWasteML = hw.Waste, 1 }), ledger.Invalid},
		"busy":              {open, dose("x", hw.Media, 1), ledger.Busy},
		"busy for waste":    {open, dose("x", hw.Waste, 1), ledger.Busy},
		"older epoch":       {newer, with(func(d *ledger.Dose) { d.Epoch = 4 }), ledger.StaleEpoch},
	}
	for name, c := range cases {
		after, err := c.l.Reserve(c.d, noon, lim)
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if after.Open != c.l.Open || after.CurrentVolumeML != c.l.CurrentVolumeML {
			t.Errorf("%s: the refusal opened or moved something", name)
		}
	}
	if _, err := vial(t, 15).Reserve(dose("x", hw.Media, 1), noon, ledger.Limits{CapacityML: 20, MaxFillML: math.NaN()}); code(err) != ledger.Invalid {
		t.Errorf("limits of NaN: %v", err)
	}
	l := run(t, newer, with(func(d *ledger.Dose) { d.Epoch = 6 }))
	if l.Epoch != 6 {
		t.Errorf("epoch obeyed = %d, want 6", l.Epoch)
	}
}

func TestOwedWasteIsDrainedBeforeInflow(t *testing.T) {
	first, second, waste := dose("1", hw.Media, 0.5), dose("2", hw.AltMedia, 0.5), dose("3", hw.Waste, 0.6)
	first.OwesWasteML, second.OwesWasteML = 0.5, 0.5
	first.Exchange, second.Exchange = "a", "a"
	l := run(t, run(t, vial(t, 15), first), second)
	if !near(l.OwedWasteML, 1) || l.OwedFor != "a" {
		t.Fatalf("owed %v mL for %q, want 1 mL for a", l.OwedWasteML, l.OwedFor)
	}
	if _, err := l.Reserve(dose("4", hw.Media, 0.1), noon, lim); code(err) != ledger.DrainFirst {
		t.Errorf("inflow while waste is owed: %v, want drain first", err)
	}
	l = run(t, l, waste)
	if !near(l.OwedWasteML, 0.4) {
		t.Errorf("owed after draining 0.6 of 1 mL = %v", l.OwedWasteML)
	}
	l = run(t, l, dose("5", hw.Waste, 5))
	if l.OwedWasteML != 0 || l.OwedFor != "" {
		t.Errorf("owed at the efflux tube = %v mL for %q, want nothing", l.OwedWasteML, l.OwedFor)
	}
	run(t, l, dose("6", hw.Media, 0.1))
	if l, err := vial(t, 15).OweWaste(1); err != nil || l.OwedWasteML != 0 {
		t.Errorf("nothing stands above the tube, owed %v mL, %v", l.OwedWasteML, err)
	}
	if l, err := vial(t, 17).OweWaste(1); err != nil || l.OwedWasteML != 1 {
		t.Errorf("owed %v mL, %v, want 1 mL", l.OwedWasteML, err)
	}
}

func TestCrashInMidDose(t *testing.T) {
	d := dose("1", hw.Media, 1)
	d.WorstCaseML, d.OwesWasteML = 1.3, 1
	l, err := vial(t, 15).Reserve(d, noon, lim)
	if err == nil {
		l, err = l.Recover(noon, lim)
	}
	if err != nil || !near(l.CurrentVolumeML, 16.3) || !near(l.OwedWasteML, 1) || l.Alarm == "" || l.NeedsHuman || l.Open.ID != "" {
		t.Errorf("after a cut-off inflow: %+v, %v, want 16.3 mL, 1 mL owed, an alarm, nobody needed", l, err)
	}
	var dup *ledger.Duplicate
	if _, err := l.Reserve(d, noon, lim); !errors.As(err, &dup) || dup.Outcome.Status != ledger.Recovered {
		t.Errorf("the cut-off dose again: %v, want recovered", err)
	}
	if again, err := l.Recover(noon, lim); err != nil || !reflect.DeepEqual(again, l) {
		t.Errorf("recovering twice changed %+v, %v", again, err)
	}
	w, err := l.Reserve(dose("2", hw.Waste, 1), noon, lim)
	if err == nil {
		w, err = w.Recover(noon, lim)
	}
	if err != nil || w.CurrentVolumeML != l.CurrentVolumeML || w.OwedWasteML != l.OwedWasteML || w.NeedsHuman {
		t.Errorf("after cut-off waste: %+v, %v, want the volume and the debt unchanged", w, err)
	}
}

func TestCrashNeedsAHumanOnlyAboveTheLimit(t *testing.T) {
	l, err := vial(t, 15).Reserve(dose("1", hw.Media, 2), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	l, err = l.Recover(noon, ledger.Limits{CapacityML: 20, MaxFillML: 16}) // the vial was exchanged for a smaller one
	if err != nil || !l.NeedsHuman {
		t.Fatalf("17 mL of at most 16: needs human %t, %v", l.NeedsHuman, err)
	}
	if _, err := l.Reserve(dose("2", hw.Media, 0.1), noon, lim); code(err) != ledger.NeedsHuman {
		t.Errorf("inflow: %v, want needs human", err)
	}
	run(t, l, dose("3", hw.Waste, 1))
	l = l.Acknowledge()
	if l.Alarm != "" {
		t.Errorf("alarm after acknowledging: %q", l.Alarm)
	}
	run(t, l, dose("4", hw.Media, 0.1))
}

func TestAbortMovesNothing(t *testing.T) {
	l, err := vial(t, 15).Reserve(dose("1", hw.Media, 1), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	l, o, err := l.Abort("1")
	if err != nil || o.Status != ledger.Aborted || l.CurrentVolumeML != 15 || l.Open.ID != "" {
		t.Errorf("aborted: %+v, %v, %v mL", o, err, l.CurrentVolumeML)
	}
	if _, _, err := l.Commit("never", 1, noon); code(err) != ledger.Invalid {
		t.Errorf("commit of a dose never reserved: %v", err)
	}
}

func TestCommitBelievesThePump(t *testing.T) {
	l, err := vial(t, 15).Reserve(dose("1", hw.Media, 1), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{math.NaN(), -1, math.Inf(1)} {
		if after, _, err := l.Commit("1", bad, noon); code(err) != ledger.Invalid || !reflect.DeepEqual(after, l) {
			t.Errorf("commit of %v mL: %v", bad, err)
		}
	}
	if l, _, err = l.Commit("1", 1.5, noon); err != nil || !near(l.CurrentVolumeML, 16.5) || l.Alarm == "" {
		t.Errorf("commit above the worst case: %v mL, alarm %q, %v", l.CurrentVolumeML, l.Alarm, err)
	}
}

func TestSampleReachesBelowTheEffluxTube(t *testing.T) {
	l, err := vial(t, 15).Sample(2)
	if err != nil || l.CurrentVolumeML != 13 || l.CumulativeWasteRemovedML != 0 {
		t.Errorf("sampled: %v mL, %v mL of waste, %v, want 13, 0", l.CurrentVolumeML, l.CumulativeWasteRemovedML, err)
	}
	for _, bad := range []float64{0, -1, 13.1, math.NaN()} {
		if _, err := l.Sample(bad); code(err) != ledger.Invalid {
			t.Errorf("sample of %v mL: %v", bad, err)
		}
	}
}

func TestSwapForgetsTheVialNotTheDoses(t *testing.T) {
	l := run(t, vial(t, 15), dose("1", hw.Media, 1))
	l, err := l.Swap(14, 15, 0.5, lim)
	if err != nil || l.CurrentVolumeML != 14 || l.AltMediaFraction != 0.5 || l.CumulativeMediaAddedML != 0 || l.Generations != 0 {
		t.Errorf("swapped: %+v, %v", l, err)
	}
	var dup *ledger.Duplicate
	if _, err := l.Reserve(dose("1", hw.Media, 1), noon, lim); !errors.As(err, &dup) {
		t.Errorf("an old dose reached the new vial: %v", err)
	}
	for _, v := range [][3]float64{{-1, 15, 0}, {21, 15, 0}, {15, 21, 0}, {15, 15, 1.1}, {math.NaN(), 15, 0}, {15, math.NaN(), 0}, {15, 15, math.NaN()}} {
		if after, err := l.Swap(v[0], v[1], v[2], lim); code(err) != ledger.Invalid || !reflect.DeepEqual(after, l) {
			t.Errorf("swap to %v: %v", v, err)
		}
	}
}

func TestNobodyEditsTheBooksInMidDose(t *testing.T) {
	l, err := vial(t, 15).Reserve(dose("1", hw.Media, 1), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	_, e1 := l.Sample(1)
	_, e2 := l.Swap(15, 15, 0, lim)
	_, e3 := l.SetVolume(15, lim)
	_, e4 := l.SetEfflux(15, lim)
	_, e5 := l.SetAltMediaFraction(0)
	for i, err := range []error{e1, e2, e3, e4, e5} {
		if code(err) != ledger.Busy {
			t.Errorf("edit %d in mid-dose: %v, want busy", i+1, err)
		}
	}
}

func TestGeometryNeedsRoomForASubdose(t *testing.T) {
	if err := vial(t, 15).CheckGeometry(1, lim); err != nil {
		t.Errorf("15 + 1 mL below 18: %v", err)
	}
	for _, ml := range []float64{3, math.NaN()} {
		if err := vial(t, 15).CheckGeometry(ml, lim); code(err) != ledger.Overfill {
			t.Errorf("15 + %v mL: %v, want overfill", ml, err)
		}
	}
}

func ExampleLedger_Reserve() {
	l, _ := ledger.New(16.8, 15, 0, ledger.Limits{CapacityML: 20, MaxFillML: 18})
	_, err := l.Reserve(ledger.Dose{ID: "a1", Pump: hw.Media, ML: 1, WorstCaseML: 1.25, Expires: noon.Add(time.Minute)}, noon, lim)
	fmt.Println(err)
	// Output: ledger: adding 1.00 mL (at worst 1.25 mL) could bring the vial from 16.80 to 18.05 mL, the limit is below 18.00 mL; remove 0.06 mL of waste first
}
