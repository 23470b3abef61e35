package growth_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// again starts a new process on the same disk.
func (l *lab) again(t *testing.T) *lab {
	t.Helper()
	now := l.clk.Now()
	n := newLab(t, l.seed, clock.Virtual(now, l.seed), l.store)
	n.od, n.n, n.vial, n.blankID = l.od, l.n, l.vial, l.blankID
	n.start(t, nil)
	return n
}

func TestAnotherVialIsNormalizedAnew(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		l := fresh(t, seed)
		l.vial = 1
		l.start(t, nil)
		l.grow(3*time.Hour, actors.Good)
		before := l.levels[len(l.levels)-1].Value
		if before < 1.5 {
			t.Fatalf("normalized OD %.2f after 3 h of growth, want a culture", before)
		}
		l.od, l.vial = 0.1, 2
		l.grow(75*time.Second, actors.Good) // 5 skipped, 10 counted
		l = l.again(t)                      // the normalization is on the disk, the filter may be the old vial's
		l.grow(time.Minute, actors.Good)
		for _, level := range l.levels {
			if math.Abs(level.Value-1) > 0.1 {
				t.Fatalf("normalized OD %.2f in the next vial, want 1", level.Value)
			}
		}
	})
}

func TestUnknownBlankIsNormalizedAnew(t *testing.T) {
	l := fresh(t, 1)
	l.start(t, nil)
	l.grow(time.Hour, actors.Good)
	l.blankID = "not on record"
	n := len(l.levels)
	l.grow(2*time.Minute, actors.Good)
	if len(l.levels) == n || math.Abs(l.levels[len(l.levels)-1].Value-1) > 0.1 {
		t.Errorf("%d levels since, want the first of a new normalization at 1", len(l.levels)-n)
	}
}
