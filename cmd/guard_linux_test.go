package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
	"github.com/pioactor/pioactor/hw/sim"
)

// The hardware "drawer" is a simulated vial with one real output, a file beside
// the data folder that goes on by itself when its node dies.
func init() {
	boards["drawer"] = board{
		open: openDrawer,
		look: func(_ Config, dir string) (any, error) { return drawerFile(dir), nil },
		safe: func(text json.RawMessage) (guard.Hardware, error) {
			var file string
			err := json.Unmarshal(text, &file)
			return drawerSafe(file), err
		},
	}
}

func drawerFile(dir string) string { return filepath.Join(filepath.Dir(dir), "drawer") }

// drawer begins with its output on, so that somebody has to switch it off.
type drawer struct {
	hw.Board
	file string
}

func openDrawer(cfg Config, at site) (hw.Board, error) {
	twin, err := sim.New(cfg.Twin(), at.clock.Mono)
	if err != nil {
		return nil, err
	}
	d := drawer{twin, drawerFile(cfg.Unit.DataDir)}
	return d, os.WriteFile(d.file, []byte("on"), 0o600)
}

func (d drawer) Close() error { return errors.Join(d.Board.Close(), drawerSafe(d.file).MakeSafe()) }

type drawerSafe string

func (f drawerSafe) MakeSafe() error { return os.WriteFile(string(f), []byte("off"), 0o600) }

func drawerConfig(dir string) Config {
	cfg := DefaultConfig()
	cfg.Unit.Hardware, cfg.Unit.DataDir, cfg.Unit.Name = "drawer", filepath.Join(dir, "data"), "pio1"
	cfg.Sim.FastForward, cfg.MQTT.Listen = 0, os.Getenv("PIOACTOR_LISTEN")
	return cfg
}

const nodeVar = "PIOACTOR_CMD_NODE"

