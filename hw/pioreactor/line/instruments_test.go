package line_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"pgregory.net/rapid"
)

func tachometer(t testing.TB, d *desk) (*line.Tachometer, *wire) {
	t.Helper()
	tach, err := line.NewTachometer(d, d, 21)
	if err != nil {
		t.Fatal(err)
	}
	w := d.pins[21]
	if w.pull != machine.PullUp || w.edges != machine.Falling {
		t.Fatalf("asked for pull %v, edges %v", w.pull, w.edges)
	}
	return tach, w
}

func edges(t testing.TB, tach hw.Tachometer) hw.Edges {
	t.Helper()
	e, err := tach.Edges()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A bar turns at speeds that change; each magnet's passage bounces, and the
// kernel loses stretches of edges.
func TestTachometerCountsTurns(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := deskAt("")
		tach, w := tachometer(t, d)
		bounces := rapid.IntRange(0, 3).Draw(r, "bounces")
		lossy := bounces == 0 && rapid.Bool().Draw(r, "lossy") // lost bounces look like lost turns
		var want hw.Edges
		if first, _ := tach.Edges(); first != want {
			r.Fatalf("before the first edge: %+v", first)
		}
		lost := uint64(0)
		for range rapid.IntRange(1, 60).Draw(r, "turns") {
			d.advance(time.Duration(rapid.Int64Range(100e6, 170e6).Draw(r, "turn"))) // 350 to 600 rpm: a bar is heavy
			if lossy && rapid.IntRange(0, 3).Draw(r, "lose") == 0 {
				w.seq++
				lost++
				continue
			}
			want = hw.Edges{Count: want.Count + 1 + lost, Last: d.now}
			lost = 0
			w.move(false)
			for range bounces {
				d.advance(time.Duration(rapid.Int64Range(1e3, 2e6).Draw(r, "bounce")))
				w.move(false)
			}
		}
		if got := edges(t, tach); got != want {
			r.Fatalf("Edges() = %+v, want %+v", got, want)
		}
	})
}

func TestTachometerBelievesNoImpossibleSpeed(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	w.move(false)
	before := edges(t, tach)
	d.advance(100 * time.Millisecond)
	w.seq += 1000 // lost, in the time of at most 12 turns
	w.move(false)
	if got := edges(t, tach); got.Count-before.Count != 12 {
		t.Errorf("turns in 100 ms = %d, want 12", got.Count-before.Count)
	}
	before = edges(t, tach)
	w.heard(machine.Edge{At: before.Last - time.Second, Seq: w.seq + 1})
	w.heard(machine.Edge{At: before.Last + time.Second, Seq: w.seq + 1})
	if got := edges(t, tach); got != before {
		t.Errorf("an edge of the past, or one told twice, counted: %+v after %+v", got, before)
	}
}

func TestTachometerSequenceMayWrap(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	d.advance(time.Second)
	w.seq = 1<<32 - 3
	w.move(false)
	before := edges(t, tach)
	for range 5 {
		d.advance(time.Second)
		w.move(false)
	}
	if got := edges(t, tach).Count - before.Count; got != 5 {
		t.Errorf("counted %d over the wrap, want 5", got)
	}
}

