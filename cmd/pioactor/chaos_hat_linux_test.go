//go:build chaos

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Numbers of the tests on the HAT, from the environment: how many ends of a
// kind, and on how many nodes at a time. With one a core is idle.
const (
	endsVar  = "PIOACTOR_ENDS"
	nodesVar = "PIOACTOR_NODES"
)

// number is a number of the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number of 1 or more", name, text)
	}
	return n
}

// endMany ends nodes in one way, several beside each other, and tells how long
// everything took.
func endMany(t *testing.T, how string, ends, nodes int) (toDeath, toSafe []time.Duration) {
	t.Helper()
	ends, nodes = number(t, endsVar, ends), number(t, nodesVar, nodes)
	nodes = min(nodes, ends)
	from := seed(t)
	victims := make([]*hatVictim, nodes)
	var mu sync.Mutex
	t.Run("nodes", func(t *testing.T) {
		for i := range nodes {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				v := endHAT(t, how, from+uint64(i), (ends+nodes-1-i)/nodes)
				mu.Lock()
				defer mu.Unlock()
				victims[i] = v
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%s, %d nodes beside each other on %d cores, load %.1f", how, nodes, runtime.NumCPU(), waiting(t))
	return tell(t, victims)
}

// waiting is the number of processes that wanted a core in the last minute.
func waiting(t *testing.T) (mean float64) {
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

// mustBeQuick holds what was promised of a machine with an idle core; under load
// the distribution is told.
func mustBeQuick(t *testing.T, toSafe []time.Duration) {
	t.Helper()
	if waiting(t) > float64(runtime.NumCPU()-1) {
		t.Log("no core was idle: the limits do not hold")
		return
	}
	if median, most := toSafe[len(toSafe)/2], toSafe[len(toSafe)-1]; median > 5*time.Millisecond || most > 100*time.Millisecond {
		t.Errorf("from death to safety: median %v, most %v, want 5 and 100 ms", median, most)
	}
}

func TestChaosHATKills(t *testing.T) {
	_, toSafe := endMany(t, "kill", 200, 1)
	mustBeQuick(t, toSafe)
}

// TestChaosHATPanics: storms of panics in a job, and one where nobody supervises.
func TestChaosHATPanics(t *testing.T) {
	_, toSafe := endMany(t, "panic", 50, 1)
	mustBeQuick(t, toSafe)
}

// TestChaosHATMemory: the node may have no more address space (RLIMIT_AS), and
// the runtime dies of it.
func TestChaosHATMemory(t *testing.T) {
	_, toSafe := endMany(t, "memory", 50, 1)
	mustBeQuick(t, toSafe)
}

// TestChaosHATHangs: SIGSTOP; the guard kills after 5 s.
func TestChaosHATHangs(t *testing.T) {
	toDeath, toSafe := endMany(t, "hang", 50, 5)
	if most := toDeath[len(toDeath)-1] + toSafe[len(toSafe)-1]; most > 6*time.Second {
		t.Errorf("safe %v after it hung, want 6 s or less", most)
	}
	if least := toDeath[0]; least < 4*time.Second {
		t.Errorf("killed after %v of silence, want 4 s or more", least)
	}
}
