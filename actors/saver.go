package actors

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// saver writes state at the edge, one write a key at a time and in order. Of
// writes that wait for the same key only the newest is made; all are answered.
// Whoever loads a key gets the newest value, written or not, also when the disk
// refused it: an actor that is restarted must not go back to what it was. One
// that undoes what could not be written saves that too. What the disk refused is
// written again and again until it takes it.
type saver struct {
	clock *clock.Clock
	store state.Store
	mu    sync.Mutex
	busy  map[string]*write
	// unwritten are the newest values of keys whose last write failed.
	unwritten map[string]value
	again     bool // a time is set to write them
}

// value is what is to be on the disk, and who hears when it is there after all.
type value struct {
	text      []byte
	rewritten func()
}

// write is one write of a key, and the next.
type write struct {
	value   value
	done    []func(error)
	next    value
	waiting []func(error)
}

// rewriteAfter is when what the disk refused is written again.
const rewriteAfter = time.Minute

func newSaver(c *clock.Clock, s state.Store) *saver {
	return &saver{clock: c, store: s, busy: map[string]*write{}, unwritten: map[string]value{}}
}

func (s *saver) save(key string, v value, done func(error)) {
	s.mu.Lock()
	if w := s.busy[key]; w != nil {
		w.next, w.waiting = v, append(w.waiting, done)
		s.mu.Unlock()
		return
	}
	w := &write{value: v, done: []func(error){done}}
	s.busy[key] = w
	s.mu.Unlock()
	s.write(key, w)
}

func (s *saver) write(key string, w *write) {
	var err error
	s.clock.Do(func() time.Duration {
		err = s.store.Save(key, w.value.text)
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
	if err == nil {
		delete(s.unwritten, key)
	} else {
		s.unwritten[key] = w.value
		s.rewriteLater()
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

func (s *saver) rewriteLater() {
	if !s.again {
		s.again = true
		s.clock.AfterFunc(rewriteAfter, s.rewrite)
	}
}

// rewrite writes what the disk refused. A key that is being written has a newer
// value, or is written again already.
func (s *saver) rewrite() {
	s.mu.Lock()
	s.again = false
	begun := map[string]*write{}
	for key, v := range s.unwritten {
		if s.busy[key] != nil {
			continue
		}
		begun[key] = &write{value: v, done: []func(error){func(err error) {
			if err == nil {
				v.rewritten()
			}
		}}}
		s.busy[key] = begun[key] // before anybody saves a newer value
	}
	s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(begun)) {
		s.write(key, begun[key])
	}
}

func (s *saver) load(key string) (text []byte, ok bool, err error) {
	s.mu.Lock()
	w := s.busy[key]
	kept, failed := s.unwritten[key]
	s.mu.Unlock()
	switch {
	case w == nil && failed:
		return kept.text, true, nil
	case w == nil:
		return s.store.Load(key)
	case w.waiting != nil:
		return w.next.text, true, nil
	}
	return w.value.text, true, nil
}
