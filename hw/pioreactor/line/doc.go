// Package line drives what hangs on single lines of the header: outputs that are
// pulsed by the kernel ([SysfsPWM]) or by software ([SoftPWM]), the light and the
// button that speak with people, the hall sensor that counts turns. Beside them
// [UnderVoltage] reads the computer's own flag.
//
// It refuses to know which pin is what, and to keep time itself: pins come from
// the description, time, threads and files from the machine. Whatever it fails to
// do with an output, it tries to leave that output at 0.
//
//	stirrer, err := line.NewSoftPWM(m, lines, 17, 200)
//	…
//	err = stirrer.Set(30) // %
package line

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// refuse is the error of a percent that is not one.
func refuse(what string, percent float64) error {
	if percent >= 0 && percent <= 100 { // NaN is neither
		return nil
	}
	return fmt.Errorf("line: %s: %v %%: want 0 to 100 %%; the output stays as it is", what, percent)
}

// read is a file of the machine's, without the line's end.
func read(m machine.Machine, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(m.Root(), filepath.FromSlash(name)))
	return strings.TrimSpace(string(text)), err
}
