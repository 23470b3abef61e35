package fusion_test

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/od/fusion"
	"github.com/pioactor/pioactor/hw/calibration"
	"pgregory.net/rapid"
)

// row is one reading of the angle data set.
type row struct {
	instrument, trial string
	fusion.Standard
}

func rows(t *testing.T) []row {
	t.Helper()
	f, err := os.Open("testdata/od_angle_dataset_original.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != 661 {
		t.Fatalf("%d lines, %v; want 661", len(lines), err)
	}
	var all []row
	for _, l := range lines[1:] {
		reading, err1 := strconv.ParseFloat(l[5], 64)
		concentration, err2 := strconv.ParseFloat(l[6], 64)
		if err1 != nil || err2 != nil {
			t.Fatal(l)
		}
		all = append(all, row{l[0], l[2], fusion.Standard{Angle: l[4], Concentration: concentration, Reading: reading}})
	}
	return all
}

func keep(all []row, wanted func(row) bool) []fusion.Standard {
	var out []fusion.Standard
	for _, r := range all {
		if wanted(r) {
			out = append(out, r.Standard)
		}
	}
	return out
}

func of(instrument string) func(row) bool {
	return func(r row) bool { return r.instrument == instrument }
}

// levels are the concentrations above 0 with the mean reading of each angle.
func levels(standards []fusion.Standard) map[float64]map[string]float64 {
	sum, n := map[float64]map[string]float64{}, map[float64]map[string]float64{}
	for _, s := range standards {
		if s.Concentration <= 0 || s.Reading <= 0 {
			continue
		}
		if sum[s.Concentration] == nil {
			sum[s.Concentration], n[s.Concentration] = map[string]float64{}, map[string]float64{}
		}
		sum[s.Concentration][s.Angle] += s.Reading
		n[s.Concentration][s.Angle]++
	}
	for c := range sum {
		for angle := range sum[c] {
			sum[c][angle] /= n[c][angle]
		}
	}
	return sum
}

func fit(t testing.TB, standards []fusion.Standard) (calibration.Estimator, fusion.Model) {
	t.Helper()
	e, err := fusion.Fit(standards, fusion.Angles)
	if err != nil {
		t.Fatal(err)
	}
	e.Name, e.Unit, e.CreatedAt, e.IRPercent = "fit", "pio1", time.Unix(1e9, 0).UTC(), 80
	m, err := fusion.New(e)
	if err != nil {
		t.Fatal(err)
	}
	return e, m
}

// Pioreactor 26.7.2 asserts 0.11 for instruments 1, 2, 3 and 5; the figures of
// an independent implementation of its equations are at most those below.
func TestInSampleErrorOfTheAngleDataSet(t *testing.T) {
	for instrument, most := range map[string]float64{"1": .005, "2": .010, "3": .032, "4": .11, "5": .008} {
		standards := keep(rows(t), of(instrument))
		_, m := fit(t, standards)
		worst := 0.0
		for c, readings := range levels(standards) {
			e, err := m.Estimate(readings)
			if err != nil {
				t.Fatal(err)
			}
			worst = max(worst, math.Abs(e.Value/c-1))
			if c < e.Low*(1-1e-9) || c > e.High*(1+1e-9) {
				t.Errorf("instrument %s, %g mg/mL: interval %.4g to %.4g misses it", instrument, c, e.Low, e.High)
			}
		}
		t.Logf("instrument %s: worst relative error %.4f", instrument, worst)
		if worst > most {
			t.Errorf("instrument %s: worst relative error %.4f, want at most %.3f", instrument, worst, most)
		}
	}
}

