//go:build bench

package main

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// days is how many simulated days are measured; the fastest counts, as the
// least disturbed.
const days = 3

func benchDay(b *table) {
	ours, bare := cost{}, cost{}
	doses := 0
	for range days {
		h := actorstest.Open(b.t, actorstest.HouseOptions{Forget: true})
		doses = 0
		h.OnFact(func(f actors.Fact) {
			if _, ok := f.(actors.Dosed); ok {
				doses++
			}
		})
		ours.least(func() { h.Run(24 * time.Hour) })
		bare.least(func() { twinDay(b.t) })
	}
	b.row(fmt.Sprintf("24 virtual hours of the whole unit (%d doses); bare: twin", doses), ours.String(), bare.String(), "≤ 2000 ms on amd64")
	b.row("  allocations", ours.memory(), bare.memory(), "")
}

// cost of a piece of work.
type cost struct {
	took         time.Duration
	count, bytes uint64
}

// least keeps the cheapest of several runs.
func (c *cost) least(work func()) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	work()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if c.took == 0 || took < c.took {
		*c = cost{took, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
	}
}

func (c *cost) String() string { return fmt.Sprintf("%.0f ms", float64(c.took)/1e6) }

func (c *cost) memory() string {
	return fmt.Sprintf("%.2f M, %.0f MB", float64(c.count)/1e6, float64(c.bytes)/1e6)
}

// twinDay has the twin alone do what a unit asks of it in a day: a burst of two
// channels under light every 5 s, and the tachometer in between.
func twinDay(t testing.TB) {
	t.Helper()
	now := time.Duration(0)
	board, err := sim.New(cmd.DefaultConfig().Twin(), func() time.Duration { return now })
	if err != nil {
		t.Fatal(err)
	}
	led, err := board.LED("A")
	must(t, err)
	tacho, err := board.Tachometer()
	must(t, err)
	must(t, board.Stirrer().Set(30))
	plan := optics.ReadPlan(0)
	for now < 24*time.Hour {
		next := now + 5*time.Second
		must(t, led.Set(80))
		now += 125 * time.Millisecond
		burst, err := board.Photodiodes().Burst(plan, []int{1, 2})
		must(t, err)
		now += burst.Took
		must(t, led.Set(0))
		_, err = tacho.Edges()
		must(t, err)
		now = next
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
