package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// byteDefects are mistakes that a driver or a device could make, each with a
// fault that must show it.
var byteDefects = map[string]struct {
	fault   fake.Fault
	version string
	options hatOptions
}{
	"a lost temperature is the one before": {
		fake.Fault{Kind: fake.NACK, Address: 0x4F, Value: 1}, "1.1",
		hatOptions{over: func(b hw.Board) hw.Board { return &guessing{Board: b} }}},
	"a lost temperature is 25 °C": {
		fake.Fault{Kind: fake.ShortRead, Address: 0x4F, Value: 1}, "1.1",
		hatOptions{over: func(b hw.Board) hw.Board { return &guessing{Board: b, usual: 25} }}},
	"lights never fail, and nobody counts": {
		fake.Fault{Kind: fake.NACK, Address: 0x2C, Value: 1}, "1.5",
		hatOptions{over: func(b hw.Board) hw.Board { return careless{b} }}},
	"every edge is a turn, and nobody counts": {
		fake.Fault{Kind: fake.ExtraEdges, Value: 1}, "1.1",
		naive()},
	"a light that failed stays out": {
		fake.Fault{Kind: fake.NACK, Address: 0x2C, Value: 1}, "1.1",
		hatOptions{HouseOptions: actorstest.HouseOptions{Interfere: func(_ *actorstest.House, actor string, msg any) []any {
			if named(msg, "rehalt") && actor == "leds" {
				return []any{protocol.Release{Output: protocol.LEDOutput("C"), Owner: "manual"}, msg}
			}
			return []any{msg}
		}}}},
	"a burst that failed is dark": {
		fake.Fault{Kind: fake.NACK, Address: 0x4A, Value: 1}, "1.5",
		hatOptions{over: func(b hw.Board) hw.Board { return hopeful{b} }}},
}

func TestScoredByteFaultsShowPlantedDefects(t *testing.T) {
	if actorstest.RaceEnabled {
		t.Skip("make test runs it without the race detector, which takes minutes over one goroutine")
	}
	for name, d := range byteDefects {
		t.Run(name, func(t *testing.T) {
			o := d.options
			o.version, o.seed = d.version, 3
			broken := oneByteFault(t, o, d.fault)
			if len(broken) == 0 {
				t.Fatalf("%s hides it", d.fault.Kind)
			}
			t.Log(broken[0])
			o = hatOptions{version: d.version, seed: 3}
			if broken := oneByteFault(t, o, d.fault); len(broken) > 0 {
				t.Errorf("without the defect: %s", broken[0])
			}
		})
	}
}

// guessing is a board whose thermometer always has an answer.
type guessing struct {
	hw.Board
	usual, last float64
}

func (g *guessing) Thermometer() (hw.Thermometer, error) {
	th, err := g.Board.Thermometer()
	return guess{th, g}, err
}

type guess struct {
	hw.Thermometer
	g *guessing
}

func (t guess) Series(n int, interval time.Duration) hw.Series {
	s := t.Thermometer.Series(n, interval)
	if s.Failed == 0 {
		t.g.last = s.C[n-1]
		return s
	}
	if t.g.usual > 0 {
		t.g.last = t.g.usual
	}
	s.C = nil
	for range n {
		s.C = append(s.C, t.g.last)
	}
	s.Failed, s.Err = 0, nil
	return s
}

// naive is a board whose tachometer counts edges and nothing else.
func naive() hatOptions {
	n := &counter{}
	return hatOptions{
		around: func(m machine.Machine) machine.Machine { return listening{m, n} },
		over:   func(b hw.Board) hw.Board { return uncounted{b, n} },
	}
}

type counter struct{ edges hw.Edges }

func (c *counter) Edges() (hw.Edges, error) { return c.edges, nil }

type listening struct {
	machine.Machine
	n *counter
}

func (l listening) Lines() (machine.Lines, error) {
	lines, err := l.Machine.Lines()
	return tapped{lines, l.n}, err
}

type tapped struct {
	machine.Lines
	n *counter
}

func (l tapped) Input(pin int, pull machine.Pull, edges machine.Edges, heard func(machine.Edge)) (machine.InputLine, error) {
	const hall = 21
	if pin != hall {
		return l.Lines.Input(pin, pull, edges, heard)
	}
	return l.Lines.Input(pin, pull, edges, func(e machine.Edge) {
		l.n.edges.Count, l.n.edges.Last = l.n.edges.Count+1, e.At
		heard(e)
	})
}

type uncounted struct {
	hw.Board
	n *counter
}

func (u uncounted) Tachometer() (hw.Tachometer, error) { return u.n, nil }

// careless is a board whose lights never fail, and that does not say how it is wired.
type careless struct{ hw.Board }

func (b careless) LED(channel string) (hw.Output, error) {
	out, err := b.Board.LED(channel)
	return deaf{out}, err
}

type deaf struct{ hw.Output }

func (d deaf) Set(percent float64) error {
	_ = d.Output.Set(percent) // the planted defect
	return nil
}

func (d deaf) Halt() error {
	_ = d.Output.Halt() // the planted defect
	return nil
}

// hopeful is a board whose photodiodes see darkness when they cannot be read.
type hopeful struct{ hw.Board }

func (b hopeful) Photodiodes() hw.Photodiodes { return hope{b.Board.Photodiodes()} }

type hope struct{ hw.Photodiodes }

func (h hope) Burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	burst, err := h.Photodiodes.Burst(plan, channels)
	if err == nil {
		return burst, nil
	}
	for _, number := range channels {
		one, err := h.Photodiodes.Burst(plan, []int{number})
		if err != nil {
			one = hw.Burst{Samples: [][]hw.Sample{make([]hw.Sample, len(plan))}}
			for k, at := range plan {
				one.Samples[0][k].At = at
			}
		}
		burst.Samples, burst.Took = append(burst.Samples, one.Samples...), max(burst.Took, one.Took)
	}
	return burst, nil
}
