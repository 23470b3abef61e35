package guard

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is the parent and the guard too: a parent drives a drawer, a
// file of outputs, as it is told on its standard input.
const roleVar = "PIOACTOR_GUARD_ROLE"

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "guard":
		os.Exit(Serve(openDrawer, os.Stderr))
	case os.Getenv(roleVar) == "parent":
		os.Exit(parent())
	}
	// What a killed parent leaves is this process's to wait for.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// drawer is hardware: a file, of which each byte is an output, and which goes on
// by itself when its owner dies. Behind the outputs is when they were made safe.
type drawer struct {
	file   *os.File
	stuck  string // a file; as long as it exists, nothing can be made safe
	parent int
}

type drawerOrders struct {
	File   string
	Broken string // why the guard cannot be armed
	Parent int
}

const outputs = 8

func openDrawer(orders []byte) (Hardware, error) {
	var o drawerOrders
	if err := json.Unmarshal(orders, &o); err != nil {
		return nil, err
	}
	if o.Broken != "" {
		return nil, errors.New(o.Broken)
	}
	f, err := os.OpenFile(o.File, os.O_RDWR, 0)
	return &drawer{f, o.File + ".stuck", o.Parent}, err
}

var errStuck = errors.New("output 3: stuck")

// ended is a process that is waited for (Z), or is just being waited for (X). Source: proc(5).
var ended = regexp.MustCompile(`\) [ZXx] `)

// MakeSafe implements Hardware. It notes a parent that is still there.
func (d *drawer) MakeSafe() error {
	if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.parent)); err == nil && !ended.Match(state) {
		if err := os.WriteFile(d.file.Name()+".early", state, 0o600); err != nil {
			return err
		}
	}
	switch text, err := os.ReadFile(d.stuck); {
	case err == nil && string(text) == "taken":
		return ErrTaken
	case err == nil:
		return errStuck
	}
	if _, err := d.file.WriteAt(make([]byte, outputs), 0); err != nil {
		return err
	}
	_, err := d.file.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano())), outputs)
	return err
}

// parent is a node: it starts a guard, turns its outputs on, and beats.
func parent() int {
	var o drawerOrders
	if err := json.Unmarshal([]byte(os.Getenv("PIOACTOR_GUARD_ORDERS")), &o); err != nil {
		fmt.Println(err)
		return 1
	}
	o.Parent = os.Getpid()
	orders, _ := json.Marshal(o) // of strings
	silence, _ := time.ParseDuration(os.Getenv("PIOACTOR_GUARD_SILENCE"))
	g, err := Start(Options{Args: []string{"guard"}, Orders: orders, Silence: silence})
	if err != nil {
		fmt.Println("refused:", err)
		return 1
	}
	on := func(value byte) {
		if err := os.WriteFile(o.File, bytes.Repeat([]byte{value}, outputs), 0o600); err != nil {
			fmt.Println(err)
		}
	}
	on(1)
	fmt.Println("armed", g.pid(), g.Beat() == nil)
	beats := time.NewTicker(silence / 10)
	lines := make(chan string)
	go func() {
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			lines <- s.Text()
		}
		select {} // the test ends it
	}()
	for {
		select {
		case <-beats.C:
			if err := g.Beat(); err != nil {
				fmt.Println("news:", err, g.pid())
			}
		case line := <-lines:
			switch line {
			case "hang":
				g.Beat()
				beats.Stop()
			case "leave":
				on(0)
				g.Leaving()
				beats.Stop()
			case "goodbye":
				fmt.Println("left", g.Goodbye())
			case "spawn":
				c := exec.Command("sleep", "60")
				fmt.Println("spawned", c.Start(), c.Process.Pid)
			case "exit":
				return 0
			}
		}
	}
}

func (g *Guard) pid() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now == nil {
		return 0
	}
	return g.now.cmd.Process.Pid
}

// node is a parent under test.
type node struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	errs  string // file
	file  string
	guard int // pid
}

// soon is for a machine that does other things too.
const soon = 15 * time.Second

func start(t *testing.T, silence time.Duration, broken string) *node {
	t.Helper()
	dir := t.TempDir()
	n := &node{t: t, cmd: exec.Command("/proc/self/exe"), file: filepath.Join(dir, "outputs"), errs: filepath.Join(dir, "stderr")}
	if err := os.WriteFile(n.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	errs, err := os.Create(n.errs)
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	orders, err := json.Marshal(drawerOrders{File: n.file, Broken: broken})
	if err != nil {
		t.Fatal(err)
	}
	n.cmd.Env = append(os.Environ(), roleVar+"=parent", "PIOACTOR_GUARD_ORDERS="+string(orders), "PIOACTOR_GUARD_SILENCE="+silence.String())
	n.cmd.Stderr = errs
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.out = bufio.NewScanner(out)
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.cleanup)
	return n
}

