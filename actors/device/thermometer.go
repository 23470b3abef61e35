package device

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// A reading is the mean of a few, so that one glitch on the bus costs nothing.
// Number and interval: Pioreactor 26.7.2.
const (
	subReadings     = 6
	subInterval     = 50 * time.Millisecond
	enoughReadings  = 3
	outlierC        = 1.0 // from the median: no board changes so far within 0.3 s
	waitingReadings = 8
)

// thermometer is the actor "thermometer": one reading at a time.
//
// Takes: protocol.ReadTemperature. Sends: protocol.TemperatureRead to who asked
// and to "heater", with Err on a board that has no thermometer.
// Fails by: a panic of the driver. A failed reading is an answer with Err.
type thermometer struct {
	board   hw.Board
	busy    bool
	waiting []actors.Peer
}

// measured is a series that has been taken.
type measured struct {
	at     time.Duration // when it was asked for
	series hw.Series
}

// began is when the first reading was taken: a bus that was busy made it wait.
func (m measured) began() time.Duration {
	return m.at + max(m.series.Took-subReadings*subInterval, 0)
}

func thermometerSpec(board hw.Board) actors.Spec {
	return actors.Spec{Name: thermometerName, New: func() actors.Job { return &thermometer{board: board} }}
}

// Receive implements actors.Job.
func (t *thermometer) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case protocol.ReadTemperature:
		t.ask(c)
	case measured:
		t.answer(c, m)
	}
	return nil
}

func (t *thermometer) ask(c *actors.Context) {
	if len(t.waiting) == waitingReadings {
		c.Answer(protocol.TemperatureRead{At: c.Mono(), Err: errors.New("thermometer: too many wait for a reading; ask less often")})
		return
	}
	t.waiting = append(t.waiting, c.Sender())
	t.next(c)
}

// next takes a reading for everybody who waits when it is there: who asks while
// one is under way gets that, and nobody's rhythm is disturbed.
func (t *thermometer) next(c *actors.Context) {
	if t.busy || len(t.waiting) == 0 {
		return
	}
	t.busy = true
	at, board := c.Mono(), t.board
	c.Do(func() (any, time.Duration) {
		part, err := board.Thermometer()
		if err != nil {
			return measured{at, hw.Series{Failed: subReadings, Err: err}}, 0
		}
		s := part.Series(subReadings, subInterval)
		return measured{at, s}, s.Took
	})
}

func (t *thermometer) answer(c *actors.Context, m measured) {
	peers := t.waiting
	t.busy, t.waiting = false, nil
	read := protocol.TemperatureRead{At: m.began()}
	read.TemperatureC, read.Err = meanC(m.series)
	told := false
	for _, p := range peers {
		told = told || p.Name() == heaterName
		c.AnswerTo(p, read)
	}
	if !told {
		c.Tell(heaterName, read)
	}
	t.next(c)
}

// meanC is the mean of a series without its outliers.
func meanC(s hw.Series) (float64, error) {
	usable := slices.DeleteFunc(slices.Clone(s.C), func(c float64) bool { return math.IsNaN(c) || math.IsInf(c, 0) })
	if len(usable) < enoughReadings {
		return 0, fmt.Errorf("thermometer: %d of %d readings failed: %w", subReadings-len(usable), subReadings,
			cmp.Or(s.Err, errors.New("not a number")))
	}
	slices.Sort(usable)
	median := usable[len(usable)/2]
	sum, n := 0.0, 0
	for _, c := range usable {
		if math.Abs(c-median) <= outlierC {
			sum, n = sum+c, n+1
		}
	}
	if n < enoughReadings {
		return 0, fmt.Errorf("thermometer: %d readings from %.2f to %.2f °C within 0.3 s do not agree", len(usable), usable[0], usable[len(usable)-1])
	}
	return sum / float64(n), nil
}

var _ actors.Job = (*thermometer)(nil)
