// Package hwtest is the conformance suite that every [hw.Board] passes: the
// digital twin, a replayed recording, and the real HAT.
//
// It refuses to judge accuracy, which is each board's own business: it checks
// the promises in package hw, as values that can be wrong, and nothing else.
// Run it against real hardware only with an empty vial and no tubes attached:
// every output is driven for seconds, some at 100 %.
//
//	func TestBoard(t *testing.T) {
//		hwtest.Board(t, func(t *testing.T) (hw.Board, hwtest.Clock) {
//			clock := hwtest.NewClock()
//			board, err := sim.New(sim.DefaultConfig(), clock.Now)
//			…
//			return board, clock
//		})
//	}
package hwtest
