package chip

import (
	"errors"
	"fmt"
	"strings"
)

// Why a transaction failed. All are expected trouble: count, wait, alarm.
var (
	// ErrNoAnswer: the chip did not answer, however often it was asked. See that
	// the HAT sits firmly; `pioactor doctor` shows who answers.
	ErrNoAnswer = errors.New("no answer")
	// ErrTimeout: the transaction did not come back in time. The bus is busy
	// until it does.
	ErrTimeout = errors.New("transaction not finished")
	// ErrBusy: an earlier transaction has the wires. If it stays so, a chip holds
	// them: only taking its power away helps.
	ErrBusy = errors.New("bus busy")
	// ErrImplausible: the chip said what no such chip can say. Ask it again.
	ErrImplausible = errors.New("impossible answer")
)

// Error says where on which bus something failed.
type Error struct {
	Bus      string // such as "I2C1"
	Address  uint16
	Chip     string // such as "ADS1115"; empty in a transaction of somebody else's driver
	Register string // such as "config"; empty if none
	Err      error
}

// Error names bus, address and register, the cause, and what helps.
func (e *Error) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "chip: %s: ", e.Bus)
	if e.Chip != "" {
		s.WriteString(e.Chip + " at ")
	}
	fmt.Fprintf(&s, "0x%02x: ", e.Address)
	if e.Register != "" {
		s.WriteString(e.Register + ": ")
	}
	s.WriteString(e.Err.Error())
	switch {
	case errors.Is(e.Err, ErrNoAnswer):
		s.WriteString("; see that the HAT sits firmly, `pioactor doctor` shows who answers")
	case errors.Is(e.Err, ErrBusy):
		s.WriteString("; if it stays so, switch the unit off and on")
	}
	return s.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// fault puts the place to an error of the bus itself.
func (b *Bus) fault(address uint16, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Bus: b.String(), Address: address, Err: err}
}
