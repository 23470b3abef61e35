package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/calibrate"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/bridge/mqtt"
	"github.com/pioactor/pioactor/bridge/notify"
	"github.com/pioactor/pioactor/bridge/web"
)

// lamp is a job as people see one.
type lamp struct {
	Percent float64 `toml:"percent" unit:"%" min:"0" max:"100" set:"yes"`
	Hours   float64 `toml:"hours" unit:"h" set:"no"`
}

func (*lamp) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		c.Raise("lamp_hot", "high", "the lamp is hot\x1b[2J", true)
	}
	return nil
}

// fakeVial takes doses: media moves, alt media is refused once it is too late,
// waste ends early.
type fakeVial struct{}

func (fakeVial) Receive(c *actors.Context, msg any) error {
	cmd, ok := msg.(actors.Command)
	if !ok {
		return nil
	}
	dose, isDose := cmd.Body.(actors.Dose)
	switch {
	case !isDose:
	case dose.MediaML > 5:
		return actors.Refuse("overfill", "add_media 7.00 mL: the vial would hold 21.0 of 18.0 mL")
	case dose.AltMediaML > 0:
		c.Publish(actors.DoseRefused{ID: cmd.ID, Code: "dosing_paused", Reason: "dosing is paused"})
	case dose.For > 0:
		c.Publish(actors.Dosed{ID: cmd.ID, WasteML: dose.For.Seconds() / 10, Cut: "pump stalled"})
	default:
		c.Publish(actors.Dosed{ID: "somebody else's", MediaML: 99})
		c.Publish(actors.Dosed{ID: cmd.ID, MediaML: dose.MediaML})
	}
	return nil
}

// fakePumps run for as long as they are told, at once.
type fakePumps struct{}

func (fakePumps) Receive(c *actors.Context, msg any) error {
	if d, ok := msg.(protocol.Drive); ok {
		c.Answer(protocol.Driven{Output: d.Output, OK: true, Tag: d.Tag})
		c.Answer(protocol.Cut{Output: d.Output, Owner: d.Owner, Ran: d.For, Reason: "expired", Tag: d.Tag})
	}
	return nil
}

// fakeExperiment starts what is called lamp2, tells a self-test as fast as it
// can, and is refused anything else.
type fakeExperiment struct{}

func (fakeExperiment) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		start := cmd.Body.(actors.StartJob)
		if start.Job == "self_test" {
			fakeTest(c)
			return nil
		}
		if start.Job != "lamp2" || len(start.Options) != 2 || start.Options[1].Value != "7" {
			return &actors.Refusal{Code: "unknown_job", Reason: `"` + start.Job + `" is not a job; there is lamp2`}
		}
	}
	return nil
}

func fakeTest(c *actors.Context) {
	at := actors.Meta{At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)}
	c.Publish(actors.SelfTestCheck{Name: "test_a", Title: "all is dark"})
	c.Publish(actors.SelfTest{Running: true})
	c.Publish(actors.SelfTestCheck{Name: "test_a", Title: "all is dark", Verdict: actors.Passed, Text: "0.002 V"})
	c.Publish(actors.SelfTestCheck{Name: "test_b", Title: "all is warm", Verdict: actors.Failed, Text: "r = 0.1", Remedy: "Plug it in."})
	c.Publish(actors.SelfTest{Meta: at, Passed: 1, Failed: 1})
}

// quiet is an actor that says yes to everything.
type quiet struct{}

func (quiet) Receive(*actors.Context, any) error { return nil }

type trunk struct{}

func (trunk) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); !ok {
		return nil
	}
	spec := func(name string, job actors.Job) actors.Spec {
		return actors.Spec{Name: name, New: func() actors.Job { return job }}
	}
	lampSpec := spec("lamp", &lamp{Percent: 5, Hours: 1234567.5})
	lampSpec.Slot, lampSpec.Experiment = "lamp", "exp"
	delivery, err := notify.Spec(notify.Config{Deliver: map[string]notify.Target{
		"phone": {Kind: "command", Command: []string{"/bin/echo", "hello"}}, "siren": {Kind: "command", Command: []string{"/bin/false"}},
	}}, notify.World())
	return errors.Join(err, c.Spawn(delivery), c.Spawn(spec("vial", fakeVial{})), c.Spawn(spec("experiment", fakeExperiment{})),
		c.Spawn(spec("pumps", fakePumps{})), c.Spawn(calibrate.Spec(calibrate.Config{})),
		c.Spawn(calibrate.ProcedureSpec(calibrate.ProcedureConfig{})), c.Spawn(spec("leds", quiet{})), c.Spawn(spec("monitor", quiet{})), c.Spawn(alarm.Spec(nil)), c.Spawn(lampSpec))
}

