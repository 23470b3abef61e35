package unit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
)

// Config is what the experiment starts with.
type Config struct {
	// Name and Start seed the very first start; afterwards the durable state
	// is the truth. Start holds jobs such as "stirring", and automations with
	// their settings such as "dosing_automation=turbidostat target_biomass=30".
	Name  string
	Start []string
	// Table returns the config section of a job, or of an automation in its family.
	Table func(slot, automation string) map[string]any
	// Job adds what is not in a config section; may be nil.
	Job func(actors.Spec) actors.Spec
}

// Check reports what of Start cannot be started: an unknown job, a setting out
// of range.
func (c Config) Check() error {
	e := &experiment{cfg: c, kept: kept{Experiment: c.Name}}
	var errs []error
	for _, entry := range c.Start {
		if _, err := e.spec(parseStart(entry)); err != nil {
			errs = append(errs, fmt.Errorf("start: %q: %w", entry, err))
		}
	}
	return errors.Join(errs...)
}

// stateKey is where the jobs that should run are kept.
const stateKey = "experiment"

const notSaved = "state_not_saved" // alarm

// Experiment owns the jobs of the experiment this unit is assigned to.
func Experiment(cfg Config) actors.Spec {
	return actors.Spec{Name: "experiment", New: func() actors.Job { return &experiment{cfg: cfg} }}
}

// desired is one job that should run, as it is kept over restarts.
type desired struct {
	Job        string         `json:"job"`
	Automation string         `json:"automation,omitempty"`
	Options    []setting.Pair `json:"options,omitempty"`
}

type kept struct {
	Experiment string    `json:"experiment"`
	Jobs       []desired `json:"jobs"`
}

// experiment is the supervisor of all jobs: one of a name by construction,
// since a job's name is its address.
//
// Takes: StartJob; ChildState and ChildSettings of the jobs.
// Sends: Reply when a started job is ready, or why it is not, after 25 s at the latest.
// Fails by: state that cannot be read; a job's failure is that job's affair.
type experiment struct {
	cfg     Config
	kept    kept
	waiting map[string]actors.Peer // who waits for a job to be ready
	leaving []string               // while stopping: the job that ends now, and those after it
	last    actors.Peer            // who waits for the stop
	unsaved bool                   // settings have changed since the last save
}

// Receive implements actors.Job.
func (e *experiment) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return e.start(c)
	case actors.Command:
		return e.command(c, msg)
	case actors.ChildState:
		e.child(c, msg)
	case actors.ChildSettings:
		e.changed(c, msg)
	case slowStart:
		e.slow(c, msg)
	case saveSettings:
		e.saveSettings(c)
	case actors.Stopping:
		if e.unsaved {
			e.saveSettings(c)
		}
	case actors.Saved:
		if msg.Err != nil {
			c.Raise(notSaved, "high", fmt.Sprintf("the jobs to restart after a power cut cannot be kept: %v", msg.Err), false)
		} else {
			c.Clear(notSaved)
		}
	case actors.Rewritten:
		c.Clear(notSaved)
	}
	return nil
}

func (e *experiment) start(c *actors.Context) error {
	e.waiting = map[string]actors.Peer{}
	ok, err := c.Load(stateKey, &e.kept)
	if err != nil {
		return err
	}
	if !ok {
		e.kept = kept{Experiment: e.cfg.Name}
		for _, entry := range e.cfg.Start {
			e.kept.Jobs = append(e.kept.Jobs, parseStart(entry))
		}
		c.Save(stateKey, e.kept)
	}
	c.PublishFor(e.kept.Experiment, Assignment{})
	for _, d := range slices.Clone(e.kept.Jobs) {
		if err := e.spawn(c, d); err != nil {
			c.Log().Error("start %s: %v", d.Job, err)
		}
	}
	return nil
}

