package mqtt

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// drainTime bounds Close: what has not been said by then stays unsaid.
const drainTime = 2 * time.Second

// Session keeps one data connection and one connection per will. Its methods
// may be called from any goroutine and never wait for the network, except Close.
type Session struct {
	cfg     Config
	ctx     context.Context // ends with the data connection
	cancel  context.CancelFunc
	standby context.Context // ends before it, with the wills
	dismiss context.CancelFunc
	stopped chan struct{}  // the data connection is gone for good
	wake    chan struct{}  // there may be something to publish
	keepers sync.WaitGroup // of wills, and the audit

	callback sync.Mutex // one callback at a time

	mu         sync.Mutex
	out        *outbox
	filters    map[string]byte  // the owner's
	watched    map[string]*echo // topics that carry or carried a will
	pending    []string         // filters to subscribe on the live link
	unwanted   []string         // filters to unsubscribe on the live link
	changing   int              // subscription changes not yet acknowledged
	wills      map[string]*will
	link       *link         // whose messages count
	up         chan struct{} // closed while the data connection stands
	live       bool
	closing    bool
	drained    chan struct{} // made by Close, closed when nothing is left to say
	audited    bool
	reconnects int64
	connects   int64
	repairs    int64
}

// Open starts a session and returns at once, whether the broker is there or not.
func Open(cfg Config) (*Session, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.fill()
	s := &Session{
		cfg:     cfg,
		stopped: make(chan struct{}),
		wake:    make(chan struct{}, 1),
		out:     newOutbox(cfg.MaxTelemetry, cfg.MaxEvents),
		filters: map[string]byte{},
		watched: map[string]*echo{},
		wills:   map[string]*will{},
		up:      make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.standby, s.dismiss = context.WithCancel(s.ctx)
	go s.run()
	return s, nil
}

// Retain declares what topic holds, now and after every reconnect. An empty
// payload clears it. Values of one topic that follow faster than they can be
// said are replaced by the last.
func (s *Session) Retain(topic string, payload []byte, qos byte) error {
	if err := checkMessage(topic, payload, qos); err != nil {
		return err
	}
	return s.change(func() error {
		s.out.retain(topic, slices.Clone(payload), qos, s.live)
		return nil
	})
}

// Send says something once. QoS 0 is telemetry: while there is too much of it
// the oldest is dropped and counted. QoS 1 and 2 are events: they wait for the
// broker, and are refused with ErrFull beyond the limit.
func (s *Session) Send(topic string, payload []byte, qos byte) error {
	if err := checkMessage(topic, payload, qos); err != nil {
		return err
	}
	return s.change(func() error { return s.out.send(topic, slices.Clone(payload), qos) })
}

// Subscribe adds filters, now and after every reconnect. Keep filters disjoint:
// a message under two of them may arrive twice.
func (s *Session) Subscribe(qos byte, filters ...string) error {
	for _, f := range filters {
		if err := checkFilter(f); err != nil {
			return err
		}
	}
	if qos > 2 {
		return fmt.Errorf("mqtt: QoS %d: want 0, 1 or 2", qos)
	}
	return s.change(func() error {
		for _, f := range filters {
			s.filters[f] = qos
			s.pending = append(s.pending, f)
		}
		return nil
	})
}

// Unsubscribe removes filters; nothing under them is delivered any more.
func (s *Session) Unsubscribe(filters ...string) error {
	return s.change(func() error {
		for _, f := range filters {
			delete(s.filters, f)
			s.unwanted = append(s.unwanted, f)
		}
		return nil
	})
}

// change alters the state under the lock and wakes the publisher.
func (s *Session) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return ErrClosed
	}
	err := f()
	s.poke()
	return err
}

func (s *Session) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // already awake
	}
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{
		Connected:  s.live && len(s.pending) == 0 && s.changing == 0,
		Reconnects: s.reconnects, Repairs: s.repairs,
		Dropped: s.out.dropped, Refused: s.out.refused, Queued: s.out.queue.Len(),
	}
	for _, w := range s.wills {
		if w.armed {
			stats.Wills++
		}
	}
	return stats
}

// Close says what is left to say if the broker is there, takes back the wills
// without firing them, then disconnects: within 2 s, or less if ctx ends first,
// plus up to 2 s for a broker that does not take a goodbye. A callback under way
// may still be finishing when it returns.
func (s *Session) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		<-s.stopped
		return nil
	}
	s.closing = true
	live := s.live
	s.drained = make(chan struct{})
	s.checkDrained()
	s.mu.Unlock()
	if live {
		select {
		case <-s.drained:
		case <-ctx.Done():
		}
	}
	s.dismiss()
	s.waitKeepers()
	s.cancel()
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.out.left(); n > 0 {
		return fmt.Errorf("mqtt: close: %d messages unsaid", n)
	}
	return nil
}

// waitKeepers waits until every will is taken back, but not for a broker that
// does not answer.
func (s *Session) waitKeepers() {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.keepers.Wait()
	}()
	timer := time.NewTimer(goodbye)
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
		s.cfg.Logger.Warn("some wills could not be taken back")
	}
}

// checkDrained tells a waiting Close that nothing is left. The lock is held.
func (s *Session) checkDrained() {
	if s.closing && s.drained != nil && s.out.idle() {
		select {
		case <-s.drained:
		default:
			close(s.drained)
		}
	}
}

// run keeps the data connection until the session closes.
func (s *Session) run() {
	defer close(s.stopped)
	p := newPace(s.cfg.Seed, s.cfg.ClientID)
	reported := false
	for attempt := 0; s.ctx.Err() == nil; attempt++ {
		l, err := dial(s.ctx, &s.cfg, purpose{clientID: s.cfg.dataID(attempt), receive: s.receive}, p.hello)
		if err == nil {
			began := time.Now()
			err = s.hold(l)
			stood := time.Since(began)
			p.held(stood)
			reported = reported && stood < steadyTime
		}
		if s.ctx.Err() != nil {
			return
		}
		p.failed(err)
		if !reported {
			s.cfg.Logger.Warn("no connection to the broker", "broker", s.cfg.Broker, "error", err)
			reported = true
		}
		pause(s.ctx, p.wait())
	}
}

// pause waits d, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
