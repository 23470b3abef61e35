package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Why somebody has to rest.
const (
	whilePaused = "the vial is paused; end the pause with `pioactor vial resume`"
	justResumed = "the vial was just resumed; dosing goes on once the culture has settled for 30 s"
)

// calm is the longest wait for pumps to come to rest before a pause is answered.
const calm = 25 * time.Second

// waiting is a pause that is being entered.
type waiting struct {
	peers   []actors.Peer
	asked   map[string]bool // commands without a reply
	looked  string          // the vial is asked whether its pumps rest
	busy    bool            // they do not, as far as is known
	unsaved bool
}

// pause stops at once what could disturb a person's work, and is answered when
// that is at rest. It holds although the disk may refuse to keep it.
func (b *bench) pause(c *actors.Context, cmd actors.Command) error {
	switch {
	case len(b.resuming) > 0:
		return actors.Refuse("busy", "vial: it is just being resumed; pause it again in a second")
	case b.pausing != nil:
		b.pausing.peers = append(b.pausing.peers, c.Later(cmd))
		return nil
	case b.kept.Paused:
		peer := c.Later(cmd) // it is written down once more: the disk may have refused the first
		b.save(c, func(c *actors.Context, _ error) { c.AnswerTo(peer, actors.Reply{OK: true, Value: b.shown}) })
		return nil
	}
	b.settling = 0
	b.pausing = &waiting{peers: []actors.Peer{c.Later(cmd)}, asked: map[string]bool{}, busy: true, unsaved: true}
	b.kept.Paused, b.kept.Since = true, c.Now()
	b.chooseJobs(c)
	b.hold(c, resting, whilePaused)
	b.hold(c, []string{vialName}, whilePaused)
	b.rest(c)
	w := b.pausing
	b.look(c, w)
	b.save(c, func(c *actors.Context, _ error) { w.unsaved = false; b.settle(c) })
	b.remindIn(c, b.cfg.RemindAfter)
	b.publish(c)
	c.Log().Notice("The vial is paused: no dosing, no OD readings; stirring, heat and light go on.")
	c.After(calm, giveUp{w})
	return nil
}

// chooseJobs notes what runs: that alone will go on. What was still to be woken
// from the pause before counts as running.
func (b *bench) chooseJobs(c *actors.Context) {
	waiting := b.kept.Jobs
	b.kept.Jobs, b.kept.Left = nil, nil
	for _, job := range resting {
		state, _, _ := actors.Latest[actors.JobState](c, job)
		switch {
		case state.State == actors.Init || state.State == actors.Ready || slices.Contains(waiting, job) && state.State == actors.Sleeping:
			b.kept.Jobs = append(b.kept.Jobs, job)
		case state.State == actors.Sleeping:
			b.kept.Left = append(b.kept.Left, job)
		}
	}
}

// rest puts the jobs to sleep and stops the pumps.
func (b *bench) rest(c *actors.Context) {
	ids := []string{c.Ask(vialName, actors.StopDosing{Reason: "the vial is paused"})}
	for _, job := range resting {
		if state, _, _ := actors.Latest[actors.JobState](c, job); state.State == actors.Ready {
			ids = append(ids, c.Ask(job, actors.SetState{State: actors.Sleeping}))
		}
	}
	if b.pausing == nil {
		return
	}
	for _, id := range ids {
		b.pausing.asked[id] = true
	}
}

// replied notes an answer, to whatever was asked.
func (b *bench) replied(c *actors.Context, r actors.Reply) {
	w := b.pausing
	switch {
	case w == nil:
		return
	case r.ID == w.looked && r.Code == "busy":
		c.After(lookAgain, look{w})
	case r.ID == w.looked:
		w.busy = false
	}
	delete(w.asked, r.ID)
	b.settle(c)
}

// lookAgain is the pause between two looks at the pumps.
const lookAgain = 500 * time.Millisecond

// look asks the vial for a correction of nothing: it refuses that while a pump
// runs, for a dose or for waste that is owed.
func (b *bench) look(c *actors.Context, w *waiting) {
	if b.pausing == w {
		w.looked = c.Ask(vialName, actors.SetVial{})
	}
}

// settle answers the pause once everything rests.
func (b *bench) settle(c *actors.Context) {
	if w := b.pausing; w != nil && len(w.asked) == 0 && !w.busy && !w.unsaved {
		b.answer(c)
	}
}

// giveUp answers a pause whose pumps need longer, such as for waste that is owed.
func (b *bench) giveUp(c *actors.Context, w *waiting) {
	if b.pausing == w && w != nil {
		c.Log().Warning("The vial is paused, but not all is at rest after %v; wait until no pump runs.", calm)
		b.answer(c)
	}
}

func (b *bench) answer(c *actors.Context) {
	for _, peer := range b.pausing.peers {
		c.AnswerTo(peer, actors.Reply{OK: true, Value: b.shown})
	}
	b.pausing = nil
}

