package watch_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/temperature/watch"
)

// schedules in the gate; the soak runs ten thousand.
const schedules = 400

func TestHeaterFaultSchedules(t *testing.T) {
	found := map[watch.Fault]int{}
	for seed := range uint64(schedules) {
		schedule(t, seed, found)
	}
	for _, f := range []watch.Fault{watch.Lost, watch.Stale, watch.OutOfRange, watch.Step, watch.Frozen, watch.NoGain, watch.OverTemperature} {
		if found[f] == 0 {
			t.Errorf("no schedule led to %s: %v", f, found)
		}
	}
}

// schedule heats a vial for some cycles, breaks something at a random time for a
// random while, and holds the watch to its rules. What is broken is known here,
// not taken from the watch.
func schedule(t *testing.T, seed uint64, found map[watch.Fault]int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	p := &plant{rig: start(24 + 16*rng.Float64()), rng: rng}
	p.gain = 0.18 + 0.1*rng.Float64()
	percent := 12 + 60*rng.Float64()
	kind := kinds[rng.IntN(len(kinds))]
	if kind == frozen {
		p.vialC = max(p.vialC, 30) // in a cold vial a dead heater looks the same
	}
	p.cycles(percent, time.Duration(200+rng.IntN(400))*time.Second)
	p.wants(t, watch.None, false)
	if t.Failed() {
		t.Fatalf("seed %d: a healthy heater was stopped: %v", seed, p.log)
	}
	p.breaks(kind)
	limit := 2*watch.Period + watch.Confirm
	switch kind {
	case frozen:
		limit = 200*time.Second + 2*watch.Period // a change is due within a cycle
	case dead:
		limit = 470 * time.Second // in the second heating from now: the first time it may have been a cold dose
	}
	hold := limit + time.Duration(rng.IntN(1200))*time.Second
	if kind == frozen { // it is plausible again without heat, until the heat comes back
		hold = limit + time.Duration(rng.IntN(60))*time.Second
	}
	for from := p.now; p.now < from+hold; {
		p.cycles(percent, time.Second)
		if p.now-from > limit && p.duty() > 0 {
			t.Fatalf("seed %d: %s: %v %% of heat %v after it began: %v", seed, kind, p.duty(), p.now-from, p.log)
		}
	}
	f, latched, text := p.Fault()
	found[f]++
	if want := kind == dead || kind == hot; f == watch.None || latched != want || text == "" {
		t.Fatalf("seed %d: %s: fault %q, latched %v: %v", seed, kind, f, latched, p.log)
	}
	p.mends(t, seed, kind, percent, latched)
}

func (p *plant) mends(t *testing.T, seed uint64, kind string, percent float64, latched bool) {
	t.Helper()
	p.breaks("")
	p.vialC = min(p.vialC, 40)
	if p.rng.IntN(2) == 0 { // a restart in between forgets nothing
		p.Watch = watch.New(limits, p.Memory())
	}
	for from := p.now; p.now < from+watch.Rearm-2*watch.Period; {
		p.cycles(percent, time.Second)
		if p.duty() > 0 && kind != step && kind != frozen { // those were plausible before: their end is no beginning
			t.Fatalf("seed %d: %s: heat %v after its end, want none for %v", seed, kind, p.now-from, watch.Rearm)
		}
	}
	if latched {
		p.cycles(percent, time.Hour)
		if _, still, _ := p.Fault(); !still || p.duty() > 0 {
			t.Fatalf("seed %d: %s: unlatched by itself", seed, kind)
		}
		p.Watch = p.Acknowledge()
	}
	p.cycles(percent, watch.Rearm+time.Minute)
	p.wants(t, watch.None, false)
	if t.Failed() {
		t.Fatalf("seed %d: %s: %v", seed, kind, p.log)
	}
}

const (
	frozen = "frozen"
	dead   = "heater dead"
	hot    = "too hot"
	step   = "step"
)

var kinds = []string{"no answer", "NaN", "too cold", "stale", step, frozen, dead, hot}

// plant is a rig that breaks.
type plant struct {
	*rig
	rng     *rand.Rand
	clock   time.Duration // within a cycle
	healthy float64       // gain
}

// cycles heats for 95 s of each 200 s.
func (p *plant) cycles(percent float64, d time.Duration) {
	for range int(d / time.Second) {
		if p.want = 0; p.clock%(200*time.Second) < 95*time.Second {
			p.want = percent
		}
		if p.gain == 0 { // nobody warms the vial
			p.vialC -= (p.vialC - 20) / 600
		}
		p.run(time.Second)
		p.clock += time.Second
	}
}

func (p *plant) breaks(kind string) {
	if p.healthy == 0 {
		p.healthy = p.gain
	}
	p.gain, p.fault = p.healthy, nil
	offset := (6 + 20*p.rng.Float64()) * float64(1-2*p.rng.IntN(2))
	stuck := math.NaN()
	switch kind {
	case "no answer":
		p.fault = broken
	case "NaN":
		p.fault = reads(math.NaN())
	case "too cold":
		p.fault = reads(-1)
	case "stale":
		old := p.now
		p.fault = func(r watch.Reading) watch.Reading { r.At = old - 8*time.Second; return r }
	case step:
		flips := 0
		p.fault = func(r watch.Reading) watch.Reading {
			if flips++; flips/3%2 == 0 { // a loose cable
				r.C += offset
				if r.C > limits.ReduceC {
					r.C -= 2 * offset // not so far that it is too hot
				}
			}
			return r
		}
	case frozen:
		p.fault = func(r watch.Reading) watch.Reading {
			if math.IsNaN(stuck) {
				stuck = r.C
			}
			r.C = stuck
			return r
		}
	case dead:
		p.gain = 0
	case hot:
		p.fault = reads(68 + 10*p.rng.Float64())
	}
}
