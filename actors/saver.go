package actors

import (
	"sync"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// saver writes state at the edge, one write a key at a time and in order. Of
// writes that wait for the same key only the newest is made; all are answered.
type saver struct {
	clock *clock.Clock
	store state.Store
	mu    sync.Mutex
	busy  map[string]*pending
}

type pending struct {
	value   []byte // of the next write
	waiting []func(error)
}

func newSaver(c *clock.Clock, s state.Store) *saver {
	return &saver{clock: c, store: s, busy: map[string]*pending{}}
}

func (s *saver) save(key string, value []byte, done func(error)) {
	s.mu.Lock()
	if p := s.busy[key]; p != nil {
		p.value, p.waiting = value, append(p.waiting, done)
		s.mu.Unlock()
		return
	}
	s.busy[key] = &pending{}
	s.mu.Unlock()
	s.write(key, value, []func(error){done})
}

func (s *saver) write(key string, value []byte, waiting []func(error)) {
	var err error
	s.clock.Do(func() time.Duration {
		err = s.store.Save(key, value)
		return 0
	}, func() {
		for _, done := range waiting {
			done(err)
		}
		s.next(key)
	})
}

func (s *saver) next(key string) {
	s.mu.Lock()
	p := s.busy[key]
	if len(p.waiting) == 0 {
		delete(s.busy, key)
		s.mu.Unlock()
		return
	}
	s.busy[key] = &pending{}
	s.mu.Unlock()
	s.write(key, p.value, p.waiting)
}

// idle reports whether everything is on the disk.
func (s *saver) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.busy) == 0
}
