package rotor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"pgregory.net/rapid"
)

const tick = 10 * time.Millisecond

// motor is a first-order motor with a dead band and static friction: at rest it
// starts only well above the dead band, or with a kick.
type motor struct {
	slope, dead, tau float64 // rpm per %, %, s
	noise            float64 // rpm, of a measurement
	jammed, blind    bool    // the bar is stuck; the tachometer is dead
	rpm, duty        float64
	rng              *rand.Rand
}

func (m *motor) advance(d time.Duration) (mean float64) {
	n := int(d / tick)
	share := 1 - math.Exp(-tick.Seconds()/m.tau)
	for range n {
		goal := m.slope * math.Max(0, m.duty-m.dead)
		if m.jammed || (m.rpm < 1 && m.duty < m.dead+8) {
			goal = 0
		}
		if m.rpm += (goal - m.rpm) * share; m.rpm < 0.01 {
			m.rpm = 0
		}
		mean += m.rpm / float64(n)
	}
	return mean
}

func (m *motor) measure(window time.Duration) float64 {
	mean := m.advance(window)
	if m.blind || mean < 5 { // fewer than two edges in the window
		return 0
	}
	return math.Max(mean+m.noise*(2*m.rng.Float64()-1), 0.1)
}

// bench runs a rotor on a motor.
type bench struct {
	t     *testing.T
	r     rotor.Rotor
	m     *motor
	now   time.Duration
	p     rotor.Program
	kicks []time.Duration // when full power came on
}

