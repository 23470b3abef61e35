package bridge

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// paddle is a job with a setting of each kind.
type paddle struct {
	TargetRPM float64       `toml:"target_rpm" unit:"RPM" min:"0" max:"5000" set:"yes"`
	Kicks     int           `toml:"kicks" min:"0" max:"9" set:"yes"`
	Dodging   bool          `toml:"enable_dodging_od" set:"yes"`
	Mode      string        `toml:"mode" oneof:"slow|fast" set:"yes"`
	Label     string        `toml:"label" set:"yes" persist:"yes"`
	Period    time.Duration `toml:"period" unit:"min" above:"0" set:"yes"`
	Measured  float64       `toml:"duty_cycle" set:"no"`
}

func newPaddle() actors.Job {
	return &paddle{TargetRPM: 500, Mode: "slow", Label: "blue", Period: time.Minute}
}

func (p *paddle) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.SettingsChanged); ok && p.TargetRPM == 13 {
		return actors.Refuse("unlucky", "target_rpm: 13 is unlucky, want any other")
	}
	return nil
}

// watch is a universal job.
type watch struct {
	Button bool `toml:"button_down" set:"yes"`
}

func (*watch) Receive(*actors.Context, any) error { return nil }

func init() {
	actors.Register(actors.Own, "stirring", newPaddle)
	actors.RegisterUniversal("monitor", func() actors.Job { return &watch{} })
}

// house stands for the experiment manager: it starts the two jobs it knows.
type house struct{}

func (house) Receive(c *actors.Context, msg any) error {
	cmd, ok := msg.(actors.Command)
	if !ok {
		return nil
	}
	start, ok := cmd.Body.(actors.StartJob)
	if !ok {
		return actors.Refuse("unknown_command", "cannot")
	}
	r, err := actors.Lookup(start.Job, "")
	if err != nil {
		return err
	}
	spec := actors.Spec{Name: r.Slot(), Slot: r.Slot(), New: r.New, Options: start.Options, Experiment: "exp1"}
	if r.Universal {
		spec.Experiment = ""
	}
	if _, err := spec.Prepare(); err != nil {
		return err
	}
	return c.Spawn(spec)
}

// cellar stands for the ledger: it answers with what it was asked.
type cellar struct{}

func (cellar) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		c.Reply(cmd, cmd.Body)
	}
	return nil
}

// rig is a live unit with its bridge and a client that hears everything.
type rig struct {
	t      testing.TB
	sys    *actors.System
	bridge *Bridge
	client *bridgetest.Recorder
}

const (
	soon = 5 * time.Second
	base = "pioreactor/unit1/exp1/"
)

func newSystem(t testing.TB) *actors.System {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "unit1", Clock: clock.Live()})
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range []actors.Spec{
		{Name: "experiment", New: func() actors.Job { return house{} }},
		{Name: "vial", New: func() actors.Job { return cellar{} }},
		{Name: "leds", New: func() actors.Job { return cellar{} }},
	} {
		if err := sys.Start(spec); err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

// newRig starts stirring and monitor behind a bridge; cfg nil is the default
// on a free port.
func newRig(t testing.TB, cfg *Config) *rig {
	t.Helper()
	if cfg == nil {
		c := DefaultConfig()
		c.Listen = "127.0.0.1:0"
		cfg = &c
	}
	b, err := New(*cfg, "exp1")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, sys: newSystem(t), bridge: b}
	if err := b.Open(r.sys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) }) // tests of Close look at its error themselves
	if err := r.sys.Start(b.Spec()); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"stirring", "monitor"} {
		if reply := r.do("experiment", actors.StartJob{Job: job}); !reply.OK {
			t.Fatalf("start %s: %s", job, reply.Reason)
		}
	}
	return r
}

// hears attaches the client, and waits until commands are taken.
func (r *rig) hears() *rig {
	r.t.Helper()
	url, _ := r.bridge.Broker()
	r.client = bridgetest.Client(r.t, strings.TrimPrefix(url, "tcp://"))
	r.client.Expect(base+"stirring/$state", bridgetest.Is("ready"), soon)
	return r
}

func (r *rig) do(target string, body any) actors.Reply {
	r.t.Helper()
	replies := make(chan actors.Reply, 1)
	r.sys.Do(actors.Command{Target: target, Body: body}, func(got actors.Reply) { replies <- got })
	select {
	case got := <-replies:
		return got
	case <-time.After(soon):
		r.t.Fatalf("%s did not answer %T", target, body)
		return actors.Reply{}
	}
}

func set(name string, value any) actors.Set {
	return actors.Set{Values: []setting.Pair{{Name: name, Value: value}}}
}

func (r *rig) publish(topic, payload string) { r.client.Publish(topic, payload, 1, false) }

// acked waits for the answer that contains all of parts.
func (r *rig) acked(topic string, parts ...string) bridgetest.Message {
	r.t.Helper()
	return r.client.Expect(topic, func(payload string) bool {
		for _, part := range parts {
			if !strings.Contains(payload, part) {
				return false
			}
		}
		return true
	}, soon)
}

func (r *rig) mustClose() {
	r.t.Helper()
	if err := r.bridge.Close(context.Background()); err != nil {
		r.t.Errorf("close: %v", err)
	}
}
