package bridgetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// patience bounds one answer of a broker.
const patience = 5 * time.Second

// Message is what a Recorder heard.
type Message struct {
	Topic    string
	Payload  string
	Retained bool
	QoS      byte
	At       time.Time
}

// Recorder is a client that remembers every message. Its methods may be called
// from any goroutine of the test.
type Recorder struct {
	t      testing.TB
	client paho.Client

	mu    sync.Mutex
	heard []Message
	news  chan struct{} // closed and replaced on every message
}

// Client connects to addr and subscribes to filters, or to everything if there
// are none, with QoS 2. It disconnects at the end of the test.
func Client(t testing.TB, addr string, filters ...string) *Recorder {
	t.Helper()
	r, err := Connect(t, addr, filters...)
	if err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	return r
}

// Connect is Client for a broker that may not be ready.
func Connect(t testing.TB, addr string, filters ...string) (*Recorder, error) {
	r := &Recorder{t: t, news: make(chan struct{})}
	options := paho.NewClientOptions().AddBroker("tcp://" + addr).
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).
		SetConnectTimeout(patience).SetDefaultPublishHandler(r.hear)
	r.client = paho.NewClient(options)
	if err := settle(r.client.Connect()); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	t.Cleanup(func() { r.client.Disconnect(0) })
	if len(filters) == 0 {
		filters = []string{"#"}
	}
	for _, f := range filters {
		if err := settle(r.client.Subscribe(f, 2, nil)); err != nil {
			return nil, fmt.Errorf("subscribe to %s: %w", f, err)
		}
	}
	return r, nil
}

// settle waits for a token, but not for ever.
func settle(token paho.Token) error {
	if !token.WaitTimeout(patience) {
		return fmt.Errorf("no answer within %v", patience)
	}
	return token.Error()
}

func (r *Recorder) hear(_ paho.Client, m paho.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, Message{
		Topic: m.Topic(), Payload: string(m.Payload()), Retained: m.Retained(), QoS: m.Qos(), At: time.Now(),
	})
	close(r.news)
	r.news = make(chan struct{})
}

// Publish says payload on topic and waits for the acknowledgement.
func (r *Recorder) Publish(topic, payload string, qos byte, retained bool) {
	r.t.Helper()
	if err := settle(r.client.Publish(topic, qos, retained, payload)); err != nil {
		r.t.Fatalf("bridgetest: publish on %s: %v", topic, err)
	}
}

// Is accepts exactly payload.
func Is(payload string) func(string) bool {
	return func(got string) bool { return got == payload }
}

// Any accepts every payload.
func Any(string) bool { return true }

// Expect waits until a message on topic satisfies accept, counting those heard
// before, and returns it; it fails the test after limit.
func (r *Recorder) Expect(topic string, accept func(string) bool, limit time.Duration) Message {
	r.t.Helper()
	m, ok := r.wait(limit, func(m Message) bool { return m.Topic == topic && accept(m.Payload) })
	if !ok {
		r.t.Fatalf("bridgetest: nothing fitting on %s within %v; heard there: %q", topic, limit, r.Payloads(topic))
	}
	return m
}

func (r *Recorder) wait(limit time.Duration, accept func(Message) bool) (Message, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for seen := 0; ; {
		r.mu.Lock()
		fresh, news := r.heard[min(seen, len(r.heard)):], r.news
		r.mu.Unlock()
		for _, m := range fresh {
			if accept(m) {
				return m, true
			}
		}
		seen += len(fresh)
		select {
		case <-news:
		case <-timer.C:
			return Message{}, false
		}
	}
}

// Messages are all messages heard so far, in order.
func (r *Recorder) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.heard...)
}

// Payloads are the payloads heard so far on topic, in order.
func (r *Recorder) Payloads(topic string) []string {
	var all []string
	for _, m := range r.Messages() {
		if m.Topic == topic {
			all = append(all, m.Payload)
		}
	}
	return all
}

// Last is the latest payload on topic, and whether there was one.
func (r *Recorder) Last(topic string) (string, bool) {
	all := r.Payloads(topic)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

// Forget drops what was heard so far.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = nil
}

// String lists what was heard, for a failure's text.
func (r *Recorder) String() string {
	var b strings.Builder
	for _, m := range r.Messages() {
		fmt.Fprintf(&b, "%s q%d r%v %q\n", m.Topic, m.QoS, m.Retained, m.Payload)
	}
	return b.String()
}
