package device

import (
	"errors"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// waitingBursts is how many bursts may wait for the converter.
const waitingBursts = 8

// adc is the actor "adc": one burst at a time.
//
// Takes: protocol.ReadADC. Sends: protocol.ADCRead.
// Fails by: a panic of the driver. A failed burst is an answer with Err.
type adc struct {
	diodes hw.Photodiodes
	busy   bool
	queue  []burst
}

type burst struct {
	protocol.ReadADC
	peer actors.Peer
}

type sampled struct {
	peer actors.Peer
	read protocol.ADCRead
}

func adcSpec(board hw.Board) actors.Spec {
	return actors.Spec{Name: adcName, New: func() actors.Job { return &adc{diodes: board.Photodiodes()} }}
}

// Receive implements actors.Job.
func (a *adc) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case protocol.ReadADC:
		a.ask(c, burst{m, c.Sender()})
	case sampled:
		a.busy = false
		c.AnswerTo(m.peer, m.read)
		a.next(c)
	}
	return nil
}

func (a *adc) ask(c *actors.Context, b burst) {
	if len(a.queue) == waitingBursts {
		c.AnswerTo(b.peer, protocol.ADCRead{Start: c.Mono(), Err: errors.New("adc: too many bursts wait; ask less often")})
		return
	}
	a.queue = append(a.queue, b)
	a.next(c)
}

func (a *adc) next(c *actors.Context) {
	if a.busy || len(a.queue) == 0 {
		return
	}
	b, start, diodes := a.queue[0], c.Mono(), a.diodes
	a.busy, a.queue = true, a.queue[1:]
	c.Do(func() (any, time.Duration) {
		got, err := diodes.Burst(b.Plan, b.Channels)
		return sampled{b.peer, protocol.ADCRead{Burst: got, Diodes: described(diodes, b.Channels), Start: start, Err: err}}, got.Took
	})
}

// described are the diodes of channels, in their order; nil if one is not fitted.
func described(diodes hw.Photodiodes, channels []int) []hw.Photodiode {
	fitted := diodes.Channels()
	list := make([]hw.Photodiode, 0, len(channels))
	for _, number := range channels {
		i := slices.IndexFunc(fitted, func(d hw.Photodiode) bool { return d.Channel == number })
		if i < 0 {
			return nil
		}
		list = append(list, fitted[i])
	}
	return list
}

// tachometer is the actor "tachometer".
//
// Takes: protocol.ReadEdges. Sends: protocol.EdgesRead, with Err on a board
// that has no tachometer. Fails by: a panic of the driver.
type tachometer struct{ board hw.Board }

func tachometerSpec(board hw.Board) actors.Spec {
	return actors.Spec{Name: tachometerName, New: func() actors.Job { return &tachometer{board} }}
}

// Receive implements actors.Job.
func (t *tachometer) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(protocol.ReadEdges); ok {
		c.Answer(t.read())
	}
	return nil
}

func (t *tachometer) read() protocol.EdgesRead {
	tacho, err := t.board.Tachometer()
	if err != nil {
		return protocol.EdgesRead{Err: err}
	}
	edges, err := tacho.Edges()
	return protocol.EdgesRead{Edges: edges, Err: err}
}

// rail is the actor "rail".
//
// Takes: protocol.ReadRail. Sends: protocol.RailRead, with Err on a board that
// does not measure its supply. Fails by: a panic of the driver.
type rail struct{ board hw.Board }

func railSpec(board hw.Board) actors.Spec {
	return actors.Spec{Name: railName, New: func() actors.Job { return &rail{board} }}
}

// Receive implements actors.Job.
func (r *rail) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(protocol.ReadRail); ok {
		c.Answer(r.read())
	}
	return nil
}

func (r *rail) read() protocol.RailRead {
	part, err := r.board.Rail()
	if err != nil {
		return protocol.RailRead{Err: err}
	}
	supply, err := part.Supply()
	return protocol.RailRead{Supply: supply, Err: err}
}

var (
	_ actors.Job = (*rail)(nil)
	_ actors.Job = (*adc)(nil)
	_ actors.Job = (*tachometer)(nil)
)
