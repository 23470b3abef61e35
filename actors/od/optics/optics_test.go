package optics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw"
	"pgregory.net/rapid"
)

func TestPlanIsJitteredAndFits(t *testing.T) {
	plan := optics.ReadPlan(0)
	if len(plan) != 40 || plan[0] != 0 {
		t.Fatalf("plan = %v, want 40 offsets from 0", plan)
	}
	gap := float64(850*time.Millisecond) / 39
	for k := 1; k < len(plan); k++ {
		want := gap * math.Mod(0.618034*float64(k), 1)
		if got := float64(plan[k] - plan[k-1]); math.Abs(got-want) > 1 {
			t.Errorf("gap %d = %v ns, want %v ns", k, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 100).Draw(t, "n")
		conversion := time.Duration(rapid.IntRange(-5, 40).Draw(t, "ms")) * time.Millisecond
		span := time.Duration(rapid.IntRange(0, 2000).Draw(t, "span ms")) * time.Millisecond
		plan := optics.SamplingPlan(n, span, conversion)
		if len(plan) != n {
			t.Fatalf("%d samples, want %d", len(plan), n)
		}
		for k := 1; k < n; k++ {
			if plan[k]-plan[k-1] < max(conversion, 0) {
				t.Fatalf("sample %d follows after %v, a conversion takes %v", k, plan[k]-plan[k-1], conversion)
			}
		}
		if limit := max(span, time.Duration(n)*max(conversion, 0)); n > 0 && conversion <= span/100 && plan[n-1] > limit {
			t.Fatalf("last sample at %v, want at most %v", plan[n-1], limit)
		}
	})
	if tune := optics.TunePlan(0); len(tune) != 10 || tune[9] > 250*time.Millisecond {
		t.Errorf("tuning plan = %v, want 10 samples in 250 ms", tune)
	}
}

func burst(volts ...float64) []hw.Sample {
	s := make([]hw.Sample, len(volts))
	for i, v := range volts {
		s[i] = hw.Sample{At: time.Duration(i) * time.Millisecond, Volts: v}
	}
	return s
}

func TestReadingQuality(t *testing.T) {
	cases := map[string]struct {
		dark    float64
		samples []hw.Sample
		want    optics.Quality
		volts   float64
	}{
		"good":                     {0.002, burst(0.5, 0.5, 0.5, 0.5), optics.Good, 0.498},
		"one spike is trimmed":     {0, burst(0.5, 0.5, 0.5, 3.3), optics.Good, 0.5},
		"kept at full scale":       {0, burst(0.5, 0.5, 3.3, 3.3), optics.Saturated, 1.9},
		"below dark":               {0.01, burst(0.004, 0.004, 0.004), optics.Clipped, 0},
		"stray light":              {0.1, burst(0.5, 0.5, 0.5), optics.DarkTooHigh, 0.4},
		"no samples":               {0, nil, optics.SensorError, 0},
		"not a number":             {0, burst(0.5, math.NaN()), optics.SensorError, 0},
		"saturated beats stray":    {0.1, burst(3.3, 3.3, 3.3), optics.Saturated, 3.2},
		"dark of nonsense is 0":    {math.NaN(), burst(0.5), optics.Good, 0.5},
		"negative dark is no gift": {-1, burst(0.5), optics.Good, 0.5},
	}
	for name, c := range cases {
		got := optics.Channel{Diode: hw.Photodiode{FullScaleV: 3.3}, DarkV: c.dark}.Read(c.samples, 0)
		if got.Quality != c.want || math.Abs(got.Volts-c.volts) > 1e-9 {
			t.Errorf("%s: %v V %q, want %v V %q", name, got.Volts, got.Quality, c.volts, c.want)
		}
	}
}

func TestDarkOffsetSurvivesAGainChange(t *testing.T) {
	// 2 mV of dark and 0.600 V of light read 0.600 V whatever the converter's
	// gain was: the offset is in volts.
	got := optics.Channel{DarkV: 0.002}.Read(burst(0.602, 0.602, 0.602), 0)
	if math.Abs(got.Volts-0.6) > 1e-9 {
		t.Errorf("level = %v V, want 0.6 V", got.Volts)
	}
}

