//go:build pi

package pioreactor_test

import (
	"flag"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

var (
	model   = flag.String("model", "pioreactor_20ml", "of the vial's holder")
	version = flag.String("model-version", "1.1", "of the vial's holder")
)

// real is the clock of a machine that lives in real time.
type real struct{ machine.Clock }

func (r real) Advance(d time.Duration) { r.Sleep(d) }

// TestThisBoard runs the suite on the HAT of this computer. Put in an empty vial
// with a stir bar, take every tube off and stop the unit first: each output is
// driven for seconds, some at 100 %.
func TestThisBoard(t *testing.T) {
	m := machine.Linux()
	look := describe.Options{Model: *model, ModelVersion: *version, Heater: usual.Roles["heating"],
		Dirs: describe.PioreactorDirs(), User: describe.ThisUser()}
	found, findings, err := describe.Look(m, look)
	for _, f := range findings {
		t.Logf("%-4s %s: %s; %s", f.Verdict, f.What, f.Found, f.Do)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	hwtest.Board(t, func(t *testing.T) (hw.Board, hwtest.Clock) {
		board, err := pioreactor.Open(m, found, usual)
		if err != nil {
			t.Fatal(err)
		}
		return board, real{m}
	})
}
