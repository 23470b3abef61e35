package actorstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/actorstest"
)

// TestScoredControl holds the key rows of docs/control.md, in short lives,
// with tolerances a little wider than the aims there: what a few hours scatter.
func TestScoredControl(t *testing.T) {
	if actorstest.RaceEnabled {
		t.Skip("make test runs it without the race detector, which makes it ten times as long")
	}
	for _, x := range []densityLife{
		{"normalized_od", 1.15, 0.5, 0.033, 0.15, 4, 1, false},
		{"normalized_od", 0.85, 1, 0.006, 0.45, 4, 2, false},
		{"od", 1, 1, 0.033, 0.15, 5, 1, false},
	} {
		s := x.live(t)
		t.Logf("%v: %+v", x, s)
		if math.Abs(s.atDose) > 0.03 || s.doubled > 0 || s.doses < 15 {
			t.Errorf("%v: density %+.1f %% from the target at %d doses, %d of them doubled; want within 3 %%, none", x, 100*s.atDose, s.doses, s.doubled)
		}
		if s.overML > 0 || s.mostML > 18 || s.stopped >= 0 {
			t.Errorf("%v: %.2f mL in the vial, %.2f mL over the brim, dosing stopped at %v", x, s.mostML, s.overML, s.stopped)
		}
	}
	if s := rhythm(t, 1.15, 10, 8, 4); s.missed+s.doubled > 0 || s.ledgerML > 1e-6 || s.doses < 25 {
		t.Errorf("chemostat: %+v; want none missed or doubled, and the ledger equal", s)
	}
	for _, x := range []warmth{{"1.5", 18, 37, false, 6, 1}, {"1.0", 27, 30, false, 6, 2}, {"1.5", 22, 37, true, 6, 3}} {
		s := x.live(t)
		t.Logf("%+v: %+v", x, s)
		if s.overC > 0.6 || math.Abs(s.steadyC) > 0.5 || math.Abs(s.meanC) > 1 || s.wrongC > 1.2 {
			t.Errorf("%+v: %+v", x, s)
		}
	}
	if s := recorded(t, "B"); s.n != 5 || s.outside > 0 || s.offC > 0.4 || s.jitterC > 0.05 {
		t.Errorf("recorded cool-downs: %+v", s)
	}
	if start, step, strays := (fan{15, 9, 2, 500}).live(t); max(start, step) > time.Minute || strays > 20 {
		t.Errorf("stirring: %v and %v to come to the target, then %.1f rpm off", start, step, strays)
	}
}

// TestScoredMorbidostats while the culture becomes resistant. The controller of
// pid_morbidostat is smooth; Toprak's rule is on or off with 1 mL at a time, so
// the growth rate saws around its target.
func TestScoredMorbidostats(t *testing.T) {
	if actorstest.RaceEnabled {
		t.Skip("make test runs it without the race detector, which makes it ten times as long")
	}
	challenge{pid8, 0.03, 1, usual, 0.3, 48, 3}.hold(t, 0.03)
	challenge{toprak8, 0.03, 1.15, usual, 0, 48, 3}.hold(t, 0.12)
}
