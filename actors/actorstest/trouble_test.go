package actorstest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
)

// trouble is what people, power cuts and defects do to a unit.
type trouble struct {
	*audit
	rng    *rand.Rand
	last   string // ID of the last dose by hand
	n      int
	driven bool // the stirrer was told how, and not only how fast
}

// event is one thing that happens, and how often among the others.
type event struct {
	name   string
	weight int
	do     func(*trouble)
}

var events = []event{
	{"dose by volume", 8, (*trouble).doseVolume},
	{"dose by time", 3, (*trouble).doseTime},
	{"dose by hand", 4, (*trouble).doseHand},
	{"dose once more", 3, (*trouble).repeat},
	{"dose too late", 2, (*trouble).late},
	{"dose of a term", 2, (*trouble).term},
	{"dose of nonsense", 1, (*trouble).nonsense},
	{"stop dosing", 4, (*trouble).stop},
	{"sleep or wake", 5, (*trouble).sleepOrWake},
	{"stop a job", 4, (*trouble).stopJob},
	{"start a job", 4, (*trouble).startJob},
	{"set", 6, (*trouble).set},
	{"set badly", 3, (*trouble).setBadly},
	{"light", 5, (*trouble).light},
	{"pause", 4, (*trouble).pauseVial},
	{"resume", 5, (*trouble).resumeVial},
	{"bench", 4, (*trouble).bench},
	{"blank", 3, (*trouble).blank},
	{"crash", 9, (*trouble).crashAny},
	{"crash while a pump runs", 4, (*trouble).crashPumping},
	{"lose a job", 1, (*trouble).lose},
	{"power cut", 6, (*trouble).kill},
	{"power cut while a pump runs", 3, (*trouble).killPumping},
	{"disk", 4, (*trouble).disk},
	{"observer", 4, (*trouble).observer},
	{"fault", 4, (*trouble).fault},
	{"clock", 2, (*trouble).clock},
	{"latched alarm", 3, (*trouble).alarm},
}

var weights = func() (sum int) {
	for _, e := range events {
		sum += e.weight
	}
	return sum
}()

func (r *trouble) anything() {
	n := r.rng.IntN(weights)
	for _, e := range events {
		if n -= e.weight; n < 0 {
			if os.Getenv(oneSeed) != "" {
				fmt.Fprintf(os.Stderr, "--- %v %s\n", r.now(), e.name)
			}
			e.do(r)
			return
		}
	}
}

// pick is one of xs by chance.
func pick[T any](r *trouble, xs ...T) T { return xs[r.rng.IntN(len(xs))] }

// ask sends a command and lets at most a second pass until it is answered.
func (r *trouble) ask(cmd actors.Command) *question {
	return r.askThen(cmd, nil)
}

// askThen is ask with what to note as soon as the answer is yes.
func (r *trouble) askThen(cmd actors.Command, then func()) *question {
	q := r.person(r.audit, cmd)
	q.then = then
	r.h.System.Do(cmd, q.answered)
	r.h.Clock.RunUntil(r.h.Clock.Mono()+time.Second, func() bool { return q.replies > 0 })
	r.h.Run(0) // what else was to happen at this instant
	r.look()
	return q
}

func (r *trouble) tell(target string, body any) *question {
	return r.ask(actors.Command{Target: target, Body: body})
}

// must notes a command that was not answered as it has to be.
func (r *trouble) must(q *question, rule, code string) {
	if q.replies > 0 && q.reply.Code != code && q.reply.Code != "not_running" {
		r.say(rule, "%s: %T was answered %q, want %q", q.cmd.Target, q.cmd.Body, q.reply.Code, code)
	}
}

// jobs are those that should run, as far as is known.
func (r *trouble) jobs() []string {
	if known := r.running(); len(known) > 0 {
		return known
	}
	return []string{"monitor"}
}

// setState asks a job for a state, and notes what that means.
func (r *trouble) setState(job string, s actors.State) {
	before := r.state[job]
	word := map[actors.State]string{actors.Sleeping: "sleep", actors.Ready: "wake", actors.Disconnected: "stop"}[s]
	r.hit(job, word)
	if s == actors.Ready {
		delete(r.asleep, job)
		r.resumed(job)
	}
	q := r.tell(job, actors.SetState{State: s})
	switch {
	case !q.reply.OK:
	case s == actors.Sleeping && before == actors.Ready && !r.pause:
		r.asleep[job] = true
	case s == actors.Disconnected:
		r.forget(job)
		delete(r.asleep, job)
		if r.wanted[job] = false; r.full {
			delete(r.wanted, job)
		}
	}
}

// resumed ends the wait for nothing to flow, when the job doses again.
func (r *trouble) resumed(job string) {
	if job == "dosing_automation" {
		r.halted = false
	}
}

func (r *trouble) sleepOrWake() {
	job := pick(r, r.jobs()...)
	if r.asleep[job] || r.rng.IntN(4) == 0 {
		r.setState(job, actors.Ready)
		return
	}
	r.setState(job, actors.Sleeping)
}

func (r *trouble) stopJob() { r.setState(pick(r, slots...), actors.Disconnected) }

// slots are the jobs that are started and stopped.
var slots = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation", "temperature_automation", "led_automation"}

func (r *trouble) startJob() {
	job := pick(r, slots...)
	for _, slot := range slots { // rather one that was stopped
		if want, known := r.wanted[slot]; known && !want && r.rng.IntN(3) > 0 {
			job = slot
		}
	}
	r.start(job)
}

func (r *trouble) start(job string) {
	start := actors.StartJob{Job: job}
	if names := automations(job); names != nil {
		start.Options = []setting.Pair{{Name: "automation_name", Value: pick(r, names...)}}
	} else if len(job) > 11 && job[len(job)-11:] == "_automation" {
		return // none is registered
	}
	up := runs(r.state[job])
	r.hit(job, "start")
	r.resumed(job)
	q := r.tell("experiment", start)
	r.run(3 * time.Second)
	if up && q.reply.OK && !q.void && r.state[job] != actors.Lost {
		r.say("doubled", "%s was running and was started another time", job)
	}
	if r.full {
		delete(r.wanted, job)
		return
	}
	if !up && (q.reply.OK || runs(r.state[job])) {
		r.wanted[job] = true
	}
}

// automations are the registered ones of a family, in order.
func automations(slot string) (names []string) {
	for _, reg := range actors.Registered() {
		if reg.Family != actors.Own && string(reg.Family) == slot && reg.Name != "doser" && reg.Name != "spy" {
			names = append(names, reg.Name)
		}
	}
	return names
}

func (r *trouble) disk() {
	if r.full {
		r.mend()
		return
	}
	r.met("disk full")
	r.lossy, r.full, r.since = true, true, r.now()
	r.h.Store.Break(errors.New("disk full"))
}

func (r *trouble) mend() {
	r.full = false
	r.h.Store.Break(nil)
}

func (r *trouble) observer() {
	if r.stalled == nil {
		r.stall(r.audit)
		return
	}
	r.hear(r.audit)
}

// clock sets the wall clock, as NTP does once the network is there.
func (r *trouble) clock() {
	r.jumped = r.now()
	r.h.Jump(time.Duration(r.rng.Int64N(int64(48*time.Hour))) - 24*time.Hour)
}

func (r *trouble) name(what string) string {
	r.n++
	return fmt.Sprintf("%s-%d", what, r.n)
}
