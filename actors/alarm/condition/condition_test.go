package condition_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/alarm/condition"
)

// none is a rule without limits.
func none() condition.Rule {
	return condition.Rule{High: condition.None, Low: condition.None, RatePerH: condition.None, Deviation: condition.None, Over: 10 * time.Minute}
}

func rule(change func(*condition.Rule)) condition.Rule {
	r := none()
	change(&r)
	return r
}

// bench plays time against a watch as its actor does: it is asked after news,
// and when it said that time alone may change its verdict.
type bench struct {
	w      *condition.Watch
	now    time.Duration
	again  time.Duration
	active bool
	turns  []time.Duration // instants at which the verdict changed
}

func watch(r condition.Rule, active bool) *bench {
	b := &bench{w: condition.New(r, 0, active), active: active}
	b.judge()
	return b
}

func (b *bench) judge() {
	active, again := b.w.Judge(b.now)
	if active != b.active {
		b.active, b.turns = active, append(b.turns, b.now)
	}
	b.again = again
}

// run lets time pass.
func (b *bench) run(d time.Duration) {
	for end := b.now + d; b.now < end; {
		b.now = min(end, max(b.again, b.now))
		if b.again <= b.now {
			b.judge()
		}
	}
}

func (b *bench) news(x float64) {
	b.w.News(b.now, x)
	b.judge()
}

func (b *bench) want(t *testing.T, turns ...time.Duration) {
	t.Helper()
	if len(turns) != len(b.turns) {
		t.Fatalf("verdict changed at %v, want %v", b.turns, turns)
	}
	for i := range turns {
		if b.turns[i] != turns[i] {
			t.Errorf("verdict changed at %v, want %v", b.turns, turns)
		}
	}
}

// TestTremblingSignalAlarmsOnce is the promise behind every limit: whatever
// noise a signal has on its limit, as long as it is less than the hysteresis or
// quicker than the delay of the clear, there is one raise and one clear.
func TestTremblingSignalAlarmsOnce(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limit, noise := 100*(rng.Float64()-0.5), 0.01+rng.Float64()
		r := none()
		r.Delay = time.Duration(rng.IntN(60)) * time.Second
		switch rng.IntN(2) {
		case 0:
			r.Hysteresis = 2.1 * noise
		default:
			r.Hysteresis, r.ClearDelay, r.Delay = 0.1*noise, 15*time.Minute, 0
		}
		sign := 1.0
		if r.High = limit; rng.IntN(2) == 0 {
			r.High, r.Low, sign = condition.None, limit, -1
		}
		b := watch(r, false)
		for _, part := range []struct{ from, to float64 }{{-10, 0}, {0, 0}, {0, 10}, {10, 0}, {0, 0}, {0, -10}, {-10, -10}} {
			for i := range 120 {
				b.run(5 * time.Second)
				mean := part.from + (part.to-part.from)*float64(i)/120
				b.news(limit + sign*(mean+noise*(2*rng.Float64()-1)))
			}
		}
		b.run(time.Hour)
		if len(b.turns) != 2 || b.active {
			t.Fatalf("seed %d: verdict changed at %v and ends %v, want one raise and one clear; rule %+v", seed, b.turns, b.active, r)
		}
	}
}

func TestOscillationAroundTheLimitAlarmsOnce(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.High, r.Hysteresis, r.ClearDelay = 40, 1, time.Minute }), false)
	for i := range 720 {
		b.run(5 * time.Second)
		b.news(40 + 0.9*math.Sin(float64(i)))
	}
	b.news(35)
	b.run(time.Hour)
	if len(b.turns) != 2 {
		t.Errorf("verdict changed at %v, want twice", b.turns)
	}
}

func TestDelayIsTimeInARow(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.High, r.Delay = 1, time.Minute }), false)
	b.news(2)
	b.run(59 * time.Second)
	b.news(0)
	b.run(time.Hour)
	b.want(t)
	b.news(2)
	b.run(time.Hour)
	b.want(t, time.Hour+59*time.Second+time.Minute)
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		rule condition.Rule
		good []float64
		bad  []float64
	}{
		"high":      {rule(func(r *condition.Rule) { r.High = 5 }), []float64{5, -1e9}, []float64{5.001, 1e300, math.MaxFloat64}},
		"low":       {rule(func(r *condition.Rule) { r.Low = 5 }), []float64{5, 1e9}, []float64{4.999, -1e200, -math.MaxFloat64}},
		"band":      {rule(func(r *condition.Rule) { r.Low, r.High = -1, 1 }), []float64{-1, 0, 1}, []float64{-1.1, 1.1}},
		"deviation": {rule(func(r *condition.Rule) { r.Deviation = 2 }), []float64{8, 12}, []float64{7.9, 12.1, math.MaxFloat64}},
	} {
		for _, x := range append(c.good, c.bad...) {
			b := watch(c.rule, false)
			b.w.Reference(10)
			b.news(x)
			bad := false
			for _, y := range c.bad {
				bad = bad || x == y
			}
			if b.active != bad {
				t.Errorf("%s: %v is alarming: %v, want %v", name, x, b.active, bad)
			}
			if bad != (b.w.Why(b.now) != "") {
				t.Errorf("%s: %v: why = %q", name, x, b.w.Why(b.now))
			}
		}
	}
}

func TestDeviationWaitsForItsReference(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.Deviation = 2 }), false)
	b.news(500)
	b.want(t)
	b.w.Reference(math.NaN())
	b.news(500)
	b.want(t)
}