// A level that the curves never saw is up to a third off, with the same sign on
// every instrument: the interval must know.
func TestIntervalHoldsLevelsItNeverSaw(t *testing.T) {
	all := rows(t)
	held, asked, width := 0, 0, 0.0
	for _, instrument := range []string{"1", "2", "3", "4", "5"} {
		own := keep(all, of(instrument))
		for c, readings := range levels(own) {
			if c < 0.005 || c > 40 {
				continue // the ends: nothing to interpolate between
			}
			_, m := fit(t, keep(all, func(r row) bool { return r.instrument == instrument && r.Concentration != c }))
			e, err := m.Estimate(readings)
			if err != nil {
				t.Fatal(err)
			}
			asked++
			width += math.Log(e.High/e.Low) / 2
			if e.Low <= c && c <= e.High {
				held++
			} else {
				t.Logf("instrument %s: %g mg/mL comes out as %.3g (%.3g to %.3g)", instrument, c, e.Value, e.Low, e.High)
			}
		}
	}
	t.Logf("%d of %d held, mean half width %.3f in ln", held, asked, width/float64(asked))
	if held*100 < 95*asked {
		t.Errorf("intervals hold %d of %d left-out levels, want 95 %%", held, asked)
	}
	if half := width / float64(asked); half > 0.6 {
		t.Errorf("mean half width = %.2f in ln: too wide to be of use", half)
	}
}

func TestIntervalHoldsTrialsItNeverSaw(t *testing.T) {
	all := rows(t)
	held, asked := 0, 0
	for _, instrument := range []string{"1", "2", "3", "4", "5"} {
		for _, trial := range []string{"1", "2", "3"} {
			_, m := fit(t, keep(all, func(r row) bool { return r.instrument == instrument && r.trial != trial }))
			for c, readings := range levels(keep(all, func(r row) bool { return r.instrument == instrument && r.trial == trial })) {
				e, err := m.Estimate(readings)
				if err != nil {
					t.Fatal(err)
				}
				asked++
				if e.Low <= c && c <= e.High {
					held++
				}
			}
		}
	}
	t.Logf("%d of %d held", held, asked)
	if held*100 < 93*asked {
		t.Errorf("intervals hold %d of %d readings of a trial left out, want 93 %%", held, asked)
	}
}

