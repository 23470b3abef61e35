package line_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"pgregory.net/rapid"
)

// kinds are the software PWM of a Pioreactor, Hz.
var kinds = map[string]float64{"stirrer": 200, "heater": 16, "pump": 250}

func softPWM(t testing.TB, d *desk, hz float64) (*line.SoftPWM, *wire) {
	t.Helper()
	p, err := line.NewSoftPWM(d, d, 17, hz)
	if err != nil {
		t.Fatal(err)
	}
	return p, d.pins[17]
}

func set(t testing.TB, p interface{ Set(float64) error }, percent float64) {
	t.Helper()
	if err := p.Set(percent); err != nil {
		t.Fatalf("Set(%v) = %v", percent, err)
	}
}

func TestSoftPWMHasTheDutyInEveryPeriod(t *testing.T) {
	for name, hz := range kinds {
		t.Run(name, func(t *testing.T) {
			for _, percent := range []float64{0.1, 1, 12.34567, 30, 50, 99.9} {
				d := newDesk(t)
				p, w := softPWM(t, d, hz)
				period := time.Duration(math.Round(1e9 / hz))
				begin := d.now
				set(t, p, percent)
				d.advance(10 * period)
				want := time.Duration(math.Round(percent / 100 * float64(period)))
				for k := range time.Duration(10) {
					if on := w.onTime(begin+k*period, begin+(k+1)*period); on != want {
						t.Errorf("%v %%: on-time of period %d = %v, want %v", percent, k, on, want)
					}
				}
				if n := w.toggles(begin); n > 21 {
					t.Errorf("%v %%: %d changes of level in 10 periods, want two each", percent, n)
				}
			}
		})
	}
}

// The oracle says from the Sets alone when periods begin and what each is due.
func TestSoftPWMFollowsAnySequenceOfSets(t *testing.T) {
	const period = 5 * time.Millisecond
	rapid.Check(t, func(r *rapid.T) {
		d := deskAt("")
		p, w := softPWM(t, d, 200)
		type due struct {
			from, to, on time.Duration
		}
		var dues []due
		var width, begun time.Duration // of the level or duty in force; begin of the current period
		pulsing := false
		for range rapid.IntRange(1, 12).Draw(r, "sets") {
			percent := rapid.OneOf(rapid.SampledFrom([]float64{0, 100}), rapid.Float64Range(0.01, 99.99)).Draw(r, "percent")
			set(t, p, percent)
			asked := time.Duration(math.Round(percent / 100 * float64(period)))
			steady := asked == 0 || asked == period
			if !pulsing || steady {
				if n := len(dues); n > 0 && dues[n-1].to > d.now {
					dues = dues[:n-1] // cut short
				}
				begun, pulsing = d.now, !steady
				if pulsing {
					dues = append(dues, due{begun, begun + period, asked})
				}
			}
			width = asked
			end := d.now + time.Duration(rapid.Int64Range(0, int64(4*period)).Draw(r, "wait"))
			if !pulsing && end > d.now {
				dues = append(dues, due{d.now, end, time.Duration(percent / 100 * float64(end-d.now))})
			}
			for pulsing && begun+period <= end {
				begun += period
				dues = append(dues, due{begun, begun + period, width})
			}
			d.advance(end - d.now)
		}
		now := d.now
		for _, due := range dues {
			if due.to > now {
				continue
			}
			if on := w.onTime(due.from, due.to); on != due.on {
				r.Fatalf("on-time from %v to %v = %v, want %v; drives %v", due.from, due.to, on, due.on, w.drives)
			}
		}
		if err := p.Halt(); err != nil {
			r.Fatal(err)
		}
		if d.advance(time.Second); w.high || w.onTime(now, d.now) != 0 {
			r.Fatalf("high for %v after Halt", w.onTime(now, d.now))
		}
	})
}

