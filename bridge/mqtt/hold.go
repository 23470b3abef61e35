package mqtt

import (
	"fmt"
	"maps"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

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
		token, leads := s.nextToken(l)
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
		if leads {
			s.follow(l, token)
		}
	}
}

// follow lets what leads arrive before the rest follows, but not for long: a
// changed setting is on its way to whoever changed it, and a broker on a Pi
// takes packets one by one.
func (s *Session) follow(l *link, token paho.Token) {
	patience := time.NewTimer(leadTime)
	defer patience.Stop()
	select {
	case <-token.Done():
	case <-patience.C:
	case <-l.dead:
	case <-s.ctx.Done():
	}
}

// nextToken starts the next subscription change or publish, if there is one.
func (s *Session) nextToken(l *link) (token paho.Token, leads bool) {
	if l.isDead() {
		return nil, false
	}
	s.mu.Lock()
	if s.link != l { // a link that has ended takes nothing more
		s.mu.Unlock()
		return nil, false
	}
	if len(s.pending) > 0 || len(s.unwanted) > 0 {
		add, remove := s.subscriptionChanges()
		s.changing++
		s.mu.Unlock()
		return changeSubscriptions(l, add, remove), false
	}
	leads = len(s.out.flying) == 0
	e, ok := s.out.next()
	s.mu.Unlock()
	if !ok {
		return nil, false
	}
	return spoken{l.client.Publish(e.topic, e.qos, e.fact != nil, e.payload)}, leads
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
