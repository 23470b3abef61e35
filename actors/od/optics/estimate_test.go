package optics_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

const conversion = 8 * time.Millisecond // two channels of 4 ms

// hum samples level + amplitude·sin(2πft + 1) + noise on plan.
func hum(rng *rand.Rand, plan hw.Plan, level, amplitude, hz, noise float64) []hw.Sample {
	out := make([]hw.Sample, len(plan))
	for i, at := range plan {
		// A real host is never on time: up to 0.3 ms late, with a true stamp.
		at += time.Duration(rng.Int64N(300_000))
		v := level + amplitude*math.Sin(2*math.Pi*hz*at.Seconds()+1) + noise*rng.NormFloat64()
		out[i] = hw.Sample{At: at, Volts: math.Max(v, 0)}
	}
	return out
}

// bruteForce trims, then solves the ridge problem as an augmented least-squares
// system by QR: it shares nothing with the code under test.
func bruteForce(t interface{ Fatal(...any) }, samples []hw.Sample, hz float64, prior optics.Prior) [3]float64 {
	s := slices.Clone(samples)
	slices.SortStableFunc(s, func(a, b hw.Sample) int {
		if a.Volts != b.Volts {
			return map[bool]int{true: -1, false: 1}[a.Volts < b.Volts]
		}
		return int(a.At - b.At)
	})
	s = s[1 : len(s)-1]
	rows := len(s) + 1
	a, y := mat.NewDense(rows, 3, nil), mat.NewVecDense(rows, nil)
	for i, smp := range s {
		w := 2 * math.Pi * hz * smp.At.Seconds()
		a.SetRow(i, []float64{1, math.Sin(w), math.Cos(w)})
		y.SetVec(i, smp.Volts)
	}
	root := math.Sqrt(prior.Weight)
	a.SetRow(rows-1, []float64{root, 0, 0})
	y.SetVec(rows-1, root*prior.Volts)
	var qr mat.QR
	qr.Factorize(a)
	var x mat.VecDense
	if err := qr.SolveVecTo(&x, false, y); err != nil {
		t.Fatal("least squares:", err)
	}
	return [3]float64{x.AtVec(0), x.AtVec(1), x.AtVec(2)}
}

func TestRegressionEqualsBruteForceLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		hz := rapid.SampledFrom([]float64{50, 60}).Draw(t, "hz")
		n := rapid.IntRange(10, 40).Draw(t, "n")
		prior := optics.Prior{Volts: rapid.Float64Range(0.01, 3).Draw(t, "prior"), Weight: rapid.Float64Range(0, 100).Draw(t, "weight")}
		plan := optics.SamplingPlan(n, optics.ReadSpan, time.Duration(rapid.IntRange(0, 8000).Draw(t, "conversion µs"))*time.Microsecond)
		s := hum(rng, plan, rng.Float64()*3+0.2, rng.Float64()*0.1, hz, 0.01)
		got, err := optics.Regress(s, hz, prior)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Fitted {
			t.Skip("times cannot separate hum from level")
		}
		want := bruteForce(t, s, hz, prior)
		if d := math.Abs(got.Volts - want[0]); d > 1e-9 {
			t.Errorf("level = %v V, brute force %v V: off by %g", got.Volts, want[0], d)
		}
		if d := math.Abs(got.HumV - math.Hypot(want[1], want[2])); d > 1e-9 {
			t.Errorf("hum = %v V, brute force %v V: off by %g", got.HumV, math.Hypot(want[1], want[2]), d)
		}
	})
}

