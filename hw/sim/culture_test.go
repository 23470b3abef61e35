package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"pgregory.net/rapid"
)

func TestGrowthInExcessIsExponential(t *testing.T) {
	b, clock := open(t, func(c *Config) {
		c.LagH, c.KsGPerL, c.MediaSubstrateGPerL = 0, 1e-6, 1000
	})
	for range 977 { // uneven calls must not matter
		clock.Advance(11 * time.Second)
		clock.Advance(53 * time.Millisecond)
		b.Truth()
	}
	hours := 977 * 11.053 / 3600
	// 1e-7: S/(Ks+S) is 1e-9 below 1, the rest is rounding
	near(t, "OD in AU", b.Truth().ODAU, 0.05*math.Exp(0.9*hours), 1e-7)
	near(t, "µ in 1/h", b.Truth().MuPerH, 0.9, 1e-7)
	near(t, "generations", b.Truth().Generations, 0.9*hours/math.Ln2, 1e-7)
}

func TestLagDelaysByItsLength(t *testing.T) {
	b, clock := open(t, func(c *Config) { c.LagH, c.KsGPerL, c.MediaSubstrateGPerL = 2, 1e-6, 1000 })
	for _, h := range []float64{0.5, 1, 2, 4, 9} {
		clock.Advance(inSeconds(h*3600) - (clock.Now() - time.Hour))
		// Baranyi & Roberts 1994: A(t) = t + ln(e^(−µt) + e^(−h0) − e^(−µt−h0))/µ
		m, h0 := 0.9, 0.9*2
		a := h + math.Log(math.Exp(-m*h)+math.Exp(-h0)-math.Exp(-m*h-h0))/m
		near(t, "OD in AU", b.Truth().ODAU, 0.05*math.Exp(m*a), 1e-7)
	}
	// after the lag the culture is exactly 2 h behind, but for e^(−µt)
	near(t, "OD in AU after 9 h", b.Truth().ODAU, 0.05*math.Exp(0.9*7), 0.003)
}

func TestDefaultsReachHalfAnAUInFourHoursAndTenInTwelve(t *testing.T) {
	b, clock := open(t, nil)
	clock.Advance(220 * time.Minute)
	within(t, "OD in AU after 3.67 h", b.Truth().ODAU, 0.5, 0.1)
	clock.Advance(8*time.Hour + 20*time.Minute)
	got := b.Truth()
	near(t, "final OD in AU", got.ODAU, 0.05+13, 1e-6) // all substrate: 10 g/L · 1.3 AU·L/g
	within(t, "final substrate in g/L", got.SubstrateGPerL, 0, 1e-6)
}

func TestMonodMatchesRungeKutta(t *testing.T) {
	for _, c := range []struct{ x, s, k, ks, y, h float64 }{
		{0.05, 10, 0.9, 0.1, 1.3, 6}, {1, 0.2, 0.9, 0.1, 1.3, 2}, {5, 1, 1.8, 5, 0.5, 1}, {10, 0.01, 0.5, 0.05, 1.3, 0.2},
	} {
		x, s := c.x, c.s
		const steps = 40000
		dt := c.h / steps
		f := func(x, s float64) float64 { return c.k * x * s / (c.ks + s) }
		for range steps {
			k1 := f(x, s)
			k2 := f(x+dt/2*k1, s-dt/2*k1/c.y)
			k3 := f(x+dt/2*k2, s-dt/2*k2/c.y)
			k4 := f(x+dt*k3, s-dt*k3/c.y)
			d := dt * (k1 + 2*k2 + 2*k3 + k4) / 6
			x, s = x+d, s-d/c.y
		}
		gotX, gotS := monod(c.x, c.s, c.k*c.h, c.ks, c.y)
		near(t, "X", gotX, x, 1e-8)
		near(t, "S", gotS, s, 1e-6)
	}
}

func TestMonodConservesMassHoweverStiff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, lo, hi float64) float64 {
			return math.Pow(10, rapid.Float64Range(lo, hi).Draw(t, name))
		}
		x0, s0, ks, y := draw("x", -9, 2), draw("s", -12, 4), draw("ks", -6, 3), draw("y", -3, 3)
		kt := draw("kt", -9, 3)
		x, s := monod(x0, s0, kt, ks, y)
		if !(x >= x0 && s >= 0 && s <= s0) {
			t.Fatalf("monod(%g, %g, %g, %g, %g) = %g, %g", x0, s0, kt, ks, y, x, s)
		}
		if total := x0 + y*s0; math.Abs(x+y*s-total) > 1e-9*total {
			t.Fatalf("mass %g became %g", total, x+y*s)
		}
		// two half steps are one step
		xh, sh := monod(x0, s0, kt/2, ks, y)
		xh, sh = monod(xh, sh, kt/2, ks, y)
		if math.Abs(xh-x) > 1e-6*x || math.Abs(sh-s) > 1e-5*s+1e-9*s0 {
			t.Fatalf("two halves give %g, %g; one step %g, %g", xh, sh, x, s)
		}
	})
}

