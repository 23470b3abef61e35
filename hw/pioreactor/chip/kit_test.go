package chip_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2ctest"
	"periph.io/x/conn/v3/physic"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

// handClock moves when somebody sleeps or the wires say so. While hung, a
// function given to Within does not come back by itself: it goes on on a goroutine.
type handClock struct {
	mu   sync.Mutex
	now  time.Duration
	hung bool
}

func (c *handClock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

func (c *handClock) Within(limit time.Duration, f func()) bool {
	begun := c.Now()
	if !c.hung {
		f()
		return c.Now()-begun <= limit
	}
	go f()
	c.Sleep(limit)
	return false
}

func (c *handClock) Repeat(func(time.Duration) time.Duration) func() { panic("drivers repeat nothing") }

// wires is a bus whose every transaction is a function. Each takes 0.5 ms.
type wires struct {
	clock *handClock
	tx    func(address uint16, w, r []byte) error
}

func (w *wires) String() string                  { return "I2C1" }
func (w *wires) SetSpeed(physic.Frequency) error { return errors.New("no such thing") }
func (w *wires) Close() error                    { return nil }
func (w *wires) Tx(address uint16, out, in []byte) error {
	w.clock.Sleep(500 * time.Microsecond)
	return w.tx(address, out, in)
}

var errNACK = errors.New("remote I/O error")

// bench is a bus on wires that do what the test says.
func bench(t testing.TB, tx func(address uint16, w, r []byte) error) (*chip.Bus, *handClock) {
	t.Helper()
	clock := &handClock{}
	return busOn(t, &wires{clock, tx}, clock), clock
}

func busOn(t testing.TB, w i2c.BusCloser, clock *handClock) *chip.Bus {
	t.Helper()
	bus, err := chip.NewBus(w, clock, chip.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return bus
}

// playback is a bus that expects exactly these transactions with one address.
func playback(t testing.TB, address uint16, ops ...i2ctest.IO) *chip.Bus {
	t.Helper()
	for i := range ops {
		ops[i].Addr = address
	}
	p := &i2ctest.Playback{Ops: ops, DontPanic: true}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return busOn(t, p, &handClock{})
}

// made is what a constructor made.
func made[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wrote(b ...byte) i2ctest.IO { return i2ctest.IO{W: b} }

func asked(register byte, answer ...byte) i2ctest.IO {
	return i2ctest.IO{W: []byte{register}, R: answer}
}
