package guard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How a guard that died is replaced: soon, then ever later, for ever.
const (
	firstAgain = 100 * time.Millisecond
	lastAgain  = 10 * time.Second
)

// partTime is how long a guard may take to leave: on a busy Pi its turn comes late.
const partTime = 3 * time.Second

// Guard is a guard at work, seen from its parent. All methods may be called
// from any goroutine.
type Guard struct {
	o Options

	mu    sync.Mutex
	now   *child // nil while there is none
	news  error  // that Beat has not told yet
	left  bool   // outputs are safe, no beat is needed
	ended chan struct{}
	bye   sync.Once
}

// child is one guard process.
type child struct {
	cmd  *exec.Cmd
	pipe int           // the write end
	dead chan struct{} // closed when it has ended
	how  error         // it ended; valid then
}

// Start starts a guard over this process and returns when it is armed. No output
// may move before. A guard that dies is replaced until Goodbye.
func Start(o Options) (*Guard, error) {
	o = o.withDefaults()
	c, err := o.start()
	if err != nil {
		return nil, err
	}
	g := &Guard{o: o, now: c, ended: make(chan struct{})}
	go g.keep(c)
	return g, nil
}

// start starts one guard process and waits until it is armed.
func (o Options) start() (*child, error) {
	first, err := o.firstLine()
	if err != nil {
		return nil, err
	}
	c, answer, err := o.launch()
	if err != nil {
		return nil, fmt.Errorf("guard: start: %w", err)
	}
	defer answer.Close()
	_, err = unix.Write(c.pipe, first)
	if err == nil || errors.Is(err, unix.EPIPE) { // one that has ended may have said why
		err = awaitArmed(answer, o.Patience)
	}
	if err != nil {
		c.abandon()
		return nil, fmt.Errorf("guard: it does not stand: %w", err)
	}
	return c, nil
}

// firstLine is what the guard is told at its start.
func (o Options) firstLine() ([]byte, error) {
	var orders bytes.Buffer
	if err := json.Compact(&orders, o.Orders); err != nil {
		return nil, fmt.Errorf("guard: orders: %w", err)
	}
	line, err := json.Marshal(standing{o.Silence, orders.Bytes()})
	if err == nil && len(line) > maxOrders {
		err = fmt.Errorf("%d bytes, want %d or fewer", len(line), maxOrders)
	}
	if err != nil {
		return nil, fmt.Errorf("guard: orders: %w", err)
	}
	return append(line, '\n'), nil
}

// launch starts the process. Both ends of the pipe are closed in whatever else
// this process starts: only its death, or its word, may end the pipe.
func (o Options) launch() (*child, *os.File, error) {
	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return nil, nil, fmt.Errorf("pidfd_open: %w; it wants Linux 5.3 or later", err)
	}
	parent := os.NewFile(uintptr(self), "parent")
	defer parent.Close()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("pipe: %w", err)
	}
	in := os.NewFile(uintptr(pipe[0]), "orders")
	defer in.Close()
	answer, out, err := os.Pipe()
	if err == nil {
		defer out.Close()
		err = unix.SetNonblock(pipe[1], true) // this end alone: Beat never waits
	}
	c := &child{pipe: pipe[1], dead: make(chan struct{}), cmd: &exec.Cmd{
		Path: o.Exe, Args: append([]string{os.Args[0]}, o.Args...),
		Env:   append(os.Environ(), "GOMAXPROCS=1", "GOGC=10", "GOTRACEBACK=none"),
		Stdin: in, Stdout: out, Stderr: o.Stderr, ExtraFiles: []*os.File{parent},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}}
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, nil, errors.Join(err, unix.Close(pipe[1]), closeAny(answer))
	}
	go func() {
		c.how = cmp.Or(c.cmd.Wait(), errors.New("it left unasked"))
		close(c.dead)
	}()
	return c, answer, nil
}

func closeAny(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// awaitArmed reads the guard's answer.
func awaitArmed(answer *os.File, patience time.Duration) error {
	if err := answer.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	text := make([]byte, len(armed))
	n, err := answer.Read(text)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer within %v", patience)
	case err != nil:
		return errors.New("it ended at once; it has said why")
	case string(text[:n]) != armed:
		return fmt.Errorf("it answered %q", strings.TrimSpace(string(text[:n])))
	}
	return nil
}

// abandon ends a guard that never stood, before it takes the end of its pipe
// for a death.
func (c *child) abandon() {
	_ = c.cmd.Process.Kill() // fails only if it has ended
	<-c.dead
	unix.Close(c.pipe)
}

// tell writes a word and never waits. A full pipe is a guard that does not
// read, a broken one a guard that is dead: both show otherwise.
func (c *child) tell(word []byte) error {
	_, err := unix.Write(c.pipe, word)
	return err
}

// What a parent says, made once: a beat allocates nothing.
var (
	sayBeat    = []byte{beat}
	sayLeaving = []byte{leaving}
	sayGoodbye = []byte{goodbye}
)

// keep replaces a guard that died, until goodbye.
func (g *Guard) keep(c *child) {
	for {
		<-c.dead
		if !g.bereave(c) {
			return
		}
		if c = g.again(); c == nil {
			return
		}
	}
}

// bereave notes that c died and reports whether another is wanted.
func (g *Guard) bereave(c *child) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now != c {
		return false // goodbye
	}
	unix.Close(c.pipe)
	g.now = nil
	g.news = fmt.Errorf("guard: it died (%w)", c.how)
	return true
}

// again starts another guard; nil after goodbye.
func (g *Guard) again() *child {
	for pause := firstAgain; ; pause = min(2*pause, lastAgain) {
		select {
		case <-g.ended:
			return nil
		case <-time.After(pause):
		}
		c, err := g.o.start()
		if err == nil {
			return g.appoint(c)
		}
		g.mu.Lock()
		g.news = err
		g.mu.Unlock()
	}
}

// appoint makes c the guard, unless goodbye was said meanwhile.
func (g *Guard) appoint(c *child) *child {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.ended:
		c.abandon()
		return nil
	default:
	}
	g.now = c
	if g.left {
		_ = c.tell(sayLeaving) // an empty pipe
	}
	return c
}

// Beat says that the parent lives. It never waits and may be called as often as
// one likes; every second is right. An error means that there is no guard now,
// or that there was none since the last Beat; outputs may go on, and somebody
// should hear of it.
func (g *Guard) Beat() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.news
	if g.now != nil {
		g.news = nil
		_ = g.now.tell(sayBeat)
	}
	return err
}

// Leaving says that every output is safe, and that the parent needs up to twice
// the silence (10 s) to tidy up, without beats.
func (g *Guard) Leaving() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = true
	if g.now != nil {
		_ = g.now.tell(sayLeaving)
	}
}

// Goodbye ends the guard: every output is safe, and nothing can move any more.
// It waits until the guard has gone, 3 s at the most.
func (g *Guard) Goodbye() error {
	err := error(nil)
	g.bye.Do(func() { err = g.part() })
	return err
}

func (g *Guard) part() error {
	g.mu.Lock()
	close(g.ended)
	c := g.now
	g.now = nil
	if c == nil {
		g.mu.Unlock()
		return nil
	}
	err := c.tell(sayGoodbye)
	unix.Close(c.pipe)
	g.mu.Unlock()
	select {
	case <-c.dead:
	case <-time.After(partTime):
		return errors.Join(err, fmt.Errorf("guard: it does not leave within %v", partTime))
	}
	return nil
}
