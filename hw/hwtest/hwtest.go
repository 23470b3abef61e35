package hwtest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Clock is the board's monotonic clock, which the suite moves on: a virtual
// one jumps, one of real hardware sleeps. Safe for concurrent use.
type Clock interface {
	Now() time.Duration
	Advance(d time.Duration)
}

// Inspector is what a board may offer so that the suite sees its outputs
// rather than only their effects: each one's duty in percent.
type Inspector interface {
	OutputsPct() map[string]float64
}

// Open opens a fresh board with every output at 0. The suite closes it before
// it opens the next.
type Open func(t *testing.T) (hw.Board, Clock)

// Board runs the suite, one subtest and one fresh board for each rule. One rule
// closes the board itself: closing a second time must do no harm.
func Board(t *testing.T, open Open) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			board, clock := open(t)
			err := r.check(board, clock)
			if err = errors.Join(err, board.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

// rule is one promise of package hw; check says how the board breaks it.
type rule struct {
	name  string
	check func(hw.Board, Clock) error
}

var rules = []rule{
	{"info is sane and constant", checkInfo},
	{"channels ascend from 1 to 4", checkChannels},
	{"a burst has one sample for each plan entry in the order asked for", checkBurst},
	{"bursts share no memory", checkBurstMemory},
	{"an unknown channel is an error", checkUnknownChannel},
	{"outputs refuse what is not 0 to 100 and do not change", checkRefusal},
	{"outputs accept 0 to 100", checkAccept},
	{"halt is total and idempotent", checkHalt},
	{"an output's halt is its own and idempotent", checkOutputHalt},
	{"absent parts say so", checkAbsent},
	{"edges are monotone and agree with the clock", checkEdges},
	{"no edges while standing", checkStanding},
	{"the thermometer is plausible", checkThermometer},
	{"the button counts and never goes back", checkButton},
	{"the rail is plausible", checkRail},
	{"close halts", checkClose},
	{"parts may be used concurrently", checkConcurrent},
}

// Virtual is a clock that only Advance moves.
type Virtual struct{ ns atomic.Int64 }

// NewClock starts at an hour, so that code which takes 0 for "never" or for
// "the start" is found out.
func NewClock() *Virtual {
	v := &Virtual{}
	v.ns.Store(int64(time.Hour))
	return v
}

// Now is the time since the clock's zero.
func (v *Virtual) Now() time.Duration { return time.Duration(v.ns.Load()) }

// Advance moves the clock on.
func (v *Virtual) Advance(d time.Duration) { v.ns.Add(int64(d)) }

var _ Clock = (*Virtual)(nil)
