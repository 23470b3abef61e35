package devicetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Of a Board's vial and pumps.
const (
	SlopeMLPerS = 0.0911
	EffluxML    = 15.0
	FullML      = 18.0
)

// ErrBus is what a broken output says.
var ErrBus = errors.New("no answer on the bus")

// Board keeps a diary of its outputs, and has a vial that they fill and drain.
type Board struct {
	Outs     map[string]*Output // by the names of package protocol
	VolumeML float64
	Took     time.Duration // of a burst
	Wrote    func(name string, percent float64)

	now func() time.Duration
	at  time.Duration
}

// Output is one of a Board.
type Output struct {
	Percent float64
	OnS     float64 // ever
	Broken  bool    // Set fails
	Sick    bool    // Halt fails, too
	Asked   func()  // of every Halt

	board *Board
	name  string
}

// NewBoard is at rest, its vial filled up to the efflux tube.
func NewBoard(now func() time.Duration) *Board {
	b := &Board{now: now, Outs: map[string]*Output{}, VolumeML: EffluxML, Took: 700 * time.Millisecond}
	for _, name := range []string{"stirrer", "pump/media", "pump/alt_media", "pump/waste", "led/A", "led/B", "led/C", "led/D"} {
		b.Outs[name] = &Output{board: b, name: name}
	}
	return b
}

// Flow moves liquid for the time since the last write.
func (b *Board) Flow() {
	dt := b.now() - b.at
	b.at = b.now()
	for name, o := range b.Outs {
		if o.Percent > 0 {
			o.OnS += dt.Seconds()
		}
		if o.Percent > 0 && inflow(name) {
			b.VolumeML += SlopeMLPerS * dt.Seconds()
		}
	}
	if b.Outs["pump/waste"].Percent > 0 && b.VolumeML > EffluxML {
		b.VolumeML = max(EffluxML, b.VolumeML-SlopeMLPerS*dt.Seconds())
	}
}

func inflow(name string) bool { return name == "pump/media" || name == "pump/alt_media" }

// Set implements hw.Output.
func (o *Output) Set(percent float64) error {
	if o.Broken {
		return ErrBus
	}
	return o.write(percent)
}

// Halt implements hw.Output.
func (o *Output) Halt() error {
	if o.Asked != nil {
		o.Asked()
	}
	if o.Sick {
		return ErrBus
	}
	return o.write(0)
}

func (o *Output) write(percent float64) error {
	if !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("%s: %v %%", o.name, percent)
	}
	o.board.Flow()
	o.Percent = percent
	if o.board.Wrote != nil {
		o.board.Wrote(o.name, percent)
	}
	return nil
}

// Board implements hw.Board with outputs and one photodiode, and nothing else fitted.
var _ hw.Board = (*Board)(nil)

// Info implements hw.Board.
func (b *Board) Info() hw.Info { return hw.Info{Model: "bench", CapacityML: 20, MaxFillML: FullML} }

// LED implements hw.Board.
func (b *Board) LED(channel string) (hw.Output, error) { return b.Outs["led/"+channel], nil }

// Stirrer implements hw.Board.
func (b *Board) Stirrer() hw.Output { return b.Outs["stirrer"] }

// Pump implements hw.Board.
func (b *Board) Pump(role hw.PumpRole) (hw.Output, error) { return b.Outs["pump/"+string(role)], nil }

// Heater implements hw.Board.
func (b *Board) Heater() (hw.Output, error) { return nil, hw.ErrAbsent }

// Thermometer implements hw.Board.
func (b *Board) Thermometer() (hw.Thermometer, error) { return nil, hw.ErrAbsent }

// Tachometer implements hw.Board.
func (b *Board) Tachometer() (hw.Tachometer, error) { return nil, hw.ErrAbsent }

// StatusLED implements hw.Board.
func (b *Board) StatusLED() (hw.Output, error) { return nil, hw.ErrAbsent }

// Button implements hw.Board.
func (b *Board) Button() (hw.Button, error) { return nil, hw.ErrAbsent }

// Rail implements hw.Board.
func (b *Board) Rail() (hw.Rail, error) { return nil, hw.ErrAbsent }

// Photodiodes implements hw.Board.
func (b *Board) Photodiodes() hw.Photodiodes { return b }

// Channels implements hw.Photodiodes.
func (b *Board) Channels() []hw.Photodiode { return []hw.Photodiode{{Channel: 1}} }

// Burst implements hw.Photodiodes.
func (b *Board) Burst(hw.Plan, []int) (hw.Burst, error) { return hw.Burst{Took: b.Took}, nil }

// Close implements hw.Board.
func (b *Board) Close() error { return b.Halt() }

// Halt implements hw.Board.
func (b *Board) Halt() error {
	var errs []error
	for _, o := range b.Outs {
		errs = append(errs, o.Halt())
	}
	return errors.Join(errs...)
}
