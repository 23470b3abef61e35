package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
)

// open is a twin of the default configuration after change.
func open(t testing.TB, change func(*Config)) (*Board, *hwtest.Virtual) {
	t.Helper()
	cfg, clock := DefaultConfig(), hwtest.NewClock()
	if change != nil {
		change(&cfg)
	}
	b, err := New(cfg, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return b, clock
}

// quiet leaves only the mean of what a photodiode sees.
func quiet(c *Config) {
	c.Noise, c.ReadNoiseV, c.ShotNoiseSqrtV, c.HumV, c.GainSpread = "none", 0, 0, 0, 0
	c.WarmUp, c.LEDDriftPerH, c.ADCStepV, c.StirRipple = 0, 0, 0, 0
}

// still is a culture that does not grow.
func still(c *Config) { c.MuMaxPerH, c.SedimentationPerH = 0, 0 }

// set drives an output and fails the test on an error.
func set(t testing.TB, out hw.Output, percent float64) {
	t.Helper()
	if err := out.Set(percent); err != nil {
		t.Fatal(err)
	}
}

func pumpOf(t testing.TB, b *Board, role hw.PumpRole) hw.Output {
	t.Helper()
	p, err := b.Pump(role)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ledOf(t testing.TB, b hw.Board, channel string) hw.Output {
	t.Helper()
	led, err := b.LED(channel)
	if err != nil {
		t.Fatal(err)
	}
	return led
}

// dose runs one pump at 100 % for as long as its nominal rate needs for ml.
func dose(t testing.TB, b *Board, clock *hwtest.Virtual, role hw.PumpRole, ml float64) {
	t.Helper()
	p := pumpOf(t, b, role)
	set(t, p, 100)
	clock.Advance(inSeconds(ml / 0.0911))
	if err := p.Halt(); err != nil {
		t.Fatal(err)
	}
}

var spread = func() hw.Plan {
	plan := make(hw.Plan, 40)
	for i := range plan {
		plan[i] = time.Duration(i) * 21 * time.Millisecond
	}
	return plan
}()

// mean volts of one burst of channel.
func mean(t testing.TB, b hw.Board, channel int) float64 {
	t.Helper()
	burst, err := b.Photodiodes().Burst(spread, []int{channel})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, s := range burst.Samples[0] {
		sum += s.Volts
	}
	return sum / float64(len(spread))
}

// near compares with a relative tolerance.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s = %.10g, want %.10g (± %g relative)", what, got, want, tolerance)
	}
}

// within compares with an absolute tolerance.
func within(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.10g, want %.10g (± %g)", what, got, want, tolerance)
	}
}
