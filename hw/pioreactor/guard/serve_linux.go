package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The guard's descriptors.
const (
	ordersFD = 0 // the pipe from its parent
	answerFD = 1 // where it says that it is armed
	parentFD = 3 // the parent itself, a pidfd
)

const (
	armed = "armed\n"
	// maxOrders fit into a pipe that nobody reads yet: 64 KiB on Linux.
	maxOrders = 60 << 10
	// safeLimit is how long the guard tries.
	safeLimit = 30 * time.Second
	// deathTime is how long a killed parent may take to go: one that the kernel
	// holds (a bus that is stuck) does nothing any more all the same.
	deathTime = 500 * time.Millisecond
)

// standing is the first line in the pipe.
type standing struct {
	Silence time.Duration   `json:"silence"`
	Orders  json.RawMessage `json:"orders"`
}

// Serve is the guard: it reads its orders from standard input, has open prepare
// the hardware they name, and stands guard until its parent says goodbye or the
// outputs are safe. What it has to tell goes to errs; it returns the exit code,
// 1 if something could not be made safe. Call it as early in the process as can
// be, and nothing beside it: the memory of a guard is taken from the culture.
func Serve(open func(orders []byte) (Hardware, error), errs io.Writer) int {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	g, err := prepare(open)
	if err != nil {
		fmt.Fprintf(errs, "guard: %v\n", err)
		return 1
	}
	debug.FreeOSMemory()   // what the start took
	debug.SetGCPercent(-1) // nothing is allocated while it waits, and no collection is to come between a death and safety
	if _, err := unix.Write(answerFD, []byte(armed)); err != nil && !errors.Is(err, unix.EPIPE) {
		fmt.Fprintf(errs, "guard: tell the parent: %v\n", err)
	}
	if g.stand() == depart {
		return 0
	}
	return g.finish(errs)
}

// guarding is a guard at work.
type guarding struct {
	hardware Hardware
	watch    watch
	tick     time.Duration
	buffer   [512]byte
}

func prepare(open func([]byte) (Hardware, error)) (*guarding, error) {
	if !started() {
		return nil, errors.New("`pioactor up` starts it, nobody else does; to switch every output off run `pioactor make-safe`")
	}
	unix.CloseOnExec(parentFD)
	line, err := readLine(ordersFD)
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	var s standing
	if err := json.Unmarshal(line, &s); err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	if s.Silence < 10*time.Millisecond {
		return nil, fmt.Errorf("orders: silence of %v: want 10 ms or more", s.Silence)
	}
	h, err := open(s.Orders)
	if err != nil {
		return nil, err
	}
	return &guarding{hardware: h, watch: newWatch(s.Silence), tick: s.Silence / 10}, nil
}

// started reports whether a parent has left its pipe and itself to this process.
func started() bool {
	var orders, parent unix.Stat_t
	return unix.Fstat(ordersFD, &orders) == nil && orders.Mode&unix.S_IFMT == unix.S_IFIFO && unix.Fstat(parentFD, &parent) == nil
}

// readLine reads up to the first newline. The parent writes nothing behind it
// before it is answered.
func readLine(fd int) ([]byte, error) {
	var text []byte
	chunk := make([]byte, 4096)
	for len(text) <= maxOrders {
		n, err := unix.Read(fd, chunk)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		text = append(text, chunk[:n]...)
		if line, _, whole := bytes.Cut(text, []byte("\n")); whole {
			return line, nil
		}
	}
	return nil, fmt.Errorf("longer than %d bytes", maxOrders)
}

// stand watches until there is something to do. It allocates nothing.
func (g *guarding) stand() verdict {
	fds := [2]unix.PollFd{{Fd: ordersFD, Events: unix.POLLIN}, {Fd: parentFD, Events: unix.POLLIN}}
	for {
		began := time.Now()
		n, err := unix.Poll(fds[:], int(g.tick/time.Millisecond))
		g.watch.passed(time.Since(began), g.tick)
		switch {
		case err != nil || n == 0: // a signal, or time: what happened besides is there at the next look
		case fds[0].Revents != 0: // first: a goodbye may lie before the end
			g.read()
		default: // dead, though somebody holds the pipe open
			g.watch.closed()
		}
		if v := g.watch.judge(); v != nothing {
			return v
		}
	}
}

func (g *guarding) read() {
	n, err := unix.Read(ordersFD, g.buffer[:])
	switch {
	case errors.Is(err, unix.EINTR):
	case err != nil || n <= 0:
		g.watch.closed()
	default:
		g.watch.heard(g.buffer[:n])
	}
}

// finish sees the parent dead, makes the outputs safe, and tells.
func (g *guarding) finish(errs io.Writer) int {
	gone := g.end(deathTime)
	late := time.AfterFunc(safeLimit+deathTime, func() {
		fmt.Fprintf(errs, "guard: making the outputs safe has hung for %v: cut the power\n", safeLimit)
		os.Exit(1)
	})
	defer late.Stop()
	err := MakeSafe(g.hardware, safeLimit)
	if !gone && err == nil && g.end(safeLimit) {
		err = MakeSafe(g.hardware, safeLimit) // what the kernel still did for the dead
	}
	return report(errs, err)
}

// end kills the parent, which may be dead already, and reports whether it was
// seen dead within limit.
func (g *guarding) end(limit time.Duration) bool {
	_ = unix.PidfdSendSignal(parentFD, unix.SIGKILL, nil, 0) // fails only for the dead: it is a child's own parent, of the same user
	fds := [1]unix.PollFd{{Fd: parentFD, Events: unix.POLLIN}}
	for end := time.Now().Add(limit); ; {
		left := time.Until(end)
		if n, err := unix.Poll(fds[:], int(max(left, 0)/time.Millisecond)); n > 0 && err == nil {
			return true
		}
		if left <= 0 {
			return false
		}
	}
}

func report(errs io.Writer, err error) int {
	switch {
	case err == nil:
		fmt.Fprintln(errs, "guard: the node died; every output is safe")
	case errors.Is(err, ErrTaken):
		fmt.Fprintln(errs, "guard: the node died, and another has its outputs by now")
	default:
		fmt.Fprintf(errs, "guard: the node died, and NOT every output could be made safe: %v; cut the power\n", err)
		return 1
	}
	return 0
}