func TestDarkIsNotSmoothedIn(t *testing.T) {
	// A steady level is a fixed point of the prior, dark offset or not.
	c := optics.Channel{DarkV: 0.01, PriorWeight: 24}
	if got := c.Read(burst(0.51, 0.51, 0.51), 0.5); math.Abs(got.Volts-0.5) > 1e-9 {
		t.Errorf("level = %v V, want 0.5 V", got.Volts)
	}
}

func TestControlUsesGoodAndUncertainReadings(t *testing.T) {
	for _, q := range optics.Qualities {
		if got, want := q.UsableForControl(), q.Code() != "bad"; got != want {
			t.Errorf("%q usable = %t, want %t", q, got, want)
		}
		text, err := json.Marshal(q)
		var back optics.Quality
		if err == nil {
			err = json.Unmarshal(text, &back)
		}
		if err != nil || back != q {
			t.Errorf("%q came back as %q, %v", q, back, err)
		}
	}
	var q optics.Quality
	if q.UsableForControl() || optics.Quality("splendid").UsableForControl() {
		t.Error("an unknown quality must not be used for control")
	}
	if err := json.Unmarshal([]byte(`"splendid"`), &q); err == nil {
		t.Error("an unknown quality was decoded")
	}
	if got := optics.Worse(optics.PumpOn, optics.Saturated); got != optics.PumpOn {
		t.Errorf("worse of two bad ones = %q, want the first", got)
	}
	if optics.Late.Code() != "uncertain" || optics.Late.Reason() != "late" || optics.Good.Reason() != "" {
		t.Errorf("late = %q %q, good's reason %q", optics.Late.Code(), optics.Late.Reason(), optics.Good.Reason())
	}
}

func TestSafetyLimits(t *testing.T) {
	for volts, want := range map[float64]optics.Alarm{
		0: optics.Quiet, 3.0: optics.Quiet, 3.01: optics.Warn, 3.2: optics.Warn, 3.21: optics.Trip,
		math.Inf(1): optics.Trip, math.NaN(): optics.Trip,
	} {
		if got := optics.Check(volts); got != want {
			t.Errorf("alarm at %v V = %v, want %v", volts, got, want)
		}
	}
}

func TestAutoIntensityVectors(t *testing.T) {
	cases := map[string]struct {
		signals, refs []float64
		want          float64
	}{
		"both weak":      {[]float64{0.02}, []float64{0.05}, 85},
		"strong ref":     {[]float64{0.02}, []float64{0.2}, 62.5},
		"strong signal":  {[]float64{0.5}, []float64{0.2}, 50},
		"no light":       {[]float64{0}, []float64{0}, 85},
		"two signals":    {[]float64{0.5, 0.5}, []float64{0.2}, 85},
		"no ref":         {[]float64{0.5}, nil, 85},
		"nonsense level": {[]float64{math.NaN()}, []float64{0.2}, 62.5},
	}
	for name, c := range cases {
		if got := optics.AutoIntensity(50, c.signals, c.refs); got != c.want {
			t.Errorf("%s: intensity = %v %%, want %v %%", name, got, c.want)
		}
	}
}

func ExampleChannel_Read() {
	c := optics.Channel{Diode: hw.Photodiode{Channel: 1, FullScaleV: 3.3}, DarkV: 0.002}
	r := c.Read(burst(0.402, 0.402, 0.401, 0.403), 0)
	fmt.Printf("%.3f V %s\n", r.Volts, r.Quality)
	// Output: 0.400 V good
}

// A day of readings, 2 channels of 40 samples every 5 s.
func BenchmarkDay(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := hum(rng, optics.ReadPlan(conversion), 0.4, 0.05, 60, 0.001)
	c := optics.Channel{Diode: hw.Photodiode{FullScaleV: 3.3}, DarkV: 0.002, HumHz: 60, PriorWeight: 24}
	b.ReportAllocs()
	for b.Loop() {
		ref, _ := optics.NewReference(optics.Unity, 0.75, 0)
		var last, lastRef optics.Reading
		for range 17280 {
			last, lastRef = c.Read(s, last.Volts), c.Read(s, lastRef.Volts)
			var q optics.Quality
			ref, q = ref.Next(lastRef, 5*time.Second)
			ref.Normalize(last, q)
		}
	}
}