// parseStart reads "job", "job=automation" or either with settings behind it,
// such as "dosing_automation=turbidostat target_biomass=30".
func parseStart(entry string) desired {
	words := strings.Fields(entry)
	if len(words) == 0 {
		return desired{}
	}
	job, automation, _ := strings.Cut(words[0], "=")
	d := desired{Job: job, Automation: automation}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		d.Options = append(d.Options, setting.Pair{Name: name, Value: value})
	}
	return d
}

// spec makes the spec of a job, every setting checked.
func (e *experiment) spec(d desired) (actors.Spec, error) {
	r, err := actors.Lookup(d.Job, d.Automation)
	if err != nil {
		return actors.Spec{}, err
	}
	spec := actors.Spec{Name: r.Slot(), Slot: r.Slot(), New: r.New, Family: r.Family, Experiment: e.kept.Experiment, Options: d.Options}
	if r.Family != actors.Own {
		spec.Automation = r.Name
	}
	if r.Universal {
		spec.Experiment = ""
	}
	if e.cfg.Table != nil {
		spec.Table = e.cfg.Table(r.Slot(), spec.Automation)
	}
	if e.cfg.Job != nil {
		spec = e.cfg.Job(spec)
	}
	_, err = spec.Prepare()
	return spec, err
}

func (e *experiment) spawn(c *actors.Context, d desired) error {
	spec, err := e.spec(d)
	if err != nil {
		return err
	}
	return c.Spawn(spec)
}

func (e *experiment) command(c *actors.Context, cmd actors.Command) error {
	switch body := cmd.Body.(type) {
	case actors.StartJob:
		return e.startJob(c, cmd, body)
	case Shutdown:
		e.shutdown(c, cmd)
		return nil
	}
	return actors.Refuse("unknown_command", "experiment: cannot %T", cmd.Body)
}

func (e *experiment) startJob(c *actors.Context, cmd actors.Command, body actors.StartJob) error {
	if e.leaving != nil {
		return actors.Refuse("shutting_down", "%s: this unit is shutting down", body.Job)
	}
	d := desired{Job: body.Job, Options: body.Options}
	for _, o := range body.Options {
		if name, ok := o.Value.(string); ok && o.Name == "automation_name" {
			d.Automation = name
		}
	}
	if err := e.spawn(c, d); err != nil {
		return err
	}
	peer := c.Later(cmd)
	e.waiting[d.Job] = peer
	c.After(startPatience, slowStart{d.Job, peer})
	if r, err := actors.Lookup(d.Job, d.Automation); err == nil && !r.Action {
		e.want(c, d)
	}
	return nil
}

// startPatience is how long a start may take before its starter is told that it
// goes on: below the 30 s that a command waits for its reply.
const startPatience = 25 * time.Second

// slowStart ends a peer's wait for the start of a job.
type slowStart struct {
	job  string
	peer actors.Peer
}

// slow answers a start that needs longer, such as one whose hardware fails. The
// job goes on trying, and stays wanted.
func (e *experiment) slow(c *actors.Context, s slowStart) {
	if peer, waits := e.waiting[s.job]; !waits || peer != s.peer || e.leaving != nil {
		return
	}
	delete(e.waiting, s.job)
	c.AnswerTo(s.peer, actors.Reply{Code: "starting", Reason: fmt.Sprintf(
		"%s is still starting after %v, and goes on trying; see its log and the alarms, or stop it", s.job, startPatience)})
}

// want keeps d among the jobs that should run.
func (e *experiment) want(c *actors.Context, d desired) {
	if i := e.find(d.Job); i >= 0 {
		e.kept.Jobs[i] = d
	} else {
		e.kept.Jobs = append(e.kept.Jobs, d)
	}
	c.Save(stateKey, e.kept)
}

func (e *experiment) find(job string) int {
	return slices.IndexFunc(e.kept.Jobs, func(d desired) bool { return d.Job == job })
}