func newBench(t *testing.T, m *motor) *bench {
	r, err := rotor.New(rotor.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	m.rng = rand.New(rand.NewPCG(1, 2))
	return &bench{t: t, r: r, m: m}
}

func (b *bench) set(rpm float64) {
	var err error
	if b.r, b.p, err = b.r.SetTarget(b.now, rpm); err != nil {
		b.t.Fatal(err)
	}
}

// round carries one program out.
func (b *bench) round() {
	p := b.p
	b.p = nil
	for _, a := range p {
		b.now += a.For
		if a.Do == rotor.Observe {
			b.r, b.p = b.r.Measured(b.now, b.m.measure(a.For))
			return
		}
		if a.DutyPercent < 0 || a.DutyPercent > 100 || math.IsNaN(a.DutyPercent) {
			b.t.Fatalf("duty %v %%", a.DutyPercent)
		}
		if a.DutyPercent == 100 && b.m.duty != 100 {
			b.kicks = append(b.kicks, b.now-a.For)
		}
		b.m.duty = a.DutyPercent
		b.m.advance(a.For)
	}
}

func (b *bench) until(end time.Duration) {
	for b.now < end && len(b.p) > 0 {
		b.round()
	}
}

func TestEveryPlausibleMotorReachesItsTargetAndStays(t *testing.T) {
	slowest := time.Duration(0)
	for _, slope := range []float64{8, 12, 16.7, 20, 25, 30} {
		for _, dead := range []float64{0, 5, 10} {
			for _, tau := range []float64{0.2, 0.8, 1.5} {
				for _, target := range []float64{150, 300, 500, 700, 1000} {
					if slope*(95-dead) < target {
						continue
					}
					m := &motor{slope: slope, dead: dead, tau: tau, noise: 4}
					name := fmt.Sprintf("slope %v, dead band %v, τ %v s, target %v rpm", slope, dead, tau, target)
					b := newBench(t, m)
					b.set(target)
					for !b.r.Status().Reached && b.now < 3*time.Minute {
						b.round()
					}
					if b.now > rotor.Patience || b.r.Overdue(b.now) {
						t.Errorf("%s: reached after %v, want at most %v; %+v", name, b.now, rotor.Patience, b.r.Status())
						continue
					}
					slowest = max(slowest, b.now)
					b.until(b.now + 10*time.Second)
					for range 40 {
						b.round()
						if off := math.Abs(m.rpm - target); off > rotor.Tolerance+m.noise {
							t.Errorf("%s: %v after the start it runs at %.0f rpm", name, b.now, m.rpm)
							break
						}
					}
				}
			}
		}
	}
	t.Logf("slowest motor reached its target after %v", slowest)
}

func TestNewTargetIsReachedFromAnOldOne(t *testing.T) {
	for _, slope := range []float64{8, 16.7, 30} {
		b := newBench(t, &motor{slope: slope, dead: 5, tau: 0.8, noise: 4})
		b.set(500)
		b.until(5 * time.Minute)
		for _, target := range []float64{700, 250, 600} {
			start := b.now
			b.set(target)
			for !b.r.Status().Reached && b.now-start < 3*time.Minute {
				b.round()
			}
			if took := b.now - start; took > rotor.Patience {
				t.Errorf("slope %v: %v rpm reached after %v", slope, target, took)
			}
			b.until(b.now + time.Minute)
		}
	}
}

func TestLoadChangeIsCorrected(t *testing.T) {
	m := &motor{slope: 16.7, tau: 0.8, noise: 4}
	b := newBench(t, m)
	b.set(500)
	b.until(3 * time.Minute)
	m.slope = 12 // a viscous medium
	b.until(6 * time.Minute)
	if math.Abs(m.rpm-500) > rotor.Tolerance {
		t.Errorf("3 min after the load rose it runs at %.0f rpm, want 500", m.rpm)
	}
}

func TestOutOfReachIsReportedAndNotHurried(t *testing.T) {
	b := newBench(t, &motor{slope: 8, tau: 0.8})
	b.set(2000)
	b.until(10 * time.Minute)
	if s := b.r.Status(); !b.r.Overdue(b.now) || s.Reached || s.DutyPercent != 100 {
		t.Errorf("status %+v, overdue %t, want full duty and overdue", s, b.r.Overdue(b.now))
	}
	if b.p[0].For < 20*time.Second {
		t.Errorf("looks again in %v", b.p[0].For)
	}
}

func TestStartKicks(t *testing.T) {
	b := newBench(t, &motor{slope: 16.7, tau: 0.8})
	b.set(500)
	want := rotor.Program{
		{Do: rotor.Drive, DutyPercent: 100, For: 500 * time.Millisecond},
		{Do: rotor.Drive, DutyPercent: 30, For: 3 * time.Second},
		{Do: rotor.Observe, For: 1200 * time.Millisecond},
	}
	if fmt.Sprint(b.p) != fmt.Sprint(want) {
		t.Errorf("program = %v, want %v", b.p, want)
	}
	b.set(0)
	if len(b.p) != 1 || b.p[0] != (rotor.Action{Do: rotor.Drive}) || b.r.Status().Phase != rotor.Off || b.r.Status().DutyPercent != 0 {
		t.Errorf("stopped: %v, %+v, want duty 0 and off", b.p, b.r.Status())
	}
	if _, p := b.r.Measured(b.now, 400); p != nil {
		t.Errorf("a late measurement restarted it: %v", p)
	}
}

func TestStallIsKickedForEver(t *testing.T) {
	m := &motor{slope: 16.7, tau: 0.8, jammed: true}
	b := newBench(t, m)
	b.set(500)
	b.until(2 * time.Hour)
	if s := b.r.Status(); s.Fault != rotor.MotorStalled || s.Phase != rotor.Stalled || s.DutyPercent > 60 {
		t.Errorf("status %+v, want stalled with at most 60 %%", s)
	}
	// The kick of the start, two at once, then one about every 5 min.
	if n := len(b.kicks); n < 24 || n > 27 {
		t.Errorf("%d kicks in 2 h, want about 26", n)
	}
	if gap := b.kicks[2] - b.kicks[1]; gap > 15*time.Second {
		t.Errorf("second kick %v after the first, want at once", gap)
	}
	for i := 4; i < len(b.kicks); i++ {
		if gap := b.kicks[i] - b.kicks[i-1]; gap < rotor.RetryKick || gap > rotor.RetryKick+30*time.Second {
			t.Errorf("kick %d came %v after the one before", i, gap)
		}
	}
	m.jammed = false
	b.until(b.now + 7*time.Minute)
	if s := b.r.Status(); s.Fault != rotor.NoFault || s.Kicks != 0 || math.Abs(m.rpm-500) > rotor.Tolerance {
		t.Errorf("freed: %+v at %.0f rpm, want no fault and 500 rpm", s, m.rpm)
	}
}

func TestOneStallIsKickedOnce(t *testing.T) {
	m := &motor{slope: 16.7, tau: 0.8}
	b := newBench(t, m)
	b.set(500)
	b.until(3 * time.Minute)
	m.rpm, m.duty = 0, 0 // someone lifted the vial
	m.jammed = true
	before, kicks := b.r.Status().DutyPercent, len(b.kicks)
	b.round()
	m.jammed = false
	if want := 1.01 * before; b.p[0].DutyPercent != 0 || b.p[1].DutyPercent != 100 || math.Abs(b.p[2].DutyPercent-want) > 0.2 {
		t.Errorf("program %v, want 0 %%, 100 %%, %v %%", b.p, want)
	}
	b.until(b.now + time.Minute)
	if s := b.r.Status(); s.Fault != rotor.NoFault || len(b.kicks) != kicks+1 || !s.Reached {
		t.Errorf("status %+v after %d kicks, want no fault after one", s, len(b.kicks)-kicks)
	}
}

func TestKickDutyIsAtMost60Percent(t *testing.T) {
	r, err := rotor.New(rotor.DefaultConfig())
	if err == nil {
		r, err = r.Seed(80)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, _, err = r.SetTarget(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if _, p := r.Measured(5*time.Second, 0); p[2].DutyPercent != 60 {
		t.Errorf("duty after the kick = %v %%, want 60 %%", p[2].DutyPercent)
	}
}

func TestBarStartsThoughTheDutyIsTooLowToKeepItTurning(t *testing.T) {
	for _, duty := range []float64{0.1, 5, 6.5, 7.2} {
		for _, slope := range []float64{8, 16.7, 30} {
			b := newBench(t, &motor{slope: slope, dead: 10, tau: 0.4, noise: 4})
			var err error
			if b.r, err = b.r.Seed(duty); err != nil {
				t.Fatal(err)
			}
			b.set(500)
			b.until(90 * time.Second)
			if s := b.r.Status(); !s.Reached || s.Fault != rotor.NoFault {
				t.Errorf("from %v %%, %v rpm per point: %+v after 90 s, want 500 rpm", duty, slope, s)
			}
		}
	}
}

func TestSilentTachometerIsSuspectedAndStirringKept(t *testing.T) {
	m := &motor{slope: 16.7, dead: 5, tau: 0.8, noise: 4}
	b := newBench(t, m)
	b.set(500)
	b.until(3 * time.Minute)
	m.blind = true
	before := b.r.Status().DutyPercent
	b.until(3 * time.Hour)
	if s := b.r.Status(); s.Fault != rotor.TachometerSuspect {
		t.Errorf("status %+v, want the tachometer suspected", s)
	}
	// A small holding step may lie between, not the two raises of 1 % of the kicks.
	if after := b.r.Status().DutyPercent; math.Abs(after-before) > 0.2 {
		t.Errorf("duty crept from %v to %v %%", before, after)
	}
}

func TestImplausibleSpeedIsNotBelieved(t *testing.T) {
	b := newBench(t, &motor{slope: 16.7, tau: 0.8})
	b.set(500)
	before := b.r.Status()
	for _, bad := range []float64{math.NaN(), -1, math.Inf(1), 1e6} {
		r, p := b.r.Measured(b.now, bad)
		if r.Status() != before || len(p) == 0 || p[len(p)-1].Do != rotor.Observe {
			t.Errorf("%v rpm: %+v, %v, want nothing changed and another look", bad, r.Status(), p)
		}
	}
}

func TestOpenLoopNeverMeasures(t *testing.T) {
	cfg := rotor.DefaultConfig()
	cfg.OpenLoop = true
	r, err := rotor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, p, err := r.SetTarget(0, 500)
	if err != nil || len(p) != 2 || p[1].DutyPercent != 30 || r.Overdue(time.Hour) {
		t.Errorf("program %v, %v, want a kick, then 30 %%", p, err)
	}
	if _, p := r.Measured(0, 0); p != nil {
		t.Errorf("open loop answered a measurement with %v", p)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	r, err := rotor.New(rotor.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{-1, 5001, math.NaN(), math.Inf(1)} {
		if after, p, err := r.SetTarget(0, bad); err == nil || p != nil || after.Status() != r.Status() {
			t.Errorf("target %v rpm: %v", bad, err)
		}
		if _, err := r.Seed(bad); err == nil {
			t.Errorf("seed of %v %% was accepted", bad)
		}
	}
	for _, cfg := range []rotor.Config{{}, {InitialDuty: 101, Interval: time.Minute}, {InitialDuty: 30, HoldGain: 0.1, Interval: time.Minute}, {InitialDuty: math.NaN(), Interval: time.Minute}, {InitialDuty: 30, HoldGain: math.NaN(), Interval: time.Minute}} {
		if _, err := rotor.New(cfg); err == nil {
			t.Errorf("config %+v was accepted", cfg)
		}
	}
}

func TestWindowFeedForwardAndRounding(t *testing.T) {
	for target, want := range map[float64]time.Duration{0: time.Second, 60: 5 * time.Second, 240: 2500 * time.Millisecond, 500: 1200 * time.Millisecond, 1000: time.Second} {
		if got := rotor.Window(target); got != want {
			t.Errorf("window at %v rpm = %v, want %v", target, got, want)
		}
	}
	if got, want := rotor.FeedForward(30, 40), 1.05*39; math.Abs(got-want) > 1e-9 {
		t.Errorf("feed-forward = %v %%, want %v %%", got, want)
	}
	if got := rotor.RoundRPM(499.96); got != 500 {
		t.Errorf("rounded = %v", got)
	}
}

func TestNoMeasurementsDriveItOutOfRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := rotor.New(rotor.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		now := time.Duration(0)
		r, _, err = r.SetTarget(now, 500)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			now += time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "later"))
			before := r.Status().DutyPercent
			var p rotor.Program
			r, p = r.Measured(now, rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 3000), rapid.Float64()).Draw(t, "rpm"))
			if len(p) == 0 || p[len(p)-1].Do != rotor.Observe {
				t.Fatalf("program %v leaves the motor unwatched", p)
			}
			for _, a := range p {
				if a.For < 0 || a.For > rotor.RetryKick || !(a.DutyPercent >= 0 && a.DutyPercent <= 100) {
					t.Fatalf("action %+v", a)
				}
			}
			if after := r.Status().DutyPercent; r.Status().Phase != rotor.Stalled && math.Abs(after-before) > 7.5+1e-9 {
				t.Fatalf("duty went from %v to %v %%", before, after)
			}
		}
	})
}

func ExampleRotor_Measured() {
	r, _ := rotor.New(rotor.DefaultConfig())
	r, program, _ := r.SetTarget(0, 500)
	fmt.Println(program[0].DutyPercent, program[0].For)
	r, program = r.Measured(4700*time.Millisecond, 400)
	fmt.Println(program[0].DutyPercent, program[0].For, r.Status().Phase)
	// Output:
	// 100 500ms
	// 33.5 2s acquiring
}
