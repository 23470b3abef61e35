package od_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/od"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a board behind a small window and adc that misbehave on demand.
type rig struct {
	clk   *clock.Clock
	sys   *actors.System
	board hw.Board
	store *state.Memory

	refuse, mute, muteEnd, muteADC bool
	pumpOn, disturbed              bool
	delay                          time.Duration // of the grant

	asked   []protocol.AskQuiet
	askedAt []time.Duration
	open    int // windows
	each    []actors.ODReading
	sets    []actors.ODReadings
	light   []actors.RelativeIRIntensity
}

func simBoard(t testing.TB, clk *clock.Clock, change func(*sim.Config)) *sim.Board {
	t.Helper()
	cfg := sim.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	b, err := sim.New(cfg, clk.Mono)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Stirrer().Set(30); err != nil {
		t.Fatal(err)
	}
	return b
}

// newRig starts window and adc on board; no job yet.
func newRig(t testing.TB, clk *clock.Clock, board hw.Board, store *state.Memory) *rig {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{clk: clk, sys: sys, board: board, store: store}
	sys.Watch(r.note)
	r.start(t, actors.Spec{Name: "window", New: func() actors.Job { return &window{r} }})
	r.start(t, actors.Spec{Name: "adc", New: func() actors.Job { return &adc{r} }})
	return r
}

func (r *rig) note(f actors.Fact) {
	switch f := f.(type) {
	case actors.ODReading:
		r.each = append(r.each, f)
	case actors.ODReadings:
		r.sets = append(r.sets, f)
	case actors.RelativeIRIntensity:
		r.light = append(r.light, f)
	}
}

func (r *rig) start(t testing.TB, spec actors.Spec) {
	t.Helper()
	if err := r.sys.Start(spec); err != nil {
		t.Fatal(err)
	}
}

// startOD starts the job with a config table.
func (r *rig) startOD(t testing.TB, table map[string]any) {
	t.Helper()
	r.start(t, actors.Spec{Name: od.Name, Slot: od.Name, Experiment: "exp 1", Table: table,
		New: func() actors.Job { return od.New(od.Options{}) }})
}

func (r *rig) do(t testing.TB, body any) {
	t.Helper()
	answer := actors.Reply{Code: "unanswered"}
	r.sys.Do(actors.Command{Target: od.Name, Body: body}, func(a actors.Reply) { answer = a })
	r.clk.Run(0)
	if !answer.OK {
		t.Fatalf("%T: %s %s", body, answer.Code, answer.Reason)
	}
}

func (r *rig) set(t testing.TB, name, value string) {
	t.Helper()
	r.do(t, actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
}

func (r *rig) alarm(name string) bool {
	a, ok := actors.LatestOf[actors.Alarm](r.sys, name)
	return ok && a.Active && !a.Over
}

func (r *rig) state() actors.State {
	s, _ := actors.LatestOf[actors.JobState](r.sys, od.Name)
	return s.State
}

// last is the newest reading.
func (r *rig) last(t testing.TB) actors.ODReading {
	t.Helper()
	if len(r.each) == 0 {
		t.Fatal("no reading at all")
	}
	return r.each[len(r.each)-1]
}

func (r *rig) forget() { r.each, r.sets, r.light, r.asked, r.askedAt = nil, nil, nil, nil, nil }

// window grants quiet and lights the IR LED for as long.
type window struct{ r *rig }

type granted struct {
	to  actors.Peer
	ask protocol.AskQuiet
}

func (w *window) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case protocol.AskQuiet:
		w.r.asked, w.r.askedAt = append(w.r.asked, m), append(w.r.askedAt, c.Mono())
		if w.r.refuse {
			c.Answer(protocol.Quiet{Reason: "another window is open"})
			return nil
		}
		c.After(w.r.delay, granted{c.Sender(), m})
	case granted:
		if w.r.mute {
			return nil
		}
		w.r.open++
		c.AnswerTo(m.to, protocol.Quiet{OK: true, PumpOn: w.r.pumpOn})
		return w.ir(m.ask.IRPercent)
	case protocol.EndQuiet:
		w.r.open = 0
		if !w.r.muteEnd {
			c.Answer(protocol.QuietEnded{Disturbed: w.r.disturbed, PumpOn: w.r.pumpOn})
		}
		return w.ir(0)
	}
	return nil
}

func (w *window) ir(percent float64) error {
	led, err := w.r.board.LED("A")
	if err != nil {
		return err
	}
	return led.Set(percent)
}

// adc reads the board's photodiodes.
type adc struct{ r *rig }

type result struct {
	to   actors.Peer
	read protocol.ADCRead
}

func (a *adc) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case protocol.ReadADC:
		to, start := c.Sender(), c.Mono()
		c.Do(func() (any, time.Duration) {
			burst, err := a.r.board.Photodiodes().Burst(m.Plan, m.Channels)
			return result{to, protocol.ADCRead{Burst: burst, Diodes: a.diodes(m.Channels), Start: start, Err: err}}, burst.Took
		})
	case result:
		if !a.r.muteADC {
			c.AnswerTo(m.to, m.read)
		}
	}
	return nil
}

func (a *adc) diodes(channels []int) []hw.Photodiode {
	var list []hw.Photodiode
	for _, n := range channels {
		for _, d := range a.r.board.Photodiodes().Channels() {
			if d.Channel == n {
				list = append(list, d)
			}
		}
	}
	return list
}

// stirrer is a stirring job that reports what it is told.
type stirrer struct {
	TargetRPM float64 `toml:"target_rpm" set:"yes"`
	rpm       *float64
}

func (s *stirrer) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		c.Every(23 * time.Second)
		c.Publish(actors.StirringRate{RPM: *s.rpm})
	case actors.Tick:
		c.Publish(actors.StirringRate{RPM: *s.rpm})
	}
	return nil
}

func inject(t testing.TB, b *sim.Board, text string) sim.Fault {
	t.Helper()
	f, err := sim.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Inject(f); err != nil {
		t.Fatal(err)
	}
	return f
}

func want(t testing.TB, what string, got actors.Quality, grade, reason string) {
	t.Helper()
	if got.Grade != grade || got.Reason != reason {
		t.Errorf("%s: quality %s %s, want %s %s", what, got.Grade, got.Reason, grade, reason)
	}
}

// seeds explore interleavings; 0 is first in, first out.
func seeds(t *testing.T, f func(t *testing.T, seed uint64)) {
	for _, seed := range []uint64{0, 1, 2, 3} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { f(t, seed) })
	}
}
