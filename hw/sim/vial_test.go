package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"pgregory.net/rapid"
)

func TestDoseDilutesExactly(t *testing.T) {
	b, clock := open(t, func(c *Config) { still(c); c.InitialODAU, c.AltMediaSubstrateGPerL = 2, 4 })
	dose(t, b, clock, hw.AltMedia, 1)
	got := b.Truth()
	// 1e-8: the dose ends at a whole nanosecond
	near(t, "volume in mL", got.VolumeML, 16, 1e-8)
	near(t, "OD in AU", got.ODAU, 2*15/16.0, 1e-8)
	near(t, "alt media fraction", got.AltMediaFraction, 1/16.0, 1e-8)
	near(t, "substrate in g/L", got.SubstrateGPerL, (10*15+4)/16.0, 1e-8)
	dose(t, b, clock, hw.Waste, 3) // waste changes no concentration
	drained := b.Truth()
	near(t, "OD in AU after waste", drained.ODAU, got.ODAU, 1e-12)
	within(t, "volume in mL after waste", drained.VolumeML, 15, 1e-12)
	near(t, "waste moved in mL", drained.Pump(hw.Waste).MovedML, 1, 1e-8)
	near(t, "air moved in mL", drained.Pump(hw.Waste).AirML, 2, 1e-8)
}

func TestPumpsMoveRateTimesTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		factor := rapid.Float64Range(0.5, 1.5).Draw(rt, "factor")
		b, clock := open(t, func(c *Config) {
			c.MediaRateFactor, c.EvaporationMLPerH = factor, rapid.Float64Range(0, 2).Draw(rt, "evaporation")
		})
		p, want := pumpOf(t, b, hw.Media), 0.0
		for range rapid.IntRange(1, 8).Draw(rt, "doses") {
			duty := rapid.Float64Range(0, 100).Draw(rt, "duty")
			on := time.Duration(rapid.Int64Range(0, 120e9).Draw(rt, "on"))
			set(t, p, duty)
			clock.Advance(on)
			_ = p.Halt()
			clock.Advance(7 * time.Second)
			want += 0.0911 * factor * duty / 100 * on.Seconds()
		}
		if got := b.Truth().Pump(hw.Media).MovedML; math.Abs(got-want) > 1e-9 {
			rt.Fatalf("moved %.12f mL, want %.12f", got, want)
		}
	})
}

func TestVolumeBalancesAndOnlyOverflowLeavesTheBrim(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, clock := open(t, func(c *Config) { c.TrueEffluxML = rapid.Float64Range(10, 20).Draw(rt, "efflux") })
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			for _, role := range hw.PumpRoles {
				set(t, pumpOf(t, b, role), rapid.SampledFrom([]float64{0, 0, 3, 50, 100}).Draw(rt, "duty"))
			}
			clock.Advance(time.Duration(rapid.Int64Range(0, 60e9).Draw(rt, "time")))
			g := b.Truth()
			if g.VolumeML > 20 {
				rt.Fatalf("volume %v mL is above the brim", g.VolumeML)
			}
			in := g.Pump(hw.Media).MovedML + g.Pump(hw.AltMedia).MovedML
			left := 15 + in - g.Pump(hw.Waste).MovedML - g.OverflowML
			if math.Abs(left-g.VolumeML) > 1e-9 {
				rt.Fatalf("volume %v mL, balance %v mL: %+v", g.VolumeML, left, g)
			}
		}
	})
}

func TestOverfillingOverflows(t *testing.T) {
	b, clock := open(t, still)
	dose(t, b, clock, hw.Media, 5)
	within(t, "overflow at the brim in mL", b.Truth().OverflowML, 0, 1e-7)
	dose(t, b, clock, hw.Media, 2)
	within(t, "volume in mL", b.Truth().VolumeML, 20, 1e-9)
	within(t, "overflow in mL", b.Truth().OverflowML, 2, 1e-7)
	near(t, "OD in AU", b.Truth().ODAU, 0.05*15/20*math.Exp(-2/20.0), 1e-7) // 5 mL fill, 2 mL flush
}

func TestLowerTubeDrainsFirst(t *testing.T) {
	b, clock := open(t, func(c *Config) { c.TrueEffluxML = 12 })
	dose(t, b, clock, hw.Waste, 10)
	within(t, "volume in mL", b.Truth().VolumeML, 12, 1e-9)
	near(t, "waste moved in mL", b.Truth().Pump(hw.Waste).MovedML, 3, 1e-9)
}

func TestEvaporationConcentrates(t *testing.T) {
	b, clock := open(t, func(c *Config) { still(c); c.InitialODAU, c.EvaporationMLPerH = 1, 0.1 })
	clock.Advance(24 * time.Hour)
	near(t, "volume in mL", b.Truth().VolumeML, 15-2.4, 1e-9)
	near(t, "OD in AU", b.Truth().ODAU, 15/12.6, 1e-9)
	clock.Advance(400 * time.Hour) // it cannot evaporate more than there is
	within(t, "volume in mL", b.Truth().VolumeML, dry, 1e-9)
}

func TestBottlesRunOut(t *testing.T) {
	b, clock := open(t, func(c *Config) { still(c); c.MediaBottleML, c.WasteBottleML = 1.5, 1 })
	dose(t, b, clock, hw.Media, 2)
	got := b.Truth().Pump(hw.Media)
	near(t, "liquid in mL", got.MovedML, 1.5, 1e-9)
	near(t, "air in mL", got.AirML, 0.5, 1e-7)
	within(t, "media left in mL", b.Truth().MediaLeftML, 0, 0)
	dose(t, b, clock, hw.Waste, 2)
	near(t, "waste bottle overflow in mL", b.Truth().WasteOverflowML, 0.5, 1e-9)
}

// The vial must not depend on how often somebody looks.
func TestLookingChangesNothing(t *testing.T) {
	run := func(look time.Duration) Truth {
		b, clock := open(t, func(c *Config) { c.EvaporationMLPerH, c.InitialODAU = 0.2, 1 })
		set(t, b.Stirrer(), 60)
		for range 3 {
			set(t, pumpOf(t, b, hw.Media), 100)
			for range 20 * time.Second / look {
				clock.Advance(look)
				b.Truth()
			}
			_ = pumpOf(t, b, hw.Media).Halt()
			clock.Advance(10 * time.Minute)
		}
		return b.Truth()
	}
	often, once := run(10*time.Millisecond), run(20*time.Second)
	near(t, "OD in AU", often.ODAU, once.ODAU, 1e-6) // alternation of growth and dilution, ≤ 1 s
	near(t, "volume in mL", often.VolumeML, once.VolumeML, 1e-12)
	near(t, "moved in mL", often.Pump(hw.Media).MovedML, once.Pump(hw.Media).MovedML, 1e-12)
	within(t, "rpm", often.RPM, once.RPM, 1e-6)
}

// A vial a hair below the brim, and a pump that runs for one nanosecond.
func TestBrimHoldsForTheShortestInstant(t *testing.T) {
	b, clock := open(t, func(c *Config) { c.TrueEffluxML = 10 })
	step := func(media, alt, waste float64, d time.Duration) {
		for i, percent := range []float64{media, alt, waste} {
			set(t, pumpOf(t, b, hw.PumpRoles[i]), percent)
		}
		clock.Advance(d)
	}
	step(50, 50, 0, time.Minute)
	step(0, 0, 3, 1)
	step(0, 50, 0, 1)
	if got := b.Truth().VolumeML; got > 20 {
		t.Errorf("volume = %.15f mL, want no more than 20", got)
	}
}
