//go:build !linux

package guard

import (
	"errors"
	"fmt"
	"io"
)

// errLinux is all there is to say elsewhere: the outputs of a HAT are Linux's.
var errLinux = errors.New("guard: it stands on Linux only, as does the hardware it makes safe")

// Guard is a guard at work; there is none on this system.
type Guard struct{}

// Start returns an error.
func Start(o Options) (*Guard, error) { _ = o.withDefaults(); return nil, errLinux }

// Beat returns an error.
func (*Guard) Beat() error { return errLinux }

// Leaving does nothing.
func (*Guard) Leaving() {}

// Goodbye does nothing.
func (*Guard) Goodbye() error { return nil }

// Serve returns 1.
func Serve(_ func(orders []byte) (Hardware, error), errs io.Writer) int {
	fmt.Fprintln(errs, errLinux)
	return 1
}
