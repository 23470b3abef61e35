package fake

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

const (
	byteTakes  = 90 * time.Microsecond // nine clocks at 100 kHz
	stuckTakes = time.Second           // until the kernel gives a stuck bus up
)

// I2C opens the bus that the HAT is on.
func (m *Machine) I2C(number int) (i2c.BusCloser, error) {
	if number != m.layout.Wiring.Bus {
		return nil, fmt.Errorf("fake: i2c-%d: the HAT is on i2c-%d: %w", number, m.layout.Wiring.Bus, syscall.ENOENT)
	}
	return &bus{m: m}, nil
}

type bus struct {
	m      *Machine
	closed atomic.Bool
}

// String is the bus's name, as of a real one.
func (b *bus) String() string { return fmt.Sprintf("I2C%d", b.m.layout.Wiring.Bus) }

// SetSpeed is refused, as by a real one: config.txt says how fast it is.
func (*bus) SetSpeed(physic.Frequency) error {
	return errors.New("fake: set the bus's speed: not supported; use dtparam=i2c_arm_baudrate")
}

// Close lets go of the bus.
func (b *bus) Close() error {
	b.closed.Store(true)
	return nil
}

// Tx is one transaction: w is written, then r is read. With both empty it asks
// whether somebody answers at address.
func (b *bus) Tx(address uint16, w, r []byte) error {
	if b.closed.Load() {
		return fmt.Errorf("fake: %s: %w", b, os.ErrClosed)
	}
	m := b.m
	m.enter()
	m.traffic.Transactions[address]++
	hit := m.faults.bus(address)
	m.mu.Unlock()
	took := byteTakes * time.Duration(1+len(w))
	if len(r) > 0 {
		took += byteTakes * time.Duration(1+len(r))
	}
	if hit == StuckBus {
		took = stuckTakes
	}
	if err := m.occupied(took, func() error { return m.transact(hit, address, w, r) }); err != nil {
		return fmt.Errorf("fake: %s: address 0x%02x: %w", b, address, err)
	}
	return nil
}

// occupied runs f with the bus for itself, at the end of the time that it takes.
// In virtual time nobody else can come in between, and steps of Repeat that run
// meanwhile may use the bus.
func (m *Machine) occupied(took time.Duration, f func() error) error {
	if m.house != nil {
		m.Sleep(min(took, time.Duration(m.leave.Load())-m.Now()+tooSoon))
	}
	m.bus.Lock()
	defer m.bus.Unlock()
	if err := flock(m.onBus, unix.LOCK_EX); err != nil {
		return err
	}
	if m.house == nil {
		m.Sleep(took)
	}
	return errors.Join(f(), flock(m.onBus, unix.LOCK_UN))
}

// flock waits; the runtime's signals do not count.
func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// transact is the transaction, hit by a fault or by none.
func (m *Machine) transact(hit FaultKind, address uint16, w, r []byte) error {
	m.enter()
	defer m.mu.Unlock()
	c := m.chipAt(address)
	switch {
	case hit == StuckBus:
		return syscall.ETIMEDOUT
	case hit == NACK || c == nil:
		return errNACK
	case hit == ChipReset:
		c.reset()
	case hit == FlipWrite:
		w = m.faults.flip(slices.Clone(w))
	}
	now := m.sensors()
	if hit == Bright {
		now.bright += defaultBright
	}
	if len(w) > 1 {
		m.settle(now)
	}
	err := c.tx(now, w, r)
	m.shine()
	switch {
	case err != nil:
		return err
	case hit == FlipRead:
		m.faults.flip(r)
	case hit == ShortRead && len(r) > 0:
		clear(r[len(r)/2:])
		return syscall.EIO
	}
	return nil
}

// chipAt is who answers at address, or nil.
func (m *Machine) chipAt(address uint16) chip {
	for _, c := range m.chips {
		if c.address() == address {
			return c
		}
	}
	return nil
}

// settle brings every converter up to now, before what it sees changes. One
// that cannot measure keeps what it has.
func (m *Machine) settle(now *moment) {
	for _, c := range m.chips {
		c.settle(now)
	}
}

var _ i2c.BusCloser = (*bus)(nil)
