//go:build !linux

package machine

import (
	"fmt"
	"runtime"
	"time"

	"periph.io/x/conn/v3/i2c"
)

// Linux is the computer that this program runs on, which is not a Linux: its
// clock works, and the rest says what to do instead.
func Linux() Machine { return &computer{} }

type computer struct {
	steady
	files
}

// I2C is an error.
func (*computer) I2C(number int) (i2c.BusCloser, error) {
	return nil, foreign(fmt.Sprintf("I2C bus %d", number))
}

// Lines is an error.
func (*computer) Lines() (Lines, error) { return nil, foreign("the header's lines") }

func foreign(what string) error {
	return fmt.Errorf(`machine: %s: a HAT needs a Raspberry Pi with Linux, this is %s; set hardware = "sim" or "fake" under [unit]`, what, runtime.GOOS)
}

var began = time.Now()

func monotonic() time.Duration { return time.Since(began) }

func sleepUntil(at time.Duration) { time.Sleep(at - monotonic()) }

// urgent is for Linux.
func urgent() {}

var _ Machine = (*computer)(nil)
