package chip

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Config is how patient a bus is.
type Config struct {
	// Deadline of a call: waiting for the wires, every attempt, and the pauses
	// between them. At 100 kHz a reading takes 0.5 ms. 1 ms to 10 s.
	Deadline time.Duration
	// Retries after a first attempt that was not answered. 0 to 10.
	Retries int
	// Backoff before the first retry; it doubles. 0 to 1 s.
	Backoff time.Duration
}

// DefaultConfig suits a HAT: the RP2040 may hold the clock for some milliseconds,
// and a busy computer may be late by tens.
func DefaultConfig() Config {
	return Config{Deadline: 100 * time.Millisecond, Retries: 2, Backoff: time.Millisecond}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var problems []error
	if c.Deadline < time.Millisecond || c.Deadline > 10*time.Second {
		problems = append(problems, fmt.Errorf("deadline %s, want 1ms to 10s", c.Deadline))
	}
	if c.Retries < 0 || c.Retries > 10 {
		problems = append(problems, fmt.Errorf("%d retries, want 0 to 10", c.Retries))
	}
	if c.Backoff < 0 || c.Backoff > time.Second {
		problems = append(problems, fmt.Errorf("backoff %s, want 0 to 1s", c.Backoff))
	}
	return errors.Join(problems...)
}

// Bus is the owner of an I2C bus: nobody else uses the wires. Its methods may be
// called from any goroutine; none takes much longer than twice the deadline,
// whatever a chip or the kernel does.
//
// It is an i2c.Bus, so that drivers of periph.io share the wires with ours.
type Bus struct {
	wire   i2c.BusCloser
	clock  machine.Clock
	cfg    Config
	turn   sync.Mutex // held for one attempt
	one    transaction
	counts [1 << 7]tally // by address
}

// NewBus takes the wires over: Close closes them.
func NewBus(wire i2c.BusCloser, clock machine.Clock, cfg Config) (*Bus, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("chip: %s: %w", wire, err)
	}
	b := &Bus{wire: wire, clock: clock, cfg: cfg}
	b.one.run = func() { b.one.perform(wire) }
	return b, nil
}

// String is the name of the bus.
func (b *Bus) String() string { return b.wire.String() }

// SetSpeed passes the wish on to the wires.
func (b *Bus) SetSpeed(f physic.Frequency) error { return b.wire.SetSpeed(f) }

// Close lets go of the wires. It changes no output.
func (b *Bus) Close() error { return b.wire.Close() }

// Tx writes w, then reads r, in one transaction that is tried once. The error is
// an *[Error]; then r is unchanged.
func (b *Bus) Tx(address uint16, w, r []byte) error {
	if err := checkAddress(address); err != nil {
		return b.fault(address, err)
	}
	return b.fault(address, b.patient(address, w, r, b.clock.Now()+b.cfg.Deadline))
}

// Retry is Tx for a transaction that may be done twice: it is tried again when the
// chip has not answered. One that has outlived its deadline is never tried again.
func (b *Bus) Retry(address uint16, w, r []byte) error {
	if err := checkAddress(address); err != nil {
		return b.fault(address, err)
	}
	return b.fault(address, b.persist(address, w, r))
}

func (b *Bus) persist(address uint16, w, r []byte) error {
	until, pause := b.clock.Now()+b.cfg.Deadline, b.cfg.Backoff
	for tries := 1; ; tries++ {
		err := b.patient(address, w, r, until)
		switch {
		case err == nil:
			return nil
		case unknown(err):
			return err
		case tries > b.cfg.Retries || b.clock.Now()+pause >= until:
			return fmt.Errorf("%w in %d attempts (%w)", ErrNoAnswer, tries, err)
		}
		b.counts[address].retries.Add(1)
		b.clock.Sleep(pause)
		pause *= 2
	}
}

// Probe reports whether a chip answers at an address. An empty write asks, which
// changes nothing in any chip; on a computer that cannot send one the machine
// asks in another way. The error says that nobody knows: the bus is busy.
func (b *Bus) Probe(address uint16) (bool, error) {
	if err := checkAddress(address); err != nil {
		return false, b.fault(address, err)
	}
	err := b.persist(address, nil, nil)
	if unknown(err) {
		return false, b.fault(address, err)
	}
	return err == nil, nil
}

// unknown reports an error that says nothing about the chip.
func unknown(err error) bool { return errors.Is(err, ErrTimeout) || errors.Is(err, ErrBusy) }

func checkAddress(address uint16) error {
	if address >= 1<<7 {
		return fmt.Errorf("address of more than 7 bits")
	}
	return nil
}

var _ i2c.BusCloser = (*Bus)(nil)
