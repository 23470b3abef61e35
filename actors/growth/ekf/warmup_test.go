package ekf

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestWarmUpMeasuresLevelAndNoise(t *testing.T) {
	// The noise SD is that of grpredict 26.4.7 for these readings, 5 s apart.
	od := []float64{1.0104214547661416, 1.0099624099461852, 1.027532889375138, 0.9840204525237206, 1.010997201401441, 1.0008530308635273,
		0.9781486539342471, 0.9856405157169691, 1.0011923735371933, 0.9768157288678656, 1.0002442952507762, 1.0395853320198374}
	w, err := NewWarmUp(1, len(od))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Start(); !errors.Is(err, ErrWarmingUp) {
		t.Errorf("error = %v, want ErrWarmingUp", err)
	}
	for _, v := range od {
		if err := w.Add([]float64{2 * v}, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	s, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "factor", s.Factors[0], 2.0020454870739695, 1e-6)
	near(t, "noise SD", s.LnNoiseSD[0], 0.017733224556666975, 1e-12)
	near(t, "noise variance", s.NoiseVariance[0], 0.017733224556666975*0.017733224556666975, 1e-12)
	near(t, "level", s.X[0], math.Log(1.0002442952507762*2/s.Factors[0]), 1e-12)
	near(t, "level SD", math.Sqrt(s.P[0][0]), 0.05, 1e-12)
}

func TestWarmUpKeepsFactorsAndRestartsAfterADose(t *testing.T) {
	w, err := NewWarmUp(2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.KeepFactors([]float64{0.5}); err == nil {
		t.Error("one factor for two channels accepted")
	}
	if err := w.KeepFactors([]float64{0.5, math.NaN()}); err == nil {
		t.Error("factor NaN accepted")
	}
	if err := w.KeepFactors([]float64{0.5, 0.25}); err != nil {
		t.Fatal(err)
	}
	add := func(a, b float64) error { return w.Add([]float64{a, b}, time.Second) }
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if err := add(1, bad); !errors.Is(err, ErrObservation) {
			t.Errorf("reading %v: error = %v, want ErrObservation", bad, err)
		}
	}
	if err := errors.Join(add(9, 9), add(9, 9)); err != nil || !w.Done() {
		t.Fatalf("done = %v after two readings (%v), want true", w.Done(), err)
	}
	w.Reset()
	if w.Done() {
		t.Error("done right after a reset")
	}
	if err := errors.Join(add(1, 0.5), add(1, 0.5)); err != nil {
		t.Fatal(err)
	}
	s, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "level", s.X[0], math.Log(2), 1e-12)
	near(t, "factor", s.Factors[1], 0.25, 0)
}

func TestWarmUpOfOneReading(t *testing.T) {
	s := warmed(t, []reading{{interval, 0.3}})
	near(t, "noise variance", s.NoiseVariance[0], 1e-3, 0)
	for _, m := range both {
		if _, err := m.make(s); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

func TestWarmUpRefusesNoReadings(t *testing.T) {
	for _, c := range [][2]int{{0, 10}, {1, 0}, {-1, -1}} {
		if _, err := NewWarmUp(c[0], c[1]); err == nil {
			t.Errorf("%d channels, %d readings accepted", c[0], c[1])
		}
	}
}
