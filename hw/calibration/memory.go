package calibration

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// Shelf is where files of calibrations or estimators are kept: Library on the
// disk, Memory in a simulation.
type Shelf interface {
	All() ([]Item, error)
	Read(device, name string) ([]byte, error)
	Write(device, name string, text []byte) error
	Delete(device, name string) error
}

// Memory is a Shelf that lives as long as the process, for simulations and tests.
type Memory struct {
	mu    sync.Mutex
	items []Item
}

// NewMemory returns an empty shelf.
func NewMemory() *Memory { return &Memory{} }

// find is the place of device and name, or where it belongs.
func (m *Memory) find(device, name string) (int, bool) {
	return slices.BinarySearchFunc(m.items, Item{Device: device, Name: name}, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Name, b.Name))
	})
}

// All implements Shelf.
func (m *Memory) All() ([]Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.items), nil
}

// Read implements Shelf.
func (m *Memory) Read(device, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(device, name)
	if !ok {
		return nil, fmt.Errorf("calibration: read %s/%s: %w", device, name, fs.ErrNotExist)
	}
	return m.items[i].Text, nil
}

// Write implements Shelf.
func (m *Memory) Write(device, name string, text []byte) error {
	if err := errors.Join(CheckName("device", device), CheckName("name", name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(device, name)
	if ok {
		return fmt.Errorf("calibration: write %s/%s: %w", device, name, fs.ErrExist)
	}
	m.items = slices.Insert(m.items, i, Item{Device: device, Name: name, Text: slices.Clone(text)})
	return nil
}

// Delete implements Shelf.
func (m *Memory) Delete(device, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(device, name)
	if !ok {
		return fmt.Errorf("calibration: delete %s/%s: %w", device, name, fs.ErrNotExist)
	}
	m.items = slices.Delete(m.items, i, i+1)
	return nil
}

var (
	_ Shelf = (*Library)(nil)
	_ Shelf = (*Memory)(nil)
)
