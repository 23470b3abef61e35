package bridgetest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Cable is a TCP proxy in front of a broker: it can be cut, and made to swallow.
type Cable struct {
	// Addr is host:port to connect to.
	Addr string

	target string
	listen net.Listener
	wg     sync.WaitGroup

	mu      sync.Mutex
	stalled bool
	closed  bool
	knocks  int
	conns   map[net.Conn]struct{}
}

// Proxy forwards to target until the test ends.
func Proxy(t testing.TB, target string) *Cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	c := &Cable{Addr: l.Addr().String(), target: target, listen: l, conns: map[net.Conn]struct{}{}}
	c.wg.Add(1)
	go c.accept()
	t.Cleanup(func() {
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		_ = l.Close() // ends accept
		c.Cut()
		c.wg.Wait()
	})
	return c
}

// Stall makes new connections silent: they are accepted and nothing answers.
// Unstalling cuts them.
func (c *Cable) Stall(stalled bool) {
	c.mu.Lock()
	c.stalled = stalled
	c.mu.Unlock()
	if !stalled {
		c.Cut()
	}
}

// Knocks counts the connections accepted so far.
func (c *Cable) Knocks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.knocks
}

// Cut breaks every connection without a goodbye.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as a dead process leaves behind
		}
		_ = conn.Close()
	}
	clear(c.conns)
}

func (c *Cable) accept() {
	defer c.wg.Done()
	for {
		near, err := c.listen.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.knocks++
		c.mu.Unlock()
		if stalled := c.keep(near); stalled {
			continue
		}
		far, err := net.Dial("tcp", c.target)
		if err != nil {
			_ = near.Close() // the client sees what the broker's absence looks like
			continue
		}
		c.keep(far)
		c.wg.Add(2)
		go c.pipe(near, far)
		go c.pipe(far, near)
	}
}

// keep remembers conn for Cut, unless the test is over.
func (c *Cable) keep(conn net.Conn) (stalled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close() // too late to serve
	}
	c.conns[conn] = struct{}{}
	return c.stalled
}

func (c *Cable) pipe(to, from net.Conn) {
	defer c.wg.Done()
	_, _ = io.Copy(to, from) // either end may go at any time; that is the point
	_ = to.Close()
	_ = from.Close()
}
