package actorstest_test

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// answers are the books of the commands, of actors and of people.
type answers struct {
	asked   map[string]*question // by actors, by ID
	people  []*question
	stalled *actors.Tap // of an observer that does not listen
	unheard []actors.Fact
	lossy   func(actors.Fact) bool
}

// question is a command and what was answered.
type question struct {
	cmd     actors.Command
	from    string // empty: a person
	at      time.Duration
	replies int
	reply   actors.Reply
	then    func() // once it is answered with yes
	void    bool   // whoever asked or was asked failed meanwhile
}

func newAnswers() answers { return answers{asked: map[string]*question{}} }

// cut forgets what can no longer be answered.
func (w *answers) cut() {
	*w = answers{asked: map[string]*question{}, lossy: w.lossy}
}

func (w *answers) spy(a *audit, to string, msg any) {
	switch m := msg.(type) {
	case actors.Command:
		if m.Origin.Mouth == "actor" && w.asked[m.ID] == nil {
			w.asked[m.ID] = &question{cmd: m, from: m.Origin.Who, at: a.now()}
		}
	case actors.Reply:
		if q := w.asked[m.ID]; q != nil && q.from == to {
			if q.replies++; q.replies > 1 {
				a.say("answered", "%T of %s to %s got %d replies", q.cmd.Body, to, q.cmd.Target, q.replies)
			}
		}
	}
}

func (w *answers) fact(f actors.Fact) {
	if w.stalled != nil {
		if _, vital := f.(actors.Vital); vital {
			w.unheard = append(w.unheard, f)
		}
	}
	gone, ok := f.(actors.OwnerGone)
	if !ok {
		return
	}
	for _, q := range w.asked {
		q.void = q.void || gone.Owner == q.from || gone.Owner == q.cmd.Target
	}
	for _, q := range w.people {
		q.void = q.void || gone.Owner == q.cmd.Target
	}
}

// person notes the command of a person.
func (w *answers) person(a *audit, cmd actors.Command) *question {
	q := &question{cmd: cmd, at: a.now()}
	w.people = append(w.people, q)
	return q
}

func (q *question) answered(r actors.Reply) {
	q.replies++
	q.reply = r
	if r.OK && q.then != nil && q.replies == 1 {
		q.then()
	}
}

// stall opens an observer that listens to nothing.
func (w *answers) stall(a *audit) {
	if w.stalled == nil {
		w.stalled, w.unheard = a.h.System.Tap(8, false), nil
	}
}

// hear lets it catch up: all that is vital is there, in order.
func (w *answers) hear(a *audit) {
	if w.stalled == nil {
		return
	}
	facts, _ := w.stalled.Take()
	a.h.System.Untap(w.stalled)
	w.stalled = nil
	var heard []actors.Fact
	for _, f := range facts {
		if _, vital := f.(actors.Vital); vital && !(w.lossy != nil && w.lossy(f)) {
			heard = append(heard, f)
		}
	}
	for i, f := range w.unheard {
		if i >= len(heard) || heard[i].About() != f.About() {
			a.say("observed", "%d of %d vital facts reached an observer in order", i, len(w.unheard))
			return
		}
	}
}

// finish checks that nobody waits in vain.
func (w *answers) finish(a *audit) {
	for id, q := range w.asked {
		if q.replies == 0 && !q.void && a.now()-q.at > 40*time.Second {
			a.say("answered", "%T of %s to %s (%s) was never answered", q.cmd.Body, q.from, q.cmd.Target, id)
		}
	}
	for _, q := range w.people {
		waited := a.now()-q.at > 40*time.Second
		if q.replies > 1 || q.replies == 0 && waited || q.reply.Code == "no_answer" && !q.void {
			a.say("answered", "%T to %s got %d replies %q", q.cmd.Body, q.cmd.Target, q.replies, q.reply.Code)
		}
	}
}
