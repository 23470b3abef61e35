package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"net/url"
	"time"
	"unicode/utf8"
)

// Times of a session. Source of those marked [lib]: measured behaviour of paho 1.5.1 and mosquitto 2.0.11.
const (
	keepAlive    = 15 * time.Second      // [lib] a dead network is noticed within 20 s
	pingTimeout  = 5 * time.Second       // [lib]
	writeTimeout = 5 * time.Second       // [lib]
	ackTimeout   = 10 * time.Second      // an acknowledgement that never comes means a dead broker; paho can wait for ever
	leadTime     = 20 * time.Millisecond // more than a broker on a Pi needs for one packet
	dialTimeout  = 2 * time.Second       // so that a host that comes back is tried again soon
	firstHello   = 1 * time.Second       // for CONNACK; doubles per time-out: a broker hashing a password on a Pi is slow
	maxHello     = 8 * time.Second
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 1 * time.Second        // the requirement is 2 s from "accepting" to "true again"
	steadyTime   = 500 * time.Millisecond // a connection that held this long forgives earlier failures
	window       = 64                     // publishes on their way; below mosquitto's and mochi's limits
	maxTopic     = 1024                   // bytes
	maxPayload   = 256 << 10              // bytes; brokers of the house take 1 MiB packets
)

// Config of a Session. The callbacks may be nil; they are called from one
// goroutine at a time, must return at once and may call the session's methods,
// except Close.
type Config struct {
	// Broker is tcp://host:port, ssl://host:port or mqtts://host:port. Required.
	Broker string
	// Dial connects to a broker inside this process; Broker then only names it.
	Dial func() (net.Conn, error)
	// ClientID names this unit to the broker; the same after a restart, different
	// from every other client's. Required, at most 64 bytes.
	ClientID           string
	Username, Password string
	// TLS is used for ssl and mqtts; nil trusts the system's authorities.
	TLS *tls.Config
	// Audit is a filter such as "pioreactor/unit1/#": what the broker holds
	// retained under it is reported once, after the first connect, to OnRetained.
	Audit string
	// OnMessage takes what arrives on subscribed filters.
	OnMessage func(Message)
	// OnRetained takes a retained message left by an earlier process, on a topic
	// this session does not hold itself.
	OnRetained func(topic string, payload []byte)
	// OnStatus says when the data connection has come or gone.
	OnStatus func(connected bool)
	// Logger takes connection troubles; nil is silence.
	Logger *slog.Logger
	// MaxTelemetry bounds queued QoS 0 messages; the oldest goes first. Default 1000.
	MaxTelemetry int
	// MaxEvents bounds queued messages of QoS 1 and 2; then Send refuses. Default 10,000.
	MaxEvents int
	// Seed varies the jitter of reconnects, together with ClientID.
	Seed uint64
}

// Message is one arrived message. Payload is the receiver's own.
type Message struct {
	Topic    string
	Payload  []byte
	Retained bool // stored earlier by the broker, not sent just now
	QoS      byte
}

// Stats is a snapshot of a session's counters.
type Stats struct {
	Connected  bool  // and every filter is subscribed
	Reconnects int64 // times the data connection came back
	Dropped    int64 // QoS 0 messages pushed out of the queue
	Refused    int64 // QoS 1 and 2 messages that Send refused
	Repairs    int64 // retained states of ours that somebody had overwritten
	Queued     int   // messages waiting
	Wills      int   // wills the broker holds right now
}

// Errors of a session's methods.
var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("mqtt: session closed")
	// ErrFull is returned by Send when the event queue is full; journal the
	// event and send it later.
	ErrFull = errors.New("mqtt: event queue full")
)

func (c *Config) fill() {
	if c.MaxTelemetry == 0 {
		c.MaxTelemetry = 1000
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 10_000
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Validate reports every problem of the configuration.
func (c Config) Validate() error {
	return errors.Join(c.validBroker(), c.validBounds())
}

func (c Config) validBroker() error {
	u, err := url.Parse(c.Broker)
	if err != nil {
		return fmt.Errorf("mqtt: [mqtt] broker: %w", err)
	}
	switch u.Scheme {
	case "tcp", "mqtt", "ssl", "tls", "mqtts":
	default:
		return fmt.Errorf("mqtt: [mqtt] broker = %q: want tcp://host:port or ssl://host:port", u.Redacted())
	}
	if u.Hostname() == "" || u.Port() == "" {
		return fmt.Errorf("mqtt: [mqtt] broker = %q: want host and port", u.Redacted())
	}
	return nil
}

func (c Config) validBounds() error {
	var errs []error
	if c.ClientID == "" || len(c.ClientID) > 64 {
		errs = append(errs, fmt.Errorf("mqtt: client id %q: want 1 to 64 bytes", c.ClientID))
	}
	if c.MaxTelemetry < 0 || c.MaxEvents < 0 {
		errs = append(errs, errors.New("mqtt: queue limits must not be negative"))
	}
	if c.Audit != "" {
		errs = append(errs, checkFilter(c.Audit))
	}
	return errors.Join(errs...)
}

// dataID is the client id of the data connection. Each attempt after the first
// has its own: mochi 2.7.9, cleaning up after a broken connection, unsubscribes
// by client id and would hit the connection that has just replaced it.
func (c Config) dataID(attempt int) string {
	if attempt == 0 {
		return c.ClientID
	}
	return fmt.Sprintf("%s-%d", c.ClientID, attempt)
}

// willID is the client id of the connection that carries topic's will: the same
// after a restart, so that the new one ends an old one that lingers.
func (c Config) willID(topic string) string {
	sum := fnv.New64a()
	sum.Write([]byte(topic))
	return fmt.Sprintf("%s-will-%016x", c.ClientID, sum.Sum64())
}

func checkMessage(topic string, payload []byte, qos byte) error {
	switch {
	case !validName(topic, false):
		return fmt.Errorf("mqtt: topic %q: want 1 to %d bytes of UTF-8 without wildcard", topic, maxTopic)
	case len(payload) > maxPayload:
		return fmt.Errorf("mqtt: payload for %q has %d bytes, limit %d", topic, len(payload), maxPayload)
	case qos > 2:
		return fmt.Errorf("mqtt: QoS %d: want 0, 1 or 2", qos)
	}
	return nil
}

func checkFilter(filter string) error {
	if !validName(filter, true) || !validWildcards(filter) {
		return fmt.Errorf("mqtt: filter %q is not valid", filter)
	}
	return nil
}

func validName(s string, wildcards bool) bool {
	if s == "" || len(s) > maxTopic || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r == 0 || !wildcards && (r == '+' || r == '#') {
			return false
		}
	}
	return true
}
