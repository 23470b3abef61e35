package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

// Limits of one embedded broker; a lab of 50 units with browsers needs a tenth.
const (
	maxClients      = 4096    // signed-in clients; a unit holds one connection and one per live job
	maxConnections  = 5000    // open sockets, signed in or not
	maxPacket       = 1 << 20 // 1 MiB in bytes, as the generated mosquitto configuration
	sessionLifetime = 3600    // s; Pioreactor 26.7.2 leaves an orphan session per job run
	sysInterval     = 3600    // s between $SYS publications, which nobody may read
)

// Config says where the broker listens and who may connect.
type Config struct {
	// Listen is host:port, such as "127.0.0.1:1883"; port 0 picks a free one.
	// Anything but loopback needs PasswordFile. Default "127.0.0.1:1883".
	Listen string `toml:"listen"`
	// PasswordFile holds one user:hash line per user, see [HashPassword].
	// Without it anyone on this machine may connect.
	PasswordFile string `toml:"password_file"`
	// Logger takes what the broker has to say; nil is silence.
	Logger *slog.Logger `toml:"-"`
}

// DefaultConfig listens on loopback only, without passwords.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:1883"} }

// Validate reports every problem that can be seen without touching the network.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("broker: [mqtt] listen = %q: %w", c.Listen, err)
	}
	if c.PasswordFile == "" && !loopback(host) {
		return exposed(c.Listen)
	}
	return nil
}

// exposed is the refusal to serve strangers.
func exposed(listen string) error {
	return fmt.Errorf("broker: [mqtt] listen = %q is reachable from other machines and needs credentials: "+
		"set [mqtt] password_file, or listen on 127.0.0.1", listen)
}

// loopback reports whether host can only be reached from this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	server   *mochi.Server
	listener *listener
	close    sync.Once
	err      error
}

// Start listens and serves until Close. It refuses a configuration that
// [Config.Validate] refuses and a password file it cannot read in full.
func Start(cfg Config) (*Broker, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultConfig().Listen
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	auth, err := newAuth(cfg.PasswordFile)
	if err != nil {
		return nil, err
	}
	b := &Broker{server: newServer(cfg.Logger), listener: newListener(cfg.Listen, cfg.PasswordFile == "")}
	for _, hook := range []mochi.Hook{auth, newIDsHook(), &gateHook{}, &quotaHook{}} {
		if err := b.server.AddHook(hook, nil); err != nil {
			return nil, fmt.Errorf("broker: add %s: %w", hook.ID(), err)
		}
	}
	if err := b.server.AddListener(b.listener); err != nil {
		return nil, fmt.Errorf("broker: [mqtt] listen = %q: %w", cfg.Listen, err)
	}
	if err := b.server.Serve(); err != nil {
		return nil, errors.Join(fmt.Errorf("broker: serve: %w", err), b.Close())
	}
	return b, nil
}

// newServer is the only place that makes a mochi server.
func newServer(log *slog.Logger) *mochi.Server {
	limits := mochi.NewDefaultServerCapabilities()
	limits.MaximumMessageExpiryInterval = 0 // default 24 h deletes every retained message of that age
	limits.MaximumInflight = 65535          // default 8192 cuts a burst of retained messages short
	limits.MaximumClientWritesPending = 65536
	limits.MaximumSessionExpiryInterval = sessionLifetime
	limits.MaximumPacketSize = maxPacket
	limits.MaximumClients = maxClients
	return mochi.New(&mochi.Options{
		Capabilities:           limits,
		Logger:                 quiet(log),
		SysTopicResendInterval: sysInterval,
	})
}

// Addr is the address clients connect to, with the real port.
func (b *Broker) Addr() string { return b.listener.Address() }

// Close lets clients take what they were sent, for a moment, disconnects them
// and stops. It may be called more than once.
func (b *Broker) Close() error {
	b.close.Do(func() {
		b.deliver()
		b.err = b.server.Close()
	})
	return b.err
}

const (
	lastWords = 500 * time.Millisecond // that clients have to take the last messages
	lastLook  = 10 * time.Millisecond  // between looks; all that listeners with QoS 0 get
)

// deliver waits until every connected client has acknowledged what it was sent:
// the last words of a unit that stops are among it.
func (b *Broker) deliver() {
	for range lastWords / lastLook {
		time.Sleep(lastLook)
		if !b.owes() {
			return
		}
	}
}

func (b *Broker) owes() bool {
	for _, cl := range b.server.Clients.GetAll() {
		if !cl.Closed() && cl.State.Inflight.Len() > 0 {
			return true
		}
	}
	return false
}