func production(t testing.TB) calibration.Estimator {
	t.Helper()
	text, err := os.ReadFile("../../../hw/calibration/testdata/estimators/od_fused/od-fused-estimator-2026-01-27.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := calibration.ParseEstimator("production", text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The value is the one that Pioreactor 26.7.2 asserts for this file.
func TestProductionEstimatorAnswersAsPioreactorDoes(t *testing.T) {
	m, err := fusion.New(production(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.Estimate(map[string]float64{"45": 0.394, "90": 0.219, "135": 0.142})
	if err != nil || math.Abs(e.Value/3.069325950023412-1) > 0.02 {
		t.Errorf("estimate = %+v, %v; want 3.069326 ± 2 %%, as asserted there", e, err)
	}
	if _, err := m.Estimate(map[string]float64{"45": 0.394, "90": 0.219}); err == nil || !strings.Contains(err.Error(), "135°") {
		t.Errorf("an angle is missing: %v", err)
	}
}

func TestEstimateAtTheEndsSaysSo(t *testing.T) {
	standards := keep(rows(t), of("1"))
	_, m := fit(t, standards)
	for c, readings := range levels(standards) {
		e, err := m.Estimate(readings)
		if err != nil {
			t.Fatal(err)
		}
		if c > 0.005 && c < 40 && (e.AtLow || e.AtHigh) {
			t.Errorf("%g mg/mL: %+v, said to be at an end", c, e)
		}
	}
	e, _ := fit(t, standards)
	for l, want := range map[float64][2]bool{e.MinLogC - 0.2: {true, false}, e.MaxLogC: {false, true}} {
		readings := map[string]float64{}
		for _, a := range e.Angles {
			readings[a.Angle] = math.Exp(a.Mu.At(l))
		}
		if got, err := m.Estimate(readings); err != nil || got.AtLow != want[0] || got.AtHigh != want[1] {
			t.Errorf("ℓ = %g, outside %g to %g: %+v, %v", l, e.MinLogC, e.MaxLogC, got, err)
		}
	}
}

func TestAnglesThatContradictEachOtherMisfit(t *testing.T) {
	standards := keep(rows(t), of("1"))
	_, m := fit(t, standards)
	for c, readings := range levels(standards) {
		if e, err := m.Estimate(readings); err != nil || e.Misfit > 3 {
			t.Errorf("%g mg/mL: misfit %.1f σ, %v; want a standard to fit", c, e.Misfit, err)
		}
	}
	if e, err := m.Estimate(map[string]float64{"45": 0, "90": 0, "135": 0}); err != nil || e.Misfit < 50 {
		t.Errorf("darkness: misfit %.1f σ, %v; want it to show", e.Misfit, err)
	}
}

func TestWhateverIsReadTheEstimateIsANumberInItsInterval(t *testing.T) {
	_, m := fit(t, keep(rows(t), of("4")))
	rapid.Check(t, func(t *rapid.T) {
		readings := map[string]float64{}
		for _, a := range fusion.Angles {
			readings[a] = rapid.Float64().Draw(t, a)
		}
		e, err := m.Estimate(readings)
		if err != nil {
			t.Fatal(err)
		}
		if !(e.Low > 0 && e.Low <= e.Value*(1+1e-12) && e.Value <= e.High*(1+1e-12) && e.High <= math.MaxFloat64) {
			t.Errorf("%v: %+v", readings, e)
		}
	})
}

func TestRecalibrationMakesTwoStandardsRight(t *testing.T) {
	base, _ := fit(t, keep(rows(t), of("1")))
	was, err := fusion.New(base)
	if err != nil {
		t.Fatal(err)
	}
	e, err := fusion.Recalibrate(base, fusion.Known{Estimated: 0.5, True: 0.4}, fusion.Known{Estimated: 3, True: 3.3})
	if err != nil {
		t.Fatal(err)
	}
	text, err := calibration.FormatEstimator(e)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = calibration.ParseEstimator("recalibrated", text); err != nil {
		t.Fatal(err)
	}
	now, err := fusion.New(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range base.Angles[0].Mu.Knots[1:9] {
		readings := map[string]float64{}
		for _, a := range base.Angles {
			readings[a.Angle] = math.Exp(a.Mu.At(l))
		}
		before, err1 := was.Estimate(readings)
		after, err2 := now.Estimate(readings)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		s := (math.Log10(3.3) - math.Log10(0.4)) / (math.Log10(3) - math.Log10(0.5))
		want := math.Pow(10, math.Log10(0.4)+s*(math.Log10(before.Value)-math.Log10(0.5)))
		if math.Abs(after.Value/want-1) > 0.02 {
			t.Errorf("ℓ = %g: %g became %g, want %g", l, before.Value, after.Value, want)
		}
	}
	if !strings.Contains(e.Recorded, "logc_affine") || !strings.Contains(e.Recorded, "base_recorded_data") {
		t.Errorf("recorded = %s", e.Recorded)
	}
	for _, wrong := range [][2]fusion.Known{{{1, 2}, {2, 1}}, {{1, 1}, {1, 2}}, {{0, 1}, {1, 2}}, {{1, math.NaN()}, {2, 2}}} {
		if _, err := fusion.Recalibrate(base, wrong[0], wrong[1]); err == nil {
			t.Errorf("%v: not refused", wrong)
		}
	}
}

func TestFitRefusesTooFewLevels(t *testing.T) {
	standards := keep(rows(t), func(r row) bool { return r.instrument == "1" && r.Concentration < 0.02 })
	if _, err := fusion.Fit(standards, fusion.Angles); err == nil || !strings.Contains(err.Error(), "need 4") {
		t.Errorf("three levels: %v", err)
	}
}

// A fitted estimator is a file like any other.
func TestFittedEstimatorIsGivenBack(t *testing.T) {
	e, _ := fit(t, keep(rows(t), of("2")))
	text, err := calibration.FormatEstimator(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := calibration.ParseEstimator("f", text)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := calibration.FormatEstimator(again); err != nil || string(twice) != string(text) {
		t.Errorf("%v: written again it is another file\n%s\n%s", err, text, twice)
	}
}

func BenchmarkEstimate(b *testing.B) {
	e, err := os.ReadFile("../../../hw/calibration/testdata/estimators/od_fused/od-fused-estimator-2026-01-27.yaml")
	if err != nil {
		b.Fatal(err)
	}
	parsed, err := calibration.ParseEstimator("e.yaml", e)
	if err != nil {
		b.Fatal(err)
	}
	m, err := fusion.New(parsed)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Estimate(map[string]float64{"45": 0.394, "90": 0.219, "135": 0.142}); err != nil {
			b.Fatal(err)
		}
	}
}
