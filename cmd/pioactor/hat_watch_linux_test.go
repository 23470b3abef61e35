package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// fakeHAT is the folder of the modelled machine that a process drives.
func (n *process) fakeHAT() string { return n.file("data/fake-hat") }

// outputs are what the HAT's outputs are at now, by name, those at 0 left out.
func (n *process) outputs() map[string]float64 {
	n.t.Helper()
	on, err := outputsOn(n.fakeHAT())
	if err != nil {
		n.t.Fatal(err)
	}
	return on
}

func outputsOn(dir string) (map[string]float64, error) {
	all, err := fake.Judge(dir)
	on := map[string]float64{}
	for _, o := range all {
		if o.Percent != 0 {
			on[o.Name] = o.Percent
		}
	}
	return on, err
}

// end is how a node died, and when its outputs were safe.
type end struct {
	died, safe time.Time
	left       map[string]float64 // what was on when it was dead
	err        error
}

// watch sees the node die, and its outputs go safe: it asks without a pause, and
// gives up after limit.
func (n *process) watch(limit time.Duration) <-chan end {
	n.t.Helper()
	pid, err := unix.PidfdOpen(n.cmd.Process.Pid, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	dir, seen := n.fakeHAT(), make(chan end, 1)
	go func() {
		defer unix.Close(pid)
		seen <- watchEnd(pid, dir, time.Now().Add(limit))
	}()
	return seen
}

func watchEnd(pid int, dir string, until time.Time) (e end) {
	fds := []unix.PollFd{{Fd: int32(pid), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, max(0, int(time.Until(until)/time.Millisecond)))
		if n > 0 {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return end{err: fmt.Errorf("the node lives: %w", errors.Join(err, os.ErrDeadlineExceeded))}
		}
	}
	e.died = time.Now()
	for {
		on, err := outputsOn(dir)
		e.safe = time.Now()
		if e.left == nil && err == nil {
			e.left = on
		}
		if len(on) == 0 && err == nil {
			return e
		}
		if e.safe.After(until) {
			e.err = fmt.Errorf("still on: %v: %w", on, errors.Join(err, os.ErrDeadlineExceeded))
			return e
		}
	}
}

// guardPID is the node's only child.
func (n *process) guardPID() int {
	n.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	var children []string
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			n.t.Fatal(err)
		}
		children = append(children, strings.Fields(string(text))...)
	}
	if len(children) != 1 {
		n.t.Fatalf("the node's children are %v, want one guard", children)
	}
	pid, err := strconv.Atoi(children[0])
	if err != nil {
		n.t.Fatal(err)
	}
	return pid
}

// privateKB is the memory that a process shares with nobody. Source: proc(5),
// smaps_rollup.
func privateKB(t testing.TB, pid int) (kb int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); slices.Contains([]string{"Private_Clean:", "Private_Dirty:"}, f[0]) {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kb += n
		}
	}
	return kb
}