// fakeBroker has two messages for whoever listens.
type fakeBroker struct{}

func (fakeBroker) Listen(filter string, hear func(mqtt.Message)) (func(), error) {
	if filter == "bad" {
		return nil, errors.New("filter: want pioreactor/#")
	}
	hear(mqtt.Message{Topic: filter, Payload: []byte("1\n2"), Retained: true})
	hear(mqtt.Message{Topic: "x", Payload: []byte{0xff}})
	return func() {}, nil
}

func (fakeBroker) Broker() (string, bool) { return "tcp://127.0.0.1:1883", true }

// fakeNode is a running unit of fake actors.
type fakeNode struct {
	sys   *actors.System
	dir   string
	close func() // ends the API

	mu    sync.Mutex
	heard []string // commands, as actor and body
}

// hear notes the command that an actor gets.
func (n *fakeNode) hear(actor string, msg any) []any {
	if cmd, ok := msg.(actors.Command); ok {
		body, err := json.Marshal(cmd.Body)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.heard = append(n.heard, fmt.Sprintf("%s %T %s", actor, cmd.Body, body))
		if err != nil {
			panic(err) // a fact of the house always marshals
		}
	}
	return []any{msg}
}

// told is what actors were told since the last look.
func (n *fakeNode) told() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.heard
	n.heard = nil
	return all
}

func openFake(t *testing.T) *fakeNode {
	t.Helper()
	dir, err := os.MkdirTemp("", "pio") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := &fakeNode{dir: dir}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Boot: "boot", Clock: clock.Live(), Interfere: n.hear})
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	sys.Watch(func(f actors.Fact) {
		// The line comes after the state, and is the last thing a start says.
		if l, ok := f.(actors.Log); ok && l.Task == "lamp" && l.Message == "Ready." {
			close(ready)
		}
	})
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return trunk{} }}); err != nil {
		t.Fatal(err)
	}
	<-ready
	socket := filepath.Join(dir, "s")
	api, err := web.Serve(web.Options{System: sys, Socket: socket, MQTT: fakeBroker{}, Version: "v9",
		Experiment: func() string { return "exp" }})
	if err != nil {
		t.Fatal(err)
	}
	if err := publishSocket(dir, socket); err != nil {
		t.Fatal(err)
	}
	n.sys = sys
	n.close = sync.OnceFunc(func() {
		if err := api.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		n.close()
		sys.Stop("node")
	})
	return n
}

// said is how a command ended.
type said struct {
	code      int
	out, errs string
}

func (n *fakeNode) call(args ...string) said {
	return call(append([]string{"--data-dir", n.dir}, args...)...)
}

// execute runs a command without any input.
func execute(ctx context.Context, args []string, out, errs io.Writer) int {
	return executeFrom(ctx, strings.NewReader(""), args, out, errs)
}

func call(args ...string) said {
	var out, errs bytes.Buffer
	code := execute(context.Background(), args, &out, &errs)
	return said{code, out.String(), errs.String()}
}

// until ends a command that follows something as soon as it has printed text.
type until struct {
	mu   sync.Mutex
	text string
	then func()
	all  bytes.Buffer
}

func (u *until) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n, err := u.all.Write(p)
	if bytes.Contains(u.all.Bytes(), []byte(u.text)) && u.then != nil {
		u.then()
		u.then = nil
	}
	return n, err
}

// callUntil presses Ctrl-C once text was printed.
func (n *fakeNode) callUntil(text string, args ...string) said {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, errs := &until{text: text, then: cancel}, &bytes.Buffer{}
	code := execute(ctx, append([]string{"--data-dir", n.dir}, args...), out, errs)
	return said{code, out.all.String(), errs.String()}
}

// note writes a log line and waits until the API has it.
func (n *fakeNode) note(t *testing.T, level, text string) {
	t.Helper()
	n.sys.Publish("exp", actors.Log{Task: "lamp", Level: level, Source: "app", Message: text,
		Meta: actors.Meta{At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)}})
	if got := n.callUntil(printable(text), "logs", "-f", "-n", "1000"); got.code != 0 {
		t.Fatalf("logs -f ended with %d: %s", got.code, got.errs)
	}
}

func actorsLog(level, text string) actors.Log {
	return actors.Log{Task: "lamp", Level: level, Source: "app", Message: text}
}

// both writes to two writers.
type both [2]*until

func (b both) Write(p []byte) (int, error) {
	if n, err := b[0].Write(p); err != nil {
		return n, err
	}
	return b[1].Write(p)
}
