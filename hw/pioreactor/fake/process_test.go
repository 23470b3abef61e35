package fake

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

// holderDir makes the test binary be the node that is killed: it drives
// everything in that folder and waits.
const holderDir = "PIOACTOR_FAKE_HOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderDir); dir != "" {
		if err := hold(dir); err != nil {
			println(err.Error())
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func hold(dir string) error {
	m, err := Open(dir)
	if err != nil {
		return err
	}
	lines, err := m.Lines()
	if err != nil {
		return err
	}
	heater, err := lines.Output(18, true)
	if err != nil {
		return err
	}
	bus, err := m.I2C(1)
	if err != nil {
		return err
	}
	const pump = "sys/class/pwm/pwmchip0/"
	write := func(name, text string) { err = errors.Join(err, m.WriteFile(pump+name, []byte(text))) }
	write("export", "1")
	m.Sleep(100 * time.Millisecond)
	write("pwm1/period", "4000000")
	write("pwm1/duty_cycle", "4000000")
	write("pwm1/enable", "1")
	if err := errors.Join(err, bus.Tx(0x2C, []byte{0, 255}, nil)); err != nil {
		return err
	}
	level := true
	m.Repeat(func(now time.Duration) time.Duration {
		level = !level
		if heater.Set(level) != nil {
			return now + time.Hour
		}
		return now + time.Millisecond
	})
	_, err = os.Stdout.WriteString("driving\n")
	time.Sleep(time.Minute) // killed long before
	return err
}

// A line belongs to one process until that dies; outputs stay where a SIGKILL
// found them, and the next process drives the same ones.
func TestKilledProcessLeavesOutputsAndFreesLines(t *testing.T) {
	dir := t.TempDir()
	m, err := Make(dir, Setup{})
	must(t, err)
	defer m.Close()
	node := exec.Command(os.Args[0])
	node.Env = append(os.Environ(), holderDir+"="+dir)
	node.Stderr = os.Stderr
	out, err := node.StdoutPipe()
	must(t, err)
	must(t, node.Start())
	defer node.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != "driving" {
		t.Fatalf("the node said %q, %v", line, err)
	}
	lines, err := m.Lines()
	must(t, err)
	if _, err := lines.Output(18, false); !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("the heater's line while its owner lives: %v, want EBUSY", err)
	}
	must(t, node.Process.Signal(syscall.SIGKILL))
	_ = node.Wait() // says that it was killed
	for name, want := range map[string]float64{"PWM 2": 100, "LED A": 100} {
		near(t, name+" after the kill", percent(t, dir, name), want, 0)
	}
	heater, err := lines.Output(18, false)
	must(t, err)
	bus, err := m.I2C(1)
	must(t, err)
	must(t, bus.Tx(0x2C, []byte{0, 0}, nil))
	must(t, m.WriteFile("sys/class/pwm/pwmchip0/pwm1/duty_cycle", []byte("0")))
	all, err := Judge(dir)
	must(t, err)
	for _, o := range all {
		near(t, o.Name+" made safe by another process", o.Percent, 0, 0)
	}
	must(t, heater.Close())
}

// Within one process too a line has one owner, and Close leaves its level.
func TestLineHasOneOwner(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	lines, err := r.Lines()
	must(t, err)
	line, err := lines.Output(23, true)
	must(t, err)
	if _, err := lines.Output(23, false); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("a line twice: %v, want EBUSY", err)
	}
	if _, err := lines.Input(23, machine.PullUp, machine.NoEdges, nil); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("a driven line to listen to: %v, want EBUSY", err)
	}
	must(t, line.Close())
	near(t, "status LED after Close", percent(t, r.Root(), "status LED"), 100, 0)
	if err := line.Set(false); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Set after Close: %v, want ErrClosed", err)
	}
	again, err := lines.Output(23, false)
	must(t, err)
	must(t, again.Close())
	if _, err := lines.Output(99, false); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("line 99: %v, want EINVAL", err)
	}
}

// In real time the twin runs along and edges come by themselves.
func TestRealTime(t *testing.T) {
	m, err := Make(t.TempDir(), Setup{})
	must(t, err)
	defer m.Close()
	cfg := sim.DefaultConfig()
	quiet(&cfg)
	cfg.InertiaS = 0.01
	twin, err := sim.New(cfg, m.TwinNow)
	must(t, err)
	must(t, m.Attach(twin, DefaultRoles()))
	lines, err := m.Lines()
	must(t, err)
	heard := make(chan machine.Edge, 100)
	in, err := lines.Input(21, machine.PullUp, machine.Falling, func(e machine.Edge) {
		select {
		case heard <- e:
		default: // nobody counts any more
		}
	})
	must(t, err)
	stirrer, err := lines.Output(17, true)
	must(t, err)
	first, second := <-heard, <-heard
	if second.At <= first.At || second.Seq != first.Seq+1 {
		t.Errorf("edges %+v and %+v", first, second)
	}
	count, done := 0, make(chan struct{})
	stop := m.Repeat(func(now time.Duration) time.Duration {
		if count++; count == 3 {
			close(done)
		}
		return now + time.Millisecond
	})
	<-done
	stop()
	late := make(chan struct{})
	if !m.Within(time.Minute, func() {}) || m.Within(time.Millisecond, func() { <-late }) {
		t.Error("Within does not tell what is in time")
	}
	close(late)
	must(t, stirrer.Set(false))
	must(t, stirrer.Close())
	must(t, in.Close())
}

// An hour of stirring at 200 Hz and heating at 16 Hz by software costs seconds.
func TestHourOfSoftwarePWM(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := virtual(t, Setup{}, quiet)
	edges := 0
	lines, err := r.Lines()
	must(t, err)
	in, err := lines.Input(21, machine.PullUp, machine.Falling, func(machine.Edge) { edges++ })
	must(t, err)
	defer in.Close()
	r.toggle(r.out(17, false), 5*time.Millisecond, 40)
	r.toggle(r.out(18, false), 62500*time.Microsecond, 5)
	for range 720 {
		r.clock.Advance(5 * time.Second)
		r.tx(0x2C, []byte{6}, 2)
	}
	truth := r.Truth()
	near(t, "heater", truth.HeaterPct, 5, 1e-3)
	near(t, "turns in an hour", float64(edges), truth.RPM*60, truth.RPM*0.1)
}
