package actorstest

import (
	"math/rand/v2"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// unpunctualBy is how far from its mean a reading's time strays.
const unpunctualBy = 300 * time.Millisecond

// Unpunctual is for HouseOptions.Wrap: a twin on a computer that takes each
// series of the thermometer 0 to 0.6 s late, which is 0.3 s early or late, and
// says how long it took.
func Unpunctual(seed uint64) func(hw.Board) hw.Board {
	return func(b hw.Board) hw.Board {
		return unpunctualBoard{b, rand.New(rand.NewPCG(seed, 3))}
	}
}

type unpunctualBoard struct {
	hw.Board
	rng *rand.Rand
}

// Thermometer implements hw.Board.
func (b unpunctualBoard) Thermometer() (hw.Thermometer, error) {
	th, err := b.Board.Thermometer()
	return unpunctual{th, b}, err
}

type unpunctual struct {
	hw.Thermometer
	b unpunctualBoard
}

// Series moves the readings along the board's true slope. A heated board's do
// not depend on the instant, and whether the heater goes off meanwhile nobody
// here can know: those are on time.
func (u unpunctual) Series(n int, interval time.Duration) hw.Series {
	s := u.Thermometer.Series(n, interval)
	twin, ok := u.b.Board.(*sim.Board)
	if !ok || twin.Truth().HeaterPct > 0 {
		return s
	}
	late := time.Duration(u.b.rng.Int64N(int64(2 * unpunctualBy)))
	off := slope(twin.Truth()) * late.Seconds()
	for i := range s.C {
		s.C[i] += off
	}
	s.Took += late
	return s
}

// slope of the unheated board in °C/s: within half a second only how it falls
// to the vial's temperature matters, and not the vial's own slow way.
func slope(t sim.Truth) float64 {
	return (t.VialC - t.BoardC) / sim.DefaultConfig().BoardS
}
