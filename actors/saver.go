package actors

import (
	"sync"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// saver writes state at the edge, one write a key at a time and in order. Of
// writes that wait for the same key only the newest is made; all are answered.
// Whoever loads a key gets the newest value, written or not, also when the disk
// refused it: an actor that is restarted must not go back to what it was. One
// that undoes what could not be written saves that too.
type saver struct {
	clock *clock.Clock
	store state.Store
	mu    sync.Mutex
	busy  map[string]*write
	// unwritten are the newest values of keys whose last write failed.
	unwritten map[string][]byte
}

// write is one write of a key, and the next.
type write struct {
	value   []byte
	done    []func(error)
	next    []byte
	waiting []func(error)
}

func newSaver(c *clock.Clock, s state.Store) *saver {
	return &saver{clock: c, store: s, busy: map[string]*write{}, unwritten: map[string][]byte{}}
}

func (s *saver) save(key string, value []byte, done func(error)) {
	s.mu.Lock()
	if w := s.busy[key]; w != nil {
		w.next, w.waiting = value, append(w.waiting, done)
		s.mu.Unlock()
		return
	}
	w := &write{value: value, done: []func(error){done}}
	s.busy[key] = w
	s.mu.Unlock()
	s.write(key, w)
}

func (s *saver) write(key string, w *write) {
	var err error
	s.clock.Do(func() time.Duration {
		err = s.store.Save(key, w.value)
		return 0
	}, func() {
		for _, done := range w.done {
			done(err)
		}
		s.written(key, w, err)
	})
}

// written goes on with the next write of key, if one waits.
func (s *saver) written(key string, w *write, err error) {
	s.mu.Lock()
	if s.unwritten[key] = w.value; err == nil {
		delete(s.unwritten, key)
	}
	if len(w.waiting) == 0 {
		delete(s.busy, key)
		s.mu.Unlock()
		return
	}
	next := &write{value: w.next, done: w.waiting}
	s.busy[key] = next
	s.mu.Unlock()
	s.write(key, next)
}

func (s *saver) load(key string) (value []byte, ok bool, err error) {
	s.mu.Lock()
	w := s.busy[key]
	kept, failed := s.unwritten[key]
	s.mu.Unlock()
	switch {
	case w == nil && failed:
		return kept, true, nil
	case w == nil:
		return s.store.Load(key)
	case w.waiting != nil:
		return w.next, true, nil
	}
	return w.value, true, nil
}
