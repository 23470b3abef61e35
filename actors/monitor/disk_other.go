//go:build !linux

package monitor

import (
	"errors"
	"runtime"
)

// diskFree is only known on Linux.
func diskFree(string) (gb, percent float64, err error) {
	return 0, 0, errors.New("free space is not read on " + runtime.GOOS)
}
