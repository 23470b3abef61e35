package fake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Machine is a modelled computer with a HAT. Its methods are safe for
// concurrent use; on a machine of [Virtual] one goroutine should do everything,
// or the order of things is not the same each time.
type Machine struct {
	dir    string
	layout layout
	state  *shared
	chips  []chip
	house  func() time.Duration // nil: real time
	real   machine.Clock        // of the computer that this runs on

	bus    sync.Mutex // one transaction at a time
	onBus  *os.File   // locked meanwhile, for other processes
	twinAt atomic.Int64
	leave  atomic.Int64 // when who waits for the bus in Within gives it up
	stop   func()       // ends the goroutine of real time

	mu      sync.Mutex    // of what follows
	at      time.Duration // until when the model has run
	slept   time.Duration // what Sleep has promised
	running bool          // somebody runs the model on
	closed  bool
	repeats []*repeat
	pwm     pwm
	wires   []*wire // the toggled channels, by channel
	heard   []report
	telling sync.Mutex // held while edges are told
	inputs  []*input
	world   *world // the twin; nil without one
	faults  faults
	traffic Traffic
}

// Make opens the machine of s in dir in real time. A folder that is not yet
// that machine is laid out anew and switched on; one that is stays as it is,
// outputs included.
func Make(dir string, s Setup) (*Machine, error) {
	s, err := s.filled()
	if err != nil {
		return nil, err
	}
	wiring, err := s.Wiring()
	if err != nil {
		return nil, err
	}
	if err := prepare(dir, s, wiring); err != nil {
		return nil, err
	}
	return Open(dir)
}

// Open opens the machine that [Make] laid out in dir, in real time. Every
// process that opens it drives the same outputs.
func Open(dir string) (*Machine, error) { return open(dir, nil) }

// Virtual is [Open] in the house's virtual time. now is called with the
// machine's lock held and must not call the machine.
func Virtual(dir string, now func() time.Duration) (*Machine, error) {
	if now == nil {
		return nil, errors.New("fake: no clock: pass the house's monotonic now")
	}
	return open(dir, now)
}

func open(dir string, house func() time.Duration) (*Machine, error) {
	l, err := readLayout(dir)
	if err != nil {
		return nil, err
	}
	state, err := mapRegisters(dir, true)
	if err != nil {
		return nil, err
	}
	if atomic.LoadUint32(&state.magic) != magic {
		return nil, fmt.Errorf("fake: %s was not laid out to the end; remove it and lay it out anew", dir)
	}
	bus, err := os.OpenFile(filepath.Join(dir, busFile), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("fake: open the bus's lock: %w", err)
	}
	m := &Machine{dir: dir, layout: l, state: state, house: house, real: machine.Linux(), onBus: bus, stop: func() {}}
	m.chips = chipsOf(l, state)
	m.at = m.target()
	m.twinAt.Store(int64(m.at))
	m.leave.Store(int64(never))
	m.faults = newFaults(l.Setup.Seed)
	m.traffic = newTraffic()
	m.pwm = newPWM(dir, l)
	m.wires = wiresOf(l.Wiring)
	return m, nil
}

// Setup is what the machine was made as, with defaults filled in.
func (m *Machine) Setup() Setup { return m.layout.Setup }

// Wiring is where everything is soldered.
func (m *Machine) Wiring() describe.Description {
	d, err := m.layout.Setup.Wiring()
	if err != nil {
		return m.layout.Wiring // it was valid when the machine was made
	}
	return d
}

// Root is the folder.
func (m *Machine) Root() string { return m.dir }

// Close detaches the twin and ends Repeat's steps. Outputs stay as they are, as
// when a process dies; lines must be closed by who owns them.
func (m *Machine) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	repeats, stop := m.repeats, m.stop
	m.repeats, m.world = nil, nil
	m.mu.Unlock()
	for _, r := range repeats {
		r.end()
	}
	stop()
	m.bus.Lock()
	defer m.bus.Unlock()
	// The registers stay mapped: a chip or line may still be asked. It is a page.
	return m.onBus.Close()
}

var _ machine.Machine = (*Machine)(nil)