// TestMain lets the test binary be a node on the hardware "drawer", and its guard.
func TestMain(m *testing.M) {
	switch dir := os.Getenv(nodeVar); {
	case len(os.Args) > 1 && os.Args[1] == guardCommand:
		os.Exit(standGuard(os.Stderr))
	case dir != "":
		ctx, stop := context.WithCancel(context.Background())
		go func() { // until the test closes it
			_, _ = os.Stdin.Read(make([]byte, 1))
			stop()
		}()
		if err := up(ctx, &globals{}, drawerConfig(dir), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil { // of guards whose node was killed
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// drawerNode is a node in a process of its own, under a service manager.
type drawerNode struct {
	t       *testing.T
	dir     string
	cmd     *exec.Cmd
	in      interface{ Close() error }
	manager *net.UnixConn
}

func startDrawer(t *testing.T, watchdog time.Duration) *drawerNode {
	t.Helper()
	dir, err := os.MkdirTemp("", "pio") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	n := &drawerNode{t: t, dir: dir}
	socket := filepath.Join(dir, "notify")
	if n.manager, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	n.cmd = exec.Command("/proc/self/exe")
	n.cmd.Env = append(os.Environ(), nodeVar+"="+dir, "PIOACTOR_LISTEN="+l.Addr().String(), "RUNTIME_DIRECTORY="+dir,
		"NOTIFY_SOCKET="+socket, "WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	file, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n.cmd.Stdout, n.cmd.Stderr = file, file
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.cleanup)
	return n
}

func (n *drawerNode) cleanup() {
	guards := n.guards()
	if n.cmd.ProcessState == nil {
		n.cmd.Process.Kill()
		n.cmd.Wait()
	}
	for _, pid := range guards {
		unix.Kill(pid, unix.SIGKILL)
		unix.Wait4(pid, nil, 0, nil)
	}
	n.manager.Close()
	if n.t.Failed() {
		n.t.Log(n.said())
	}
	if err := os.RemoveAll(n.dir); err != nil {
		n.t.Error(err)
	}
}

func (n *drawerNode) said() string {
	text, err := os.ReadFile(filepath.Join(n.dir, "out"))
	return fmt.Sprint(string(text), err)
}

// guards are the node's children: there is no other.
func (n *drawerNode) guards() (pids []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", n.cmd.Process.Pid))
	if err != nil {
		return nil // it has ended
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	for _, task := range tasks {
		more, err := os.ReadFile(task)
		if err == nil {
			text = append(append(text, ' '), more...)
		}
	}
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (n *drawerNode) drawer() string {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "drawer"))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(text)
}

// hears waits until the node tells the service manager want.
func (n *drawerNode) hears(want string) {
	n.t.Helper()
	text := make([]byte, 4096)
	for {
		if err := n.manager.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			n.t.Fatal(err)
		}
		k, err := n.manager.Read(text)
		if err != nil {
			n.t.Fatalf("the service manager waits for %s: %v", want, err)
		}
		if slices.Contains(strings.Split(string(text[:k]), "\n"), want) {
			return
		}
	}
}

func (n *drawerNode) makeSafe() answer {
	n.t.Helper()
	made, err := makeSafe(&globals{}, drawerConfig(n.dir))
	return answer{made, err}
}

type answer struct {
	made madeSafe
	err  error
}

// TestUpTellsItsServiceManager: ready, alive as long as it is, and stopping; and
// its guard goes when it goes.
func TestUpTellsItsServiceManager(t *testing.T) {
	t.Parallel()
	n := startDrawer(t, 400*time.Millisecond)
	n.hears("READY=1")
	n.hears("WATCHDOG=1")
	n.hears("WATCHDOG=1")
	pids := n.guards()
	if len(pids) != 1 || n.drawer() != "on" {
		t.Errorf("the node's children are %v, its output %s; want a guard, and on", pids, n.drawer())
	}
	if a := n.makeSafe(); a.err == nil || !strings.Contains(a.err.Error(), "another pioactor runs") || n.drawer() != "on" {
		t.Errorf("make-safe beside a node: %+v", a)
	}
	n.in.Close()
	n.hears("STOPPING=1")
	if err := n.cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if n.drawer() != "off" || strings.Contains(n.said(), "guard:") {
		t.Errorf("after an orderly end the output is %s; %s", n.drawer(), n.said())
	}
	for _, pid := range pids {
		if unix.Kill(pid, 0) == nil {
			t.Error("the guard has not left")
		}
	}
}

// TestAKilledNodeIsMadeSafe, and its folder is free again.
func TestAKilledNodeIsMadeSafe(t *testing.T) {
	t.Parallel()
	n := startDrawer(t, time.Minute)
	n.hears("READY=1")
	pids := n.guards()
	if len(pids) != 1 {
		t.Fatalf("the node's children are %v, want one guard", pids)
	}
	n.cmd.Process.Kill()
	n.cmd.Wait()
	var status unix.WaitStatus
	if _, err := unix.Wait4(pids[0], &status, 0, nil); err != nil || status.ExitStatus() != 0 || n.drawer() != "off" {
		t.Errorf("the guard ended with %d (%v), the output is %s", status.ExitStatus(), err, n.drawer())
	}
	if err := os.WriteFile(filepath.Join(n.dir, "drawer"), []byte("on"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := n.makeSafe(); a.err != nil || !a.made.Outputs || n.drawer() != "off" {
		t.Errorf("make-safe without a node: %+v, the output is %s", a, n.drawer())
	}
}

func TestMakeSafeHasNothingToDoOnATwin(t *testing.T) {
	if got := call("make-safe", "--hardware", "sim", "--data-dir", t.TempDir()); got.code != exitDone || !strings.Contains(got.out, "nothing to make safe") {
		t.Errorf("%+v", got)
	}
	if got := call("make-safe", "--hardware", "toaster"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}

// TestAGuardLeavesItsOutputsToWhoeverHoldsTheLock: a node that has started in
// the meantime began by making them safe, and may have moved them since.
func TestAGuardLeavesItsOutputsToWhoeverHoldsTheLock(t *testing.T) {
	dir := t.TempDir()
	f, err := openLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	release, err := lock(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "drawer")
	o := &orphaned{Hardware: drawerSafe(file), lock: f}
	if err := o.MakeSafe(); !errors.Is(err, guard.ErrTaken) {
		t.Errorf("%v, want ErrTaken", err)
	}
	release()
	if err := o.MakeSafe(); err != nil {
		t.Error(err)
	}
	if _, err := lock(dir, 0); !errors.Is(err, errHeld) {
		t.Errorf("a node may start while its outputs are made safe: %v", err)
	}
}

func TestWatchdogLimit(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for env, want := range map[[2]string]time.Duration{
		{"", ""}: 0, {own, "30000000"}: 30 * time.Second, {"", "1"}: time.Microsecond, {"1", "30000000"}: 0,
	} {
		if got, err := watchdogLimit(env[0], env[1]); got != want || err != nil {
			t.Errorf("%v: %v, %v; want %v", env, got, err, want)
		}
	}
	for _, usec := range []string{"0", "-1", "x", "99999999999999999999"} {
		if got, err := watchdogLimit("", usec); err == nil {
			t.Errorf("%s: %v, want an error", usec, got)
		}
	}
}
