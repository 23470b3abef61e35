package actors

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/pioactor/pioactor/actors/setting"
)

// Spec says what to spawn.
type Spec struct {
	Name string     // unique on the unit; how others address it
	New  func() Job // a fresh one for every start
	// Slot is set for jobs that people see: they have a state and settings on
	// the wire. Empty for devices and other house actors.
	Slot       string
	Family     Family
	Automation string // its registered name
	Experiment string
	// Table is the job's section of the config file; Options come from whoever
	// started it; both are applied over the defaults, in this order.
	Table   map[string]any
	Options []setting.Pair
	Budget  Budget // default DefaultBudget
}

func (s Spec) budget() Budget {
	if s.Budget == (Budget{}) {
		return DefaultBudget
	}
	return s.Budget
}

// life is what stays while an actor is restarted: all that one name stands for.
type life struct {
	spec    Spec
	pid     *actor.PID
	mu      sync.Mutex
	changed []setting.Pair // settings changed while running
	why     string         // it is to be lost, and why
	asked   bool           // it ends because somebody asked it to
	sleeps  bool           // it slept when it failed, so it starts asleep
	ended   atomic.Bool    // nothing reaches the host any more
}

func (l *life) lose(why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = why
}

func (l *life) lost() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// keep remembers changed settings for the next incarnation.
func (l *life) keep(changes []setting.Pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		l.changed = upsert(l.changed, c)
	}
}

func upsert(pairs []setting.Pair, p setting.Pair) []setting.Pair {
	for i := range pairs {
		if pairs[i].Name == p.Name {
			pairs[i].Value = p.Value
			return pairs
		}
	}
	return append(pairs, p)
}

// Prepare makes a job with its settings in place, or says why it cannot be.
func (s Spec) Prepare() (Job, error) { return s.make(nil) }

func (s Spec) make(changed []setting.Pair) (Job, error) {
	job := s.New()
	if err := setting.DecodeTable(job, s.Table); err != nil {
		return nil, Refuse("invalid", "%s: config: %v", s.Name, err)
	}
	for _, p := range append(append([]setting.Pair(nil), s.Options...), changed...) {
		if p.Name == "automation_name" && s.Automation != "" {
			continue
		}
		if err := setting.Assign(job, p.Name, p.Value); err != nil {
			return nil, err
		}
	}
	if err := setting.DecodeTable(job, nil); err != nil {
		return nil, Refuse("invalid", "%s: %v", s.Name, err)
	}
	return job, nil
}

type spawner func(props *actor.Props, name string) (*actor.PID, error)

// spawn starts an actor through spawn, which knows its parent.
func (s *System) spawn(spec Spec, spawn spawner, parent string) error {
	l := &life{spec: spec}
	path := spec.Name
	if parent != "" {
		path = parent + "/" + spec.Name
	}
	s.mu.Lock()
	if s.names[spec.Name] != nil {
		s.mu.Unlock()
		return Refuse("already_running", "%s is already running on %s", spec.Name, s.unit)
	}
	l.pid = s.engine.NewLocalPID(path)
	s.names[spec.Name], s.lives[path] = l, l
	s.mu.Unlock()
	props := actor.PropsFromProducer(func() actor.Actor { return newHost(s, l) },
		actor.WithDispatcher(dispatcher{s.clock}),
		actor.WithMailbox(func() actor.Mailbox { return &mailbox{late: func(m any) bool { return s.late(l, m) }} }),
		actor.WithSupervisor(newSupervisor(s)))
	if _, err := spawn(props, spec.Name); err != nil {
		s.forget(l)
		return fmt.Errorf("actors: spawn %s: %w", path, err)
	}
	return nil
}

// late answers a command that was still in the mailbox when its actor had
// ended: the engine would drop it without a word.
func (s *System) late(l *life, message any) bool {
	if !l.ended.Load() {
		return false
	}
	_, m, sender := actor.UnwrapEnvelope(message)
	if cmd, ok := m.(Command); ok && sender != nil {
		s.engine.Root.Send(sender, notRunning(cmd))
	}
	return true
}

func (s *System) forget(l *life) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[l.spec.Name] == l {
		delete(s.names, l.spec.Name)
		delete(s.lives, l.pid.Id)
	}
}
