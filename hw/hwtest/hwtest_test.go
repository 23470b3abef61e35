package hwtest

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

func open(t *testing.T) (*sim.Board, Clock) {
	t.Helper()
	clock := NewClock()
	board, err := sim.New(sim.DefaultConfig(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return board, clock
}

// Each defect is a twin that breaks one promise; rule is the one that must find it.
func TestSuiteFindsPlantedDefects(t *testing.T) {
	defects := map[string]struct {
		rule  string
		plant func(*sim.Board) hw.Board
	}{
		"info changes":            {"info is sane and constant", func(b *sim.Board) hw.Board { return &fickle{Board: b} }},
		"NaN accepted":            {"outputs refuse what is not 0 to 100 and do not change", func(b *sim.Board) hw.Board { return deaf{b, b} }},
		"halt forgets":            {"halt is total and idempotent", func(b *sim.Board) hw.Board { return halfHalt{b, b} }},
		"close forgets":           {"close halts", func(b *sim.Board) hw.Board { return openDoor{b, b} }},
		"unknown channel":         {"an unknown channel is an error", func(b *sim.Board) hw.Board { return optics{b, b, anyChannel} }},
		"samples too early":       {"a burst has one sample for each plan entry in the order asked for", func(b *sim.Board) hw.Board { return optics{b, b, early} }},
		"shared memory":           {"bursts share no memory", func(b *sim.Board) hw.Board { return optics{b, b, sharing()} }},
		"edges go back":           {"edges are monotone and agree with the clock", func(b *sim.Board) hw.Board { return tacho{b, b, new(uint64)} }},
		"edges of a standing bar": {"no edges while standing", func(b *sim.Board) hw.Board { return tacho{b, b, new(uint64)} }},
		"no ErrAbsent":            {"absent parts say so", func(b *sim.Board) hw.Board { return nameless{b} }},
		"forgetful button":        {"the button counts and never goes back", func(b *sim.Board) hw.Board { return &forgetful{b, 9} }},
		"NaN rail":                {"the rail is plausible", func(b *sim.Board) hw.Board { return brown{b} }},
		"NaN temperature":         {"the thermometer is plausible", func(b *sim.Board) hw.Board { return fever{b} }},
	}
	for name, d := range defects {
		t.Run(name, func(t *testing.T) {
			for _, r := range rules {
				if r.name != d.rule {
					continue
				}
				good, clock := open(t)
				if err := r.check(good, clock); err != nil {
					t.Fatalf("without the defect: %v", err)
				}
				bad, clock := open(t)
				if err := r.check(d.plant(bad), clock); err == nil {
					t.Errorf("rule %q did not find the defect", r.name)
				}
				return
			}
			t.Fatalf("no rule %q", d.rule)
		})
	}
}

type fickle struct {
	hw.Board
	n float64
}

func (f *fickle) Info() hw.Info {
	f.n++
	return hw.Info{Model: "x", CapacityML: 20 + f.n, MaxFillML: 18}
}

// inspected passes a wrapped twin's Inspector on.
type inspected interface {
	hw.Board
	Inspector
}

type deaf struct {
	hw.Board
	Inspector
}

func (d deaf) Stirrer() hw.Output { return sponge{d.Board.Stirrer()} }

type sponge struct{ hw.Output }

func (s sponge) Set(percent float64) error {
	if math.IsNaN(percent) {
		return nil
	}
	return s.Output.Set(percent)
}

type halfHalt struct {
	hw.Board
	Inspector
}

func (h halfHalt) Halt() error { return h.Stirrer().Halt() }

type openDoor struct {
	hw.Board
	Inspector
}

func (o openDoor) Close() error { return nil }

// optics changes what bursts give.
type optics struct {
	hw.Board
	Inspector
	burst func(hw.Photodiodes, hw.Plan, []int) (hw.Burst, error)
}

func (o optics) Photodiodes() hw.Photodiodes { return warped{o.Board.Photodiodes(), o.burst} }

type warped struct {
	hw.Photodiodes
	burst func(hw.Photodiodes, hw.Plan, []int) (hw.Burst, error)
}

func (w warped) Burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	return w.burst(w.Photodiodes, plan, channels)
}

func anyChannel(p hw.Photodiodes, plan hw.Plan, channels []int) (hw.Burst, error) {
	if burst, err := p.Burst(plan, channels); err == nil {
		return burst, nil
	}
	return p.Burst(plan, []int{1})
}

func early(p hw.Photodiodes, plan hw.Plan, channels []int) (hw.Burst, error) {
	burst, err := p.Burst(plan, channels)
	for _, series := range burst.Samples {
		for k := range series {
			series[k].At -= time.Millisecond
		}
	}
	return burst, err
}

func sharing() func(hw.Photodiodes, hw.Plan, []int) (hw.Burst, error) {
	var kept hw.Burst
	return func(p hw.Photodiodes, plan hw.Plan, channels []int) (hw.Burst, error) {
		burst, err := p.Burst(plan, channels)
		if kept.Samples == nil {
			kept = burst
		}
		for i := range kept.Samples {
			copy(kept.Samples[i], burst.Samples[i])
		}
		return kept, err
	}
}

type tacho struct {
	hw.Board
	Inspector
	calls *uint64
}

func (t tacho) Tachometer() (hw.Tachometer, error) { return t, nil }

func (t tacho) Edges() (hw.Edges, error) {
	*t.calls++
	return hw.Edges{Count: 100 - *t.calls, Last: time.Duration(*t.calls)}, nil
}

type nameless struct{ hw.Board }

func (nameless) Heater() (hw.Output, error) { return nil, plainError{} }

type plainError struct{}

func (plainError) Error() string { return "broken" }

type fever struct{ hw.Board }

func (f fever) Thermometer() (hw.Thermometer, error) { return f, nil }

func (fever) TemperatureC() (float64, error) { return math.NaN(), nil }

type forgetful struct {
	hw.Board
	count uint64
}

func (f *forgetful) Button() (hw.Button, error) { return f, nil }

func (f *forgetful) Presses() (hw.Presses, error) {
	f.count--
	return hw.Presses{Count: f.count}, nil
}

type brown struct{ hw.Board }

func (b brown) Rail() (hw.Rail, error) { return b, nil }

func (brown) Supply() (hw.Supply, error) { return hw.Supply{Volts: math.NaN()}, nil }

func (fever) Series(n int, _ time.Duration) hw.Series {
	return hw.Series{C: make([]float64, n)}
}

var _ inspected = deaf{}