// up starts a node whose outputs are on, under a guard.
func up(t *testing.T, silence time.Duration) *node {
	t.Helper()
	n := start(t, silence, "")
	n.guard = n.number("armed ", " true")
	return n
}

// cleanup ends what the test has left: its node, then its guard.
func (n *node) cleanup() {
	if n.cmd.ProcessState == nil {
		n.cmd.Process.Kill()
		n.cmd.Wait()
	}
	if n.guard == 0 {
		return
	}
	unix.Kill(n.guard, unix.SIGCONT)
	if unix.Kill(n.guard, unix.SIGKILL) == nil {
		unix.Wait4(n.guard, nil, 0, nil)
	}
}

func (n *node) say(line string) {
	n.t.Helper()
	if _, err := fmt.Fprintln(n.in, line); err != nil {
		n.t.Fatal(err)
	}
}

// hear is the node's next line, which has to begin with prefix.
func (n *node) hear(prefix string) string {
	n.t.Helper()
	if !n.out.Scan() || !strings.HasPrefix(n.out.Text(), prefix) {
		n.t.Fatalf("the node said %q (%v), want %q; on stderr: %s", n.out.Text(), n.out.Err(), prefix, n.told())
	}
	return n.out.Text()
}

// number is the last word of the node's next line, before tail.
func (n *node) number(prefix string, tail ...string) int {
	n.t.Helper()
	words := strings.Fields(strings.TrimSuffix(n.hear(prefix), strings.Join(tail, "")))
	pid, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		n.t.Fatal(err)
	}
	return pid
}

func (n *node) told() string {
	text, err := os.ReadFile(n.errs)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(text)
}

func (n *node) signal(s unix.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) safe() bool {
	n.t.Helper()
	now, err := os.ReadFile(n.file)
	if err != nil {
		n.t.Fatal(err)
	}
	return len(now) >= outputs && bytes.Equal(now[:outputs], make([]byte, outputs))
}

// guardEnds waits for the orphaned guard and returns its exit code.
func (n *node) guardEnds() int {
	n.t.Helper()
	var status unix.WaitStatus
	for end := time.Now().Add(soon); ; <-time.After(time.Millisecond) {
		pid, err := unix.Wait4(n.guard, &status, unix.WNOHANG, nil)
		switch {
		case err == nil && pid == n.guard:
			n.guard = 0
			return status.ExitStatus()
		case err != nil && !errors.Is(err, unix.ECHILD) && !errors.Is(err, unix.EINTR): // not orphaned yet
			n.t.Fatal(err)
		case time.Now().After(end):
			n.t.Fatalf("the guard is still there; outputs safe: %v; %s", n.safe(), n.told())
		}
	}
}

// mustBeMadeSafe waits until the guard has done its work on a dead parent.
func (n *node) mustBeMadeSafe() {
	n.t.Helper()
	if code := n.guardEnds(); code != 0 || !n.safe() {
		n.t.Errorf("the guard ended with %d, outputs safe: %v; %s", code, n.safe(), n.told())
	}
	if state, err := os.ReadFile(n.file + ".early"); err == nil {
		n.t.Errorf("the guard acted while its parent lived: %s", state)
	}
	if !strings.Contains(n.told(), "every output is safe") {
		n.t.Errorf("the guard told %q", n.told())
	}
}

// mustStand fails if the guard does anything within a time.
func (n *node) mustStand(while time.Duration) {
	n.t.Helper()
	<-time.After(while)
	if n.safe() || unix.Kill(n.guard, 0) != nil {
		n.t.Errorf("the guard acted on a living parent, or died; %s", n.told())
	}
}

func TestKilledParentIsMadeSafe(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	n.mustBeMadeSafe()
}

func TestParentThatEndsWithoutGoodbyeIsMadeSafe(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	n.say("exit")
	n.cmd.Wait()
	n.mustBeMadeSafe()
}

// TestHungParentIsKilled: with a short silence, so that it can be in the gate.
func TestHungParentIsKilled(t *testing.T) {
	for name, hang := range map[string]func(*node){
		"stopped":      func(n *node) { n.signal(unix.SIGSTOP) },
		"no beats":     func(n *node) { n.say("hang") },
		"never leaves": func(n *node) { n.say("leave") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := up(t, 300*time.Millisecond)
			n.mustStand(0)
			hang(n)
			n.cmd.Wait()
			if status := n.cmd.ProcessState.Sys().(interface{ Signal() unix.Signal }); status.Signal() != unix.SIGKILL {
				t.Errorf("the parent ended by %v, want SIGKILL", status.Signal())
			}
			n.mustBeMadeSafe()
		})
	}
}