func TestHumIsTakenOutAndRecognised(t *testing.T) {
	for _, hz := range []float64{50, 60} {
		for seed := range uint64(50) {
			rng := rand.New(rand.NewPCG(seed, uint64(hz)))
			const level, amplitude, noise = 0.4, 0.05, 0.001
			tune := hum(rng, optics.TunePlan(conversion), level, amplitude, hz, noise)
			if got, err := optics.SelectHum(tune); err != nil || got != hz {
				t.Errorf("seed %d: mains = %v Hz, %v, want %v Hz", seed, got, err, hz)
			}
			got, err := optics.Regress(hum(rng, optics.ReadPlan(conversion), level, amplitude, hz, noise), hz, optics.Prior{})
			// 38 samples of 1 mV noise, of which trimming and the two hum terms
			// cost little: σ ≈ 0.2 mV; 5σ.
			if err != nil || !got.Fitted || math.Abs(got.Volts-level) > 0.001 {
				t.Errorf("seed %d at %v Hz: level = %.5f V (fitted %t), %v, want %.5f ± 0.001 V", seed, hz, got.Volts, got.Fitted, err, level)
			}
			if math.Abs(got.HumV-amplitude) > 0.002 {
				t.Errorf("seed %d at %v Hz: hum = %.5f V, want %.5f ± 0.002 V", seed, hz, got.HumV, amplitude)
			}
		}
	}
}

func recorded(t *testing.T, name string) []hw.Sample {
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var s []hw.Sample
	for _, row := range rows {
		at, err1 := strconv.ParseFloat(row[0], 64)
		counts, err2 := strconv.ParseFloat(row[1], 64)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		s = append(s, hw.Sample{At: time.Duration(at * 1e9), Volts: counts / 32767 * 4.096})
	}
	return s
}

func TestRecordedBursts(t *testing.T) {
	for _, name := range []string{"hum60_strong.csv", "hum60_weak.csv"} {
		s := recorded(t, name)
		hz, err := optics.SelectHum(s)
		if err != nil || hz != 60 {
			t.Errorf("%s: mains = %v Hz, %v, want 60 Hz", name, hz, err)
		}
		fit, err := optics.Regress(s, 60, optics.Prior{})
		if err != nil || !fit.Fitted {
			t.Fatalf("%s: fit %+v, %v", name, fit, err)
		}
		mean := 0.0
		for _, smp := range s {
			mean += smp.Volts / float64(len(s))
		}
		if off := math.Abs(fit.Volts-mean) / 4.096 * 32767; off > 10 {
			t.Errorf("%s: level lies %.1f counts from the mean, want at most 10", name, off)
		}
	}
}

func TestEstimatorVectors(t *testing.T) {
	at := func(volts ...float64) []hw.Sample {
		s := make([]hw.Sample, len(volts))
		for i, v := range volts {
			s[i] = hw.Sample{At: time.Duration(i) * 40 * time.Millisecond, Volts: v}
		}
		return s
	}
	constant := at(slices.Repeat([]float64{1}, 25)...)
	hundred := at(slices.Repeat([]float64{100}, 25)...)
	cases := map[string]struct {
		samples []hw.Sample
		hz      float64
		prior   optics.Prior
		want    float64
	}{
		"one sample":               {at(0.7), 0, optics.Prior{}, 0.7},
		"two samples":              {at(0.6, 0.8), 0, optics.Prior{}, 0.7},
		"min and max dropped":      {at(0, 0.5, 9), 0, optics.Prior{}, 0.5},
		"prior weighs in":          {at(0, 1, 1, 9), 0, optics.Prior{Volts: 2, Weight: 2}, 1.5},
		"prior of zero is none":    {at(0, 1, 1, 9), 0, optics.Prior{Volts: 0, Weight: 2}, 1},
		"constant":                 {constant, 60, optics.Prior{}, 1},
		"zeros":                    {at(make([]float64, 25)...), 60, optics.Prior{}, 0},
		"strong prior":             {hundred, 60, optics.Prior{Volts: 125, Weight: 1e9}, 125},
		"50 Hz aliased to a level": {constant, 50, optics.Prior{}, 1},
	}
	for name, c := range cases {
		got, err := optics.Regress(c.samples, c.hz, c.prior)
		if err != nil || math.Abs(got.Volts-c.want) > 1e-6 {
			t.Errorf("%s: level = %v V, %v, want %v V", name, got.Volts, err, c.want)
		}
	}
	if fit, _ := optics.Regress(constant, 50, optics.Prior{}); fit.Fitted {
		t.Error("50 Hz sampled every 40 ms looks like a level: want the mean, got a fit")
	}
	if _, err := optics.TrimmedMean(nil, optics.Prior{}); err == nil {
		t.Error("mean of no samples: got no error")
	}
	if _, err := optics.TrimmedMean(at(1, math.NaN()), optics.Prior{}); err == nil {
		t.Error("mean with NaN: got no error")
	}
}

