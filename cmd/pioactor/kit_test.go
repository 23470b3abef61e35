package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
)

// binaries is the folder of the programs under test.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pio")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	return m.Run()
}

// The programs are built when the first test wants them, for the machine that
// the test was built for, without the race detector: they are to be timed.
var (
	pioactor = sync.OnceValues(func() (string, error) { return build("pioactor", ".") })
	lab      = sync.OnceValues(func() (string, error) { return build("lab", "./testdata/lab") })
)

func build(name, pkg string) (string, error) {
	exe := filepath.Join(binaries, name)
	c := exec.Command("go", "build", "-o", exe, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+runtime.GOARCH)
	if text, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, text)
	}
	return exe, nil
}

// Times of the tests: limits are for a machine that does other things too.
const (
	soon   = 15 * time.Second
	slow   = 40 * time.Second
	unit   = "pio1"
	exp    = "exp1"
	base   = "pioreactor/" + unit + "/" + exp + "/"
	common = "pioreactor/" + unit + "/$experiment/"
)

// stock are the jobs of the default unit, with where their state is shown.
var stock = map[string]string{
	"stirring": base, "od_reading": base, "growth_rate_calculating": base, "dosing_automation": base,
	"temperature_automation": base, "monitor": common,
}

// process is one `pioactor up` on a data folder, which can be ended in every
// way and started again.
type process struct {
	t      testing.TB
	exe    string
	dir    string // of everything
	broker string // host:port
	jobs   []string

	cmd    *exec.Cmd
	out    *output
	ended  chan error
	began  time.Time
	client *web.Client
}

// output gathers what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// plan is what a process is started with. The zero value is the stock unit on
// its embedded broker.
type plan struct {
	program func() (string, error) // default: pioactor
	broker  string                 // host:port of somebody else's
	unit    string                 // more keys of [unit]
	config  string                 // more TOML
	sim     string                 // more keys of [sim]
	jobs    []string               // that become ready; default: the stock ones
}

func prepare(t testing.TB, p plan) *process {
	t.Helper()
	if p.program == nil {
		p.program = pioactor
	}
	exe, err := p.program()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pio") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	n := &process{t: t, exe: exe, dir: dir, broker: p.broker, jobs: p.jobs}
	mqtt := fmt.Sprintf("broker = %q", "tcp://"+p.broker)
	if p.broker == "" {
		n.broker = freeAddr(t)
		mqtt = fmt.Sprintf("listen = %q", n.broker)
	}
	if n.jobs == nil {
		n.jobs = sorted(stock)
	}
	if !strings.Contains(p.sim, "fast_forward") {
		p.sim += "\nfast_forward = \"0s\""
	}
	text := fmt.Sprintf("[unit]\nname = %q\n%s\n[experiment]\nname = %q\n[mqtt]\n%s\n[sim]\n%s\n%s\n", unit, p.unit, exp, mqtt, p.sim, p.config)
	if err := os.WriteFile(n.file("config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.cleanup)
	return n
}

func (n *process) file(name string) string { return filepath.Join(n.dir, name) }

// freeAddr is an address nobody listens on just now.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// start starts the process and returns at once.
func (n *process) start() *process {
	n.t.Helper()
	n.out, n.ended = &output{}, make(chan error, 1)
	n.cmd = exec.Command(n.exe, "up", "--config", n.file("config.toml"), "--data-dir", n.file("data"))
	n.cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+n.dir)
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	n.began = time.Now()
	if err := n.cmd.Start(); err != nil {
		n.t.Fatalf("start: %v", err)
	}
	cmd, ended := n.cmd, n.ended
	go func() { ended <- cmd.Wait() }()
	return n
}

// reach waits until the API answers.
func (n *process) reach() *process {
	n.t.Helper()
	bridgetest.Eventually(n.t, soon, "the API answers", func() bool {
		n.alive()
		text, err := os.ReadFile(n.file("data/socket"))
		if err != nil {
			return false
		}
		n.client, err = web.Dial(strings.TrimSpace(string(text)))
		return err == nil
	})
	return n
}

// alive fails the test if the process has ended by itself.
func (n *process) alive() {
	n.t.Helper()
	select {
	case err := <-n.ended:
		n.ended <- err
		n.t.Fatalf("the process ended: %v\n%s%s", err, n.out, n.tail())
	default:
	}
}

// tail is the end of the log.
func (n *process) tail() string {
	text, err := os.ReadFile(n.file("data/pioactor.log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// up starts the process and waits until its jobs are ready.
func (n *process) up() *process {
	n.t.Helper()
	n.start().reach().settle()
	return n
}

// settle waits until every job is ready.
func (n *process) settle() {
	n.t.Helper()
	bridgetest.Eventually(n.t, slow, "every job is ready", func() bool {
		n.alive()
		states := n.states()
		return !slices.ContainsFunc(n.jobs, func(job string) bool { return states[job] != actors.Ready })
	})
}

func (n *process) status() web.Status {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, err := n.client.Status(ctx)
	if err != nil {
		n.t.Fatalf("status: %v\n%s", err, n.tail())
	}
	return s
}

func (n *process) states() map[string]actors.State {
	n.t.Helper()
	states := map[string]actors.State{}
	for _, j := range n.status().Jobs {
		states[j.Name] = j.State
	}
	return states
}

// set changes a setting through the API.
func (n *process) set(job, name string, value any) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if _, err := n.client.Set(ctx, job, map[string]any{name: value}); err != nil {
		n.t.Fatalf("set %s %s: %v", job, name, err)
	}
}

// listen connects a client for the length of t, as soon as the broker is there.
func (n *process) listen(t testing.TB, filters ...string) *bridgetest.Recorder {
	n.t.Helper()
	var c *bridgetest.Recorder
	bridgetest.Eventually(n.t, soon, "the broker accepts a client", func() (ok bool) {
		n.alive()
		var err error
		c, err = bridgetest.Connect(t, n.broker, filters...)
		return err == nil
	})
	return c
}

func lastPart(topic string) string { return topic[strings.LastIndexByte(topic, '/')+1:] }
