package fake

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
)

// FaultKind names what can go wrong below the drivers.
type FaultKind string

// The faults.
const (
	NACK       FaultKind = "nack"        // the chip does not acknowledge
	ShortRead  FaultKind = "short_read"  // half of the bytes come, and the kernel says EIO
	StuckBus   FaultKind = "stuck_bus"   // a transaction takes 1 s and ends in ETIMEDOUT
	Bright     FaultKind = "bright"      // [V, default 1.5] so much more at each photodiode: an RP2040's readings wrap
	FlipRead   FaultKind = "flip_read"   // one bit that is read is wrong
	FlipWrite  FaultKind = "flip_write"  // one bit that is written is wrong
	ChipReset  FaultKind = "chip_reset"  // the chip loses its registers; when injected once, at random before a transaction
	LostEdges  FaultKind = "lost_edges"  // a turn that nobody hears
	ExtraEdges FaultKind = "extra_edges" // a turn heard that was none
	FileError  FaultKind = "file_error"  // a write to one of the kernel's files fails
)

// busFaults hit transactions.
var busFaults = []FaultKind{NACK, ShortRead, StuckBus, Bright, FlipRead, FlipWrite, ChipReset}

// FaultKinds lists every kind.
func FaultKinds() []FaultKind {
	return append(slices.Clone(busFaults), LostEdges, ExtraEdges, FileError)
}

// Fault is one thing that is wrong from when it is injected until it is cleared.
type Fault struct {
	Kind    FaultKind
	Address uint16        // of the chip; 0: all. ChipReset needs one
	File    string        // FileError: which, by the end of its name; empty: all
	Errno   syscall.Errno // FileError: what the kernel says; 0: EIO
	// Value is the share of transactions, edges or writes that are hit, above 0 up to
	// 1; 0 means 1. For Bright it is volts, 0 meaning 1.5.
	Value float64
}

const defaultBright = 1.5 // V

func (f Fault) check() error {
	limit := 1.0
	if f.Kind == Bright {
		limit = 3.3
	}
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("fake: fault %q: must be one of %v", string(f.Kind), FaultKinds())
	case !(f.Value >= 0 && f.Value <= limit):
		return fmt.Errorf("fake: fault %s: value %v: must be 0 to %v", f.Kind, f.Value, limit)
	case f.Kind == ChipReset && f.Address == 0:
		return errors.New("fake: fault chip_reset: needs the chip's address")
	}
	return nil
}

// faults are a machine's; with its lock held.
type faults struct {
	random *rand.Rand
	active []Fault
	rate   float64
	kinds  []FaultKind
	count  map[FaultKind]int
}

func newFaults(seed uint64) faults {
	return faults{random: rand.New(rand.NewPCG(seed, 0xFA17)), count: map[FaultKind]int{}}
}

// Inject makes f true from now on, in the place of one of the same kind,
// address and file.
func (m *Machine) Inject(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	m.bus.Lock()
	defer m.bus.Unlock()
	m.enter()
	defer m.mu.Unlock()
	if f.Kind == ChipReset {
		c := m.chipAt(f.Address)
		if c == nil {
			return fmt.Errorf("fake: fault chip_reset: no chip at 0x%02x", f.Address)
		}
		m.settle(m.sensors())
		c.reset()
		m.faults.count[ChipReset]++
		m.shine()
		return nil
	}
	m.faults.active = append(m.faults.others(f), f)
	return nil
}

// Clear ends the active fault of f's kind, address and file.
func (m *Machine) Clear(f Fault) error {
	m.enter()
	defer m.mu.Unlock()
	left := m.faults.others(f)
	if len(left) == len(m.faults.active) {
		return fmt.Errorf("fake: clear fault %s: not active", f.Kind)
	}
	m.faults.active = left
	return nil
}

// others are the active faults but f.
func (s *faults) others(f Fault) []Fault {
	return slices.DeleteFunc(slices.Clone(s.active), func(o Fault) bool {
		return o.Kind == f.Kind && o.Address == f.Address && o.File == f.File
	})
}

// Random hits each transaction, edge and write with the probability rate, 0 to
// 1, by one of kinds that can; no kinds means all. A rate of 0 ends it. It is the
// seed's doing which.
func (m *Machine) Random(rate float64, kinds ...FaultKind) error {
	if !(rate >= 0 && rate <= 1) {
		return fmt.Errorf("fake: random faults: rate %v: must be 0 to 1", rate)
	}
	for _, k := range kinds {
		if !slices.Contains(FaultKinds(), k) {
			return fmt.Errorf("fake: random faults: %q: must be one of %v", string(k), FaultKinds())
		}
	}
	if len(kinds) == 0 {
		kinds = FaultKinds()
	}
	m.enter()
	defer m.mu.Unlock()
	m.faults.rate, m.faults.kinds = rate, slices.Clone(kinds)
	return nil
}

// Hits counts what faults have done so far, by kind.
func (m *Machine) Hits() map[FaultKind]int {
	m.enter()
	defer m.mu.Unlock()
	return maps.Clone(m.faults.count)
}

// bus is the fault that hits the next transaction with address, or none.
func (s *faults) bus(address uint16) FaultKind {
	for _, f := range s.active {
		if slices.Contains(busFaults, f.Kind) && f.Kind != Bright && (f.Address == 0 || f.Address == address) && s.falls(f.Value) {
			s.count[f.Kind]++
			return f.Kind
		}
	}
	var kinds []FaultKind
	if s.rate == 0 || s.random.Float64() >= s.rate {
		return ""
	}
	for _, k := range s.kinds {
		if slices.Contains(busFaults, k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	k := kinds[s.random.IntN(len(kinds))]
	s.count[k]++
	return k
}

// falls draws with a probability; 0 means always, and neither draws.
func (s *faults) falls(share float64) bool {
	return share == 0 || share == 1 || s.random.Float64() < share
}

// hits reports whether a fault that is not of the bus happens now.
func (s *faults) hits(kind FaultKind) bool {
	hit := slices.ContainsFunc(s.active, func(f Fault) bool { return f.Kind == kind && s.falls(f.Value) })
	if !hit && s.rate > 0 && slices.Contains(s.kinds, kind) {
		hit = s.random.Float64() < s.rate
	}
	if hit {
		s.count[kind]++
	}
	return hit
}

// bright is what the active faults add to each photodiode, in V.
func (s *faults) bright() (volts float64) {
	for _, f := range s.active {
		if f.Kind == Bright {
			volts += cmp.Or(f.Value, defaultBright)
		}
	}
	return volts
}

// flip turns one bit of data.
func (s *faults) flip(data []byte) []byte {
	if len(data) > 0 {
		bit := s.random.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
	}
	return data
}

// fileFault is why a write to name fails now, or nil.
func (m *Machine) fileFault(name string) error {
	s := &m.faults
	for _, f := range s.active {
		if f.Kind == FileError && strings.HasSuffix(name, f.File) && s.falls(f.Value) {
			s.count[FileError]++
			return cmp.Or(f.Errno, syscall.EIO)
		}
	}
	if s.rate > 0 && slices.Contains(s.kinds, FileError) && s.random.Float64() < s.rate {
		s.count[FileError]++
		return []syscall.Errno{syscall.EIO, syscall.EACCES}[s.random.IntN(2)]
	}
	return nil
}
