package ledger_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"pgregory.net/rapid"
)

func TestPumpMaths(t *testing.T) {
	p, err := ledger.NewPump(ledger.DefaultSlopeMLPerS)
	if err != nil {
		t.Fatal(err)
	}
	run, err := p.Duration(1)
	if want := 10977 * time.Millisecond; err != nil || (run-want).Abs() > time.Millisecond {
		t.Errorf("1 mL takes %v, %v, want %v", run, err, want)
	}
	if ml, err := p.Volume(run); err != nil || math.Abs(ml-1) > 1e-9 {
		t.Errorf("%v moves %v mL, %v, want 1 mL", run, ml, err)
	}
	for _, slope := range []float64{0, -1, 101, math.NaN(), math.Inf(1)} {
		if _, err := ledger.NewPump(slope); err == nil {
			t.Errorf("slope %v mL/s was accepted", slope)
		}
		if _, err := (ledger.Pump{SlopeMLPerS: slope}).Duration(1); err == nil {
			t.Errorf("a duration was computed from %v mL/s", slope)
		}
	}
	for _, ml := range []float64{-1, 1001, math.NaN(), math.Inf(1)} {
		if _, err := (ledger.Pump{SlopeMLPerS: 100}).Duration(ml); err == nil {
			t.Errorf("%v mL was accepted", ml)
		}
	}
	if _, err := (ledger.Pump{SlopeMLPerS: 0.001}).Duration(1000); err == nil {
		t.Error("a run of 11 days was accepted")
	}
	for _, run := range []time.Duration{-1, math.MaxInt64} {
		if _, err := p.Volume(run); err == nil {
			t.Errorf("a run of %v was accepted", run)
		}
	}
}

func TestLnStep(t *testing.T) {
	if got, want := ledger.LnStep(1, 15), math.Log(15.0/16); math.Abs(got-want) > 1e-12 {
		t.Errorf("step of 1 mL into 15 mL = %v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		if got := ledger.LnStep(rapid.Float64().Draw(t, "added"), rapid.Float64().Draw(t, "volume")); math.IsNaN(got) || math.IsInf(got, 0) || got > 0 {
			t.Fatalf("step = %v", got)
		}
	})
}

func TestSplitHalvesUntilSmallEnough(t *testing.T) {
	parts, err := ledger.Split(ledger.Exchange{MediaML: 1.5, WasteML: 1.5}, 1)
	if err != nil || len(parts) != 2 || parts[0] != (ledger.Exchange{MediaML: 0.75, WasteML: 0.75}) || parts[1] != parts[0] {
		t.Errorf("1.5 mL = %+v, %v, want twice 0.75 mL", parts, err)
	}
	if parts, err := ledger.Split(ledger.Exchange{WasteML: 5}, 1); err != nil || len(parts) != 1 {
		t.Errorf("waste alone = %+v, %v, want one part", parts, err)
	}
	for _, e := range []ledger.Exchange{{MediaML: 1, WasteML: 0.9}, {MediaML: -1, WasteML: 1}, {AltMediaML: math.NaN(), WasteML: 1}, {WasteML: math.Inf(1)}} {
		if _, err := ledger.Split(e, 1); err == nil {
			t.Errorf("%+v was split", e)
		}
	}
	for _, limit := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := ledger.Split(ledger.Exchange{MediaML: 1, WasteML: 1}, limit); err == nil {
			t.Errorf("split at %v mL", limit)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ml := rapid.Float64Range(0, 20)
		e := ledger.Exchange{MediaML: ml.Draw(t, "media"), AltMediaML: ml.Draw(t, "alt")}
		e.WasteML = e.InflowML() + ml.Draw(t, "more waste")
		limit := rapid.Float64Range(0.01, 5).Draw(t, "limit")
		parts, err := ledger.Split(e, limit)
		if err != nil {
			t.Fatal(err)
		}
		var sum ledger.Exchange
		for _, p := range parts {
			if p.InflowML() > limit || p.WasteML < p.InflowML()-1e-9 {
				t.Fatalf("part %+v of %+v at %v mL", p, e, limit)
			}
			sum.MediaML, sum.AltMediaML, sum.WasteML = sum.MediaML+p.MediaML, sum.AltMediaML+p.AltMediaML, sum.WasteML+p.WasteML
		}
		if math.Abs(sum.MediaML-e.MediaML)+math.Abs(sum.AltMediaML-e.AltMediaML)+math.Abs(sum.WasteML-e.WasteML) > 1e-9 {
			t.Fatalf("parts add up to %+v, want %+v", sum, e)
		}
	})
}
