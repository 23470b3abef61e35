//go:build bench

package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// days is how many simulated days are measured; the fastest counts, as the
// least disturbed.
const days = 3

func benchDay(b *table) {
	ours, bare := cost{}, cost{}
	doses, readings := 0, 0
	for range days {
		clk, u := wholeUnit(b.t)
		doses, readings = 0, 0
		u.System.Watch(func(f actors.Fact) {
			switch f.(type) {
			case actors.Dosed:
				doses++
			case actors.ODReadings:
				readings++
			}
		})
		must(b.t, u.Start())
		ours.least(func() { clk.Run(24 * time.Hour) })
		bare.least(func() { twinDay(b.t) })
	}
	b.row(fmt.Sprintf("24 virtual hours of the whole unit (%d doses); bare: twin", doses), ours.String(), bare.String(), "≤ 2000 ms on amd64")
	b.row("  allocations", ours.memory(), bare.memory(), "")
	b.row("  allocations for each OD reading, all else included", fmt.Sprintf("%.0f, %.1f kB", float64(ours.count)/float64(readings), float64(ours.bytes)/1e3/float64(readings)), "", "")
	benchSimulate(b)
}

// benchSimulate is the same day by the program, report and start included.
func benchSimulate(b *table) {
	n := prepare(b.t, wholePlan(""))
	least, user, rss := time.Duration(0), time.Duration(0), ""
	for range days {
		c := exec.Command(n.exe, "simulate", "--config", n.file("config.toml"), "--hours", "24", "--out", n.file("report"))
		began := time.Now()
		if text, err := c.CombinedOutput(); err != nil {
			b.t.Fatalf("simulate: %v\n%s", err, text)
		}
		if took := time.Since(began); least == 0 || took < least {
			usage := c.ProcessState.SysUsage().(*syscall.Rusage)
			least, user, rss = took, c.ProcessState.UserTime(), fmt.Sprintf("%.1f MB", float64(usage.Maxrss)*1024/1e6)
		}
	}
	b.row("`simulate --hours 24` of the whole unit, wall", ms(least), "", "≤ 3000 ms on amd64")
	b.row("  user CPU", ms(user), "", "")
	b.row("  memory (most RSS)", rss, "", "")
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
