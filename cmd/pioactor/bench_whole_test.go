//go:build bench

package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
)

// whole are the jobs of a unit that does all it can: the stock ones, heat and
// light.
var whole = func() map[string]string {
	all := map[string]string{"temperature_automation": base, "led_automation": base}
	for job, at := range stock {
		all[job] = at
	}
	return all
}()

// wholeStart is what such a unit begins with.
func wholeStart() []string {
	return append(cmd.DefaultConfig().Sim.Start, "led_automation=light_dark_cycle")
}

// wholePlan is such a unit on the broker at an address, or with none on its own.
func wholePlan(broker string) plan {
	quoted := strings.ReplaceAll(fmt.Sprintf("%q", wholeStart()), "\" \"", "\", \"")
	return plan{broker: broker, sim: "start = " + quoted, jobs: sorted(whole)}
}

// wholeUnit is such a unit in virtual time, with nobody looking.
func wholeUnit(t testing.TB) (*clock.Clock, *cmd.Unit) {
	t.Helper()
	cfg := cmd.DefaultConfig()
	cfg.Unit.Name, cfg.Sim.Start = unit, wholeStart()
	clk := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	u, err := cmd.NewUnit(cmd.UnitOptions{Config: cfg, Clock: clk, Boot: "bench", Seed: 1})
	must(t, err)
	return clk, u
}

// further is how many more jobs are started to see what one costs.
const further = 25

// onlooker is such a job: it hears every reading and publishes a setting.
type onlooker struct {
	Readings int     `toml:"readings" set:"no" help:"heard"`
	Limit    float64 `toml:"limit" unit:"AU" min:"0" max:"100" set:"yes" help:"of nothing"`
}

// Receive implements actors.Job.
func (o *onlooker) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.ODReadings](c)
		c.Every(time.Second)
	case actors.ODReadings:
		o.Readings++
	}
	return nil
}

func onlookerName(i int) string { return fmt.Sprintf("onlooker%d", i) }

func init() {
	for i := range further {
		actors.Register(actors.Own, onlookerName(i), func() actors.Job { return &onlooker{} })
	}
}

// benchHeap measures what stays on the heap: of the whole unit, and of each
// further job.
func benchHeap(b *table) {
	before := heapInUse()
	alone := liveWith(b.t, 0) - before
	b.row("heap of the whole unit after 20 min, twin included", mb(alone), "", "")
	each := (liveWith(b.t, further) - before - alone) / further
	b.row(fmt.Sprintf("  heap of each of %d further jobs", further), mb(each), "", "≤ 0.3 MB")
}

// liveWith is the heap in use once a whole unit with n further jobs has lived
// for 20 min.
func liveWith(t testing.TB, n int) float64 {
	t.Helper()
	clk, u := wholeUnit(t)
	must(t, u.Start())
	clk.Run(10 * time.Minute)
	for i := range n {
		name := onlookerName(i)
		r := actors.Reply{Reason: "no answer"}
		u.System.Do(actors.Command{Target: "experiment", Body: actors.StartJob{Job: name, Options: []setting.Pair{{Name: "limit", Value: 1.0}}}},
			func(got actors.Reply) { r = got })
		clk.Run(time.Second)
		if !r.OK {
			t.Fatalf("%s: %s", name, r.Reason)
		}
	}
	clk.Run(20*time.Minute - clk.Mono())
	heap := heapInUse()
	runtime.KeepAlive(u)
	return heap
}

// heapInUse is what lives on the heap, in bytes.
func heapInUse() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one's finalizers let go
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func mb(bytes float64) string { return fmt.Sprintf("%.3f MB", bytes/1e6) }