func TestTrimmedMeanKeeps38Of40(t *testing.T) {
	// An EMA in disguise: penalizer 3 at 5 s weighs the past 24/62.
	s := make([]hw.Sample, 40)
	for i := range s {
		s[i] = hw.Sample{At: time.Duration(i), Volts: 1}
	}
	w := optics.PriorWeight(3, 5*time.Second)
	got, err := optics.TrimmedMean(s, optics.Prior{Volts: 2, Weight: w})
	want := (38.0 + 24*2) / 62
	if err != nil || w != 24 || math.Abs(got.Volts-want) > 1e-12 {
		t.Errorf("weight %v, level %v V, %v, want 24, %v V", w, got.Volts, err, want)
	}
	if w := optics.PriorWeight(0, 5*time.Second); w != 0 {
		t.Errorf("weight without smoothing = %v, want 0", w)
	}
}

func drawBurst(t *rapid.T) []hw.Sample {
	n := rapid.IntRange(1, 40).Draw(t, "n")
	s := make([]hw.Sample, n)
	for i := range s {
		s[i].At = time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "at"))
		s[i].Volts = rapid.Float64Range(0, 6).Draw(t, "volts")
	}
	return s
}

func drawChannel(t *rapid.T) optics.Channel {
	return optics.Channel{
		Diode:       hw.Photodiode{FullScaleV: rapid.Float64Range(0, 7).Draw(t, "full"), Quiet: rapid.Bool().Draw(t, "quiet")},
		DarkV:       rapid.Float64().Draw(t, "dark"),
		HumHz:       rapid.SampledFrom([]float64{0, 50, 60, -1, math.NaN(), math.Inf(1)}).Draw(t, "hz"),
		PriorWeight: rapid.Float64().Draw(t, "weight"),
	}
}

func TestReadingIsAlwaysANumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawChannel(t).Read(drawBurst(t), rapid.Float64().Draw(t, "previous"))
		for _, v := range []float64{r.Volts, r.RawV, r.HumV} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("reading %+v: want numbers of at least 0", r)
			}
		}
	})
}

func TestReadingIgnoresTheOrderOfSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := drawBurst(t), drawChannel(t)
		a := c.Read(s, 0.5)
		b := c.Read(rapid.Permutation(s).Draw(t, "shuffled"), 0.5)
		if math.Abs(a.Volts-b.Volts) > 1e-7 || a.Quality != b.Quality {
			t.Fatalf("reading = %+v, shuffled %+v", a, b)
		}
	})
}

// onSteps moves volts to the steps of a converter, which add up exactly: two
// samples that differ by less than a rounding would change places among the
// extremes when both are raised.
func onSteps(volts float64) float64 { return math.Round(volts*(1<<16)) / (1 << 16) }

func TestReadingRisesWithTheLight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := drawBurst(t), drawChannel(t)
		for i := range s {
			s[i].Volts = onSteps(s[i].Volts)
		}
		c.PriorWeight = math.Min(math.Abs(c.PriorWeight), 1e3)
		brighter := slices.Clone(s)
		step := onSteps(rapid.Float64Range(0, 1).Draw(t, "brighter by"))
		for i := range brighter {
			brighter[i].Volts += step
		}
		if a, b := c.Read(s, 0.5), c.Read(brighter, 0.5); b.Volts < a.Volts-1e-7 {
			t.Fatalf("reading fell from %v to %v V with %v V more light", a.Volts, b.Volts, step)
		}
	})
}
