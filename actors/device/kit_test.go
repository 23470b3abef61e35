package device

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// bench is a board that keeps a diary, with a vial that is filled and drained.
type bench struct {
	now      func() time.Duration
	outs     map[string]*tap
	volumeML float64
	at       time.Duration
	wrote    func(name string, percent float64)
	took     time.Duration // of a burst
}

const (
	slope  = 0.0911 // mL/s
	efflux = 15.0   // mL
	full   = 18.0   // mL
)

var errBus = errors.New("no answer on the bus")

type tap struct {
	b      *bench
	name   string
	value  float64
	broken bool
	sick   bool    // not even Halt works
	onS    float64 // s
	asked  func()  // of every Halt
}

func newBench(now func() time.Duration) *bench {
	b := &bench{now: now, outs: map[string]*tap{}, volumeML: 15, took: 700 * time.Millisecond}
	for _, name := range []string{"stirrer", "pump/media", "pump/alt_media", "pump/waste", "led/A", "led/B", "led/C", "led/D"} {
		b.outs[name] = &tap{b: b, name: name}
	}
	return b
}

// flow moves liquid for the time since the last write.
func (b *bench) flow() {
	dt := b.now() - b.at
	b.at = b.now()
	for name, o := range b.outs {
		if o.value > 0 {
			o.onS += dt.Seconds()
		}
		if o.value > 0 && (name == "pump/media" || name == "pump/alt_media") {
			b.volumeML += slope * dt.Seconds()
		}
	}
	if b.outs["pump/waste"].value > 0 && b.volumeML > efflux {
		b.volumeML = max(efflux, b.volumeML-slope*dt.Seconds())
	}
}

func (o *tap) Set(percent float64) error {
	if o.broken {
		return errBus
	}
	return o.write(percent)
}

func (o *tap) Halt() error {
	if o.asked != nil {
		o.asked()
	}
	if o.sick {
		return errBus
	}
	return o.write(0)
}

func (o *tap) write(percent float64) error {
	if !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("%s: %v %%", o.name, percent)
	}
	o.b.flow()
	o.value = percent
	if o.b.wrote != nil {
		o.b.wrote(o.name, percent)
	}
	return nil
}

func (b *bench) Info() hw.Info { return hw.Info{Model: "bench", CapacityML: 20, MaxFillML: full} }
func (b *bench) LED(channel string) (hw.Output, error) {
	return b.outs["led/"+channel], nil
}
func (b *bench) Stirrer() hw.Output                       { return b.outs["stirrer"] }
func (b *bench) Pump(role hw.PumpRole) (hw.Output, error) { return b.outs["pump/"+string(role)], nil }
func (b *bench) Heater() (hw.Output, error)               { return nil, hw.ErrAbsent }
func (b *bench) Thermometer() (hw.Thermometer, error)     { return nil, hw.ErrAbsent }
func (b *bench) Tachometer() (hw.Tachometer, error)       { return nil, hw.ErrAbsent }
func (b *bench) StatusLED() (hw.Output, error)            { return nil, hw.ErrAbsent }
func (b *bench) Button() (hw.Button, error)               { return nil, hw.ErrAbsent }
func (b *bench) Rail() (hw.Rail, error)                   { return nil, hw.ErrAbsent }
func (b *bench) Photodiodes() hw.Photodiodes              { return b }
func (b *bench) Channels() []hw.Photodiode                { return []hw.Photodiode{{Channel: 1}} }
func (b *bench) Burst(hw.Plan, []int) (hw.Burst, error)   { return hw.Burst{Took: b.took}, nil }
func (b *bench) Close() error                             { return b.Halt() }
func (b *bench) Halt() error {
	var errs []error
	for _, o := range b.outs {
		errs = append(errs, o.Halt())
	}
	return errors.Join(errs...)
}

// boom makes an actor panic; say makes one send; both come as commands.
type boom struct{}
type say struct {
	to  string
	msg any
}

// spy stands around a job: it sees what comes, and may tamper with it.
type spy struct {
	actors.Job
	rig  *rig
	name string
}

func (s *spy) Receive(c *actors.Context, msg any) error {
	next := func(msg any) error {
		if cmd, ok := msg.(actors.Command); ok && cmd.Body == (boom{}) {
			panic("boom")
		}
		return s.Job.Receive(c, msg)
	}
	if tamper := s.rig.tamper[s.name]; tamper != nil {
		return tamper(c, s.Job, msg, next)
	}
	return next(msg)
}

// Halt lets the host reach the job it stands around.
func (s *spy) Halt() error {
	if job, ok := s.Job.(actors.Halter); ok {
		return job.Halt()
	}
	return nil
}

// client is an actor that asks for things.
type client struct{ heard *[]any }

func (cl client) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Command:
		switch b := m.Body.(type) {
		case boom:
			panic("boom")
		case say:
			c.Tell(b.to, b.msg)
		case actors.Dose, actors.SetLED:
			to := "vial"
			if _, led := b.(actors.SetLED); led {
				to = "leds"
			}
			c.Tell(to, actors.Command{ID: m.ID, Origin: actors.Origin{Mouth: "actor", Who: c.Name()}, Target: to, Body: b})
		}
	case protocol.Driven, protocol.Cut, protocol.Quiet, protocol.QuietEnded, protocol.ADCRead, protocol.EdgesRead, actors.Reply:
		*cl.heard = append(*cl.heard, m)
	}
	return nil
}