// chemostat feeds at D in 1/h and drains faster.
func chemostat(t *testing.T, d float64, change func(*Config)) (*Board, func(hours float64)) {
	b, clock := open(t, change)
	set(t, pumpOf(t, b, hw.Media), d*15/3600/0.0911*100)
	set(t, pumpOf(t, b, hw.Waste), 50)
	return b, func(hours float64) { clock.Advance(inSeconds(hours * 3600)) }
}

func TestChemostatReachesItsSteadyState(t *testing.T) {
	const d = 0.3
	b, advance := chemostat(t, d, func(c *Config) { c.LagH, c.InitialODAU = 0, 5 })
	advance(40)
	got := b.Truth()
	want := 0.1 * d / (0.9 - d) // S* = Ks·D/(µmax−D)
	// 0.1 %: growth and dilution alternate each second, which errs in second order
	near(t, "substrate in g/L", got.SubstrateGPerL, want, 1e-3)
	near(t, "OD in AU", got.ODAU, 1.3*(10-want), 1e-3)
	near(t, "µ in 1/h", got.MuPerH, d, 1e-3)
	near(t, "volume in mL", got.VolumeML, 15, 1e-9)
}

func TestFastChemostatWashesOut(t *testing.T) {
	b, advance := chemostat(t, 1.5, func(c *Config) { c.LagH, c.InitialODAU = 0, 0.5 })
	advance(1)
	before := b.Truth()
	advance(5)
	after := b.Truth()
	mu := 0.9 * 10 / 10.1 // substrate is hardly touched: 10 g/L within 1 %
	near(t, "decline of ln OD in 1/h", math.Log(before.ODAU/after.ODAU)/5, 1.5-mu, 0.005)
}

func TestAltMediaInhibitsByHill(t *testing.T) {
	c := newCulture(defaultCulture())
	c.ready = fullyReady
	free := c.mu(22)
	for _, f := range []struct{ alt, left float64 }{{0, 1}, {0.3, 0.5}, {0.6, 0.2}, {0.9, 0.1}} {
		c.alt = f.alt // 1/(1+(alt/0.3)²)
		near(t, "share of µ left", c.mu(22)/free, f.left, 1e-12)
	}
}

func TestResistanceEvolvesOnlyUnderSelection(t *testing.T) {
	for alt, rises := range map[float64]bool{0: false, 0.3: true} {
		c := newCulture(defaultCulture())
		c.cfg.IC50DriftPerGeneration, c.alt = 0.05, alt
		for range 1000 {
			c.grow(0.01, 22)
		}
		if got := c.ic50 > 0.3; got != rises {
			t.Errorf("alt media %v: IC50 = %v, rises %v, want %v", alt, c.ic50, got, rises)
		}
	}
}

func TestOxygenMakesGrowthLinear(t *testing.T) {
	b, clock := open(t, func(c *Config) { c.LagH, c.InitialODAU, c.OxygenLimitAUPerH = 0, 2, 0.5 })
	clock.Advance(4 * time.Hour)
	near(t, "OD in AU", b.Truth().ODAU, 2+0.5*4, 0.002) // pieces of 10 s: e^x−1 for x
	near(t, "µ in 1/h", b.Truth().MuPerH, 0.5/4, 0.002)
}

func TestTemperatureShapesGrowth(t *testing.T) {
	within(t, "at the optimum", warmth(37, 37, 5), 1, 0)
	near(t, "one width off", warmth(32, 37, 5), math.Exp(-0.5), 1e-12)
	within(t, "off by default", warmth(4, 37, 0), 1, 0)
}

func TestStandingCultureSediments(t *testing.T) {
	b, clock := open(t, func(c *Config) { quiet(c); c.MuMaxPerH, c.InitialODAU, c.VortexGain = 0, 1, 0 })
	set(t, ledOf(t, b, "A"), 80)
	before := mean(t, b, 2)
	clock.Advance(2 * time.Hour)
	if after := mean(t, b, 2); after > 0.8*before {
		t.Errorf("signal after 2 h without stirring = %v V of %v V, want a loss above 20 %%", after, before)
	}
	set(t, b.Stirrer(), 100)
	clock.Advance(time.Minute)
	near(t, "signal after stirring again in V", mean(t, b, 2), before, 1e-3)
	within(t, "OD in AU", b.Truth().ODAU, 1, 0)
}
