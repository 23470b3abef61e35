// Package bench is the actor "bench": what a person does with their hands while
// the unit runs. It pauses dosing and OD readings and lets them go on, and it
// keeps every experiment's blank.
//
// It refuses to know volumes, which are the vial's, and to measure, which is
// od_blank's: it says who has to rest, and what is subtracted. Both are on the
// disk, so that a power cut ends neither a pause nor a blank.
//
//	c.Ask("bench", actors.PauseVial{})
package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Name is the actor's name.
const Name = "bench"

// Config is the section [bench].
type Config struct {
	RemindAfter time.Duration `toml:"remind_after" unit:"min" above:"0" max:"1440" help:"a vial that is paused for longer raises an alarm"`
}

// DefaultConfig reminds after 15 min.
func DefaultConfig() Config { return Config{RemindAfter: 15 * time.Minute} }

const (
	stateKey  = "bench"
	forgotten = "vial_paused"     // alarm
	notKept   = "bench_not_saved" // alarm
	reading   = "od_reading"
	growth    = "growth_rate_calculating"
	measuring = "od_blank"
	vialName  = "vial"
)

// dosing is the job that doses by itself.
const dosing = string(actors.Dosing)

// resting are the jobs that a pause puts to sleep, first those that move liquid.
var resting = []string{dosing, reading}

// kept is what survives a restart.
type kept struct {
	Paused bool           `json:"paused"`
	Since  time.Time      `json:"since"`
	Jobs   []string       `json:"jobs,omitempty"`   // to wake at the end: in a pause all, after it those that still wait
	Left   []string       `json:"left,omitempty"`   // asleep by a person's wish before the pause
	Blanks []actors.Blank `json:"blanks,omitempty"` // one an experiment
}

// Spec is the actor's spec for the unit's tree: before the devices, so that in a
// pause nothing moves at a start either.
func Spec(cfg Config) actors.Spec {
	return actors.Spec{Name: Name, New: func() actors.Job { return &bench{cfg: cfg} }}
}

// bench coordinates by commands and by facts that others respect.
//
// Takes: Command{PauseVial, ResumeVial, MarkVial, SetBlank}; JobState of the
// jobs a pause holds, Vial.
// Sends: SetState to those jobs, StopDosing and SetVial to "vial"; publishes VialState, Held,
// Blank, Disturbance; alarms vial_paused, bench_not_saved.
// Fails by: only a bug. State it cannot read counts as a pause: somebody has to look.
type bench struct {
	cfg  Config
	kept kept

	shown    actors.Fact // the VialState as published
	pausing  *waiting
	resuming []actors.Peer // who waits for the end of a pause to be on the disk
	settling int           // of the resume whose dosing still waits; 0 for none
	resumes  int
	blanking bool // a blank is being saved
	saves    int
	saved    int
	then     map[int]func(*actors.Context, error)
	reminder actors.Timer
	vial     uint64
	asleep   map[string]bool // jobs, by what was last heard of them
}

// Messages of the bench to itself.
type (
	remind   struct{}
	wakeRest struct{ resume int }
	look     struct{ w *waiting } // again, whether the pumps rest
	giveUp   struct{ w *waiting }
)

// Receive implements actors.Job.
func (b *bench) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		b.start(c)
	case actors.Command:
		return b.command(c, m)
	case actors.Saved:
		b.written(c, m.Err)
	case actors.Rewritten:
		c.Clear(notKept)
	case actors.Reply:
		b.replied(c, m)
	case actors.JobState:
		b.jobState(c, m)
	case actors.Vial:
		b.swapped(c, m)
	case remind:
		b.remind(c)
	case wakeRest:
		b.wakeRest(c, m.resume)
	case look:
		b.look(c, m.w)
	case giveUp:
		b.giveUp(c, m.w)
	}
	return nil
}

func (b *bench) command(c *actors.Context, cmd actors.Command) error {
	switch body := cmd.Body.(type) {
	case actors.PauseVial:
		return b.pause(c, cmd)
	case actors.ResumeVial:
		return b.resume(c, cmd)
	case actors.MarkVial:
		return mark(c, body)
	case actors.SetBlank:
		return b.setBlank(c, cmd, body)
	}
	return actors.Refuse("unknown_command", "bench: cannot %T", cmd.Body)
}

// maxCause bounds what a person may call a disturbance, in bytes.
const maxCause = 200

func mark(c *actors.Context, m actors.MarkVial) error {
	cause := strings.TrimSpace(m.Cause)
	if cause == "" {
		cause = "marked by hand"
	}
	if len(cause) > maxCause {
		return actors.Refuse("too_long", "cause: want at most %d bytes, got %d", maxCause, len(cause))
	}
	c.Publish(actors.Disturbance{Cause: cause})
	c.Log().Notice("Disturbance: %s.", cause)
	return nil
}

// start takes up what was before the restart, before any job can act.
func (b *bench) start(c *actors.Context) {
	b.then, b.asleep = map[int]func(*actors.Context, error){}, map[string]bool{}
	for _, job := range resting {
		state, _, _ := actors.Latest[actors.JobState](c, job)
		b.asleep[job] = state.State == actors.Sleeping
	}
	actors.Subscribe[actors.JobState](c)
	actors.Subscribe[actors.Vial](c)
	if _, err := c.Load(stateKey, &b.kept); err != nil {
		b.kept = kept{Paused: true, Since: c.Now()}
		c.Raise(notKept, "high", fmt.Sprintf("What the bench knew cannot be read (%v): blanks are lost, and dosing and OD rest until `pioactor vial resume`.", err), true)
	}
	for _, blank := range b.kept.Blanks {
		publishBlank(c, blank)
	}
	if v, _, ok := actors.Latest[actors.Vial](c, ""); ok {
		b.swapped(c, v)
	}
	switch {
	case b.kept.Paused:
		b.hold(c, resting, whilePaused)
		b.hold(c, []string{vialName}, whilePaused)
		b.remindIn(c, b.cfg.RemindAfter-c.Now().Sub(b.kept.Since))
		b.rest(c)
	default:
		b.releaseStale(c)
	}
	b.publish(c)
}

// releaseStale ends what an earlier life held, save for what still has to wait.
func (b *bench) releaseStale(c *actors.Context) {
	b.hold(c, append([]string{vialName}, resting...), "")
	if len(b.kept.Jobs) > 0 {
		b.wakeInOrder(c)
	}
}

// hold says who has to rest, and why; with an empty why that it is over.
func (b *bench) hold(c *actors.Context, jobs []string, why string) {
	for _, job := range jobs {
		if old, _, _ := actors.Latest[actors.Held](c, job); old.Why != why {
			c.Publish(actors.Held{Job: job, Why: why})
		}
	}
}

func (b *bench) publish(c *actors.Context) {
	b.shown = c.Publish(actors.VialState{Paused: b.kept.Paused, Since: b.kept.Since, Jobs: slices.Clone(b.kept.Jobs)})
}

// save writes what is kept; then, if any, is called once it is on the disk or
// cannot be.
func (b *bench) save(c *actors.Context, then func(*actors.Context, error)) {
	b.saves++
	b.then[b.saves] = then
	c.Save(stateKey, b.kept)
}

func (b *bench) written(c *actors.Context, err error) {
	b.saved++
	if err != nil {
		c.Raise(notKept, "high", fmt.Sprintf("Pauses and blanks cannot be written down: %v. A restart would not know of them.", err), false)
	} else {
		c.Clear(notKept)
	}
	then := b.then[b.saved]
	delete(b.then, b.saved)
	if then != nil {
		then(c, err)
	}
}

var _ actors.Job = (*bench)(nil)
