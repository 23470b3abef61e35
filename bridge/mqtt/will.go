package mqtt

import (
	"bytes"
	"slices"
	"time"
)

const (
	firstRepair = 200 * time.Millisecond // a late will usually comes alone; wait for our own echo
	maxRepair   = 10 * time.Second       // two units that claim one topic must not flood the lab
	repairCalm  = 30 * time.Second       // after that without repair the delay starts small again
)

// will is what the broker shall say when a job's connection breaks. Everything
// in it belongs to the session's lock; one goroutine acts on it.
type will struct {
	topic  string
	want   []byte
	wanted bool
	armed  bool
	wake   chan struct{}
}

// echo is what the broker last said about a topic that carries a will.
type echo struct {
	last     []byte
	heard    bool
	waiting  bool // a repair is scheduled
	fired    bool // the broker said our will since the last repair
	repairs  int
	repaired time.Time
}

// SetWill has the broker say payload on topic, retained, QoS 2, when this
// process or its network dies. The same will again changes nothing.
func (s *Session) SetWill(topic string, payload []byte) error {
	if err := checkMessage(topic, payload, 2); err != nil {
		return err
	}
	return s.change(func() error {
		if s.watched[topic] == nil {
			s.watched[topic] = &echo{}
			s.pending = append(s.pending, topic)
		}
		w, exists := s.wills[topic]
		if !exists {
			w = &will{topic: topic, wake: make(chan struct{}, 1)}
			s.wills[topic] = w
		}
		w.want, w.wanted = slices.Clone(payload), true
		if exists {
			w.poke()
			return nil
		}
		s.keepers.Add(1)
		go s.keepWill(w)
		return nil
	})
}

// DropWill takes a will back without firing it. Publish the last state first.
func (s *Session) DropWill(topic string) error {
	return s.change(func() error {
		if w := s.wills[topic]; w != nil {
			w.wanted = false
			w.poke()
		}
		return nil
	})
}

func (w *will) poke() {
	select {
	case w.wake <- struct{}{}:
	default: // already told
	}
}

// keepWill holds w's connection for as long as it is wanted. It tries only
// while the data connection stands, so that an absent broker is asked once.
func (s *Session) keepWill(w *will) {
	defer s.keepers.Done()
	p := newPace(s.cfg.Seed, s.cfg.willID(w.topic))
	for {
		word, wanted := s.wantedWill(w)
		if !wanted {
			return
		}
		if !s.waitUp(w) {
			continue
		}
		l, err := dial(s.standby, &s.cfg, purpose{clientID: s.cfg.willID(w.topic), will: &word}, p.hello)
		if err != nil {
			p.failed(err)
			s.cfg.Logger.Debug("will not armed", "topic", w.topic, "error", err)
			pause(s.standby, p.wait())
			continue
		}
		began := time.Now()
		s.standBy(w, word, l)
		p.held(time.Since(began))
		if l.cause != ErrClosed { // broken, not left
			s.cfg.Logger.Debug("connection of a will broke", "topic", w.topic, "error", l.cause)
			pause(s.standby, p.wait())
		}
	}
}

// wantedWill returns what w shall be now, or forgets it.
func (s *Session) wantedWill(w *will) (lastWord, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.wanted && s.standby.Err() == nil {
		return lastWord{topic: w.topic, payload: w.want}, true
	}
	delete(s.wills, w.topic)
	return lastWord{}, false
}

// waitUp waits for the data connection; false means: look again what is wanted.
func (s *Session) waitUp(w *will) bool {
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	select {
	case <-up:
		return true
	case <-w.wake:
	case <-s.standby.Done():
	}
	return false
}

// standBy keeps an armed will until the link breaks or something else is wanted.
// Arming may have ended an older connection of the same name, which fires its
// will: the truth is said again.
func (s *Session) standBy(w *will, word lastWord, l *link) {
	s.setArmed(w, true)
	defer s.setArmed(w, false)
	for {
		select {
		case <-l.dead:
			l.drop()
			return
		case <-s.standby.Done():
			l.leave()
			return
		case <-w.wake:
			if !s.still(w, word) {
				l.leave()
				return
			}
		}
	}
}

func (s *Session) still(w *will, word lastWord) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.wanted && bytes.Equal(w.want, word.payload)
}

func (s *Session) setArmed(w *will, armed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.armed = armed
	if armed {
		s.restate(w.topic)
	}
}

// restate says the truth of topic again. The lock is held.
func (s *Session) restate(topic string) {
	if f := s.out.truth[topic]; f != nil && s.live {
		s.out.enqueue(f)
		s.poke()
	}
}

// receive takes a message off the data connection.
func (s *Session) receive(l *link, m Message) {
	s.callback.Lock()
	defer s.callback.Unlock()
	s.mu.Lock()
	if s.link != l {
		s.mu.Unlock()
		return // a straggler of an earlier connection
	}
	if e := s.watched[m.Topic]; e != nil {
		s.heard(e, m)
	}
	wanted := s.cfg.OnMessage != nil && s.subscribed(m.Topic)
	s.mu.Unlock()
	if wanted {
		s.cfg.OnMessage(m)
	}
}

// subscribed reports whether the owner asked for topic. The lock is held.
func (s *Session) subscribed(topic string) bool {
	for filter := range s.filters {
		if matches(filter, topic) {
			return true
		}
	}
	return false
}

// heard notes an echo and has a false one repaired soon. The lock is held.
func (s *Session) heard(e *echo, m Message) {
	e.last, e.heard = slices.Clone(m.Payload), true
	f := s.out.truth[m.Topic]
	if f == nil || bytes.Equal(f.payload, m.Payload) {
		return
	}
	if w := s.wills[m.Topic]; w != nil && bytes.Equal(w.want, m.Payload) {
		e.fired = true
	}
	if e.waiting {
		return
	}
	if time.Since(e.repaired) > repairCalm {
		e.repairs = 0
	}
	e.waiting = true
	time.AfterFunc(repairDelay(e.repairs), func() { s.repair(m.Topic, e) })
}

// repairDelay grows with the number of repairs in a row.
func repairDelay(repairs int) time.Duration {
	return min(firstRepair<<min(repairs, 6), maxRepair)
}

// repair says the truth again if the broker's last word on topic is still
// false, or may be for others: mochi 2.7.9 delivers a will and what follows it
// in a different order to each client.
func (s *Session) repair(topic string, e *echo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.waiting = false
	f := s.out.truth[topic]
	fired := e.fired
	e.fired = false
	if f == nil || !s.live || !e.heard || !fired && bytes.Equal(f.payload, e.last) {
		return
	}
	e.repairs++
	e.repaired = time.Now()
	s.repairs++
	s.restate(topic)
}
