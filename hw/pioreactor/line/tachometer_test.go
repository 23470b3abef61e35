package line_test

import (
	"testing"
	"time"
)

const turn = 120 * time.Millisecond // 500 rpm

// A bar cannot turn in a tenth of the time that the turn before took.
func TestTachometerPassesOverEdgesThatAreNoTurns(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	w.move(false)
	spin(d, w)
	before := edges(t, tach)
	for range 50 { // each turn has an edge 10 ms too early, and its own
		d.advance(turn - 10*time.Millisecond)
		w.move(false)
		d.advance(10 * time.Millisecond)
		w.move(false)
	}
	if got := edges(t, tach).Count - before.Count; got != 50 {
		t.Errorf("turns = %d, want 50", got)
	}
	if heard, odd := tach.Odd(); heard != 107 || odd < 49 {
		t.Errorf("of %d edges %d are odd, want about 50 of 107", heard, odd)
	}
}

// A bar that starts or stops may do what an even one cannot, and nobody wonders.
func TestTachometerDoesNotWonderAtAStart(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	w.move(false)
	for _, ms := range []time.Duration{900, 200, 120, 90, 85, 170, 400, 800, 190, 95} {
		d.advance(ms * time.Millisecond)
		w.move(false)
	}
	if heard, odd := tach.Odd(); odd != 0 {
		t.Errorf("of %d edges %d are odd, want none", heard, odd)
	}
}

// One magnet that was missed is put in; a bar at half its speed is believed.
func TestTachometerPutsInWhatTheSensorMissed(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	w.move(false)
	spin(d, w)
	pass := func(after time.Duration) {
		d.advance(after)
		w.move(false)
	}
	for range 20 {
		pass(turn)
		pass(turn)
		pass(2 * turn)
	}
	if e := edges(t, tach); e.Count != 87 {
		t.Errorf("turns = %d, want 87", e.Count)
	}
	before := edges(t, tach)
	for range 20 {
		pass(2 * turn)
	}
	if got := edges(t, tach).Count - before.Count; got > 21 {
		t.Errorf("turns at half the speed = %d, want 20", got)
	}
	if _, odd := tach.Odd(); odd < 20 {
		t.Errorf("odd edges = %d, want those 20", odd)
	}
}

// spin turns the bar evenly for six turns.
func spin(d *desk, w *wire) {
	for range 6 {
		d.advance(turn)
		w.move(false)
	}
}
