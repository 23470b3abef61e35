//go:build bench

package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// TestBench measures the whole node beside its raw limits, in one run on one
// machine, prints one table and keeps it in build/bench.txt. It judges nothing:
// a machine that does other things at the same time is slower. The unit has
// every job running. One part of it alone: -run Bench/day.
func TestBench(t *testing.T) {
	b := &table{t: t}
	b.add("%s, %d cores, %s/%s", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	b.add("%-58s %22s %22s  %s", "what", "pioactor", "bare", "aim")
	for _, part := range []struct {
		name string
		run  func(*table)
	}{
		{"start", benchStart},
		{"echo", func(b *table) { benchEcho(b, "embedded broker", "") }},
		{"mosquitto", benchMosquitto},
		{"heap", benchHeap},
		{"day", benchDay},
		{"idle", benchIdle},
		{"lines", benchLines},
	} {
		t.Run(part.name, func(t *testing.T) {
			b.t = t
			part.run(b)
		})
	}
	b.t = t
	b.save()
}

func benchMosquitto(b *table) {
	if _, err := exec.LookPath("mosquitto"); err != nil {
		b.add("left out: echoes over mosquitto (not installed)")
		return
	}
	benchEcho(b, "mosquitto", bridgetest.Mosquitto(b.t).Addr)
}

// table gathers and prints lines.
type table struct {
	t     *testing.T
	lines []string
}

func (b *table) add(format string, args ...any) {
	line := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	b.lines = append(b.lines, line)
	fmt.Println(line)
}

func (b *table) row(what, ours, bare, aim string) {
	b.add("%-58s %22s %22s  %s", what, ours, bare, aim)
}

func (b *table) save() {
	dir := filepath.Join("..", "..", "build")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	text := strings.Join(b.lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "bench.txt"), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

var bare = sync.OnceValues(func() (string, error) { return build("bare", "./testdata/bare") })

// echoer is a running testdata/bare.
type echoer struct {
	cmd   *exec.Cmd
	addr  string
	after time.Duration // from the start of the process until it is ready
}

func startBare(t testing.TB, args ...string) *echoer {
	t.Helper()
	exe, err := bare()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e := &echoer{cmd: cmd}
	t.Cleanup(e.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("bare: %v", err)
	}
	e.addr, e.after = strings.TrimSpace(line), time.Since(began)
	return e
}

// stop ends the process; a second call does nothing.
func (e *echoer) stop() {
	if e.cmd.ProcessState == nil {
		_ = e.cmd.Process.Kill() // it holds nothing
		_ = e.cmd.Wait()         // killed, as it says
	}
}

// spread words times: median and largest.
func spread(all []time.Duration) string {
	return fmt.Sprintf("%s, max %s", ms(quantile(all, 0.5)), ms(slices.Max(all)))
}

func quantile(all []time.Duration, q float64) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[int(math.Round(q*float64(len(all)-1)))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }
