package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

func TestStirrerNeedsAKickAndStalls(t *testing.T) {
	b, clock := open(t, nil)
	step := func(duty float64, d time.Duration, want float64) {
		t.Helper()
		set(t, b.Stirrer(), duty)
		clock.Advance(d)
		within(t, "rpm", b.Truth().RPM, want, 0.01)
	}
	step(27.5, 10*time.Second, 0) // too weak to start
	step(100, 500*time.Millisecond, 2090*(1-math.Exp(-0.5/0.6)))
	step(27.5, 20*time.Second, 495) // settled: 22·(27.5−5)
	step(10, 20*time.Second, 110)   // the slowest it turns
	step(9.9, 20*time.Second, 0)    // stalled
	step(27.5, 20*time.Second, 0)   // and stays so
	step(40, 20*time.Second, 770)   // starts by itself
}

func TestEdgesAreExact(t *testing.T) {
	b, clock := open(t, nil)
	tacho, err := b.Tachometer()
	if err != nil {
		t.Fatal(err)
	}
	set(t, b.Stirrer(), 60)
	clock.Advance(time.Minute) // settled at 1210 rpm: 49.587 ms a turn
	turn := 60 / 1210.0 * 1e9
	first, _ := tacho.Edges()
	for range 100 {
		clock.Advance(337 * time.Millisecond)
		e, err := tacho.Edges()
		if err != nil {
			t.Fatal(err)
		}
		within(t, "ns since the first edge", float64(e.Last-first.Last), float64(e.Count-first.Count)*turn, 2)
		if age := clock.Now() - e.Last; age < 0 || float64(age) > turn+2 {
			t.Fatalf("newest edge is %v old at 49.6 ms a turn", age)
		}
		near(t, "rpm", e.RPM(first), 1210, 1e-6)
	}
}

// While speeding up, looking often and looking once see the same newest edge.
func TestEdgesDoNotDependOnPolling(t *testing.T) {
	run := func(look time.Duration) hw.Edges {
		b, clock := open(t, nil)
		tacho, _ := b.Tachometer()
		set(t, b.Stirrer(), 80)
		var e hw.Edges
		for range 1800 * time.Millisecond / look {
			clock.Advance(look)
			e, _ = tacho.Edges()
		}
		return e
	}
	often, once := run(time.Millisecond), run(1800*time.Millisecond)
	if often.Count != once.Count || often.Count == 0 {
		t.Fatalf("edges = %d, want %d", often.Count, once.Count)
	}
	within(t, "newest edge in ns", float64(often.Last), float64(once.Last), 100) // 1800 roundings
}

func TestNoEdgeBeforeTheFirst(t *testing.T) {
	b, clock := open(t, nil)
	tacho, _ := b.Tachometer()
	clock.Advance(time.Hour)
	if e, err := tacho.Edges(); err != nil || e != (hw.Edges{}) {
		t.Errorf("edges of a standing bar = %+v, %v, want none", e, err)
	}
}
