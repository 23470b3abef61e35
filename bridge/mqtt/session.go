package mqtt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
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

// hold uses l until it dies or the session closes: subscriptions first, then
// the truth, then everything else as it comes.
func (s *Session) hold(l *link) error {
	if err := s.resubscribe(l); err != nil {
		l.drop()
		return err
	}
	s.wentUp(l)
	flights := make(chan paho.Token, window)
	landed := make(chan struct{})
	go func() {
		defer close(landed)
		s.land(l, flights)
	}()
	said := make(chan struct{})
	go func() {
		defer close(said)
		s.publish(l, flights)
	}()
	// paho takes seconds to give up handing a packet to a connection that has
	// just gone; the next link does not wait for that.
	select {
	case <-said:
	case <-l.dead:
	case <-s.ctx.Done():
	}
	s.wentDown()
	if s.ctx.Err() != nil {
		l.leave()
	} else {
		l.drop()
	}
	<-landed
	s.notify(false)
	return l.cause
}

// resubscribe asks for every filter again.
func (s *Session) resubscribe(l *link) error {
	s.mu.Lock()
	s.link = l
	s.pending, s.unwanted, s.changing = nil, nil, 0
	filters := maps.Clone(s.filters)
	for topic := range s.watched {
		filters[topic] = 1
	}
	s.mu.Unlock()
	refused, err := l.subscribe(filters)
	for _, f := range refused {
		s.cfg.Logger.Error("the broker refused a subscription", "filter", f)
	}
	return err
}

func (s *Session) wentUp(l *link) {
	s.mu.Lock()
	s.out.restart()
	s.live = true
	s.connects++
	s.reconnects = s.connects - 1
	close(s.up)
	audit := !s.audited && !s.closing && s.cfg.Audit != "" && s.cfg.OnRetained != nil
	if audit {
		s.keepers.Add(1)
	}
	s.mu.Unlock()
	s.cfg.Logger.Info("connected to the broker", "broker", s.cfg.Broker)
	s.notify(true)
	if audit {
		go s.audit(l)
	}
}

func (s *Session) wentDown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = false
	s.link = nil
	s.up = make(chan struct{})
}

func (s *Session) notify(connected bool) {
	if s.cfg.OnStatus == nil {
		return
	}
	s.callback.Lock()
	defer s.callback.Unlock()
	s.cfg.OnStatus(connected)
}

// publish says what there is to say until l dies or the session closes.
func (s *Session) publish(l *link, flights chan<- paho.Token) {
	defer s.poke() // whoever publishes on the next link may have missed a wake
	for s.ctx.Err() == nil {
		token := s.nextToken(l)
		if token == nil {
			select {
			case <-s.wake:
				continue
			case <-l.dead:
				return
			case <-s.ctx.Done():
				return
			}
		}
		select {
		case flights <- token:
		case <-l.dead:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// nextToken starts the next subscription change or publish, if there is one.
func (s *Session) nextToken(l *link) paho.Token {
	if l.isDead() {
		return nil
	}
	s.mu.Lock()
	if s.link != l { // a link that has ended takes nothing more
		s.mu.Unlock()
		return nil
	}
	if len(s.pending) > 0 || len(s.unwanted) > 0 {
		add, remove := s.subscriptionChanges()
		s.changing++
		s.mu.Unlock()
		return changeSubscriptions(l, add, remove)
	}
	e, ok := s.out.next()
	s.mu.Unlock()
	if !ok {
		return nil
	}
	return spoken{l.client.Publish(e.topic, e.qos, e.fact != nil, e.payload)}
}

// spoken marks the token of an outbox entry.
type spoken struct{ paho.Token }

// subscriptionChanges takes the pending changes. The lock is held.
func (s *Session) subscriptionChanges() (add map[string]byte, remove []string) {
	if len(s.unwanted) > 0 {
		for _, f := range s.unwanted {
			if _, wanted := s.filters[f]; !wanted && s.watched[f] == nil {
				remove = append(remove, f)
			}
		}
		s.unwanted = nil
		if len(remove) > 0 {
			return nil, remove
		}
	}
	add = map[string]byte{}
	for _, f := range s.pending {
		if qos, wanted := s.filters[f]; wanted {
			add[f] = qos
		} else if s.watched[f] != nil {
			add[f] = 1
		}
	}
	s.pending = nil
	return add, nil
}

func changeSubscriptions(l *link, add map[string]byte, remove []string) paho.Token {
	switch {
	case len(remove) > 0:
		return l.client.Unsubscribe(remove...)
	case len(add) > 0:
		return l.client.SubscribeMultiple(add, nil)
	}
	return &paho.DummyToken{}
}

// land waits for each acknowledgement in turn. A failure or a broker that no
// longer answers ends the link; the next one says it again.
func (s *Session) land(l *link, flights <-chan paho.Token) {
	timer := time.NewTimer(ackTimeout)
	defer timer.Stop()
	for {
		var token paho.Token
		select {
		case token = <-flights:
		case <-l.dead:
			return
		}
		timer.Reset(ackTimeout)
		select {
		case <-token.Done():
		case <-l.dead:
			return
		case <-timer.C:
			l.fail(fmt.Errorf("mqtt: no acknowledgement within %v", ackTimeout))
			return
		}
		if err := token.Error(); err != nil {
			l.fail(err)
			return
		}
		s.settle(token)
	}
}

// settle books an acknowledged token.
func (s *Session) settle(token paho.Token) {
	s.mu.Lock()
	_, said := token.(spoken)
	if said {
		s.out.landed()
		s.checkDrained()
	} else {
		s.changing--
	}
	s.mu.Unlock()
	if said {
		return
	}
	for _, f := range refusals(token) {
		s.cfg.Logger.Error("the broker refused a subscription", "filter", f)
	}
}
