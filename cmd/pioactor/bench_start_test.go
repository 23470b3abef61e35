//go:build bench

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// starts is how many starts are measured.
const starts = 10

// startKick is how long stirring kicks before it is ready; see package rotor.
const startKick = 500 * time.Millisecond

// odMeasures is how long od_reading measures before it is ready, and so cannot
// be faster: the LED and the diodes settle, then a burst in the dark, then one
// that finds the mains frequency. The two wait for each other's light.
func odMeasures(t testing.TB) time.Duration {
	t.Helper()
	board, err := sim.New(cmd.DefaultConfig().Twin(), func() time.Duration { return 0 })
	must(t, err)
	took := time.Duration(0)
	for _, plan := range []hw.Plan{optics.ReadPlan(0), optics.TunePlan(0)} {
		burst, err := board.Photodiodes().Burst(plan, []int{1, 2})
		must(t, err)
		took += ledSettle + burst.Took
	}
	return took
}

// ledSettle is the default of [od_reading].
const ledSettle = 125 * time.Millisecond

func benchStart(b *table) {
	var first, ready, raw []time.Duration
	perJob := map[string][]time.Duration{}
	for range starts {
		e := startBare(b.t)
		raw = append(raw, e.after)
		e.stop()
		a, z := oneStart(b.t, perJob)
		first, ready = append(first, a), append(ready, z)
	}
	b.row("process start → every job in init", spread(first), spread(raw), "≤ 200 ms")
	b.row("process start → every job ready", spread(ready), "", "≤ 2000 ms")
	measures := odMeasures(b.t)
	own := quantile(ready, 0.5) - max(measures, startKick)
	b.row("  of which no measurement of its own", ms(own), "", "≤ 300 ms")
	for _, job := range sorted(whole) {
		b.row("  "+job+" ready", spread(perJob[job]), "", "")
	}
	b.add("  od_reading measures %s (dark and tuning bursts with their settling), stirring kicks %s", ms(measures), ms(startKick))
}

// oneStart is a first start of the whole unit on a broker that is there: when
// a client has seen every job's first state, and every job ready.
func oneStart(t *testing.T, perJob map[string][]time.Duration) (first, ready time.Duration) {
	t.Helper()
	v := &visit{TB: t}
	defer v.end()
	n := prepare(v, wholePlan(bridgetest.Broker(v)))
	c := bridgetest.Client(v, n.broker)
	n.start()
	for job, at := range whole {
		m := c.Expect(at+job+"/$state", bridgetest.Any, slow)
		first = max(first, m.At.Sub(n.began))
		m = c.Expect(at+job+"/$state", bridgetest.Is(string(actors.Ready)), slow)
		took := m.At.Sub(n.began)
		perJob[job], ready = append(perJob[job], took), max(ready, took)
	}
	return first, ready
}

// idleFor is how long idleness is watched.
const idleFor = 60 * time.Second

func benchIdle(b *table) {
	n, e := prepare(b.t, wholePlan("")).up(), startBare(b.t)
	ours, bare := n.cmd.Process.Pid, e.cmd.Process.Pid
	cpu0, bare0 := cpuOf(b.t, ours), cpuOf(b.t, bare)
	<-time.After(idleFor)
	share := func(d time.Duration) string { return fmt.Sprintf("%.2f %%", 100*float64(d)/float64(idleFor)) }
	b.row("memory (RSS) after 60 s of a running unit", rssOf(b.t, ours), rssOf(b.t, bare), "≤ 35 MB")
	b.row("CPU over 60 s of a running unit, of one core", share(cpuOf(b.t, ours)-cpu0), share(cpuOf(b.t, bare)-bare0), "≤ 0.30 %")
}

// cpuOf is the processor time a process has used. Source: proc(5), stat.
func cpuOf(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, after pid, name and state
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 on Linux
}

func rssOf(t testing.TB, pid int) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%.1f MB", float64(kb)*1024/1e6)
		}
	}
	t.Fatal("no VmRSS")
	return ""
}
