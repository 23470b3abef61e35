// Package inference works out the temperature of a vial from how the heater's
// board cools. Heater and thermometer share that board, so while it is heated
// the thermometer tells of the heater; only the way it cools tells of the vial.
//
// It refuses to guess: a cool-down that fits no vial is an error, and the
// caller keeps what it knew before.
//
//	p := inference.For("pioreactor_20ml", "1.5")
//	celsius, err := p.Vial(dutyPercent, roomC, samples) // p.Samples of them, Spacing apart
//
// Both algorithms, their constants and their timing are those of Pioreactor
// 26.7.2, which fitted them to recorded cool-downs in a room of 22 °C. They take
// the room as given. The second knows no room, so everything is shifted by how
// far the room is from 22 °C and the result is shifted back: heat flows by
// differences of temperature, and the differences are then those it was fitted to.
package inference

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Spacing of the samples: 5 s of pause and 0.3 s of reading. The second
// algorithm is fitted to it; exactly 5 s would shift its result by −0.35 to −0.6 °C.
const Spacing = 5300 * time.Millisecond

// UsualRoomC is the room that both algorithms were fitted in, in °C.
const UsualRoomC = 22

// Plan is how a model of vial is measured.
type Plan struct {
	Samples int           // of one cool-down
	Every   time.Duration // from one cool-down to the next
	First   time.Duration // heating before the first
	vial    func(dutyPercent, roomC float64, boardC []float64) (float64, error)
}

// nominal is the pause that the times of a plan are reckoned with.
const nominal = 5 * time.Second

// For is the plan for a model. One that nobody has measured gets that of the
// newer ones.
func For(model, version string) Plan {
	if model == "pioreactor_20ml" && version == "1.0" {
		return plan(29, 225*time.Second, integral)
	}
	return plan(21, 200*time.Second, linear)
}

func plan(samples int, every time.Duration, vial func(_, _ float64, _ []float64) (float64, error)) Plan {
	return Plan{Samples: samples, Every: every, First: every - time.Duration(samples)*nominal, vial: vial}
}

// ErrNoFit is returned for a cool-down that is not one: the board is colder
// than the room is said to be, or got warmer. Check room_temperature_c.
var ErrNoFit = errors.New("inference: the board does not cool as one above a vial does")

// Vial is the vial's temperature at the end of a cool-down, in °C. dutyPercent
// is what the heater was driven with before it, boardC the samples in °C, taken
// Spacing apart from the moment it was switched off. A heater that was off
// before leaves board and vial equally warm: the last sample is the answer, and
// any number of samples will do.
func (p Plan) Vial(dutyPercent, roomC float64, boardC []float64) (float64, error) {
	if err := p.check(dutyPercent, roomC, boardC); err != nil {
		return 0, err
	}
	if dutyPercent == 0 {
		return boardC[len(boardC)-1], nil
	}
	c, err := p.vial(dutyPercent, roomC, boardC)
	if err == nil && !(c > 0 && c < 100) {
		err = fmt.Errorf("%w: it comes to %.4g °C", ErrNoFit, c)
	}
	if err != nil {
		return 0, err
	}
	return c, nil
}

func (p Plan) check(dutyPercent, roomC float64, boardC []float64) error {
	if !(dutyPercent >= 0 && dutyPercent <= 100) || !(roomC > -50 && roomC < 100) {
		return fmt.Errorf("inference: duty %v %%, room %v °C: want 0 to 100 %% and a room", dutyPercent, roomC)
	}
	if len(boardC) == 0 || dutyPercent > 0 && len(boardC) != p.Samples {
		return fmt.Errorf("inference: %d samples: want %d", len(boardC), p.Samples)
	}
	for i, c := range boardC {
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return fmt.Errorf("inference: sample %d is %v", i, c)
		}
	}
	return nil
}
