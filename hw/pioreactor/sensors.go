package pioreactor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
)

// photodiodes reads the inputs pd1 to pd4.
type photodiodes struct {
	board   *Board
	numbers []int
	inputs  [5]chip.Input // by channel, 1 to 4
	changed atomic.Int64  // instant of the last change of light
}

func newPhotodiodes(b *Board) *photodiodes {
	p := &photodiodes{board: b}
	for number := 1; number < len(p.inputs); number++ {
		if in, ok := b.parts.Inputs[fmt.Sprintf("pd%d", number)]; ok {
			p.inputs[number], p.numbers = in, append(p.numbers, number)
		}
	}
	return p
}

// lit notes that an LED changes now.
func (p *photodiodes) lit() { p.changed.Store(int64(p.board.machine.Now())) }

// Channels lists the fitted channels in ascending order.
func (p *photodiodes) Channels() []hw.Photodiode {
	list := make([]hw.Photodiode, 0, len(p.numbers))
	for _, number := range p.numbers {
		in := p.inputs[number]
		list = append(list, hw.Photodiode{Channel: number, FullScaleV: in.FullScaleV(), Quiet: in.Quiet()})
	}
	return list
}

// Burst samples channels in turn at each entry of plan. It begins once no
// converter remembers another light; that wait counts as Took.
func (p *photodiodes) Burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	if err := p.board.alive(); err != nil {
		return hw.Burst{}, err
	}
	settle, err := p.settle(channels)
	if err != nil {
		return hw.Burst{}, err
	}
	if err := ascends(plan); err != nil {
		return hw.Burst{}, err
	}
	clock := p.board.machine
	called := clock.Now()
	p.board.until(time.Duration(p.changed.Load()) + settle)
	burst, start := blank(len(plan), len(channels)), clock.Now()
	for k, offset := range plan {
		p.board.until(start + offset)
		for i, number := range channels {
			sample := &burst.Samples[i][k]
			sample.At = clock.Now() - start
			if sample.Volts, err = p.volts(number); err != nil {
				return hw.Burst{}, fmt.Errorf("pioreactor: photodiode %d: %w", number, err)
			}
		}
	}
	burst.Took = clock.Now() - called
	return burst, nil
}

// volts is one conversion, tried once more: a bus glitches now and then, and a
// burst of many samples must not be lost for one.
func (p *photodiodes) volts(number int) (float64, error) {
	v, err := p.inputs[number].Volts()
	if err != nil && !errors.Is(err, chip.ErrTimeout) && !errors.Is(err, chip.ErrBusy) {
		v, err = p.inputs[number].Volts()
	}
	return max(v, 0), err
}

// until waits for an instant that may have passed.
func (b *Board) until(at time.Duration) {
	if left := at - b.machine.Now(); left > 0 {
		b.machine.Sleep(left)
	}
}

// settle is the longest memory among the channels asked for.
func (p *photodiodes) settle(channels []int) (longest time.Duration, err error) {
	for _, number := range channels {
		if !slices.Contains(p.numbers, number) {
			return 0, absent(fmt.Sprintf("photodiode %d", number))
		}
		longest = max(longest, p.inputs[number].Settle())
	}
	return longest, nil
}

func ascends(plan hw.Plan) error {
	previous := time.Duration(0)
	for k, offset := range plan {
		if offset < previous {
			return fmt.Errorf("pioreactor: burst: plan entry %d is %v: must ascend from 0", k, offset)
		}
		previous = offset
	}
	return nil
}

// blank is a burst without volts.
func blank(samples, channels int) hw.Burst {
	burst := hw.Burst{Samples: make([][]hw.Sample, channels)}
	all := make([]hw.Sample, channels*samples)
	for i := range burst.Samples {
		burst.Samples[i], all = all[:samples:samples], all[samples:]
	}
	return burst
}

// thermometer reads the heater's board.
type thermometer struct{ board *Board }

// TemperatureC is one reading in °C.
func (t thermometer) TemperatureC() (float64, error) {
	if err := t.board.alive(); err != nil {
		return 0, err
	}
	return t.board.parts.Thermometer.TemperatureC()
}

// Series is n readings, one each interval.
func (t thermometer) Series(n int, interval time.Duration) (s hw.Series) {
	clock := t.board.machine
	start := clock.Now()
	for k := range n {
		t.board.until(start + time.Duration(k)*interval)
		c, err := t.TemperatureC()
		if err != nil {
			s.Failed, s.Err = s.Failed+1, err
			continue
		}
		s.C = append(s.C, c)
	}
	s.Took = clock.Now() - start
	return s
}

// tachometer counts turns.
type tachometer struct {
	board *Board
	*line.Tachometer
}

// Edges is the count so far and the instant of the newest edge.
func (t tachometer) Edges() (hw.Edges, error) {
	if err := t.board.alive(); err != nil {
		return hw.Edges{}, err
	}
	return t.Tachometer.Edges()
}

// button is the button on the HAT.
type button struct {
	board *Board
	*line.Button
}

// Presses is its state and count.
func (p button) Presses() (hw.Presses, error) {
	if err := p.board.alive(); err != nil {
		return hw.Presses{}, err
	}
	return p.Button.Presses()
}

// The rail is measured through a divider.
const (
	auxInput   = "aux"
	auxDivider = 0.134 // V at the input for each V of the rail; Pioreactor 26.7.2, hardware.py
)

// rail is the supply of pumps, stirrer and heater.
type rail struct{ board *Board }

// Supply is the rail's voltage and the computer's own flag. A rail above what
// the converter can measure reads as the most it can.
func (r rail) Supply() (hw.Supply, error) {
	if err := r.board.alive(); err != nil {
		return hw.Supply{}, err
	}
	v, err := r.board.parts.Inputs[auxInput].Median()
	if err != nil {
		return hw.Supply{}, fmt.Errorf("pioreactor: rail: %w", err)
	}
	s := hw.Supply{Volts: math.Max(v, 0) / auxDivider}
	s.Sagging, s.Known = line.UnderVoltage(r.board.machine)
	return s, nil
}

var (
	_ hw.Photodiodes = (*photodiodes)(nil)
	_ hw.Thermometer = thermometer{}
	_ hw.Tachometer  = tachometer{}
	_ hw.Button      = button{}
	_ hw.Rail        = rail{}
)
