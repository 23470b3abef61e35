package main

import (
	"os"
	"syscall"
	"time"
)

// interrupt is Ctrl-C; it returns how the process ended, and after how long.
func (n *process) interrupt() (code int, took time.Duration) {
	n.t.Helper()
	began := time.Now()
	if err := n.cmd.Process.Signal(os.Interrupt); err != nil {
		n.t.Fatalf("interrupt: %v", err)
	}
	select {
	case err := <-n.ended:
		n.ended <- err
	case <-time.After(slow):
		n.t.Fatalf("still running %v after Ctrl-C\n%s", slow, n.tail())
	}
	n.hangUp()
	return n.cmd.ProcessState.ExitCode(), time.Since(began)
}

// kill is kill -9.
func (n *process) kill() {
	n.t.Helper()
	n.alive()
	n.end()
}

func (n *process) hangUp() {
	if n.client != nil {
		n.client.Close()
		n.client = nil
	}
}

func (n *process) end() {
	if err := n.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		n.t.Errorf("kill: %v", err)
	}
	err := <-n.ended
	n.ended <- err
	n.hangUp()
}

func (n *process) cleanup() {
	if n.cmd != nil {
		select {
		case err := <-n.ended:
			n.ended <- err
		default:
			n.end()
		}
	}
	n.hangUp()
	if n.t.Failed() {
		n.t.Logf("output:\n%s\nlog:\n%s", n.out, n.tail())
	}
	if err := os.RemoveAll(n.dir); err != nil {
		n.t.Error(err)
	}
}
