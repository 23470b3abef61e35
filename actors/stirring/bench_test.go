package stirring_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/stirring"
	"github.com/pioactor/pioactor/hw/sim"
)

// breakDown makes the motor's actor fail, its output safe.
type breakDown struct{}

// motor is a plain actor "stirrer" on the twin: leases, and what tests break.
type motor struct{ b *bench }

type (
	expired struct{ n int }
	answer  struct {
		to     actors.Peer
		driven protocol.Driven
	}
)

func (m motor) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.OwnerGone](c)
	case protocol.Drive:
		m.drive(c, msg)
	case answer:
		c.AnswerTo(msg.to, msg.driven)
	case expired:
		if msg.n == m.b.leases {
			return m.b.board.Stirrer().Halt()
		}
	case actors.OwnerGone:
		if msg.Owner == "stirring" {
			m.b.leases++
			return m.b.board.Stirrer().Halt()
		}
	case actors.Command:
		panic("driver chip") // breakDown
	}
	return nil
}

func (m motor) drive(c *actors.Context, d protocol.Drive) {
	b := m.b
	b.drives = append(b.drives, drive{c.Mono(), d.Percent, d.Tag})
	if b.refuse != "" {
		c.Answer(protocol.Driven{Output: d.Output, Tag: d.Tag, Code: b.refuse, Reason: "no: " + b.refuse})
		return
	}
	if err := b.board.Stirrer().Set(d.Percent); err != nil {
		b.Error(err)
	}
	b.leases++
	b.longest = max(b.longest, d.For)
	c.After(d.For, expired{b.leases})
	c.After(b.delay, answer{c.Sender(), protocol.Driven{Output: d.Output, Tag: d.Tag, OK: true}})
}

type drive struct {
	at      time.Duration
	percent float64
	tag     string
}

// counter is a plain actor "tachometer" on the twin.
type counter struct{ b *bench }

func (t counter) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(protocol.ReadEdges); !ok {
		return nil
	}
	tacho, err := t.b.board.Tachometer()
	if err != nil {
		c.Answer(protocol.EdgesRead{Err: err})
		return nil
	}
	edges, err := tacho.Edges()
	c.Answer(protocol.EdgesRead{Edges: edges, Err: err})
	return nil
}

// bench is a stirring job on the twin's motor.
type bench struct {
	*testing.T
	clk   *clock.Clock
	sys   *actors.System
	board *sim.Board
	facts []actors.Fact

	drives  []drive
	leases  int
	longest time.Duration
	refuse  string
	delay   time.Duration // before a granted drive is answered, as an OD window may do
	noTacho bool          // no actor "tachometer" at all
}

type node struct{ specs []actors.Spec }

func (n node) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		for _, spec := range n.specs {
			if err := c.Spawn(spec); err != nil {
				return err
			}
		}
	}
	return nil
}

// start runs the job; edit prepares the twin, options are pairs.
func start(t *testing.T, seed uint64, edit func(*sim.Config), options ...any) *bench {
	t.Helper()
	b := prepare(t, seed, edit)
	b.begin(options...)
	return b
}

func prepare(t *testing.T, seed uint64, edit func(*sim.Config)) *bench {
	t.Helper()
	b := &bench{T: t, clk: clock.Virtual(time.Unix(1e9, 0), seed)}
	cfg := sim.DefaultConfig()
	cfg.Seed = seed
	if edit != nil {
		edit(&cfg)
	}
	var err error
	if b.board, err = sim.New(cfg, b.clk.Mono); err != nil {
		t.Fatal(err)
	}
	if b.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Clock: b.clk, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	b.sys.Watch(func(f actors.Fact) { b.facts = append(b.facts, f) })
	return b
}

func (b *bench) begin(options ...any) {
	b.Helper()
	spec := actors.Spec{Name: "stirring", Slot: "stirring", Experiment: "exp", New: stirring.New}
	for i := 0; i+1 < len(options); i += 2 {
		spec.Options = append(spec.Options, setting.Pair{Name: options[i].(string), Value: options[i+1]})
	}
	specs := []actors.Spec{{Name: "stirrer", New: func() actors.Job { return motor{b} }}}
	if !b.noTacho {
		specs = append(specs, actors.Spec{Name: "tachometer", New: func() actors.Job { return counter{b} }})
	}
	specs = append(specs, spec)
	if err := b.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return node{specs} }}); err != nil {
		b.Fatal(err)
	}
	b.clk.Run(0)
}

func (b *bench) do(body any) (r actors.Reply) {
	r.Code = "unanswered"
	b.sys.Do(actors.Command{Target: "stirring", Body: body}, func(got actors.Reply) { r = got })
	b.clk.Run(0)
	return r
}

func (b *bench) set(name string, value any) actors.Reply {
	return b.do(actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
}

func (b *bench) state() actors.JobState {
	s, _ := actors.LatestOf[actors.JobState](b.sys, "stirring")
	return s
}

func (b *bench) shown(name string) any {
	s, _ := actors.LatestOf[actors.SettingChanged](b.sys, "stirring/"+name)
	return s.Value
}

func (b *bench) rate() float64 {
	r, _ := actors.LatestOf[actors.StirringRate](b.sys, "")
	return r.RPM
}

func (b *bench) alarm(name string) bool {
	a, _ := actors.LatestOf[actors.Alarm](b.sys, name)
	return a.Active
}

func (b *bench) inject(kind sim.FaultKind) {
	b.Helper()
	if err := b.board.Inject(sim.Fault{Kind: kind}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) heal(kind sim.FaultKind) {
	b.Helper()
	if err := b.board.Clear(sim.Fault{Kind: kind}); err != nil {
		b.Fatal(err)
	}
}

// kicks are the instants at which full power came on, from some time on.
func (b *bench) kicks(from time.Duration) (at []time.Duration) {
	for _, d := range b.drives {
		if d.percent == 100 && d.at >= from {
			at = append(at, d.at)
		}
	}
	return at
}

// wait runs until cond holds, and fails the test after limit.
func (b *bench) wait(limit time.Duration, what string, cond func() bool) time.Duration {
	b.Helper()
	from := b.clk.Mono()
	for !cond() {
		if b.clk.Mono()-from > limit {
			b.Fatalf("%s: not within %v", what, limit)
		}
		b.clk.Run(100 * time.Millisecond)
	}
	return b.clk.Mono() - from
}

func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	t.Helper()
	for _, seed := range []uint64{0, 1, 2, 3, 4} {
		test(t, seed)
	}
}
