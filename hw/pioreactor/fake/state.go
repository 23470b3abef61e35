package fake

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	linesKept = 54 // of the header's chip on every Pi so far
	chipsKept = 8  // more than any HAT has
)

// shared is the mapped file: what a power cut would erase and a killed process
// leaves. Words are read and written atomically, for a judge may look at any
// time; times are touched only by who is on the bus.
type shared struct {
	magic uint32
	_     uint32
	lines [linesKept]uint32 // bits of lineHigh and lineDriven
	chips [chipsKept]chipState
}

const magic = 0x50494f46

const (
	lineHigh   = 1
	lineDriven = 2
)

// chipState is one chip's registers; which word is what is the chip's business.
type chipState struct {
	words [24]uint32
	times [4]time.Duration // of the machine's clock
}

func (c *chipState) get(word int) uint32        { return atomic.LoadUint32(&c.words[word]) }
func (c *chipState) set(word int, value uint32) { atomic.StoreUint32(&c.words[word], value) }

// createRegisters makes the file of a machine that was just switched on.
func createRegisters(dir string, l layout) error {
	path := filepath.Join(dir, registerFile)
	if err := os.WriteFile(path, make([]byte, unsafe.Sizeof(shared{})), 0o600); err != nil {
		return err
	}
	s, err := mapRegisters(dir, true)
	if err != nil {
		return err
	}
	for _, c := range chipsOf(l, s) {
		c.reset()
	}
	atomic.StoreUint32(&s.magic, magic)
	return unmap(s)
}

// mapRegisters maps the file; write false gives a view that must not be written.
func mapRegisters(dir string, write bool) (*shared, error) {
	path := filepath.Join(dir, registerFile)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("fake: open registers: %w", err)
	}
	defer f.Close()
	size := int(unsafe.Sizeof(shared{}))
	if info, err := f.Stat(); err != nil || info.Size() != int64(size) {
		return nil, fmt.Errorf("fake: %s is not the registers of this version (%w); lay the machine out anew", path, errOr(err))
	}
	protection := unix.PROT_READ
	if write {
		protection |= unix.PROT_WRITE
	}
	bytes, err := unix.Mmap(int(f.Fd()), 0, size, protection, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("fake: map %s: %w", path, err)
	}
	return (*shared)(unsafe.Pointer(unsafe.SliceData(bytes))), nil
}

func errOr(err error) error {
	if err != nil {
		return err
	}
	return os.ErrInvalid
}

func unmap(s *shared) error {
	return unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s)))
}

// line is what a line is at now.
func (s *shared) line(pin int) uint32 { return atomic.LoadUint32(&s.lines[pin]) }

func (s *shared) setLine(pin int, driven, high bool) {
	var bits uint32
	if high {
		bits |= lineHigh
	}
	if driven {
		bits |= lineDriven
	}
	atomic.StoreUint32(&s.lines[pin], bits)
}
