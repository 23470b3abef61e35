//go:build bench

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// benchLines measures the drivers on the header on the real clock, with lines
// that only keep times: what is left is this machine's scheduling.
func benchLines(b *table) {
	for _, load := range []struct {
		name string
		busy int // goroutines that never rest
	}{{"idle", 0}, {"every core busy", runtime.NumCPU()}} {
		release := burn(load.busy)
		benchPWM(b, "200 Hz as stirrer, "+load.name, 200)
		benchPWM(b, "16 Hz as heater, "+load.name, 16)
		benchTachometer(b, "tachometer 500 rpm, "+load.name)
		release()
	}
}

// burn keeps n goroutines busy.
func burn(n int) (release func()) {
	var done atomic.Bool
	for range n {
		go func() {
			for x := 0; !done.Load(); x++ {
				_ = make([]byte, x%1024) // what collecting garbage costs belongs to it
			}
		}()
	}
	return func() { done.Store(true) }
}

const (
	pulseTime = 5 * time.Second
	pulsePct  = 30.0
)

// benchPWM puts the driver beside a bare Repeat that drives its line at fixed
// instants and makes up for nothing.
func benchPWM(b *table, what string, hz float64) {
	m := machine.Linux()
	period := time.Duration(math.Round(1e9 / hz))
	ours := &scope{clock: m}
	pwm, err := line.NewSoftPWM(m, ours, 17, hz)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := pwm.Set(pulsePct); err != nil {
		b.t.Fatal(err)
	}
	m.Sleep(pulseTime)
	if err := pwm.Halt(); err != nil {
		b.t.Fatal(err)
	}
	raw := &scope{clock: m}
	stop := m.Repeat(raw.metronome(period))
	m.Sleep(pulseTime)
	stop()
	b.row(what+": mean duty off by", ours.bias(period), raw.bias(period), "")
	b.row(what+": a pulse, median", ours.off(period, 0.5), raw.off(period, 0.5), "")
	b.row(what+": a pulse, 99 %", ours.off(period, 0.99), raw.off(period, 0.99), "")
}

// scope is a line that keeps when it changed.
type scope struct {
	clock machine.Clock
	edges []time.Duration // rises and falls in turn
	high  bool
	heard func(machine.Edge)
}

func (s *scope) Output(int, bool) (machine.OutputLine, error) { return s, nil }

func (s *scope) Input(_ int, _ machine.Pull, _ machine.Edges, heard func(machine.Edge)) (machine.InputLine, error) {
	s.heard = heard
	return s, nil
}

func (s *scope) High() (bool, error) { return s.high, nil }

func (s *scope) Close() error { return nil }

func (s *scope) Set(high bool) error {
	if high != s.high {
		s.high = high
		s.edges = append(s.edges, s.clock.Now())
	}
	return nil
}

// metronome is the step of a bare Repeat.
func (s *scope) metronome(period time.Duration) func(time.Duration) time.Duration {
	begin := s.clock.Now()
	width := time.Duration(pulsePct / 100 * float64(period))
	return func(time.Duration) time.Duration {
		if s.high {
			_ = s.Set(false) // never fails
			begin += period
			return begin
		}
		_ = s.Set(true) // never fails
		return begin + width
	}
}

// bias is how far the mean duty over whole pulses is off, in points.
func (s *scope) bias(period time.Duration) string {
	n := (len(s.edges) - 1) / 2
	if n < 1 {
		return "no pulse"
	}
	var on time.Duration
	for k := range n {
		on += s.edges[2*k+1] - s.edges[2*k]
	}
	whole := (s.edges[2*n] - s.edges[0] + period/2) / period * period
	return fmt.Sprintf("%+.3f points", 100*float64(on)/float64(whole)-pulsePct)
}

func (s *scope) off(period time.Duration, q float64) string {
	width := time.Duration(pulsePct / 100 * float64(period))
	var all []time.Duration
	for k := 0; k+1 < len(s.edges); k += 2 {
		all = append(all, (s.edges[k+1] - s.edges[k] - width).Abs())
	}
	if len(all) == 0 {
		return "no pulse"
	}
	return ms(quantile(all, q))
}

const (
	turn    = 120 * time.Millisecond // 500 rpm
	looks   = 8
	watched = 1200 * time.Millisecond // between two looks, as stirring does at 500 rpm
)

// benchTachometer sends edges that bounce and get lost, stamped as by an interrupt
// and told when this machine got round to it. Bare is the speed from the same
// stamps by one who knows how many turns there were.
func benchTachometer(b *table, what string) {
	m := machine.Linux()
	s := &scope{clock: m}
	tach, err := line.NewTachometer(m, s, 21)
	if err != nil {
		b.t.Fatal(err)
	}
	var sent atomic.Pointer[hw.Edges]
	sent.Store(&hw.Edges{})
	stop := m.Repeat(spinner(m.Now(), s, &sent))
	defer stop()
	m.Sleep(watched)
	var ours, raw []float64
	before, known := look(b, tach), *sent.Load()
	for range looks {
		m.Sleep(watched)
		after, knows := look(b, tach), *sent.Load()
		ours = append(ours, math.Abs(after.RPM(before)-500))
		raw = append(raw, math.Abs(knows.RPM(known)-500))
		before, known = after, knows
	}
	b.row(what+": off by at most", fmt.Sprintf("%.2f rpm", slices.Max(ours)), fmt.Sprintf("%.2f rpm", slices.Max(raw)), "")
}

func look(b *table, tach hw.Tachometer) hw.Edges {
	e, err := tach.Edges()
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

const interrupt = 50 * time.Microsecond // from an edge to its stamp, at most

// spinner turns once a step: three edges a turn, of which two bounce, and every
// 20th turn is lost with its edge.
func spinner(begin time.Duration, s *scope, sent *atomic.Pointer[hw.Edges]) func(time.Duration) time.Duration {
	turns, seq := uint64(0), uint32(0)
	random := rand.New(rand.NewPCG(1, 2))
	return func(time.Duration) time.Duration {
		at := begin + time.Duration(turns)*turn - time.Duration(random.Int64N(int64(interrupt)))
		turns++
		seq++
		if turns%20 != 0 {
			sent.Store(&hw.Edges{Count: turns, Last: at})
			for k := range uint32(3) {
				s.heard(machine.Edge{At: at + time.Duration(k)*300*time.Microsecond, Seq: seq + k})
			}
			seq += 2
		}
		return begin + time.Duration(turns)*turn
	}
}
