// Package machine is the computer that a HAT sits on, as the drivers see it: I2C
// buses, the lines of the header, the kernel's files, and time. There is the
// real Linux machine ([Linux]) and there are modelled ones (hw/pioreactor/fake),
// on which the same drivers run unchanged.
//
// It refuses to know what is soldered to a line or answers at an address: that
// is the description's business. It never looks for anything by itself.
//
//	m := machine.Linux()
//	bus, err := m.I2C(1)
//	…
//	err = bus.Tx(0x4F, []byte{0}, reply[:])
package machine

import (
	"time"

	"periph.io/x/conn/v3/i2c"
)

// Machine is a computer with a header. Its methods are safe for concurrent use.
type Machine interface {
	Clock
	// Root is the folder in which the kernel's files lie: "/" on a real one.
	// Below it are proc/device-tree, proc/version, sys/class/pwm, sys/class/hwmon.
	Root() string
	// WriteFile writes data, in one write, to a file of the kernel's that is there,
	// named from Root on: "sys/class/pwm/pwmchip0/export". It never creates one. A
	// modelled machine hears of the write here and nowhere else at its exact
	// instant; reading goes through package os.
	WriteFile(name string, data []byte) error
	// I2C opens bus number, /dev/i2c-1 for 1. Only its owner may use it, one
	// transaction at a time; a transaction may take as long as the kernel lets it.
	// One that neither writes nor reads asks whether a chip answers: nil if so.
	I2C(number int) (i2c.BusCloser, error)
	// Lines opens the chip whose lines are the header's, by BCM number.
	Lines() (Lines, error)
}

// Clock is the time that the drivers live in. On a real machine it is
// CLOCK_MONOTONIC, which is also what stamps edges. On a modelled machine it may
// be the house's virtual time: then Sleep moves what the model sees on, and
// nobody waits.
type Clock interface {
	// Now is the time since an instant that stays the same while the machine runs.
	Now() time.Duration
	// Sleep returns d later.
	Sleep(d time.Duration)
	// Within runs f and reports whether it ended within limit. If it has not, f
	// goes on and must not touch anything that its caller still uses.
	Within(limit time.Duration, f func()) bool
	// Repeat calls step with the time, again each time at the instant that step
	// returned, one call at a time, until stop is called; when stop returns no
	// call is under way. An instant in the past means at once. Repeat is for what
	// must be on time: a call is late by no more than the machine's scheduling.
	Repeat(step func(now time.Duration) (next time.Duration)) (stop func())
}

// Lines is the header. A line is asked for once and is its owner's until it is
// closed; who asks for one that another process holds gets an error that is
// syscall.EBUSY.
type Lines interface {
	// Output drives pin from now on, beginning with high or low.
	Output(pin int, high bool) (OutputLine, error)
	// Input listens to pin. With edges other than NoEdges each is told to
	// heard, one at a time and in order; heard must not block.
	Input(pin int, pull Pull, edges Edges, heard func(Edge)) (InputLine, error)
	// Close lets go of the chip, not of its lines.
	Close() error
}

// OutputLine is a line that is driven. Set may be called from one goroutine at
// a time.
type OutputLine interface {
	Set(high bool) error
	// Close lets go of the line and leaves it as it is: who wants it low sets it
	// low first.
	Close() error
}

// InputLine is a line that is listened to.
type InputLine interface {
	High() (bool, error)
	Close() error
}

// Pull is the resistor at an input.
type Pull int

// The resistors.
const (
	PullNone Pull = iota
	PullUp
	PullDown
)

// Edges says which changes of an input are told.
type Edges int

// The choices.
const (
	NoEdges Edges = iota
	Rising
	Falling
	BothEdges
)

// Edge is one change of an input.
type Edge struct {
	At     time.Duration // by the machine's Clock, stamped where it happened
	Rising bool
	// Seq counts the line's edges from 1. A gap means that the machine could
	// not keep up and lost some.
	Seq uint32
}
