package machine

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestClockGoesOn(t *testing.T) {
	m := Linux()
	before := m.Now()
	m.Sleep(time.Millisecond)
	if after := m.Now(); before <= 0 || after-before < time.Millisecond {
		t.Errorf("Now() = %v, after a millisecond %v", before, after)
	}
}

func TestWithinSaysWhetherItEnded(t *testing.T) {
	m := Linux()
	for range 3 {
		ran := false
		if !m.Within(time.Hour, func() { ran = true }) || !ran {
			t.Fatal("what ends at once did not end within an hour")
		}
	}
	release, ended := make(chan struct{}), make(chan struct{})
	if m.Within(time.Microsecond, func() {
		<-release
		close(ended)
	}) {
		t.Error("what waits for us ended")
	}
	if !m.Within(time.Hour, func() {}) {
		t.Error("no new function while an old one hangs")
	}
	close(release)
	<-ended
}

func TestWithinUsesItsGoroutineAgain(t *testing.T) {
	s := &steady{}
	s.Within(time.Hour, func() {})
	before := runtime.NumGoroutine()
	for range 100 {
		s.Within(time.Hour, func() {})
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("goroutines = %d after 100 calls, %d before", n, before)
	}
	if n := testing.AllocsPerRun(100, func() { s.Within(time.Hour, func() {}) }); n > 0 {
		t.Errorf("allocations = %v a call", n)
	}
}

// A limit that passes at the very moment must neither lose an answer nor leave a
// worker in a wrong state.
func TestWithinAtItsLimit(t *testing.T) {
	s := &steady{}
	var ran atomic.Int64
	const n = 2000
	for i := range n {
		s.Within(time.Duration(i%20)*time.Microsecond, func() { ran.Add(1) })
	}
	for ran.Load() < n {
		runtime.Gosched()
	}
}

func TestWithinHandsOnAPanic(t *testing.T) {
	m := Linux()
	defer func() {
		if got := recover(); got != "chip" {
			t.Errorf("recovered %v", got)
		}
		if !m.Within(time.Hour, func() {}) {
			t.Error("no Within after a panic")
		}
	}()
	m.Within(time.Hour, func() { panic("chip") })
}

// The instants are those asked for, never earlier, and lateness does not add up.
func TestRepeatKeepsToItsSchedule(t *testing.T) {
	m := Linux()
	const step, n = time.Millisecond, 20
	began := m.Now()
	done := make(chan struct{})
	calls := 0
	stop := m.Repeat(func(now time.Duration) time.Duration {
		if now < began+time.Duration(calls)*step {
			t.Errorf("call %d came %v too early", calls, began+time.Duration(calls)*step-now)
		}
		if calls++; calls == n {
			close(done)
		}
		return began + time.Duration(calls)*step
	})
	<-done
	stop()
	stop()
	after := calls
	runtime.Gosched()
	if calls != after {
		t.Errorf("%d calls after stop", calls-after)
	}
}

func TestRepeatStopsInTheMiddleOfASleep(t *testing.T) {
	m := Linux()
	called := make(chan struct{}, 1)
	stop := m.Repeat(func(now time.Duration) time.Duration {
		called <- struct{}{}
		return now + time.Hour
	})
	<-called
	stop() // returns, or this test does not end
}
