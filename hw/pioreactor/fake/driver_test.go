package fake

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/sim"
)

// Drivers on a machine that nobody else touches: what was due before a call
// happens before it.
func TestDriversSeeWhatWasDue(t *testing.T) {
	r := virtual(t, Setup{}, func(c *sim.Config) { quiet(c); c.InertiaS = 0.001 })
	lines, err := r.Lines()
	must(t, err)
	pwm, err := line.NewSoftPWM(r, lines, 17, 200)
	must(t, err)
	tacho, err := line.NewTachometer(r, lines, 21)
	must(t, err)
	must(t, pwm.Set(100))
	r.clock.Advance(time.Second)
	must(t, pwm.Set(30))
	r.clock.Advance(2 * time.Second)
	before, err := tacho.Edges()
	must(t, err)
	r.clock.Advance(10 * time.Second)
	after, err := tacho.Edges()
	must(t, err)
	near(t, "turns in 10 s at 550 rpm", float64(after.Count-before.Count), 91.7, 1.5)
	was := r.Traffic().Levels[17]
	r.clock.Advance(10 * time.Second)
	must(t, pwm.Halt())
	near(t, "edges in 10 s at 200 Hz", float64(r.Traffic().Levels[17]-was), 4000, 4)
	must(t, tacho.Close())
	must(t, pwm.Close())
}

// A line that goes high and stays so drives its actor from that instant to the
// one when it falls.
func TestASteadyLineActsAtOnce(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	out := r.out(16, false)
	for range 2 {
		before := r.Truth().Pump(hw.AltMedia).MovedML
		must(t, out.Set(true))
		r.clock.Advance(50 * time.Millisecond)
		near(t, "duty after 50 ms", r.DutyPct(3), 100, 0)
		r.clock.Advance(300 * time.Millisecond)
		must(t, out.Set(false))
		near(t, "duty once it has fallen", r.DutyPct(3), 0, 0)
		r.clock.Advance(time.Second)
		near(t, "alt media in 0.35 s, mL", r.Truth().Pump(hw.AltMedia).MovedML-before, 0.35*0.0911, 1e-9)
	}
}

// The firmware has measured all the while, not only when it is asked: its filter
// takes the hum away, whatever the moment.
func TestPicoFiltersHum(t *testing.T) {
	r := virtual(t, Setup{}, func(c *sim.Config) { quiet(c); c.HumV, c.MainsHz = 0.005, 50 })
	r.tx(0x2C, []byte{0, 204}, 0)
	lo, hi := math.Inf(1), math.Inf(-1)
	for range 40 {
		r.clock.Advance(1003 * time.Millisecond)
		got := r.tx(0x2C, []byte{4 + 2}, 2)
		v := (float64(got[0]) + 256*float64(got[1])) / 32 / 4095 * 3.3
		lo, hi = min(lo, v), max(hi, v)
	}
	if spread := hi - lo; spread > 0.3*2*0.005 {
		t.Errorf("readings under 10 mV of hum differ by %.4f V, want less than a third of it", spread)
	}
}

// Everything that a driver does is counted.
func TestTrafficCounts(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.export("1", "4000000")
	r.tx(0x4F, []byte{0}, 2)
	r.out(23, true)
	got := r.Traffic()
	if got.Transactions[0x4F] != 1 || got.Levels[23] != 1 || got.Writes["sys/class/pwm/pwmchip0/export"] != 1 {
		t.Errorf("%+v, want one transaction at 0x4F, one level of line 23, one export", got)
	}
}
