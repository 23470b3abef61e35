package line_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3/i2c"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// desk is a machine on a desk: virtual time, wires instead of lines, and files
// in a folder. advance moves time on; Sleep does too.
type desk struct {
	root string
	late func() time.Duration // of each step of Repeat; nil for never
	pins map[int]*wire
	hook func(name, text string) error // a write that is to be more than a write
	open error                         // what asking for a line fails with

	mu      sync.Mutex
	now     time.Duration
	repeats []*repeat
}

type repeat struct {
	at   time.Duration // when it runs, lateness included
	step func(time.Duration) time.Duration
	done bool
}

func newDesk(t *testing.T) *desk { return deskAt(t.TempDir()) }

func deskAt(root string) *desk {
	return &desk{root: root, now: time.Hour, pins: map[int]*wire{}}
}

func (d *desk) Root() string { return d.root }

func (d *desk) I2C(int) (i2c.BusCloser, error) { return nil, errors.New("desk: no bus") }

func (d *desk) Lines() (machine.Lines, error) { return d, nil }

func (d *desk) Close() error { return nil }

func (d *desk) Now() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) Sleep(span time.Duration) { d.advance(span) }

func (d *desk) Within(_ time.Duration, f func()) bool {
	f()
	return true
}

func (d *desk) Repeat(step func(time.Duration) time.Duration) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &repeat{at: d.now, step: step}
	d.repeats = append(d.repeats, r)
	return func() { r.done = true }
}

// advance runs what is due until then, earliest first.
func (d *desk) advance(span time.Duration) {
	d.mu.Lock()
	end := d.now + span
	d.mu.Unlock()
	for {
		var first *repeat
		for _, r := range d.repeats {
			if !r.done && r.at <= end && (first == nil || r.at < first.at) {
				first = r
			}
		}
		if first == nil {
			break
		}
		d.to(first.at)
		first.at = max(first.step(d.now), d.now)
		if d.late != nil {
			first.at += d.late()
		}
	}
	d.to(end)
}

func (d *desk) to(at time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = max(d.now, at)
}

// WriteFile replaces the text of a file that is there.
func (d *desk) WriteFile(name string, data []byte) error {
	path := filepath.Join(d.root, name)
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if d.hook != nil {
		if err := d.hook(name, string(data)); err != nil {
			return err
		}
	}
	return os.WriteFile(path, data, 0o644)
}

// put makes a file with its folders.
func (d *desk) put(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(d.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wire is a line with its history.
type wire struct {
	desk   *desk
	high   bool
	drives []change
	fail   func(high bool) error
	heard  func(machine.Edge)
	pull   machine.Pull
	edges  machine.Edges
	seq    uint32
	closed bool
}

type change struct {
	at   time.Duration
	high bool
}

func (d *desk) Output(pin int, high bool) (machine.OutputLine, error) {
	if d.open != nil {
		return nil, d.open
	}
	w := &wire{desk: d, high: high, drives: []change{{d.now, high}}}
	d.pins[pin] = w
	return w, nil
}

func (d *desk) Input(pin int, pull machine.Pull, edges machine.Edges, heard func(machine.Edge)) (machine.InputLine, error) {
	if d.open != nil {
		return nil, d.open
	}
	if w := d.pins[pin]; w != nil { // somebody's finger was there first
		w.heard, w.pull, w.edges = heard, pull, edges
		return w, nil
	}
	w := &wire{desk: d, heard: heard, pull: pull, edges: edges}
	d.pins[pin] = w
	return w, nil
}

func (w *wire) Set(high bool) error {
	if w.fail != nil {
		if err := w.fail(high); err != nil {
			return err
		}
	}
	w.high = high
	w.drives = append(w.drives, change{w.desk.now, high})
	return nil
}

func (w *wire) High() (bool, error) {
	if w.closed {
		return false, errors.New("wire: closed")
	}
	return w.high, nil
}

func (w *wire) Close() error {
	w.closed = true
	return nil
}

// move changes an input now.
func (w *wire) move(high bool) {
	w.high = high
	if w.edges == machine.BothEdges || (w.edges == machine.Rising) == high {
		w.seq++
		w.heard(machine.Edge{At: w.desk.now, Rising: high, Seq: w.seq})
	}
}

// onTime is how long the wire was high between two instants.
func (w *wire) onTime(from, to time.Duration) time.Duration {
	var sum time.Duration
	for i, c := range w.drives {
		end := to
		if i+1 < len(w.drives) {
			end = min(to, w.drives[i+1].at)
		}
		if begin := max(c.at, from); c.high && begin < end {
			sum += end - begin
		}
	}
	return sum
}

// toggles counts changes of level from an instant on.
func (w *wire) toggles(from time.Duration) int {
	n := 0
	for i, c := range w.drives {
		if i > 0 && c.at >= from && c.high != w.drives[i-1].high {
			n++
		}
	}
	return n
}

var errWire = errors.New("wire cut")

var _ machine.Machine = (*desk)(nil)
