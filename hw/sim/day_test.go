package sim

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
)

// day runs a full unit: every 5 s an OD burst of 40 samples of two channels and
// a temperature, every 23 s the tachometer, every 10 min a dose of 0.5 mL with
// three times the waste. What is read goes to sink, if there is one.
func day(tb testing.TB, b *Board, clock *hwtest.Virtual, hours int, sink io.Writer) {
	record := func(v any) {
		if sink != nil {
			if err := binary.Write(sink, binary.LittleEndian, v); err != nil {
				tb.Fatal(err)
			}
		}
	}
	ir, channels := ledOf(tb, b, "A"), []int{1, 2}
	heater, _ := b.Heater()
	thermometer, _ := b.Thermometer()
	tacho, _ := b.Tachometer()
	set(tb, b.Stirrer(), 100)
	clock.Advance(500 * time.Millisecond)
	set(tb, b.Stirrer(), 28)
	for tick := range hours * 720 {
		start := clock.Now()
		set(tb, ir, 80)
		clock.Advance(125 * time.Millisecond)
		burst, err := b.Photodiodes().Burst(spread, channels)
		if err != nil {
			tb.Fatal(err)
		}
		clock.Advance(burst.Took)
		set(tb, ir, 0)
		c, _ := thermometer.TemperatureC()
		if tick%5 == 0 {
			e, _ := tacho.Edges()
			record([]int64{int64(e.Count), int64(e.Last)})
			set(tb, heater, float64(tick%40))
		}
		if tick%120 == 60 {
			dose(tb, b, clock, hw.Media, 0.5)
			dose(tb, b, clock, hw.Waste, 1.5)
		}
		for _, series := range burst.Samples {
			record(series)
		}
		record(c)
		clock.Advance(max(0, start+5*time.Second-clock.Now()))
	}
	record(b.Truth().ODAU)
}

func TestSameSeedGivesTheSameDay(t *testing.T) {
	run := func(seed uint64, hours int) uint64 {
		b, clock := open(t, func(c *Config) { c.Seed, c.Noise = seed, "noisy" })
		h := fnv.New64a()
		day(t, b, clock, hours, h)
		return h.Sum64()
	}
	if a, b := run(42, 24), run(42, 24); a != b {
		t.Errorf("two days of seed 42 hash to %x and %x", a, b)
	}
	if run(42, 1) == run(43, 1) {
		t.Error("seeds 42 and 43 give the same hour")
	}
}

// A unit's OD must be recoverable from what the photodiodes show: the mean of
// each burst, with the reference, against the truth over a day.
func TestSignalFollowsTheCultureForADay(t *testing.T) {
	b, clock := open(t, func(c *Config) { c.GainSpread = 0 })
	for range 24 {
		day(t, b, clock, 1, nil)
		clock.Advance(2 * time.Minute) // bubbles clear
		od := b.Truth().ODAU
		set(t, ledOf(t, b, "A"), 80)
		clock.Advance(time.Second)
		signal, ref := mean(t, b, 2)-0.002, mean(t, b, 1)-0.002
		got := signal / ref * b.cfg.RefV / b.cfg.Gain90V
		// 6 % or 1e-4: one reading's noise is 0.6 %, a burst's shot noise 0.3 %, a shock 4 σ; hum averages to 0.1 mV
		want := response("90", 0.35*od)
		within(t, "relative signal", got, want, 0.06*want+1e-4)
	}
}

func TestVolumeStaysSaneThroughADay(t *testing.T) {
	b, clock := open(t, nil)
	day(t, b, clock, 24, nil)
	got := b.Truth()
	within(t, "volume in mL", got.VolumeML, 15, 1e-6)
	near(t, "media moved in mL", got.Pump(hw.Media).MovedML, 24*6*0.5, 1e-6)
	if got.OverflowML != 0 || math.IsNaN(got.ODAU) || got.ODAU < 1 {
		t.Errorf("after a day: %+v", got)
	}
}

func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		board, clock := open(b, nil)
		day(b, board, clock, 24, nil)
	}
}

func BenchmarkIdleDay(b *testing.B) {
	for b.Loop() {
		board, clock := open(b, nil)
		clock.Advance(24 * time.Hour)
		board.Truth()
	}
}
