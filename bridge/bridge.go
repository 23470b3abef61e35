package bridge

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"sync"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/broker"
	"github.com/pioactor/pioactor/bridge/mqtt"
	"github.com/pioactor/pioactor/bridge/wire"
)

const (
	tapSize      = 8192 // facts the bridge may lag behind
	maxListeners = 8    // extra connections for people who look
)

// Bridge is a unit's connection to MQTT. It outlives failures of the actor
// that stands for it in the tree. Its methods may be called from any goroutine.
type Bridge struct {
	cfg        Config
	access     mqtt.Config
	experiment string // assigned, until a job says otherwise

	mu        sync.Mutex
	sys       *actors.System
	broker    *broker.Broker
	session   *mqtt.Session
	tap       *actors.Tap
	closed    bool
	leaving   bool // no more commands
	connected bool
	listeners int
	listened  int
	tasks     []func() // for the pump

	wake chan struct{} // there are tasks
	quit chan struct{}
	done chan struct{} // the pump has ended
	say  *speaker      // the pump's own
}

// New checks cfg and reads its files. experiment is what the unit is assigned to.
func New(cfg Config, experiment string) (*Bridge, error) {
	if err := errors.Join(cfg.Validate(), wire.CheckExperiment(experiment)); err != nil {
		return nil, err
	}
	access, err := cfg.access()
	if err != nil {
		return nil, err
	}
	return &Bridge{cfg: cfg, access: access, experiment: experiment,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}, nil
}

// Check tries what Open will need of the machine, so that a port that is taken
// shows before a long start.
func (b *Bridge) Check() error {
	if !b.cfg.embedded() {
		return nil
	}
	l, err := net.Listen("tcp", b.cfg.Listen)
	if err != nil {
		return fmt.Errorf("bridge: [mqtt] listen = %q: %w; stop what listens there, or choose another port", b.cfg.Listen, err)
	}
	return l.Close()
}

// errVirtual keeps the network out of simulations.
var errVirtual = errors.New("bridge: open: the clock is virtual; open the bridge once it is live")

// errClosed ends an actor that outlives its bridge.
var errClosed = errors.New("bridge: open: closed already")

// Open starts the embedded broker, if there is one, connects, and shows sys
// from then on. Once open it does nothing more. It does not wait for another
// broker to be there.
func (b *Bridge) Open(sys *actors.System) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errClosed
	case b.session != nil:
		return nil
	case !sys.Clock().IsLive():
		return errVirtual
	}
	if err := wire.CheckUnit(sys.Unit()); err != nil {
		return err
	}
	b.sys = sys
	if err := b.connect(); err != nil {
		return err
	}
	b.tap = sys.Tap(tapSize, true)
	b.say = newSpeaker(b.session, newTable(b.cfg.TopicRoot, sys.Unit(), b.experiment), b.complain)
	go b.pump()
	return nil
}

// connect starts the broker and the session.
func (b *Bridge) connect() error {
	access := b.access
	if b.cfg.embedded() {
		server, err := broker.Start(broker.Config{Listen: b.cfg.Listen, PasswordFile: b.cfg.PasswordFile})
		if err != nil {
			return err
		}
		b.broker = server
		access.Broker, access.Dial = "tcp://"+server.Addr(), server.Dial
	}
	b.access = access
	access.ClientID = clientID(b.sys.Unit())
	access.Audit = b.cfg.TopicRoot + "/" + b.sys.Unit() + "/#"
	access.Logger = slog.New(journal{sys: b.sys})
	access.OnMessage, access.OnRetained, access.OnStatus = b.hear, b.found, b.status
	session, err := mqtt.Open(access)
	if err != nil {
		if b.broker != nil {
			err = errors.Join(err, b.broker.Close())
		}
		return err
	}
	b.session = session
	return nil
}

// clientID is the same after a restart, so that the new connection ends an old
// one that lingers.
func clientID(unit string) string {
	if len(unit) > 40 { // leave room for the suffixes of wills
		sum := fnv.New64a()
		sum.Write([]byte(unit))
		unit = fmt.Sprintf("%.20s-%016x", unit, sum.Sum64())
	}
	return "pioactor-" + unit
}

// Broker says where clients connect, and whether the bridge is connected.
func (b *Bridge) Broker() (url string, connected bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.access.Broker, b.connected
}

// Stats are the counters of the connection; zero before Open.
func (b *Bridge) Stats() mqtt.Stats {
	b.mu.Lock()
	session := b.session
	b.mu.Unlock()
	if session == nil {
		return mqtt.Stats{}
	}
	return session.Stats()
}

// Listen calls hear with every message under filter until stop is called, on a
// connection of its own.
func (b *Bridge) Listen(filter string, hear func(mqtt.Message)) (stop func(), err error) {
	b.mu.Lock()
	switch {
	case b.session == nil || b.closed:
		b.mu.Unlock()
		return nil, errors.New("bridge: listen: there is no connection to a broker")
	case b.listeners == maxListeners:
		b.mu.Unlock()
		return nil, fmt.Errorf("bridge: listen: %d listen already; end one first", maxListeners)
	}
	b.listeners++
	b.listened++
	access := b.access // without callbacks, and silent
	access.ClientID = fmt.Sprintf("%s-listen-%d", clientID(b.sys.Unit()), b.listened)
	b.mu.Unlock()
	access.OnMessage = hear
	session, err := mqtt.Open(access)
	if err == nil {
		if err = session.Subscribe(0, filter); err != nil {
			err = errors.Join(err, session.Close(context.Background()))
		}
	}
	if err != nil {
		b.unlisten()
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = session.Close(context.Background()) // it had nothing to say
		b.unlisten()
	}), nil
}

func (b *Bridge) unlisten() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners--
}

// CloseIntake refuses every command from now on; facts go on being published.
// Call it before the jobs end.
func (b *Bridge) CloseIntake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leaving = true
}

// Close says what the jobs said last, takes back the wills, disconnects and
// stops the embedded broker: within 2 s, or less if ctx ends first. Call it
// when the jobs are gone.
func (b *Bridge) Close(ctx context.Context) error {
	b.mu.Lock()
	if b.closed || b.session == nil {
		b.closed = true
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	b.mu.Unlock()
	close(b.quit)
	<-b.done
	b.sys.Untap(b.tap)
	err := b.session.Close(ctx)
	if b.broker != nil {
		err = errors.Join(err, b.broker.Close())
	}
	return err
}

// complain logs what the bridge could not do.
func (b *Bridge) complain(format string, args ...any) {
	b.sys.Log("", "bridge", "warning", fmt.Sprintf(format, args...))
}
