package actors

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	cmap "github.com/orcaman/concurrent-map"
	"github.com/rs/zerolog"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// Options are what a System is made of. Unit and Clock are required.
type Options struct {
	Unit  string       // this unit's name on the wire
	Boot  string       // tells this start of the process from any other; default: from the clock
	Clock *clock.Clock // the house clock
	Seed  uint64       // of every random choice made by the system
	State state.Store  // default: in memory
	Log   io.Writer    // one JSON line each; default: nowhere
	I2C   hw.I2C       // for devices of a person's own; default: none
	// Transport, if set, gets the engine's *actor.ActorSystem before anything
	// is spawned: a remote must start first, or addresses are lost.
	Transport func(engine any) error
	// Interfere, for campaigns that plant defects, is shown every message
	// before an actor gets it, and returns what it gets instead.
	Interfere func(actor string, msg any) []any
}

// System is one unit's actors. Its methods may be called from any goroutine.
type System struct {
	unit, boot string
	seed       uint64
	clock      *clock.Clock
	born       time.Duration // on Mono
	engine     *actor.ActorSystem
	bus        *bus
	log        zerolog.Logger
	state      *saver
	guard      *supervisor
	i2c        hw.I2C        // nil without one
	starts     atomic.Uint64 // counts incarnations of all actors; the timers and edges of an older one are void
	interfere  func(actor string, msg any) []any
	alarms     sync.Mutex // held while an alarm is edited

	mu    sync.Mutex
	lives map[string]*life // by PID id
	names map[string]*life // by name, while there is a mailbox
	ended map[string]*host // by PID id, until the parent hears of it
	asked uint64
	memo  map[string]Reply
	memos []string
	under map[string][]func(Reply) // of commands under way, by ID: who else asked
}

// NewSystem makes the one actor system of a process, empty.
func NewSystem(o Options) (*System, error) {
	if o.Unit == "" || o.Clock == nil {
		return nil, errors.New("actors: new system: a unit name and a clock are required")
	}
	if o.Boot == "" {
		o.Boot = fmt.Sprintf("%x", o.Clock.Now().UnixNano()/1000)
	}
	if o.State == nil {
		o.State = state.NewMemory()
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	s := &System{
		unit: o.Unit, boot: o.Boot, seed: o.Seed, clock: o.Clock, bus: newBus(),
		log: zerolog.New(o.Log), lives: map[string]*life{}, names: map[string]*life{}, ended: map[string]*host{}, memo: map[string]Reply{}, under: map[string][]func(Reply){},
	}
	s.interfere, s.born, s.i2c = o.Interfere, o.Clock.Mono(), o.I2C
	s.state = newSaver(o.Clock, o.State)
	s.engine = newEngine(s.log)
	s.guard = newSupervisor(s)
	if o.Transport != nil {
		if err := o.Transport(s.engine); err != nil {
			return nil, fmt.Errorf("actors: new system: transport: %w", err)
		}
	}
	return s, nil
}

// The engine's registry of names is 1024 of these maps, each made of 32. A unit
// has some dozens of names: one is enough, and a start takes a third less time.
func init() { cmap.SHARD_COUNT = 1 }

// newEngine makes the proto.actor system. Its registry picks a shard by
// int(hash) % 1024, which is negative for half of all names on a 32-bit Pi
// (issue #755); one single shard is always index 0. It is copied, so that the
// others and their 2.7 MB go.
func newEngine(log zerolog.Logger) *actor.ActorSystem {
	quiet := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))
	engine := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }))
	shards := engine.ProcessRegistry.LocalPIDs.LocalPIDs
	for _, shard := range shards[1:] {
		if shard.Count() == 0 {
			continue // to look inside would start 32 goroutines
		}
		for item := range shard.IterBuffered() {
			shards[0].Set(item.Key, item.Val)
		}
	}
	engine.ProcessRegistry.LocalPIDs.LocalPIDs = slices.Clone(shards[:1])
	return engine
}

// Unit is this unit's name.
func (s *System) Unit() string { return s.unit }

// Boot tells this start of the process from any other.
func (s *System) Boot() string { return s.boot }

// Clock is the house clock.
func (s *System) Clock() *clock.Clock { return s.clock }

// Start spawns the root of the tree.
func (s *System) Start(spec Spec) error {
	return s.spawn(spec, func(props *actor.Props, name string) (*actor.PID, error) {
		return s.engine.Root.SpawnNamed(props.Configure(actor.WithGuardian(s.guard)), name)
	}, "")
}

// Stop stops the actor called name and all below it. It returns at once.
func (s *System) Stop(name string) {
	if l := s.named(name); l != nil {
		s.engine.Root.Stop(l.pid)
	}
}

