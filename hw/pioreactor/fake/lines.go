package fake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

type edge = machine.Edge

// lines is the header's chip.
type lines struct{ m *Machine }

// Lines opens the header.
func (m *Machine) Lines() (machine.Lines, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, fmt.Errorf("fake: lines: %w", os.ErrClosed)
	}
	return lines{m}, nil
}

// Close does nothing: lines are let go one by one.
func (lines) Close() error { return nil }

// claim locks the line's file: the kernel frees it with the last of its owner.
func (m *Machine) claim(pin int) (*os.File, error) {
	if pin < 0 || pin >= linesKept {
		return nil, fmt.Errorf("fake: line %d: the header has 0 to %d: %w", pin, linesKept-1, syscall.EINVAL)
	}
	file, err := os.OpenFile(filepath.Join(m.dir, lineFolder, strconv.Itoa(pin)), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("fake: line %d: %w", pin, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = syscall.EBUSY
		}
		return nil, errors.Join(fmt.Errorf("fake: line %d: %w", pin, err), file.Close())
	}
	return file, nil
}

// Output drives pin.
func (l lines) Output(pin int, high bool) (machine.OutputLine, error) {
	owned, err := l.m.claim(pin)
	if err != nil {
		return nil, err
	}
	out := &output{m: l.m, pin: pin, owned: owned}
	return out, out.Set(high)
}

type output struct {
	m     *Machine
	pin   int
	owned *os.File
	gone  atomic.Bool
}

// Set drives the line from now on.
func (o *output) Set(high bool) error {
	if o.gone.Load() {
		return fmt.Errorf("fake: line %d: %w", o.pin, os.ErrClosed)
	}
	o.m.enter()
	defer o.m.mu.Unlock()
	o.m.traffic.Levels[o.pin]++
	o.m.state.setLine(o.pin, true, high)
	o.m.moveWire(o.pin, high)
	return nil
}

// Close lets go of the line and leaves it as it is.
func (o *output) Close() error {
	if o.gone.Swap(true) {
		return nil
	}
	return o.owned.Close()
}

// Input listens to pin.
func (l lines) Input(pin int, pull machine.Pull, edges machine.Edges, heard func(machine.Edge)) (machine.InputLine, error) {
	owned, err := l.m.claim(pin)
	if err != nil {
		return nil, err
	}
	in := &input{m: l.m, pin: pin, pull: pull, edges: edges, heard: heard, owned: owned}
	l.m.enter()
	defer l.m.mu.Unlock()
	l.m.state.setLine(pin, false, pull == machine.PullUp)
	l.m.moveWire(pin, pull == machine.PullUp)
	l.m.inputs = append(l.m.inputs, in)
	l.m.wake()
	return in, nil
}

type input struct {
	m     *Machine
	pin   int
	pull  machine.Pull
	edges machine.Edges
	heard func(machine.Edge)
	owned *os.File
	gone  atomic.Bool
	seq   uint32
}

// High is the level now.
func (i *input) High() (bool, error) {
	if i.gone.Load() {
		return false, fmt.Errorf("fake: line %d: %w", i.pin, os.ErrClosed)
	}
	i.m.enter()
	defer i.m.mu.Unlock()
	return i.m.level(i), nil
}

// Close ends listening; when it returns no edge is told any more.
func (i *input) Close() error {
	if i.gone.Swap(true) {
		return nil
	}
	if i.m.house == nil {
		i.m.telling.Lock()
		defer i.m.telling.Unlock()
	}
	i.m.mu.Lock()
	i.m.inputs = slices.DeleteFunc(i.m.inputs, func(o *input) bool { return o == i })
	i.m.mu.Unlock()
	return i.owned.Close()
}

func (i *input) tell(e machine.Edge) {
	if !i.gone.Load() {
		i.heard(e)
	}
}

// report puts an edge of pin on its way to who listens.
func (m *Machine) report(pin int, at time.Duration, rising bool) {
	for _, i := range m.inputs {
		wanted := i.edges == machine.BothEdges || rising && i.edges == machine.Rising || !rising && i.edges == machine.Falling
		if i.pin != pin || !wanted || i.heard == nil {
			continue
		}
		i.seq++
		m.traffic.Edges[pin]++
		m.heard = append(m.heard, report{i, edge{At: at, Rising: rising, Seq: i.seq}})
	}
}
