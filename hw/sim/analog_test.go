package sim

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// spreadOf looks at channel n times, gap apart, and returns mean and range.
func spreadOf(t *testing.T, b *Board, wait func(time.Duration), channel, n int, gap time.Duration) (mean, spread float64) {
	t.Helper()
	lo, hi := math.Inf(1), math.Inf(-1)
	for range n {
		v, err := b.Volts(channel)
		if err != nil {
			t.Fatal(err)
		}
		mean, lo, hi = mean+v/float64(n), min(lo, v), max(hi, v)
		wait(gap)
	}
	return mean, hi - lo
}

// Looks of one reading share its error; separate readings do not.
func TestVoltsShareOneReadingsError(t *testing.T) {
	b, clock := open(t, func(c *Config) {
		quiet(c)
		still(c)
		c.Noise, c.NoiseCV, c.BubbleGain = "nominal", 0.05, 0
	})
	set(t, ledOf(t, b, "A"), 80)
	clock.Advance(10 * time.Second)
	mean, one := spreadOf(t, b, clock.Advance, 2, 40, 20*time.Millisecond)
	if one > 1e-9 {
		t.Errorf("looks of one reading differ by %g V, want the same error", one)
	}
	_, many := spreadOf(t, b, clock.Advance, 2, 40, 5*time.Second)
	if many < 0.02*mean {
		t.Errorf("readings differ by %g V of %g V, want an error of 5 %% in each", many, mean)
	}
}

// An LED that changes is seen at once, and the same signal comes back by Burst.
func TestVoltsFollowTheLight(t *testing.T) {
	b, clock := open(t, func(c *Config) { quiet(c); still(c) })
	dark, _ := spreadOf(t, b, clock.Advance, 1, 1, time.Millisecond)
	set(t, ledOf(t, b, "A"), 80)
	lit, _ := spreadOf(t, b, clock.Advance, 1, 1, time.Millisecond)
	within(t, "dark REF", dark, 0.002, 1e-9)
	within(t, "lit REF", lit, 0.002+0.8*0.25, 1e-9)
	within(t, "the same by Burst", mean(t, b, 1), lit, 1e-9)
	if err := b.Inject(Fault{Kind: Ambient, Value: 0.1}); err != nil {
		t.Fatal(err)
	}
	now, _ := spreadOf(t, b, clock.Advance, 1, 1, time.Millisecond)
	within(t, "REF with stray light", now, lit+0.01, 1e-9)
}

func TestVoltsRefuseWhatBurstRefuses(t *testing.T) {
	b, _ := open(t, nil)
	if _, err := b.Volts(3); !errors.Is(err, hw.ErrAbsent) {
		t.Errorf("channel 3: %v, want ErrAbsent", err)
	}
	if err := b.Inject(Fault{Kind: ADCError}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Volts(1); err == nil {
		t.Error("a dead converter gave volts")
	}
}
