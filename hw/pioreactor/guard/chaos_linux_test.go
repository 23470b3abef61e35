//go:build chaos

package guard

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// madeSafeAt is when the outputs were safe.
func (n *node) madeSafeAt() time.Time {
	n.t.Helper()
	text, err := os.ReadFile(n.file)
	if err != nil || len(text) < outputs+8 {
		n.t.Fatalf("%d bytes of outputs: %v", len(text), err)
	}
	return time.Unix(0, int64(binary.LittleEndian.Uint64(text[outputs:])))
}

// after are a number of ends of nodes: each time from the end of the node to
// safety, ascending.
func after(t *testing.T, times int, end func(n *node) time.Time) []time.Duration {
	var took []time.Duration
	for range times {
		n := up(t, defaultSilence)
		began := end(n)
		n.cmd.Wait()
		n.mustBeMadeSafe()
		took = append(took, n.madeSafeAt().Sub(began))
	}
	slices.Sort(took)
	return took
}

// TestChaosKills: each at a random instant. The times begin with the signal, so
// they hold the death itself.
func TestChaosKills(t *testing.T) {
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 4))
	took := after(t, 200, func(n *node) time.Time {
		<-time.After(time.Duration(rng.Int64N(int64(20 * time.Millisecond))))
		began := time.Now()
		n.signal(unix.SIGKILL)
		return began
	})
	busy := load(t) > float64(runtime.NumCPU()-1)
	t.Logf("from kill -9 to safe: median %v, 95 %% %v, max %v; other work on every core: %v", took[100], took[190], took[199], busy)
	if took[100] > 5*time.Millisecond || !busy && took[199] > 100*time.Millisecond {
		t.Error("want a median of 5 ms, and a maximum of 100 ms where a core is idle")
	}
}

// load is the number of processes that wanted a core in the last minute.
func load(t *testing.T) (mean float64) {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, err = fmt.Sscan(string(text), &mean)
	}
	if err != nil {
		t.Fatal(err)
	}
	return mean
}

// TestChaosHangs: a node that is stopped is killed after 5 s, and safe within 6.
func TestChaosHangs(t *testing.T) {
	for range 10 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			took := after(t, 5, func(n *node) time.Time {
				began := time.Now()
				n.signal(unix.SIGSTOP)
				return began
			})
			if took[0] < 4*time.Second || took[4] > 6*time.Second {
				t.Errorf("from SIGSTOP to safe: %v, want 4 to 6 s", took)
			}
			t.Log(took)
		})
	}
}