// resume ends the pause once that is on the disk.
func (b *bench) resume(c *actors.Context, cmd actors.Command) error {
	if state, _, _ := actors.Latest[actors.JobState](c, measuring); lives(state) {
		return actors.Refuse("busy", "vial: a blank is being measured, the medium would be taken for the culture; wait for od_blank, or stop it")
	}
	if b.resuming == nil && !b.kept.Paused {
		c.Reply(cmd, b.shown)
		return nil
	}
	if b.resuming = append(b.resuming, c.Later(cmd)); len(b.resuming) > 1 {
		return nil
	}
	before := b.kept
	b.kept.Paused, b.kept.Since, b.kept.Left = false, c.Now(), nil
	b.save(c, func(c *actors.Context, err error) { b.resumed(c, before, err) })
	return nil
}

// resumed lets go on what the pause had stopped: readings at once, dosing when
// the culture has settled. A pause that the disk still holds goes on.
func (b *bench) resumed(c *actors.Context, before kept, err error) {
	peers := b.resuming
	b.resuming = nil
	r := actors.Reply{OK: true}
	if err != nil {
		b.kept.Paused, b.kept.Since, b.kept.Left = before.Paused, before.Since, before.Left
		b.save(c, nil) // so that a restart of this actor does not take up what was refused
		r = actors.Reply{Code: "not_saved", Reason: fmt.Sprintf("vial: it stays paused, the end of the pause cannot be written down: %v; make room on the disk", err)}
	} else {
		b.goOn(c)
		r.Value = b.shown
	}
	for _, peer := range peers {
		c.AnswerTo(peer, r)
	}
}

func (b *bench) goOn(c *actors.Context) {
	if b.pausing != nil {
		b.answer(c)
	}
	b.reminder.Cancel()
	c.Clear(forgotten)
	c.Publish(actors.Disturbance{Cause: "resume"})
	b.hold(c, []string{vialName}, "")
	b.wakeInOrder(c)
	b.publish(c)
	c.Log().Notice("The vial is resumed.")
}

// wakeInOrder wakes readings at once, and dosing once the culture has settled.
func (b *bench) wakeInOrder(c *actors.Context) {
	b.resumes++
	b.settling = b.resumes
	b.hold(c, []string{reading}, "")
	b.hold(c, []string{dosing}, justResumed)
	b.wake(c, reading)
	c.After(actors.Settle, wakeRest{b.settling})
}

// wake wakes job if the pause had put it to sleep. One that a person stopped
// does not run, and is not started.
func (b *bench) wake(c *actors.Context, job string) {
	state, _, _ := actors.Latest[actors.JobState](c, job)
	if slices.Contains(b.kept.Jobs, job) && state.State == actors.Sleeping {
		c.Ask(job, actors.SetState{State: actors.Ready})
	}
}

// wakeRest ends the wait behind a resume.
func (b *bench) wakeRest(c *actors.Context, resume int) {
	if resume != b.settling {
		return
	}
	b.settling = 0
	b.hold(c, resting, "")
	for _, job := range resting {
		b.wake(c, job)
	}
	b.kept.Jobs = nil
	b.save(c, nil)
	b.publish(c)
}

// jobState notes a job that is started while it is held: it sleeps as soon as it is
// ready, and wakes with the others. A sleeper that failed is restarted, and sleeps
// on for whoever put it to sleep. One that is ready and free needs no waking: if
// it sleeps later, a person wants it to.
func (b *bench) jobState(c *actors.Context, s actors.JobState) {
	restarted := b.asleep[s.Job]
	b.asleep[s.Job] = s.State == actors.Sleeping
	held, _, _ := actors.Latest[actors.Held](c, s.Job)
	waits := slices.Contains(b.kept.Jobs, s.Job)
	switch {
	case !slices.Contains(resting, s.Job):
		return
	case held.Why == "" && s.State == actors.Ready && waits:
		b.kept.Jobs = slices.DeleteFunc(slices.Clone(b.kept.Jobs), func(job string) bool { return job == s.Job })
	case held.Why != "" && s.State == actors.Init && !waits && !restarted && !slices.Contains(b.kept.Left, s.Job):
		b.kept.Jobs = append(slices.Clone(b.kept.Jobs), s.Job)
	default:
		return
	}
	b.save(c, nil)
	b.publish(c)
}

func (b *bench) remindIn(c *actors.Context, d time.Duration) {
	b.reminder.Cancel()
	b.reminder = c.After(max(d, 0), remind{})
}

// remind tells of a pause that may have been forgotten.
func (b *bench) remind(c *actors.Context) {
	if b.kept.Paused {
		c.Raise(forgotten, "medium", fmt.Sprintf("The vial has been paused since %s: nothing is dosed and OD is not read. End it with `pioactor vial resume`.",
			b.kept.Since.Format("15:04 UTC")), false)
	}
}
