package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// The curves against the table they were fitted to: rms of ln V, as published
// with the fit (0.14 and 0.08), and 10 % for the interpolated 45°.
func TestResponseFitsTheStandards(t *testing.T) {
	mg := []float64{0, .0025, .0079, .0199, .05, .1256, .3155, .7924, 3.155, 12.56, 50}
	table := map[string]struct {
		rms    float64
		values []float64
	}{
		"45":  {0.05, []float64{.0363, .0339, .0359, .0345, .0521, .0596, .0702, .0688, .1332, .470, .372}},
		"90":  {0.15, []float64{.00045, .00069, .00114, .00188, .00363, .00762, .0229, .0710, .334, .208, .0653}},
		"135": {0.09, []float64{.0109, .0147, .0217, .0320, .0654, .1501, .495, 1.132, .654, .119, .0236}},
	}
	for angle, want := range table {
		sum := 0.0
		for i, v := range want.values {
			d := math.Log(response(angle, mg[i]) / v)
			sum += d * d
		}
		if rms := math.Sqrt(sum / float64(len(mg))); rms > want.rms {
			t.Errorf("%s°: rms of ln V = %.3f, want at most %.2f", angle, rms, want.rms)
		}
	}
}

func TestNinetyDegreesIsAboutLinearOverTheTurbidostatRange(t *testing.T) {
	for mg := 0.05; mg < 2; mg *= 1.1 {
		slope := math.Log(response("90", mg*1.01)/response("90", mg)) / math.Log(1.01)
		if slope < 0.9 || slope > 1.11 {
			t.Errorf("log-log slope at %.3f mg/mL = %.3f, want 0.90 to 1.11", mg, slope)
		}
	}
}

func TestVoltsAreRealistic(t *testing.T) {
	for _, c := range []struct{ au, lo, hi float64 }{{0.05, 0.005, 0.02}, {0.5, 0.05, 0.12}, {1, 0.1, 0.2}, {10, 1, 2}} {
		b, _ := open(t, func(cfg *Config) { quiet(cfg); cfg.InitialODAU = c.au })
		set(t, ledOf(t, b, "A"), 80)
		if v := mean(t, b, 2); v < c.lo || v > c.hi {
			t.Errorf("90° at %v AU and 80 %% = %v V, want %v to %v", c.au, v, c.lo, c.hi)
		}
		within(t, "REF in V", mean(t, b, 1), 0.2+0.002, 1e-9) // dark included
	}
}

func TestLinearResponseIsProportionalToODAndIR(t *testing.T) {
	read := func(au, ir float64) float64 {
		b, _ := open(t, func(c *Config) { quiet(c); c.InitialODAU, c.Response = au, "linear" })
		set(t, ledOf(t, b, "A"), ir)
		return mean(t, b, 2) - 0.002
	}
	one := read(1, 80)
	near(t, "1 AU in V", one, 6*0.8*response("90", 0.35), 1e-9)
	near(t, "3 AU", read(3, 80), 3*one, 1e-9)
	near(t, "half the IR", read(1, 40), one/2, 1e-9)
	within(t, "blank in V", read(0, 80), 0, 1e-12)
}

func TestDarkLeakAndAmbient(t *testing.T) {
	b, _ := open(t, quiet)
	within(t, "dark in V", mean(t, b, 2), 0.002, 1e-12)
	set(t, ledOf(t, b, "B"), 50)
	within(t, "LED B at 50 % in V", mean(t, b, 2), 0.002+0.01, 1e-12)
	set(t, ledOf(t, b, "B"), 0)
	a, _ := open(t, func(c *Config) { quiet(c); c.AmbientV = 0.1 })
	within(t, "ambient on the signal in V", mean(t, a, 2), 0.102, 1e-12)
	within(t, "ambient on REF in V", mean(t, a, 1), 0.012, 1e-12)
}

