package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/user"
	"strconv"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/mqtt"
)

// Times of the server.
const (
	headTime   = 5 * time.Second  // for a request's head
	readTime   = 10 * time.Second // for a request's body
	writeTime  = 10 * time.Second // for one answer or one event to leave
	answerTime = 40 * time.Second // for a command: longer than the system waits for its actor
	idleTime   = 60 * time.Second
	beat       = 15 * time.Second // a silent stream shows that it lives
)

// Sizes of the server.
const (
	maxBody  = 64 << 10 // bytes
	maxHead  = 16 << 10 // bytes
	tapSize  = 4096     // facts an overloaded server may lag behind
	keptLogs = 1000
	keptRing = 2048 // facts for streams that reconnect
)

// MQTT is the bridge, as this server sees it.
type MQTT interface {
	// Listen calls hear with every message under filter until stop is called.
	Listen(filter string, hear func(mqtt.Message)) (stop func(), err error)
	// Broker says where clients connect, and whether the bridge is connected.
	Broker() (url string, connected bool)
}

// Options of a Server. System and Socket are required.
type Options struct {
	System *actors.System
	// Socket is the path of the unix socket; its folder must exist.
	Socket string
	// MQTT is asked for GET /api/mqtt; nil where there is no bridge.
	MQTT MQTT
	// Experiment says what the unit is assigned to now; may be nil.
	Experiment func() string
	// Version of the program.
	Version string
}

// Server is a running API.
type Server struct {
	o       Options
	sys     *actors.System
	http    *http.Server
	recent  *recent
	tap     *actors.Tap
	began   time.Time
	quit    context.Context // ends streams and the tap
	end     context.CancelFunc
	drained chan struct{}
	served  chan error
}

// Serve starts the API. Start it when the clock is live: its tap counts when
// the vial asks whether observers keep up.
func Serve(o Options) (*Server, error) {
	if o.System == nil {
		return nil, errors.New("web: serve: a system is required")
	}
	l, err := listen(o.Socket)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, sys: o.System, recent: newRecent(o.System.Boot(), keptRing, keptLogs), began: time.Now(),
		tap: o.System.Tap(tapSize, false), drained: make(chan struct{}), served: make(chan error, 1)}
	s.quit, s.end = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.guarded(s.routes()),
		ReadHeaderTimeout: headTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHead,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, peerOf(c))
		},
	}
	go s.drain()
	go func() { s.served <- s.http.Serve(l) }()
	return s, nil
}

type peerKey struct{}

// drain moves facts from the tap to where requests find them.
func (s *Server) drain() {
	defer close(s.drained)
	for {
		select {
		case <-s.tap.Ready():
		case <-s.quit.Done():
			return
		}
		facts, gap := s.tap.Take()
		s.recent.add(facts, gap)
	}
}

// Close ends streams, lets requests under way finish until ctx ends, and
// removes the socket.
func (s *Server) Close(ctx context.Context) error {
	s.end()
	s.sys.Untap(s.tap)
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("web: close: %w", err), s.http.Close())
	}
	<-s.drained
	if ended := <-s.served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("web: serve: %w", ended))
	}
	return err
}

// guarded lets only the owner and root in, and bounds what a request may cost.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := r.Context().Value(peerKey{}).(peer)
		if !ok || !p.admitted() {
			refuse(w, http.StatusForbidden, "forbidden", "this socket belongs to another user")
			return
		}
		if err := takeBody(w, r); err != nil {
			reply(w, nil, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// takeBody reads the body before the handler runs, within readTime; a command
// or a stream may take longer.
func takeBody(w http.ResponseWriter, r *http.Request) error {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(readTime)); err != nil {
		return fmt.Errorf("web: read deadline: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit(r)))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return invalid("too_long", "body: want at most %d bytes", tooLarge.Limit)
	case err != nil:
		return invalid("bad_body", "body: %.200v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("web: read deadline: %w", err)
	}
	return nil
}

// origin says who sent r: the peer's user, through the command line or not.
func origin(r *http.Request) actors.Origin {
	o := actors.Origin{Mouth: "http", Addr: "unix"}
	if r.Header.Get(mouthHeader) == "cli" {
		o.Mouth = "cli"
	}
	if p, ok := r.Context().Value(peerKey{}).(peer); ok {
		o.Who = userName(p.uid)
	}
	return o
}

// mouthHeader tells the command line from other clients; for the record only.
const mouthHeader = "Pioactor-Mouth"

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}
