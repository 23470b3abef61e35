package chip

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/i2c"
)

// transaction is the one that is on the wires, with buffers of its own: one that
// has outlived its deadline goes on, and its caller has long left. Nobody touches
// it while it is away.
type transaction struct {
	address uint16
	out, in []byte
	err     error
	run     func()
	away    atomic.Bool
	since   atomic.Int64 // by the machine's clock, while away
	with    atomic.Uint32
}

// perform does the transaction, perhaps on a goroutine of the clock's.
func (t *transaction) perform(wire i2c.Bus) {
	defer t.away.Store(false) // the last thing: after it the buffers are free
	t.err = wire.Tx(t.address, t.out, t.in)
}

// load fills the transaction. Bytes that a chip does not send read as 1s, like
// wires that nobody pulls down.
func (t *transaction) load(address uint16, w []byte, reply int, now time.Duration) {
	t.address, t.err = address, nil
	t.out, t.in = append(t.out[:0], w...), t.in[:0]
	for range reply {
		t.in = append(t.in, 0xFF)
	}
	t.since.Store(int64(now))
	t.with.Store(uint32(address))
	t.away.Store(true)
}

// patient waits for the wires until the deadline and tries once.
func (b *Bus) patient(address uint16, w, r []byte, until time.Duration) error {
	for {
		err := b.attempt(address, w, r, until)
		left := until - b.clock.Now()
		if !errors.Is(err, ErrBusy) || left <= 0 {
			return err
		}
		b.clock.Sleep(min(left, time.Millisecond)) // a stuck bus comes back at some millisecond or other
	}
}

// attempt has the wires for at most what is left until the deadline. Who finds
// them late after waiting leaves at once, so that a queue moves on.
func (b *Bus) attempt(address uint16, w, r []byte, until time.Duration) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	tally, now := &b.counts[address], b.clock.Now()
	if b.one.away.Load() || now >= until {
		if now >= until {
			tally.busy.Add(1)
		}
		return b.busy(now)
	}
	tally.transactions.Add(1)
	b.one.load(address, w, len(r), now)
	if !b.clock.Within(until-now, b.one.run) {
		tally.timeouts.Add(1)
		return fmt.Errorf("%w within %s", ErrTimeout, until-now)
	}
	if b.one.err != nil {
		tally.errors.Add(1)
		return b.one.err
	}
	copy(r, b.one.in)
	return nil
}

// busy says who has the wires.
func (b *Bus) busy(now time.Duration) error {
	if since, with, stuck := b.stuck(now); stuck {
		return fmt.Errorf("%w since %s with 0x%02x", ErrBusy, since, with)
	}
	return fmt.Errorf("%w with others for all of %s", ErrBusy, b.cfg.Deadline)
}

// Stuck reports whether a transaction has outlived its deadline and not come
// back: for how long, and with which address.
func (b *Bus) Stuck() (since time.Duration, with uint16, stuck bool) {
	since, with, stuck = b.stuck(b.clock.Now())
	return since, with, stuck && since > b.cfg.Deadline
}

func (b *Bus) stuck(now time.Duration) (since time.Duration, with uint16, stuck bool) {
	return now - time.Duration(b.one.since.Load()), uint16(b.one.with.Load()), b.one.away.Load()
}