func (e *experiment) child(c *actors.Context, s actors.ChildState) {
	peer, waits := e.waiting[s.Name]
	delete(e.waiting, s.Name)
	ended := s.State == actors.Disconnected || s.State == actors.Lost
	if e.leaving != nil {
		if ended && len(e.leaving) > 0 && e.leaving[0] == s.Name {
			e.leaveNext(c)
		}
		return
	}
	r := actors.Reply{OK: s.State == actors.Ready, Value: s.Name}
	if ended {
		r = actors.Reply{Code: "refused", Reason: s.Name + ": " + strings.TrimPrefix(s.Reason, s.Name+": ")}
	}
	if waits && (ended || r.OK) {
		c.AnswerTo(peer, r)
	}
	// A job that could not start by itself, or ended with its parent, stays
	// wanted. One that somebody stopped, or that was refused to its starter, is not.
	if s.State == actors.Disconnected && (waits || s.Asked) {
		e.unwant(c, s.Name)
	}
}

// unwant forgets a job: it is not started again.
func (e *experiment) unwant(c *actors.Context, job string) {
	if i := e.find(job); i >= 0 {
		e.kept.Jobs = slices.Delete(e.kept.Jobs, i, i+1)
		c.Save(stateKey, e.kept)
	}
}

// stopOrder is who goes first and last: no dose into a culture that nobody
// watches, and the stirrer turns until the end. Others go in between.
var stopOrder = map[string]int{string(actors.Dosing): -3, string(actors.LED): -2, string(actors.Temperature): -1, "stirring": 1}

// shutdown stops the jobs one after the other; they stay wanted.
func (e *experiment) shutdown(c *actors.Context, cmd actors.Command) {
	e.last, e.leaving = c.Later(cmd), []string{""}
	for _, d := range e.kept.Jobs {
		e.leaving = append(e.leaving, d.Job)
	}
	slices.SortStableFunc(e.leaving[1:], func(a, b string) int { return stopOrder[a] - stopOrder[b] })
	e.leaveNext(c)
}

func (e *experiment) leaveNext(c *actors.Context) {
	for e.leaving = e.leaving[1:]; len(e.leaving) > 0; e.leaving = e.leaving[1:] {
		if c.System().Running(e.leaving[0]) {
			c.StopChild(e.leaving[0])
			return
		}
	}
	c.AnswerTo(e.last, actors.Reply{OK: true})
}

// changed keeps settings that were changed while the job ran.
func (e *experiment) changed(c *actors.Context, s actors.ChildSettings) {
	i := e.find(s.Name)
	if i < 0 {
		return
	}
	for _, v := range s.Values {
		e.kept.Jobs[i].Options = upsert(e.kept.Jobs[i].Options, v)
	}
	if !e.unsaved {
		e.unsaved = true
		c.After(settingsDelay, saveSettings{})
	}
}

// settingsDelay gathers settings that change in a row into one write: an SD
// card and whoever turns a knob are both better off. It is also how long a
// changed setting may be lost in a power cut.
const settingsDelay = 50 * time.Millisecond

type saveSettings struct{}

func (e *experiment) saveSettings(c *actors.Context) {
	e.unsaved = false
	c.Save(stateKey, e.kept)
}

func upsert(pairs []setting.Pair, p setting.Pair) []setting.Pair {
	pairs = slices.Clone(pairs)
	if i := slices.IndexFunc(pairs, func(q setting.Pair) bool { return q.Name == p.Name }); i >= 0 {
		pairs[i] = p
		return pairs
	}
	return append(pairs, p)
}

// Assigned is the experiment this unit is assigned to.
func Assigned(sys *actors.System) string {
	s, _ := actors.LatestOf[Assignment](sys, "")
	return s.Experiment
}

// Assignment is published when the experiment's jobs are about to start.
type Assignment struct{ actors.Meta }

// RetainKey implements actors.Retained.
func (Assignment) RetainKey() string { return "" }

func init() { actors.Message[Assignment]("assignment/1") }

// Remembered is the experiment a unit was assigned to when it last ran.
func Remembered(store state.Store) (experiment string, known bool, err error) {
	text, known, err := store.Load(stateKey)
	if err != nil || !known {
		return "", false, err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return "", false, fmt.Errorf("unit: %s: %w", stateKey, err)
	}
	return k.Experiment, true, nil
}
