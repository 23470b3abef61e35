package sim

import (
	"errors"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// thermometer is what the thermometer remembers.
type thermometer struct {
	noiseC, stepC float64
	random        random
	broken, nan   bool     // faults
	frozen        *float64 // fault: the value it is stuck at
	offsetC       float64  // fault
}

func newThermometer(cfg Config) thermometer {
	return thermometer{noiseC: cfg.ThermometerNoiseC, stepC: cfg.ThermometerStepC, random: source(cfg.Seed, "thermometer")}
}

// read measures boardC.
func (t *thermometer) read(boardC float64) (float64, error) {
	switch {
	case t.broken:
		return 0, errors.New("sim: thermometer: no answer on the bus (fault thermometer_error)")
	case t.nan:
		return math.NaN(), nil
	case t.frozen != nil:
		return *t.frozen, nil
	}
	return rounded(boardC+t.offsetC+t.noiseC*t.random.NormFloat64(), t.stepC), nil
}

func rounded(x, step float64) float64 {
	if step <= 0 {
		return x
	}
	return math.Round(x/step) * step
}

type boardThermometer struct{ b *Board }

// TemperatureC is one reading. It is NaN only under the fault thermometer_nan,
// which imitates a driver that breaks its contract.
func (t boardThermometer) TemperatureC() (c float64, err error) {
	err = t.b.read(func() error {
		c, err = t.b.thermo.read(t.b.heat.boardC())
		return err
	})
	return c, err
}

// Series takes all readings at one instant: the board hardly moves in it.
func (t boardThermometer) Series(n int, interval time.Duration) hw.Series {
	s := hw.Series{Took: time.Duration(n) * interval}
	for range n {
		if c, err := t.TemperatureC(); err != nil {
			s.Failed, s.Err = s.Failed+1, err
		} else {
			s.C = append(s.C, c)
		}
	}
	return s
}

type tachometer struct{ b *Board }

// Edges is exact: the instant of the newest edge is computed from the bar's angle.
func (t tachometer) Edges() (e hw.Edges, err error) {
	err = t.b.read(func() error {
		switch dead := t.b.faults.deadTacho; {
		case t.b.faults.tachoError:
			return errors.New("sim: tachometer: no answer (fault tacho_error)")
		case dead != nil:
			e = *dead
		default:
			e = t.b.stirrer.edges
		}
		return nil
	})
	return e, err
}

// glance runs f without advancing the board: what it reads does not depend on time.
func (b *Board) glance(f func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	return f()
}

type button struct{ b *Board }

// Presses follows the fault button_pressed.
func (t button) Presses() (p hw.Presses, err error) {
	err = t.b.glance(func() error {
		p = hw.Presses{Down: t.b.faults.pressed, Count: t.b.faults.presses}
		return nil
	})
	return p, err
}

type rail struct{ b *Board }

const brownoutV = 4.63 // where a Raspberry Pi sets its under-voltage flag; its datasheet

// Supply is exact.
func (r rail) Supply() (s hw.Supply, err error) {
	err = r.b.glance(func() error {
		if r.b.faults.railError {
			return errors.New("sim: rail: no answer on the bus (fault rail_error)")
		}
		s = hw.Supply{Volts: r.b.cfg.RailV, Known: true}
		if v := r.b.faults.railV; v != nil {
			s.Volts = *v
		}
		s.Sagging = s.Volts < brownoutV
		return nil
	})
	return s, err
}

var (
	_ hw.Button      = button{}
	_ hw.Rail        = rail{}
	_ hw.Thermometer = boardThermometer{}
	_ hw.Tachometer  = tachometer{}
)
