package actorstest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
)

// hungry is an automation that doses often, so that a campaign has much to break.
type hungry struct{}

func (hungry) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.ODReading); ok {
		return c.Exchange(0.3)
	}
	return nil
}

func init() {
	actors.Register(actors.Dosing, "hungry", func() actors.Job { return hungry{} })
}

// crashable are all the actors of a house, devices and house actors included.
var crashable = append([]string{"vial", "pumps", "leds", "stirrer", "window", "adc", "tachometer", "alarm", "experiment", "devices"}, jobs...)

// campaign does random things to a house for a while and returns the rules that
// were broken.
func campaign(t testing.TB, seed uint64, o actorstest.HouseOptions) []string {
	t.Helper()
	o.Seed = seed
	o.Configure = func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=hungry"}
		c.Bioreactor.MaxInflowVialsPerH = 100 // so that the doses are not refused for being many
		c.Sim.LEDDriftPerH = 0
	}
	h := actorstest.Open(t, o)
	a := newAudit(h)
	r := &trouble{audit: a, rng: rand.New(rand.NewPCG(seed, 99)), target: 500}
	r.run(3 * time.Second)
	for range 14 {
		r.anything()
		r.run(time.Duration(r.rng.Int64N(int64(20 * time.Second))))
	}
	h.Store.Break(nil)
	r.stopped = false
	r.end(r.target)
	return a.broken
}

// trouble is what people, power cuts and defects do to a unit.
type trouble struct {
	*audit
	rng    *rand.Rand
	target float64 // rpm, as last accepted
	last   string  // ID of the last dose by hand
	n      int
	full   bool // the disk
}

func (r *trouble) anything() {
	switch r.rng.IntN(14) {
	case 0, 1, 2:
		r.n++
		r.last = fmt.Sprintf("hand-%d", r.n)
		r.dose(r.last, actors.Dose{MediaML: 0.2 + r.rng.Float64(), WasteML: 1.5})
	case 3:
		if w, ok := r.sent[r.last]; ok { // delivered twice
			r.dose(r.last, w.dose)
		}
	case 4:
		r.stop()
	case 5:
		r.speed()
	case 6:
		r.must("stirring", actors.Set{}, r.h.Set("stirring", "target_rpm", "nan").Code == "not_a_number")
	case 7:
		r.sleep([]string{"dosing_automation", "od_reading", "growth_rate_calculating"}[r.rng.IntN(3)])
	case 8, 9:
		r.crash(crashable[r.rng.IntN(len(crashable))])
	case 10, 11:
		r.kill()
	case 13: // while its pump runs
		for range 300 {
			if r.h.Board.Truth().Pump(hw.Media).On {
				r.crash("dosing_automation")
				break
			}
			r.run(100 * time.Millisecond)
		}
	case 12:
		if r.rng.IntN(2) == 0 {
			r.lossy, r.full = true, true
			r.h.Store.Break(errors.New("disk full"))
		} else {
			r.full = false
			r.h.Store.Break(nil)
		}
	}
}

// must notes a command that was not answered as it has to be.
func (r *trouble) must(target string, body any, ok bool) {
	if !ok {
		r.say("%s: %T was not answered as it must be", target, body)
	}
}

func (r *trouble) dose(id string, d actors.Dose) {
	r.sent[id] = wish{d, r.h.System.Boot()}
	r.stopped = false
	reply := r.h.Command(actors.Command{ID: id, Target: "vial", Body: d})
	r.must("vial", d, reply.Code != "unanswered")
}

func (r *trouble) stop() {
	for _, job := range []string{"dosing_automation"} {
		r.asleep[job] = r.h.Do(job, actors.SetState{State: actors.Sleeping}).OK || r.asleep[job]
	}
	if r.h.Do("vial", actors.StopDosing{Reason: "campaign"}).OK && r.asleep["dosing_automation"] {
		r.stopped, r.still = true, r.inflow()
	}
}

func (r *trouble) speed() {
	if r.full {
		return // it holds until the next power cut, and an alarm says so
	}
	rpm := float64(400 + 50*r.rng.IntN(5))
	if r.h.Set("stirring", "target_rpm", rpm).OK {
		r.target = rpm
	}
}

func (r *trouble) sleep(job string) {
	if r.asleep[job] {
		delete(r.asleep, job)
		if job == "dosing_automation" {
			r.stopped = false
		}
		r.h.Do(job, actors.SetState{State: actors.Ready})
		return
	}
	if r.h.Do(job, actors.SetState{State: actors.Sleeping}).OK {
		r.asleep[job] = true
	}
}

func (r *trouble) crash(name string) {
	if name == "dosing_automation" {
		for id := range r.open {
			if r.auto[id] {
				r.gone[name] = r.h.Lived()
			}
		}
	}
	r.h.System.Crash(name, "a planted panic")
	if name == "experiment" {
		r.run(time.Second)
		clear(r.asleep) // its jobs are started anew
		r.stopped = false
	}
}

func (r *trouble) kill() {
	r.full = false
	r.h.Store.Break(nil)
	clear(r.asleep)
	clear(r.gone)
	clear(r.on)
	r.stopped = false
	r.h.Kill()
	r.run(2 * time.Second)
}

func TestNoRuleIsBrokenInAHouseInTrouble(t *testing.T) {
	for seed := range uint64(seeds(200)) {
		if broken := campaign(t, seed+1, actorstest.HouseOptions{}); len(broken) > 0 {
			t.Fatalf("seed %d:\n%q", seed+1, broken)
		}
	}
}
