package growth_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/growth/ekf"
)

// Pioreactor 26.7.2 flags the two readings after a dose, takes every reading,
// and steps first by the expected interval whatever the gap.
func TestLegacyFlagsTwoReadingsAfterADose(t *testing.T) {
	l := fresh(t, 0)
	var sets []actors.ODReadings
	l.sys.Watch(func(f actors.Fact) {
		if s, ok := f.(actors.ODReadings); ok && s.Readings[0].Quality.Grade == actors.Good {
			sets = append(sets, s)
		}
	})
	l.start(t, map[string]any{"estimator": "legacy"})
	l.grow(75*time.Second, actors.Good) // 5 skipped, 10 of warm-up
	l.grow(20*time.Second, actors.Bad)  // a gap before the first estimate
	l.grow(5*time.Minute, actors.Good)
	dosed := len(sets)
	l.dilute(1, actors.Bad)
	l.grow(5*time.Minute, actors.Good)

	warm, err := ekf.NewWarmUp(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets[5:15] {
		if err := warm.Add([]float64{s.Readings[0].Value}, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	start, err := warm.Start()
	if err != nil {
		t.Fatal(err)
	}
	pure, err := ekf.NewLegacy(start, ekf.LegacyConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.rates) != len(sets)-15 {
		t.Fatalf("%d growth rates from %d readings, want 15 fewer", len(l.rates), len(sets))
	}
	for i := 15; i < len(sets); i++ {
		dt := 5 * time.Second
		if i > 15 {
			dt = sets[i].At.Sub(sets[i-1].At)
		}
		e, err := pure.Update(ekf.Observation{OD: []float64{sets[i].Readings[0].Value / start.Factors[0]}, Dt: dt,
			RecentDilution: i == dosed || i == dosed+1})
		if err != nil {
			t.Fatal(err)
		}
		if got := l.rates[i-15].PerH; math.Abs(got-e.GrowthRatePerH) > 1e-12 {
			t.Fatalf("reading %d (dose before %d): µ = %.9f 1/h, want %.9f", i, dosed, got, e.GrowthRatePerH)
		}
	}
}