func TestSoftPWMIsUnbiasedWhenEveryEdgeIsLate(t *testing.T) {
	for name, hz := range kinds {
		for _, percent := range []float64{0.5, 5, 30, 77, 98} {
			for seed := range uint64(5) {
				d := newDesk(t)
				random := rand.New(rand.NewPCG(seed, 1))
				period := time.Duration(math.Round(1e9 / hz))
				d.late = func() time.Duration { return time.Duration(random.Int64N(int64(period) * 3 / 10)) }
				p, w := softPWM(t, d, hz)
				begin := d.now
				set(t, p, percent)
				const n = 2000
				d.advance(n * period)
				got, want := w.onTime(begin, d.now), n*time.Duration(math.Round(percent/100*float64(period)))
				if off := (got - want).Abs(); off > period {
					t.Errorf("%s %v %% seed %d: on for %v of %v, want %v: off by more than a period of %v", name, percent, seed, got, d.now-begin, want, period)
				}
			}
		}
	}
}

// 20 % of 5 ms, and the thread is kept from running for a minute: what it owes
// then, either way, is forgotten but for 8 periods.
func TestSoftPWMForgetsAMinutesSleep(t *testing.T) {
	for name, c := range map[string]struct {
		at       time.Duration // in the period, when sleep begins
		min, max time.Duration // on-time of the second after it
	}{
		"while high": {500 * time.Microsecond, 158 * time.Millisecond, 162 * time.Millisecond},
		"while low":  {2 * time.Millisecond, 238 * time.Millisecond, 242 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			p, w := softPWM(t, d, 200)
			set(t, p, 20)
			d.advance(50*time.Millisecond + c.at)
			d.repeats[0].at += time.Minute
			d.advance(d.repeats[0].at - d.now - 1)
			begin := d.now
			d.advance(time.Second)
			if on := w.onTime(begin, d.now); on < c.min || on > c.max {
				t.Errorf("on for %v, want %v to %v", on, c.min, c.max)
			}
		})
	}
}

func TestSoftPWMSteadyLevelsDoNotToggle(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 250)
	for _, percent := range []float64{0, 100} {
		set(t, p, 50)
		d.advance(3 * time.Millisecond)
		set(t, p, percent)
		begin := d.now
		d.advance(time.Second)
		if n := w.toggles(begin + 1); n != 0 {
			t.Errorf("%v %%: %d changes of level", percent, n)
		}
		if on, want := w.onTime(begin, d.now), time.Duration(percent/100*1e9); on != want {
			t.Errorf("%v %%: on for %v of 1 s, want %v", percent, on, want)
		}
	}
	for _, r := range d.repeats {
		if !r.done {
			t.Error("a steady level still costs a Repeat")
		}
	}
}

func TestOutputsRefuseWhatIsNoPercent(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 200)
	set(t, p, 100)
	light, err := line.NewLight(d, 23)
	if err != nil {
		t.Fatal(err)
	}
	set(t, light, 100)
	chip := newKernel(t, d)
	hard := chip.open(t, 1)
	set(t, hard, 40)
	for _, percent := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1e-9, 100.0001} {
		for name, out := range map[string]interface{ Set(float64) error }{"soft": p, "light": light, "sysfs": hard} {
			if err := out.Set(percent); err == nil || !strings.Contains(err.Error(), "want 0 to 100 %") {
				t.Errorf("%s: Set(%v) = %v", name, percent, err)
			}
		}
	}
	if duty := chip.duty(t, 1); !w.high || !d.pins[23].high || duty != "1600000" {
		t.Errorf("after refusals: soft %v, light %v, sysfs %s ns", w.high, d.pins[23].high, duty)
	}
}

func TestSoftPWMHaltsAfterFailures(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 200)
	set(t, p, 50)
	d.advance(7 * time.Millisecond) // high
	w.fail = func(bool) error { return errWire }
	d.advance(time.Second)
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "GPIO17") {
		t.Errorf("Err() = %v, want the line that could not be toggled", err)
	}
	if err := p.Halt(); err == nil {
		t.Error("Halt() = nil with the wire cut")
	}
	if err := p.Set(100); err == nil {
		t.Error("Set(100) = nil with the wire cut")
	}
	w.fail = nil
	if err := p.Halt(); err != nil || w.high {
		t.Errorf("Halt() = %v, high %v", err, w.high)
	}
	if err := p.Err(); err != nil {
		t.Errorf("Err() = %v a second time", err)
	}
	set(t, p, 50)
	if d.advance(time.Millisecond); !w.high {
		t.Error("does not pulse any more after Halt")
	}
}