func TestSilenceIsToldByTimeAlone(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.Stale, r.ClearDelay = 5*time.Minute, time.Minute }), false)
	for range 10 {
		b.run(4 * time.Minute)
		b.news(1)
	}
	b.run(time.Hour)
	b.news(1)
	b.run(2 * time.Minute)
	b.want(t, 45*time.Minute, 101*time.Minute)
}

func TestSilenceFromTheStartIsTold(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.Stale = 5 * time.Minute }), false)
	b.run(time.Hour)
	b.want(t, 5*time.Minute)
}

func TestWhatIsNoNumberIsNoNews(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.High, r.Stale = 1, 5*time.Minute }), false)
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b.run(time.Minute)
		b.news(x)
	}
	b.run(time.Hour)
	b.want(t, 5*time.Minute)
}

// ramp gives news every 10 s of a signal with a slope in 1/h and some noise.
func (b *bench) ramp(rng *rand.Rand, from, perH, noise float64, d time.Duration) {
	begin := b.now
	for b.now-begin < d {
		b.run(10 * time.Second)
		b.news(from + perH*(b.now-begin).Hours() + noise*rng.NormFloat64())
	}
}

func TestRateIsOfTheWholeWindow(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 2))
		up := rule(func(r *condition.Rule) { r.RatePerH, r.Hysteresis = 1, 0.3 })
		down := rule(func(r *condition.Rule) { r.RatePerH, r.Hysteresis = -1, 0.3 })
		for _, c := range []struct {
			rule condition.Rule
			perH float64
			want bool
		}{{up, 1.5, true}, {up, 0.6, false}, {up, -5, false}, {down, -1.5, true}, {down, -0.6, false}, {down, 5, false}} {
			b := watch(c.rule, false)
			b.ramp(rng, 10, c.perH, 0.005, 30*time.Minute)
			if b.active != c.want {
				t.Errorf("seed %d: slope %v against %v: alarm %v, want %v", seed, c.perH, c.rule.RatePerH, b.active, c.want)
			}
			if len(b.turns) > 0 && b.turns[0] < 5*time.Minute {
				t.Errorf("seed %d: alarm after %v, before half of the window is known", seed, b.turns[0])
			}
		}
	}
}

func TestRateOfHugeNumbersIsNoAlarm(t *testing.T) {
	b := watch(rule(func(r *condition.Rule) { r.RatePerH = 1 }), false)
	for i := range 200 {
		b.run(10 * time.Second)
		b.news(math.MaxFloat64 * float64(1-2*(i%2)))
	}
	if why := b.w.Why(b.now); why != "" && b.active == false {
		t.Errorf("why = %q without a verdict", why)
	}
}

// TestRestartKeepsTheVerdict: an alarm from before a restart neither ends nor
// begins anew until there is news, and then goes by the inner limit.
func TestRestartKeepsTheVerdict(t *testing.T) {
	r := rule(func(r *condition.Rule) { r.High, r.Hysteresis, r.Stale = 5, 1, 5*time.Minute })
	b := watch(r, true)
	b.run(3 * time.Minute)
	b.news(4.5)
	b.run(4 * time.Minute)
	b.want(t)
	b.news(3.9)
	b.want(t, 7*time.Minute)

	b = watch(r, true)
	b.run(time.Hour)
	b.want(t)
}

func TestOffDutyEndsAnAlarmAfterARest(t *testing.T) {
	r := rule(func(r *condition.Rule) { r.High, r.Stale = 5, 10*time.Minute })
	b := watch(r, false)
	b.news(6)
	b.w.OffDuty()
	b.judge()
	b.run(30 * time.Second)
	b.w.OnDuty(b.now)
	b.judge()
	b.run(time.Minute)
	b.want(t, 0) // it came back in time
	b.w.OffDuty()
	b.judge()
	b.run(time.Hour)
	b.want(t, 0, 150*time.Second)
	b.w.OnDuty(b.now)
	b.judge()
	b.run(time.Hour) // what was heard before counts no more, but silence does
	b.want(t, 0, 150*time.Second, 90*time.Second+time.Hour+10*time.Minute)
}

func FuzzWatch(f *testing.F) {
	f.Add(uint64(1), 5.0, 1.0, 0.5, int64(30e9))
	f.Fuzz(func(t *testing.T, seed uint64, high, rate, hysteresis float64, stale int64) {
		if hysteresis = math.Abs(hysteresis); math.IsNaN(high+rate+hysteresis) || math.IsInf(high+rate+hysteresis, 0) || stale < 0 {
			t.Skip("the config file does not take these")
		}
		r := condition.Rule{High: high, Low: condition.None, RatePerH: rate, Deviation: condition.None,
			Hysteresis: hysteresis, Stale: time.Duration(stale), Over: time.Minute}
		rng := rand.New(rand.NewPCG(seed, 3))
		w := condition.New(r, 0, seed%2 == 0)
		for now := time.Duration(0); now < time.Hour; now += time.Duration(rng.IntN(60)) * time.Second {
			switch rng.IntN(6) {
			case 0:
				w.OffDuty()
			case 1:
				w.OnDuty(now)
			case 2:
				w.Reference(math.Float64frombits(rng.Uint64()))
			default:
				w.News(now, math.Float64frombits(rng.Uint64()))
			}
			active, again := w.Judge(now)
			if again <= now {
				t.Fatalf("asks to be asked again at %v, which is not after %v", again, now)
			}
			if still, _ := w.Judge(now); still != active {
				t.Fatal("a second look at the same instant sees something else")
			}
		}
	})
}
