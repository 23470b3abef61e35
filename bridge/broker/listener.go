package broker

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

const (
	// helloTime is how long a stranger may hold a socket without a complete
	// CONNECT; the broker moves the deadline once it has one.
	helloTime = 10 * time.Second
	// writeTime is how long a client may refuse to read before it is cut off;
	// mochi would wait for its keep-alive, or for ever.
	writeTime = 5 * time.Second
	// acceptPause is the wait after a failed accept, such as too many open files.
	acceptPause = 50 * time.Millisecond
)

// listener is a TCP listener that bounds what a stranger can cost: number of
// sockets, time until the first packet. It outlives failed accepts.
type listener struct {
	address      string
	onlyLoopback bool
	log          *slog.Logger
	open         net.Listener

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
	wg     sync.WaitGroup
}

func newListener(address string, onlyLoopback bool) *listener {
	return &listener{address: address, onlyLoopback: onlyLoopback, conns: map[net.Conn]struct{}{}}
}

// ID names the listener to the server.
func (l *listener) ID() string { return "tcp" }

// Protocol names the transport.
func (l *listener) Protocol() string { return "tcp" }

// Address is the bound address once Init has succeeded.
func (l *listener) Address() string {
	if l.open == nil {
		return l.address
	}
	return l.open.Addr().String()
}

// Init binds the address, and looks again at what it is really bound to: a
// hosts file may map "localhost" to anything.
func (l *listener) Init(log *slog.Logger) error {
	l.log = log
	open, err := net.Listen("tcp", l.address)
	if err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(open.Addr().String()); l.onlyLoopback && (err != nil || !loopback(host)) {
		return errors.Join(exposed(open.Addr().String()), open.Close())
	}
	l.open = open
	return nil
}

// Serve accepts until Close.
func (l *listener) Serve(establish listeners.EstablishFn) {
	for {
		conn, err := l.open.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			l.log.Warn("accept failed", "error", err)
			time.Sleep(acceptPause)
		case !l.admit(conn):
			l.log.Warn("connection refused: too many, or closing", "remote", conn.RemoteAddr())
			_ = conn.Close() // nothing was promised to this peer
		default:
			go l.attend(conn, establish)
		}
	}
}

// admit counts conn in, or says no.
func (l *listener) admit(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns) >= maxConnections {
		return false
	}
	l.conns[conn] = struct{}{}
	l.wg.Add(1)
	return true
}

// attend serves one connection to its end.
func (l *listener) attend(conn net.Conn, establish listeners.EstablishFn) {
	defer l.wg.Done()
	defer l.forget(conn)
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		l.log.Debug("connection ended", "error", err, "remote", conn.RemoteAddr())
		return
	}
	if err := establish(l.ID(), impatient{conn}); err != nil {
		l.log.Debug("connection ended", "error", err, "remote", conn.RemoteAddr())
	}
}

// impatient is a connection whose writes do not wait for ever.
type impatient struct{ net.Conn }

// Write writes within writeTime.
func (c impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// forget closes conn, which is harmless when it is closed, and counts it out.
func (l *listener) forget(conn net.Conn) {
	_ = conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// Close stops accepting, cuts every connection and waits until all are done. It
// does not let the server disconnect its clients: mochi 2.7.9 takes a read lock
// twice on that way and can stop for ever when a client leaves meanwhile.
func (l *listener) Close(listeners.CloseFn) {
	l.mu.Lock()
	l.closed = true
	for conn := range l.conns {
		_ = conn.Close() // its own goroutine reports how it ended
	}
	l.mu.Unlock()
	if err := l.open.Close(); err != nil {
		l.log.Warn("close listener", "error", err)
	}
	l.wg.Wait()
}

var _ listeners.Listener = (*listener)(nil)
