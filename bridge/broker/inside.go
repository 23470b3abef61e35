package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// errEnded refuses connections to a broker that takes no more.
var errEnded = errors.New("broker: closed, or out of connections")

// Dial connects this process to its own broker, without the network and
// without a password: nobody else can come this way.
func (b *Broker) Dial() (net.Conn, error) {
	near, far := newInside()
	if !b.listener.admit(far) {
		return nil, errEnded
	}
	go b.listener.attend(far, b.server.EstablishConnection)
	return near, nil
}

// streamSize is how much one direction of a connection holds before its writer
// waits, as a socket does.
const streamSize = 256 << 10

// inside is one end of a connection within the process. It is a net.Conn with
// the deadlines that broker and client set.
type inside struct{ in, out *stream }

// newInside returns the two ends of a connection.
func newInside() (inside, inside) {
	a, b := newStream(), newStream()
	return inside{a, b}, inside{b, a}
}

// Read implements net.Conn.
func (c inside) Read(p []byte) (int, error) { return c.in.read(p) }

// Write implements net.Conn.
func (c inside) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends both directions; what was written before can still be read.
func (c inside) Close() error {
	c.in.close()
	c.out.close()
	return nil
}

// LocalAddr implements net.Conn.
func (c inside) LocalAddr() net.Addr { return here{} }

// RemoteAddr implements net.Conn.
func (c inside) RemoteAddr() net.Addr { return here{} }

// SetDeadline implements net.Conn.
func (c inside) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c inside) SetReadDeadline(t time.Time) error { return c.in.limit(&c.in.readBy, t) }

// SetWriteDeadline implements net.Conn.
func (c inside) SetWriteDeadline(t time.Time) error { return c.out.limit(&c.out.writeBy, t) }

// here is the address of both ends.
type here struct{}

// Network implements net.Addr.
func (here) Network() string { return "inside" }

// String implements net.Addr.
func (here) String() string { return "this process" }

// stream is one direction.
type stream struct {
	mu              sync.Mutex
	moved           *sync.Cond // bytes came or went, a deadline was set, or it is closed
	held            []byte     // written, not yet read
	closed          bool
	readBy, writeBy time.Time // deadlines; zero for none
}

func newStream() *stream {
	s := &stream{}
	s.moved = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case late(s.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(s.held) > 0:
			return s.take(p), nil
		case s.closed:
			return 0, io.EOF
		}
		s.wait(s.readBy)
	}
}

func (s *stream) take(p []byte) int {
	n := copy(p, s.held)
	s.held = s.held[:copy(s.held, s.held[n:])]
	s.moved.Broadcast()
	return n
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return written, net.ErrClosed
		case late(s.writeBy):
			return written, os.ErrDeadlineExceeded
		}
		n := min(len(p), streamSize-len(s.held))
		s.held = append(s.held, p[:n]...)
		p, written = p[n:], written+n
		if n > 0 {
			s.moved.Broadcast()
		}
		if len(p) == 0 {
			return written, nil
		}
		s.wait(s.writeBy)
	}
}

func late(by time.Time) bool { return !by.IsZero() && !time.Now().Before(by) }

// wait returns when something has moved, or by has passed. The lock is held, and
// given up meanwhile.
func (s *stream) wait(by time.Time) {
	if !by.IsZero() {
		alarm := time.AfterFunc(time.Until(by), s.wake)
		defer alarm.Stop()
	}
	s.moved.Wait()
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}

func (s *stream) limit(deadline *time.Time, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	*deadline = t
	s.moved.Broadcast()
	return nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.moved.Broadcast()
}

var _ net.Conn = inside{}