func TestSoftPWMFallsAsSoonAsItCan(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 16) // the heater
	set(t, p, 10)
	d.advance(time.Millisecond) // high until 6.25 ms
	broken := d.now + 20*time.Millisecond
	w.fail = func(high bool) error {
		if !high && d.now < broken {
			return errWire
		}
		return nil
	}
	d.advance(25 * time.Millisecond)
	if last := w.drives[len(w.drives)-1]; last.high || last.at > broken+2*time.Millisecond {
		t.Errorf("the wire worked again at %v; last drive %+v", broken, last)
	}
}

func TestSoftPWMAfterAFailedRiseIsLow(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 200)
	w.fail = func(high bool) error {
		w.high = w.high || high // the kernel did it and says no all the same
		if high {
			return errWire
		}
		return nil
	}
	set(t, p, 50)
	for range 20 {
		if d.advance(777 * time.Microsecond); w.high {
			t.Fatal("high after a rise that failed")
		}
	}
	if err := p.Set(100); err == nil || w.high {
		t.Errorf("Set(100) = %v, high %v", err, w.high)
	}
}

func TestClosedOutputs(t *testing.T) {
	d := newDesk(t)
	p, w := softPWM(t, d, 200)
	light, err := line.NewLight(d, 23)
	if err != nil {
		t.Fatal(err)
	}
	chip := newKernel(t, d)
	hard := chip.open(t, 0)
	for name, out := range map[string]interface {
		Set(float64) error
		Halt() error
		Close() error
	}{"soft": p, "light": light, "sysfs": hard} {
		set(t, out, 60)
		d.advance(time.Millisecond)
		for range 2 {
			if err := out.Close(); err != nil {
				t.Errorf("%s: Close() = %v", name, err)
			}
		}
		if err := out.Set(10); err == nil {
			t.Errorf("%s: Set(10) after Close is accepted", name)
		}
		if err := out.Halt(); err != nil {
			t.Errorf("%s: Halt() after Close = %v", name, err)
		}
	}
	if d.advance(time.Second); w.high || !w.closed || d.pins[23].high || !d.pins[23].closed || chip.duty(t, 0) != "0" || chip.read(t, 0, "enable") != "0" {
		t.Errorf("after Close: soft %+v, light %+v, sysfs %s ns", w, d.pins[23], chip.duty(t, 0))
	}
}

func TestNewSoftPWMRefuses(t *testing.T) {
	d := newDesk(t)
	for _, hz := range []float64{math.NaN(), 0, 0.09, 1001, math.Inf(1)} {
		if _, err := line.NewSoftPWM(d, d, 17, hz); err == nil {
			t.Errorf("%v Hz is accepted", hz)
		}
		if _, err := line.OpenSysfsPWM(d, 0, hz*1000); err == nil {
			t.Errorf("%v kHz is accepted", hz)
		}
	}
	d.open = errWire
	if _, err := line.NewSoftPWM(d, d, 17, 200); err == nil || !strings.Contains(err.Error(), "GPIO17") {
		t.Errorf("error of a line that cannot be had = %v", err)
	}
}

// On real threads: whoever drives the line, one does at a time, and after the
// last Halt nobody does. The race detector is the judge of the first.
func TestSoftPWMHaltsFromAnyGoroutine(t *testing.T) {
	d := newDesk(t)
	p, err := line.NewSoftPWM(machine.Linux(), d, 17, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, work := range []func(k int) error{
		func(k int) error { return p.Set(float64(k%11) * 10) },
		func(int) error { return p.Halt() },
		func(int) error { return p.Err() },
	} {
		all.Go(func() {
			for k := range 300 {
				if err := work(k); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := p.Halt(); err != nil {
		t.Fatal(err)
	}
	if d.pins[17].high {
		t.Error("high after Halt")
	}
}
