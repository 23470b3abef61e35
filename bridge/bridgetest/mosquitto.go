package bridgetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// startTime is generous: the machine may be busy.
const startTime = 10 * time.Second

// Proc is a mosquitto that keeps its port over stops and starts. It is not for
// concurrent use.
type Proc struct {
	// Addr is host:port.
	Addr string

	t    testing.TB
	exe  string
	conf string
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan error
}

// Mosquitto starts a mosquitto without persistence on a free loopback port, and
// stops it at the end of the test. The test is skipped where none is installed.
func Mosquitto(t testing.TB) *Proc { return mosquitto(t, false) }

// PersistentMosquitto is a mosquitto that writes its retained messages to disk
// when it is stopped, as Debian's does.
func PersistentMosquitto(t testing.TB) *Proc { return mosquitto(t, true) }

func mosquitto(t testing.TB, persistent bool) *Proc {
	t.Helper()
	exe, err := exec.LookPath("mosquitto")
	if err != nil {
		t.Skip("bridgetest: no mosquitto on PATH; install it to run this test against a real broker")
	}
	dir := t.TempDir()
	p := &Proc{t: t, exe: exe, Addr: freeAddr(t), conf: filepath.Join(dir, "mosquitto.conf")}
	_, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	conf := fmt.Sprintf("listener %s 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"+
		"max_queued_messages 0\nmax_inflight_messages 100\npersistence %v\npersistence_location %s/\n"+
		"log_dest stderr\nlog_type error\n", port, persistent, dir)
	if os.Geteuid() == 0 {
		conf += "user root\n" // it would otherwise change to a user who cannot read dir
	}
	if err := os.WriteFile(p.conf, []byte(conf), 0o600); err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	t.Cleanup(p.Kill)
	p.Start()
	return p
}

// freeAddr is an address nobody listens on just now.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start starts the process and waits until it accepts connections.
func (p *Proc) Start() {
	p.t.Helper()
	p.Launch()
	p.Accepting()
}

// Launch starts the process without waiting.
func (p *Proc) Launch() {
	p.t.Helper()
	if p.cmd != nil {
		p.t.Fatal("bridgetest: mosquitto is running already")
	}
	p.cmd = exec.Command(p.exe, "-c", p.conf)
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("bridgetest: start mosquitto: %v", err)
	}
	cmd, done := p.cmd, make(chan error, 1)
	p.done = done
	go func() { done <- cmd.Wait() }()
}

// Accepting waits until the process accepts connections.
func (p *Proc) Accepting() {
	p.t.Helper()
	Eventually(p.t, startTime, "mosquitto accepts connections", func() bool {
		select {
		case err := <-p.done:
			p.t.Fatalf("bridgetest: mosquitto ended: %v\n%s", err, p.log.String())
		default:
		}
		conn, err := net.Dial("tcp", p.Addr)
		if err != nil {
			return false
		}
		_ = conn.Close() // only a knock
		return true
	})
}

// Stop ends the process with SIGTERM; it writes what it persists.
func (p *Proc) Stop() { p.end(syscall.SIGTERM) }

// Kill ends the process with SIGKILL.
func (p *Proc) Kill() { p.end(syscall.SIGKILL) }

func (p *Proc) end(signal syscall.Signal) {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Errorf("bridgetest: signal mosquitto: %v", err)
	}
	select {
	case <-p.done:
	case <-time.After(startTime):
		p.t.Errorf("bridgetest: mosquitto did not end on %v", signal)
	}
	p.cmd = nil
}

// Eventually polls condition until it holds, and fails the test after limit.
func Eventually(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("bridgetest: waited %v in vain: %s", limit, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