func TestGuardLeavesAtGoodbye(t *testing.T) {
	t.Parallel()
	n := up(t, time.Second)
	n.say("leave")
	n.say("goodbye")
	if got := n.hear("left"); got != "left <nil>" {
		t.Error(got)
	}
	if err := unix.Kill(n.guard, 0); err == nil {
		t.Error("the guard is still there")
	}
	n.guard = 0
	n.say("exit")
	if err := n.cmd.Wait(); err != nil || n.told() != "" {
		t.Errorf("%v; %s", err, n.told())
	}
}

// TestGuardOutlivesWhatEndsItsParent: signals to it, and a session of its own.
func TestGuardOutlivesWhatEndsItsParent(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	for _, s := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		if err := unix.Kill(n.guard, s); err != nil {
			t.Fatal(err)
		}
	}
	if sid, err := unix.Getsid(n.guard); err != nil || sid != n.guard {
		t.Errorf("its session is %d (%v), want its own, %d", sid, err, n.guard)
	}
	n.mustStand(50 * time.Millisecond)
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	n.mustBeMadeSafe()
}

// TestNoOtherChildHoldsThePipe: the death of the parent is the end of the pipe,
// whatever else it has started.
func TestNoOtherChildHoldsThePipe(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	n.say("spawn")
	other := n.number("spawned <nil> ")
	defer func() {
		unix.Kill(other, unix.SIGKILL)
		unix.Wait4(other, nil, 0, nil)
	}()
	ours, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", n.guard, ordersFD))
	if err != nil {
		t.Fatal(err)
	}
	held, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", other))
	if err != nil || len(held) == 0 {
		t.Fatalf("%v %v", held, err)
	}
	for _, fd := range held {
		if pipe, err := os.Readlink(fd); err == nil && pipe == ours {
			t.Errorf("another child holds the guard's pipe as %s", fd)
		}
	}
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	n.mustBeMadeSafe()
}

func TestDeadGuardIsReplaced(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	if err := unix.Kill(n.guard, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var next int
	for next == 0 {
		next = n.number("news: guard: it died (signal: killed)")
	}
	old := n.guard
	n.guard = next
	if next == old || n.safe() {
		t.Errorf("guard %d after %d, outputs safe: %v", next, old, n.safe())
	}
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	n.mustBeMadeSafe()
}

func TestGuardTriesAgain(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	if err := os.WriteFile(n.file+".stuck", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	n.mustStand(100 * time.Millisecond)
	if err := os.Remove(n.file + ".stuck"); err != nil {
		t.Fatal(err)
	}
	n.mustBeMadeSafe()
}

func TestGuardLeavesOutputsThatAnotherHas(t *testing.T) {
	t.Parallel()
	n := up(t, defaultSilence)
	if err := os.WriteFile(n.file+".stuck", []byte("taken"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.signal(unix.SIGKILL)
	n.cmd.Wait()
	if code := n.guardEnds(); code != 0 || n.safe() || !strings.Contains(n.told(), "another has its outputs") {
		t.Errorf("exit code %d, outputs safe: %v; %s", code, n.safe(), n.told())
	}
}

func TestNoGuardNoStart(t *testing.T) {
	t.Parallel()
	n := start(t, time.Second, "no LED driver at 0x49")
	n.hear("refused: guard: it does not stand: it ended at once")
	n.cmd.Wait()
	if !strings.Contains(n.told(), "no LED driver at 0x49") || n.safe() {
		t.Errorf("it told %q; a guard that does not stand moved outputs: %v", n.told(), n.safe())
	}
}

func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no program":      {Options{Exe: "/nowhere/pioactor", Orders: []byte("1")}, "no such file"},
		"no JSON":         {Options{Orders: []byte("{")}, "orders"},
		"too long":        {Options{Orders: []byte(`"` + strings.Repeat("x", maxOrders) + `"`)}, "want 61440 or fewer"},
		"another program": {Options{Exe: "/bin/echo", Args: []string{"hello"}, Orders: []byte("1")}, `it answered "hello"`},
		"silent":          {Options{Exe: "/bin/sleep", Args: []string{"60"}, Orders: []byte("1"), Patience: 10 * time.Millisecond}, "no answer within 10ms"},
	} {
		if g, err := Start(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want %q", name, g, err, c.want)
		}
	}
}

func TestServeByHandRefuses(t *testing.T) {
	c := exec.Command("/proc/self/exe", "guard")
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Run(); err == nil || !strings.Contains(errs.String(), "pioactor make-safe") {
		t.Errorf("%v: %s", err, errs.String())
	}
}

func TestBeatNeverWaits(t *testing.T) {
	g := &Guard{now: &child{}}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	g.now.pipe = pipe[1]
	for range 100_000 { // more than a pipe holds
		if err := g.Beat(); err != nil {
			t.Fatal(err)
		}
	}
	if allocs := testing.AllocsPerRun(1000, func() { g.Beat() }); allocs > 0 {
		t.Errorf("a beat allocates %v times", allocs)
	}
}
