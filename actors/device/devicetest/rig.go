// Package devicetest is a rig to try the devices and the vial on: a board that
// keeps a diary, two actors that ask for things, virtual time, and rules that
// must hold at every instant.
//
//	r := devicetest.Start(t, 1)
//	r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1})
//	r.Run(time.Minute)
//	r.AtEnd()
package devicetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/dosing"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// Epoch is when a rig's clock begins.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// OD is one of the two actors that ask, under the name that may open a window;
// Job1 is the other.
const (
	OD   = "od_reading"
	Job1 = "job1"
)

// Say makes one of the two actors send something.
type Say struct {
	To  string
	Msg any
}

// asker is an actor that asks for things.
type asker struct{ heard *[]any }

func (a asker) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Command:
		switch b := m.Body.(type) {
		case Say:
			c.Tell(b.To, b.Msg)
		case actors.Dose:
			c.Tell("vial", asked(c, m, "vial"))
		case actors.SetLED:
			c.Tell("leds", asked(c, m, "leds"))
		}
	case protocol.Driven, protocol.Cut, protocol.Quiet, protocol.QuietEnded, protocol.ADCRead, protocol.EdgesRead, actors.Reply:
		*a.heard = append(*a.heard, m)
	}
	return nil
}

func asked(c *actors.Context, cmd actors.Command, target string) actors.Command {
	return actors.Command{ID: cmd.ID, Origin: actors.Origin{Mouth: "actor", Who: c.Name()}, Target: target, Body: cmd.Body}
}

// Root spawns specs as its children.
type Root []actors.Spec

// Receive implements actors.Job.
func (r Root) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		for _, s := range r {
			if err := c.Spawn(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rig is the devices on a Board. Not safe for concurrent use.
type Rig struct {
	T      testing.TB
	Clock  *clock.Clock
	System *actors.System
	Board  *Board
	Store  *state.Memory
	Facts  []actors.Fact
	// Interfere plants defects: what the actor of that name gets instead of a
	// message.
	Interfere map[string]func(msg any) []any

	*rules
	heard   map[string]*[]any
	ids     int
	answers map[string]actors.Reply
}

// Options of a rig.
type Options struct {
	Seed  uint64
	Store *state.Memory // default: an empty one
	Liar  state.Store   // stands before Store
}

// New is a rig before its devices are started.
func New(t testing.TB, o Options) *Rig {
	t.Helper()
	r := &Rig{T: t, Clock: clock.Virtual(Epoch, o.Seed), Store: o.Store, Interfere: map[string]func(any) []any{},
		heard: map[string]*[]any{}, answers: map[string]actors.Reply{}}
	if r.Store == nil {
		r.Store = state.NewMemory()
	}
	var kept state.Store = r.Store
	if o.Liar != nil {
		kept = o.Liar
	}
	r.Board = NewBoard(r.Clock.Mono)
	r.rules = newRules(r)
	r.Board.Wrote = r.wrote
	var err error
	r.System, err = actors.NewSystem(actors.Options{Unit: "pio1", Boot: fmt.Sprintf("boot%d", o.Seed), Clock: r.Clock, State: kept, Seed: o.Seed,
		Interfere: func(name string, msg any) []any {
			r.message(msg)
			if tamper := r.Interfere[name]; tamper != nil {
				return tamper(msg)
			}
			return []any{msg}
		}})
	if err != nil {
		t.Fatal(err)
	}
	r.System.Watch(func(f actors.Fact) {
		r.Facts = append(r.Facts, f)
		r.fact(f)
	})
	return r
}

// Start starts the devices, with a vial that nobody reads, and the two actors.
func (r *Rig) Start() *Rig {
	r.T.Helper()
	specs := Root{Devices(r.T, r.Board, device.DefaultConfig())}
	for _, name := range []string{Job1, OD} {
		r.heard[name] = &[]any{}
		specs = append(specs, actors.Spec{Name: name, New: func() actors.Job { return asker{r.heard[name]} }})
	}
	if err := r.System.Start(actors.Spec{Name: "node", New: func() actors.Job { return specs }}); err != nil {
		r.T.Fatal(err)
	}
	r.Run(0)
	return r
}

// Devices are those of board, with a vial that nobody reads: its doses go unseen.
func Devices(t testing.TB, board hw.Board, cfg device.Config) actors.Spec {
	t.Helper()
	vial, err := dosing.Spec(board, unread)
	if err != nil {
		t.Fatal(err)
	}
	return device.Spec(board, cfg, vial)
}

var unread = func() dosing.Config {
	cfg := dosing.DefaultConfig()
	cfg.Media.MaxUnverifiedML = 1e5
	return cfg
}()

// Start is a rig that runs, with a state of its own.
func Start(t testing.TB, seed uint64) *Rig { return New(t, Options{Seed: seed}).Start() }

// Run lets d pass and checks every step of it.
func (r *Rig) Run(d time.Duration) {
	r.Clock.RunUntil(r.Clock.Mono()+d, func() bool {
		r.step()
		return false
	})
	r.step()
	r.Board.Flow()
}

// Crash makes an actor panic, and lets it happen.
func (r *Rig) Crash(name string) {
	r.System.Crash(name, "planned")
	r.Run(0)
}

// Do sends a command and returns its answer, or none if there is none at once.
func (r *Rig) Do(target string, body any) actors.Reply {
	r.T.Helper()
	id := r.Send(target, body)
	r.Run(0)
	return r.answers[id]
}

// Send sends a command and returns its ID.
func (r *Rig) Send(target string, body any) string {
	r.ids++
	id := fmt.Sprintf("%s-%d", r.System.Boot(), r.ids)
	r.sent(id, target, body)
	r.System.Do(actors.Command{ID: id, Origin: actors.Origin{Mouth: "cli"}, Target: target, Body: body}, func(got actors.Reply) { r.answers[id] = got })
	return id
}

// Tell makes from, one of the two actors, send msg to the actor called to.
func (r *Rig) Tell(from, to string, msg any) { r.Send(from, Say{to, msg}); r.Run(0) }

// HeardBy is what one of the two has been told since last asked.
func (r *Rig) HeardBy(name string) []any {
	all := *r.heard[name]
	*r.heard[name] = nil
	return all
}

// Heard is the first T that OD has been told since last asked.
func Heard[T any](r *Rig) T {
	r.T.Helper()
	for _, m := range r.HeardBy(OD) {
		if x, ok := m.(T); ok {
			return x
		}
	}
	var none T
	r.T.Fatalf("no %T", none)
	return none
}

// Of is every T that was published.
func Of[T actors.Fact](r *Rig) (all []T) {
	for _, f := range r.Facts {
		if x, ok := f.(T); ok {
			all = append(all, x)
		}
	}
	return all
}

// Vial is what the books say.
func (r *Rig) Vial() actors.Vial {
	v, _ := actors.LatestOf[actors.Vial](r.System, "")
	return v
}

// Alarm reports whether the alarm called name is active.
func (r *Rig) Alarm(name string) bool {
	a, ok := actors.LatestOf[actors.Alarm](r.System, name)
	return ok && a.Active
}