// Crash makes the actor called name fail, as a panic in its code would: for
// campaigns. It reports whether there is such an actor.
func (s *System) Crash(name, reason string) bool {
	l := s.named(name)
	if l != nil {
		s.engine.Root.Send(l.pid, Crash{reason})
	}
	return l != nil
}

// Running reports whether the actor called name has a mailbox.
func (s *System) Running(name string) bool { return s.named(name) != nil }

// Names lists the running actors by path, unordered.
func (s *System) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for path := range s.lives {
		all = append(all, path)
	}
	return all
}

func (s *System) named(name string) *life {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[name]
}

func (s *System) life(id string) *life {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lives[id]
}

// Publish publishes a fact on behalf of somebody outside the actors.
func (s *System) Publish(experiment string, f Fact) { s.publish(experiment, f) }

// Do sends a command and calls done exactly once with its reply, on a
// goroutine of the system: done must not block. Without a deadline it waits
// for 30 s. A command ID that was answered before, since the start of the process, is answered from memory; one
// that is under way is not done twice, and both get its reply.
func (s *System) Do(cmd Command, done func(Reply)) {
	s.mu.Lock()
	s.asked++
	if cmd.ID == "" {
		cmd.ID = fmt.Sprintf("%s-%d", s.boot, s.asked)
	}
	n := s.asked
	old, repeated := s.memo[cmd.ID]
	target := s.names[cmd.Target]
	waiting, under := s.under[cmd.ID]
	if !repeated && (under || target != nil) {
		s.under[cmd.ID] = append(waiting, done)
	}
	s.mu.Unlock()
	switch {
	case repeated:
		done(old)
	case under:
	case target == nil:
		done(notRunning(cmd))
	default:
		s.ask(n, target.pid, cmd)
	}
}

func notRunning(cmd Command) Reply {
	reason := cmd.Target + " is not running"
	if slices.Contains(slots(), cmd.Target) {
		reason += fmt.Sprintf("; start it with `pioactor jobs start %s`", cmd.Target)
	}
	return Reply{ID: cmd.ID, Code: "not_running", Reason: reason}
}

// patience is how long Do waits for a reply without a deadline.
const patience = 30 * time.Second

// ask sends cmd and hands its reply to whoever waits. When none comes in time, that
// of a command that was late already is known all the same: whoever takes it from
// the mailbox will refuse it.
func (s *System) ask(n uint64, to *actor.PID, cmd Command) {
	var once sync.Once
	finish := func(r Reply) {
		once.Do(func() {
			for _, done := range s.conclude(cmd.ID, r) {
				done(r)
			}
		})
	}
	inbox := &inbox{got: finish, gone: notRunning(cmd)}
	pid, _ := s.engine.ProcessRegistry.Add(inbox, fmt.Sprintf("inbox-%d", n))
	wait, now := patience, s.clock.Now()
	if !cmd.Deadline.IsZero() {
		wait = max(cmd.Deadline.Sub(now), 0) + time.Second
	}
	timer := s.clock.AfterFunc(wait, func() {
		s.engine.ProcessRegistry.Remove(pid)
		r, late := expired(cmd, now)
		if !late {
			r = Reply{ID: cmd.ID, Code: "no_answer", Reason: fmt.Sprintf("%s did not answer within %v", cmd.Target, wait)}
		}
		finish(r)
	})
	inbox.close = func() {
		timer.Stop()
		s.engine.ProcessRegistry.Remove(pid)
	}
	s.engine.Root.RequestWithCustomSender(to, cmd, pid)
}

// remembered is how many replies are kept for repeated commands.
const remembered = 1024

// conclude remembers the reply to command id and returns who waits for it.
func (s *System) conclude(id string, r Reply) []func(Reply) {
	r.ID = id
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.memo[r.ID]; !known {
		s.memos = append(s.memos, r.ID)
	}
	s.memo[r.ID] = r
	if len(s.memos) > remembered {
		delete(s.memo, s.memos[0])
		s.memos = s.memos[1:]
	}
	waiting := s.under[id]
	delete(s.under, id)
	return waiting
}

// inbox is a process that takes one reply for somebody who is not an actor.
type inbox struct {
	got   func(Reply)
	close func()
	gone  Reply // when there is nobody to answer
}

// SendUserMessage implements actor.Process.
func (i *inbox) SendUserMessage(_ *actor.PID, message any) {
	_, m, _ := actor.UnwrapEnvelope(message)
	r, ok := m.(Reply)
	if _, dead := m.(*actor.DeadLetterResponse); dead { // it ended between look-up and delivery
		r, ok = i.gone, true
	}
	if ok {
		i.close()
		i.got(r)
	}
}

// SendSystemMessage implements actor.Process.
func (*inbox) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (*inbox) Stop(*actor.PID) {}

var _ actor.Process = (*inbox)(nil)