func TestTachometerCloses(t *testing.T) {
	d := deskAt("")
	tach, w := tachometer(t, d)
	for range 2 {
		if err := tach.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if _, err := tach.Edges(); err == nil || !w.closed {
		t.Errorf("Edges() after Close = %v, line closed %v", err, w.closed)
	}
}

func button(t testing.TB, d *desk) (*line.Button, *wire) {
	t.Helper()
	b, err := line.NewButton(d, d, 4)
	if err != nil {
		t.Fatal(err)
	}
	w := d.pins[4]
	if w.pull != machine.PullDown || w.edges != machine.BothEdges {
		t.Fatalf("asked for pull %v, edges %v", w.pull, w.edges)
	}
	return b, w
}

func presses(t testing.TB, b hw.Button, down bool, count uint64) {
	t.Helper()
	got, err := b.Presses()
	if want := (hw.Presses{Down: down, Count: count}); err != nil || got != want {
		t.Errorf("Presses() = %+v, %v, want %+v", got, err, want)
	}
}

// chatter moves the contact to and fro and leaves it high or low.
func chatter(d *desk, w *wire, high bool) {
	for range 3 {
		w.move(high)
		d.advance(time.Millisecond)
		w.move(!high)
		d.advance(time.Millisecond)
	}
	w.move(high)
}

func TestButtonCountsPressesWithTheirFirstEdge(t *testing.T) {
	d := deskAt("")
	b, w := button(t, d)
	presses(t, b, false, 0)
	for n := range uint64(3) {
		d.advance(time.Second)
		w.move(true)
		presses(t, b, true, n+1)
		d.advance(time.Millisecond)
		w.move(false)
		chatter(d, w, true)
		presses(t, b, true, n+1)
		d.advance(100 * time.Millisecond)
		presses(t, b, true, n+1)
		chatter(d, w, false)
		d.advance(30 * time.Millisecond)
		presses(t, b, false, n+1)
	}
}

func TestButtonPressedBetweenTwoLooks(t *testing.T) {
	d := deskAt("")
	b, w := button(t, d)
	for range 5 {
		chatter(d, w, true)
		d.advance(80 * time.Millisecond)
		chatter(d, w, false)
		d.advance(80 * time.Millisecond)
	}
	presses(t, b, false, 5)
}

func TestButtonLooksAtTheLineToo(t *testing.T) {
	d := deskAt("")
	d.pins[4] = &wire{desk: d, high: true} // held while the unit starts
	b, w := button(t, d)
	presses(t, b, true, 1)
	d.advance(time.Second)
	w.high = false // an edge that was lost
	presses(t, b, false, 1)
	d.advance(time.Second)
	w.move(true)
	d.advance(5 * time.Millisecond)
	w.move(false) // a tap shorter than the chatter may be
	presses(t, b, true, 2)
	d.advance(20 * time.Millisecond)
	presses(t, b, false, 2)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if _, err := b.Presses(); err == nil {
		t.Error("Presses() after Close gives no error")
	}
}

func TestLightIsOnOrOff(t *testing.T) {
	d := deskAt("")
	light, err := line.NewLight(d, 23)
	if err != nil {
		t.Fatal(err)
	}
	w := d.pins[23]
	for percent, high := range map[float64]bool{0: false, 1e-9: true, 0.5: true, 100: true} {
		if set(t, light, percent); w.high != high {
			t.Errorf("Set(%v): high %v", percent, w.high)
		}
	}
	set(t, light, 100)
	if err := light.Halt(); err != nil || w.high {
		t.Errorf("Halt() = %v, high %v", err, w.high)
	}
	w.fail = func(bool) error { return errWire }
	if err := light.Set(100); err == nil {
		t.Error("Set(100) = nil with the wire cut")
	}
}

func TestLinesThatCannotBeHad(t *testing.T) {
	d := deskAt("")
	d.open = errWire
	if _, err := line.NewTachometer(d, d, 21); err == nil {
		t.Error("tachometer: no error")
	}
	if _, err := line.NewButton(d, d, 4); err == nil {
		t.Error("button: no error")
	}
	if _, err := line.NewLight(d, 23); err == nil {
		t.Error("light: no error")
	}
}

func TestUnderVoltage(t *testing.T) {
	const legacy = "sys/devices/platform/soc/soc:firmware/get_throttled"
	for name, c := range map[string]struct {
		files          map[string]string
		sagging, known bool
	}{
		"no file":             {nil, false, false},
		"another sensor":      {map[string]string{"sys/class/hwmon/hwmon0/name": "cpu_thermal\n"}, false, false},
		"fine":                {map[string]string{"sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "sys/class/hwmon/hwmon3/name": "rpi_volt\n", "sys/class/hwmon/hwmon3/in0_lcrit_alarm": "0\n"}, false, true},
		"sagging":             {map[string]string{"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}, true, true},
		"nonsense":            {map[string]string{"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "x\n"}, false, false},
		"an old kernel, fine": {map[string]string{legacy: "0\n"}, false, true},
		"an old kernel":       {map[string]string{legacy: "50005\n"}, true, true},
		"old, throttled hot":  {map[string]string{legacy: "0x80008\n"}, false, true},
		"old, nonsense":       {map[string]string{legacy: "maybe\n"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			for file, text := range c.files {
				d.put(t, file, text)
			}
			if sagging, known := line.UnderVoltage(d); sagging != c.sagging || known != c.known {
				t.Errorf("UnderVoltage() = %v, %v, want %v, %v", sagging, known, c.sagging, c.known)
			}
		})
	}
}
