package mqtt

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// goodbye is how long a clean DISCONNECT may take to reach the socket.
const goodbye = time.Second

// link is one connection, used once: it is dialled, lives and dies. A fresh
// client per attempt keeps paho's own reconnecting, with its silent losses, out.
type link struct {
	client   paho.Client
	dead     chan struct{} // closed when the connection is gone
	once     sync.Once
	cause    error       // valid after dead
	patient  bool        // a handshake under way is finished: cut, it would fire the will
	mayAbort func() bool // ends the right to cut the handshake; false: it was cut
}

// purpose is what distinguishes one link from another.
type purpose struct {
	clientID string
	will     *lastWord
	receive  func(*link, Message)
}

// lastWord is what the broker says, retained, when a link breaks.
type lastWord struct {
	topic   string
	payload []byte
}

// dial connects and waits for the broker's acceptance, at most hello.
func dial(ctx context.Context, cfg *Config, p purpose, hello time.Duration) (*link, error) {
	l := &link{dead: make(chan struct{}), patient: p.will != nil, mayAbort: func() bool { return true }}
	l.client = paho.NewClient(l.options(ctx, cfg, p, hello))
	token := l.client.Connect()
	if !token.WaitTimeout(hello + time.Second) {
		l.fail(fmt.Errorf("mqtt: no answer from %s within %v", cfg.Broker, hello))
		l.drop()
		return nil, l.cause
	}
	if err := token.Error(); err != nil {
		return nil, fmt.Errorf("mqtt: connect to %s: %w", cfg.Broker, err)
	}
	if !l.mayAbort() {
		l.drop()
		return nil, ErrClosed
	}
	return l, nil
}

func (l *link) options(ctx context.Context, cfg *Config, p purpose, hello time.Duration) *paho.ClientOptions {
	o := paho.NewClientOptions().AddBroker(cfg.Broker).SetClientID(p.clientID).
		SetUsername(cfg.Username).SetPassword(cfg.Password).
		SetProtocolVersion(4). // 3.1.1 only: no second attempt with 3.1
		SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).
		SetStore(paho.NewOrderedMemoryStore()).
		SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetWriteTimeout(writeTimeout).SetConnectTimeout(hello).
		SetConnectionLostHandler(func(_ paho.Client, err error) { l.fail(err) }).
		SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) {
			open := cfg.Dial
			if open == nil {
				open = func() (net.Conn, error) { return l.open(ctx, cfg.TLS, u, hello) }
			}
			conn, err := open()
			if err != nil {
				return nil, err
			}
			return &watched{Conn: conn, ahead: bufio.NewReader(conn), link: l}, nil
		})
	if p.will != nil {
		o.SetBinaryWill(p.will.topic, p.will.payload, 2, true) // QoS and retain as Pioreactor 26.7.2
	}
	if p.receive != nil {
		o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			p.receive(l, Message{Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained(), QoS: m.Qos()})
		})
	}
	return o
}

// open dials; the end of ctx cuts a dial or a handshake under way, nothing later.
func (l *link) open(ctx context.Context, config *tls.Config, u *url.URL, hello time.Duration) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: min(dialTimeout, hello)}
	conn, err := dialer.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	if !l.patient {
		l.mayAbort = context.AfterFunc(ctx, func() {
			_ = conn.Close() // the handshake reports it
		})
	}
	if u.Scheme == "tcp" || u.Scheme == "mqtt" {
		return conn, nil
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = u.Hostname()
	}
	secure := tls.Client(conn, config)
	limit, cancel := context.WithTimeout(ctx, hello)
	defer cancel()
	if err := secure.HandshakeContext(limit); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// watched reports the end of a connection the moment a read sees it. It reads
// ahead: paho asks for each byte of a packet's head on its own.
type watched struct {
	net.Conn
	ahead *bufio.Reader
	link  *link
}

// Read reads, and declares the link dead on any error.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ahead.Read(p)
	if err != nil {
		w.link.fail(err)
	}
	return n, err
}

// fail declares the link dead, once.
func (l *link) fail(cause error) {
	l.once.Do(func() {
		l.cause = cause
		close(l.dead)
	})
}

func (l *link) isDead() bool {
	select {
	case <-l.dead:
		return true
	default:
		return false
	}
}

// drop ends the link without waiting for anything.
func (l *link) drop() {
	l.fail(ErrClosed)
	go l.client.Disconnect(0)
}

// leave ends the link cleanly: the broker forgets its will.
func (l *link) leave() {
	l.fail(ErrClosed)
	l.client.Disconnect(uint(goodbye / time.Millisecond))
}

// subscribe asks for filters and waits for the answer. Filters the broker
// refuses are returned; they do not end the link.
func (l *link) subscribe(filters map[string]byte) (refused []string, err error) {
	if len(filters) == 0 {
		return nil, nil
	}
	token := l.client.SubscribeMultiple(filters, nil)
	select {
	case <-token.Done():
	case <-l.dead:
		return nil, l.cause
	case <-time.After(ackTimeout):
		return nil, errors.New("mqtt: subscription not acknowledged")
	}
	if err := token.Error(); err != nil {
		return nil, fmt.Errorf("mqtt: subscribe: %w", err)
	}
	return refusals(token), nil
}

// refusals lists the filters a broker did not grant.
func refusals(token paho.Token) (refused []string) {
	if t, ok := token.(*paho.SubscribeToken); ok {
		for filter, code := range t.Result() {
			if code > 2 {
				refused = append(refused, filter)
			}
		}
	}
	return refused
}
