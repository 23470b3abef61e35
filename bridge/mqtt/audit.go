package mqtt

import (
	"slices"
	"time"
)

const (
	auditQuiet = 150 * time.Millisecond // brokers send what they hold in one go
	auditTime  = 3 * time.Second        // and nobody holds more than that
	maxAudited = 20_000                 // messages; beyond that the broker is not ours alone
)

// audit asks the broker, on a connection of its own, what it holds under the
// audit filter, and reports what this session does not hold true itself. It
// needs data's connection only to know when to give up.
func (s *Session) audit(data *link) {
	defer s.keepers.Done()
	arrived := make(chan Message, 256)
	take := func(l *link, m Message) {
		select {
		case arrived <- m:
		case <-l.dead:
		}
	}
	l, err := dial(s.standby, &s.cfg, purpose{clientID: s.cfg.ClientID + "-audit", receive: take}, maxHello)
	if err != nil {
		s.cfg.Logger.Warn("audit of retained topics put off", "error", err)
		return
	}
	found, complete := s.collect(l, data, arrived)
	l.drop()
	if !complete {
		return // the next connect tries again
	}
	s.mu.Lock()
	s.audited = true
	found = slices.DeleteFunc(found, func(m Message) bool { return s.out.truth[m.Topic] != nil })
	s.mu.Unlock()
	s.callback.Lock()
	defer s.callback.Unlock()
	for _, m := range found {
		s.cfg.OnRetained(m.Topic, m.Payload)
	}
}

// collect gathers retained messages until none has come for a moment after the
// broker acknowledged the subscription.
func (s *Session) collect(l, data *link, arrived <-chan Message) (found []Message, complete bool) {
	granted := make(chan error, 1)
	go func() {
		_, err := l.subscribe(map[string]byte{s.cfg.Audit: 0})
		granted <- err
	}()
	var quiet <-chan time.Time
	limit := time.NewTimer(auditTime)
	defer limit.Stop()
	for {
		select {
		case m := <-arrived:
			if m.Retained && len(m.Payload) > 0 && len(found) < maxAudited {
				found = append(found, m)
			}
			if quiet != nil {
				quiet = time.After(auditQuiet)
			}
		case err := <-granted:
			if err != nil {
				return nil, false
			}
			quiet = time.After(auditQuiet)
		case <-quiet:
			return found, true
		case <-limit.C:
			return found, true
		case <-l.dead:
			return nil, false
		case <-data.dead:
			return nil, false
		case <-s.standby.Done():
			return nil, false
		}
	}
}