type root struct{ specs []actors.Spec }

func (r root) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		for _, s := range r.specs {
			if err := c.Spawn(s); err != nil {
				return err
			}
		}
	}
	return nil
}

type rig struct {
	t      testing.TB
	clk    *clock.Clock
	sys    *actors.System
	board  *bench
	store  *state.Memory
	jobs   map[string]actors.Job // newest incarnation by name
	tamper map[string]func(c *actors.Context, job actors.Job, msg any, next func(any) error) error
	facts  []actors.Fact
	heard  map[string]*[]any
	check  *checker
	ids    int
	asked  map[string]actors.Dose
	direct map[string]bool // asked of the vial itself
	answer map[string]actors.Reply
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newRig(t testing.TB, seed uint64, store *state.Memory, liar state.Store) *rig {
	t.Helper()
	r := &rig{t: t, clk: clock.Virtual(epoch, seed), store: store, jobs: map[string]actors.Job{}, heard: map[string]*[]any{},
		tamper: map[string]func(*actors.Context, actors.Job, any, func(any) error) error{},
		asked:  map[string]actors.Dose{}, direct: map[string]bool{}, answer: map[string]actors.Reply{}}
	if r.store == nil {
		r.store = state.NewMemory()
	}
	var kept state.Store = r.store
	if liar != nil {
		kept = liar
	}
	r.board = newBench(r.clk.Mono)
	r.check = newChecker(r)
	r.board.wrote = r.check.wrote
	var err error
	if r.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Boot: fmt.Sprintf("boot%d", seed), Clock: r.clk, State: kept, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	r.sys.Watch(func(f actors.Fact) {
		r.facts = append(r.facts, f)
		r.check.fact(f)
	})
	return r
}

func (r *rig) start(cfg Config) *rig {
	r.t.Helper()
	spied := func(b hw.Board, cfg Config) ([]actors.Spec, error) {
		specs, err := children(b, cfg)
		for i, s := range specs {
			make := s.New
			specs[i].New = func() actors.Job {
				r.jobs[s.Name] = make()
				return &spy{r.jobs[s.Name], r, s.Name}
			}
		}
		return specs, err
	}
	specs := []actors.Spec{{Name: "devices", New: func() actors.Job { return &devices{board: r.board, cfg: cfg, children: spied} }}}
	for _, name := range []string{"job1", "od_reading"} {
		r.heard[name] = &[]any{}
		specs = append(specs, actors.Spec{Name: name, New: func() actors.Job { return client{r.heard[name]} }})
	}
	if err := r.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return root{specs} }}); err != nil {
		r.t.Fatal(err)
	}
	r.run(0)
	return r
}

// benchConfig is the default for a vial that nobody reads: its doses go unseen.
func benchConfig() Config {
	cfg := DefaultConfig()
	cfg.Media.MaxUnverifiedML = 1e5
	return cfg
}

func quietRig(t testing.TB, seed uint64) *rig {
	return newRig(t, seed, nil, nil).start(benchConfig())
}

// run lets d pass and checks every step of it.
func (r *rig) run(d time.Duration) {
	r.clk.RunUntil(r.clk.Mono()+d, func() bool {
		r.check.step()
		return false
	})
	r.check.step()
	r.board.flow()
}

func (r *rig) do(target string, body any) actors.Reply {
	r.t.Helper()
	id := r.send(target, body)
	r.run(0)
	return r.answer[id]
}

// send sends a command and returns its ID; the answer comes into r.answer.
func (r *rig) send(target string, body any) string {
	r.ids++
	id := fmt.Sprintf("%s-%d", r.sys.Boot(), r.ids)
	if d, ok := body.(actors.Dose); ok {
		r.asked[id] = d
		r.direct[id] = target == "vial"
	}
	if _, ok := body.(actors.StopDosing); ok {
		r.check.stopping()
	}
	r.sys.Do(actors.Command{ID: id, Origin: actors.Origin{Mouth: "cli"}, Target: target, Body: body}, func(got actors.Reply) { r.answer[id] = got })
	return id
}

func (r *rig) tell(from, to string, msg any) { r.send(from, say{to, msg}); r.run(0) }

func (r *rig) heardBy(name string) []any {
	all := *r.heard[name]
	*r.heard[name] = nil
	return all
}

func of[T actors.Fact](r *rig) (all []T) {
	for _, f := range r.facts {
		if x, ok := f.(T); ok {
			all = append(all, x)
		}
	}
	return all
}

func (r *rig) vial() actors.Vial {
	v, _ := actors.LatestOf[actors.Vial](r.sys, "")
	return v
}

func (r *rig) alarm(name string) bool {
	a, ok := actors.LatestOf[actors.Alarm](r.sys, name)
	return ok && a.Active
}

func (r *rig) bank(name string) *bank {
	switch j := r.jobs[name].(type) {
	case *outputs:
		return j.bank
	case *leds:
		return j.bank
	}
	return nil
}

var _ hw.Board = (*bench)(nil)