// y = C + b·sin + c·cos fitted at the mains frequency shows the amplitude, and
// the phase differs between bursts that do not start with the mains.
func TestHumHasAmplitudeFrequencyAndPhase(t *testing.T) {
	b, clock := open(t, func(c *Config) { quiet(c); c.HumV, c.AmbientV = 0.01, 0.05 })
	amplitude := func(hz float64) (float64, float64) {
		burst, err := b.Photodiodes().Burst(spread, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		var re, im float64
		for _, s := range burst.Samples[0] {
			sin, cos := math.Sincos(2 * math.Pi * hz * s.At.Seconds())
			re, im = re+(s.Volts-0.052)*cos, im+(s.Volts-0.052)*sin
		}
		return 2 * math.Hypot(re, im) / 40, math.Atan2(im, re)
	}
	first, phase := amplitude(50)
	within(t, "hum at 50 Hz in V", first, 0.01, 0.001) // 21 ms sampling: nearly orthogonal
	clock.Advance(5*time.Second + 7*time.Millisecond)
	_, later := amplitude(50)
	within(t, "phase moved by 0.35 turns", math.Abs(math.Remainder(later-phase+2*math.Pi*0.35, 2*math.Pi)), 0, 0.3)
	quietBoard, _ := open(t, func(c *Config) { quiet(c); c.HumV, c.QuietADC = 0.01, true })
	within(t, "dark volts of a quiet converter", mean(t, quietBoard, 2), 0.002, 1e-12)
}

func TestVoltsClipAtFullScale(t *testing.T) {
	b, _ := open(t, func(c *Config) { c.InitialODAU, c.Gain90V, c.FullScaleV = 10, 100, 3.3 })
	set(t, ledOf(t, b, "A"), 100)
	within(t, "saturated in V", mean(t, b, 2), 3.3, 1e-12) // the mean rounds
}

func TestLEDIsBrighterWhenJustSwitchedOn(t *testing.T) {
	b, clock := open(t, func(c *Config) { quiet(c); c.WarmUp, c.LEDDriftPerH = 0.01, -1e-3 })
	set(t, ledOf(t, b, "A"), 100)
	burst, err := b.Photodiodes().Burst(hw.Plan{0, 300 * time.Millisecond}, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "at once in V", burst.Samples[0][0].Volts, 0.002+0.25*1.01, 1e-9)
	near(t, "after 0.3 s in V", burst.Samples[0][1].Volts, 0.002+0.25*(1+0.01/math.E), 1e-6)
	clock.Advance(10 * time.Hour)
	near(t, "after 10 h in V", mean(t, b, 1), 0.002+0.25*0.99, 1e-9)
}

func TestBubblesClearWithin25Seconds(t *testing.T) {
	b, clock := open(t, func(c *Config) { quiet(c); still(c) })
	set(t, ledOf(t, b, "A"), 80)
	set(t, pumpOf(t, b, hw.Waste), 100) // draws air at the surface: no dilution
	clock.Advance(11 * time.Second)
	set(t, pumpOf(t, b, hw.Waste), 0)
	settled := 0.002 + 6*0.8*response("90", 0.05*0.35)
	if v := mean(t, b, 2); v < 1.08*settled {
		t.Errorf("right after dosing = %v V, want at least 8 %% above %v V", v, settled)
	}
	clock.Advance(25 * time.Second)
	near(t, "25 s later in V", mean(t, b, 2), settled, 0.005) // 0.15·e^(−25/6) = 0.2 %
}

// The published error of a reading: its size and its memory, over 20000 readings.
func TestNoiseFamilies(t *testing.T) {
	for name, f := range families {
		r, z := source(7, name), 0.0
		const n = 20000
		var sum, sum2, lagged, previous float64
		for range n {
			e := f.next(r, &z, 1)
			sum, sum2, lagged = sum+e, sum2+e*e, lagged+e*previous
			previous = e
		}
		sigma := math.Hypot(f.floor, f.cv)
		got := math.Sqrt(sum2 / n)
		within(t, name+": mean in AU", sum/n, 0, 0.1*sigma+1e-12) // 4 standard errors at ρ = 0.83
		// shocks are uniform to ±k: variance p·k²/3
		within(t, name+": sigma in AU", got, sigma*math.Sqrt(1+f.p*f.k*f.k/3), 0.05*sigma)
		if name != "none" {
			within(t, name+": correlation", lagged/sum2, f.rho/(1+f.p*f.k*f.k/3), 0.03)
		}
	}
}

func TestNoiseIsAsLoudAsAsked(t *testing.T) {
	for family, want := range map[string]float64{"nominal": 0.033, "noisy": 0.033, "none": 0} {
		b, clock := open(t, func(c *Config) { quiet(c); still(c); c.Noise, c.NoiseCV, c.Response, c.InitialODAU = family, 0.033, "linear", 1 })
		set(t, ledOf(t, b, "A"), 80)
		var sum, squares float64
		const n = 4000
		for range n {
			clock.Advance(5 * time.Second)
			v := mean(t, b, 2)
			sum, squares = sum+v, squares+v*v
		}
		m := sum / n
		within(t, family+": σ over the mean", math.Sqrt(max(squares/n-m*m, 0))/m, want, 0.005)
	}
}

func TestBurstTimesAreRoundRobin(t *testing.T) {
	burst, err := timeline(hw.Plan{0, time.Millisecond, 20 * time.Millisecond}, 2, 1500*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]time.Duration{{0, 3000, 20000}, {1500, 4500, 21500}} // µs; the second round has to wait
	for i := range want {
		for k, at := range want[i] {
			if got := burst.Samples[i][k].At; got != at*time.Microsecond {
				t.Errorf("channel %d, sample %d at %v, want %v", i, k, got, at*time.Microsecond)
			}
		}
	}
	if burst.Took != 23*time.Millisecond {
		t.Errorf("took %v, want 23ms", burst.Took)
	}
	for _, bad := range []hw.Plan{{-1}, {5, 4}} {
		if _, err := timeline(bad, 1, 0); err == nil {
			t.Errorf("plan %v was accepted", bad)
		}
	}
}
