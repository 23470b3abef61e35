package state

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Memory is a Store that lives as long as the process: for simulations and tests.
type Memory struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{values: map[string][]byte{}} }

// Break makes every Save fail with err, as a full disk would; nil mends it.
func (m *Memory) Break(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// Load implements Store.
func (m *Memory) Load(key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	return slices.Clone(value), ok, checkKey(key)
}

// Save implements Store.
func (m *Memory) Save(key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return fmt.Errorf("state: save %s: %w", key, m.broken)
	}
	if err := checkKey(key); err != nil {
		return err
	}
	m.values[key] = slices.Clone(value)
	return nil
}

// Delete implements Store.
func (m *Memory) Delete(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return checkKey(key)
}

// Staged keeps what is saved in memory until Flush, and on the disk from then
// on: a simulated past is written once, when it has become the present.
type Staged struct {
	under Store
	mu    sync.Mutex
	held  map[string][]byte // nil once flushed
}

// NewStaged returns a store that holds back what is saved to under.
func NewStaged(under Store) *Staged { return &Staged{under: under, held: map[string][]byte{}} }

// Flush writes everything held back and ends the holding.
func (s *Staged) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.held)) {
		if err := s.under.Save(key, s.held[key]); err != nil {
			return err
		}
	}
	s.held = nil
	return nil
}

// Load implements Store.
func (s *Staged) Load(key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.held[key]; ok {
		return slices.Clone(value), true, nil
	}
	return s.under.Load(key)
}

// Save implements Store.
func (s *Staged) Save(key string, value []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return s.under.Save(key, value)
	}
	s.held[key] = slices.Clone(value)
	return nil
}

// Delete implements Store.
func (s *Staged) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, key)
	return s.under.Delete(key)
}

var (
	_ Store = (*Memory)(nil)
	_ Store = (*Staged)(nil)
)
