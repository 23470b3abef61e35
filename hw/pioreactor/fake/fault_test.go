package fake

import (
	"bytes"
	"errors"
	"math/bits"
	"syscall"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

func TestBusFaults(t *testing.T) {
	for kind, want := range map[FaultKind]struct {
		err  error
		took time.Duration
	}{
		NACK:      {errNACK, time.Millisecond},
		ShortRead: {syscall.EIO, time.Millisecond},
		StuckBus:  {syscall.ETIMEDOUT, time.Second},
	} {
		r := virtual(t, Setup{}, quiet)
		f := Fault{Kind: kind, Address: 0x4F}
		must(t, r.Inject(f))
		start := r.Now()
		if err := r.bus.Tx(0x4F, []byte{0}, make([]byte, 2)); !errors.Is(err, want.err) {
			t.Errorf("%s: %v, want %v", kind, err, want.err)
		}
		if took := r.Now() - start; took > want.took || took < want.took/3 {
			t.Errorf("%s took %v, want %v", kind, took, want.took)
		}
		r.tx(0x2C, []byte{8}, 2) // another chip is well
		must(t, r.Clear(f))
		r.tx(0x4F, []byte{0}, 2)
		if got := r.Hits()[kind]; got != 1 {
			t.Errorf("%s counted %d times, want 1", kind, got)
		}
		if err := r.Clear(f); err == nil {
			t.Errorf("%s was cleared twice", kind)
		}
	}
}

// One bit of what is read, or of what arrives at the chip, is wrong.
func TestBitFlips(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	must(t, r.Inject(Fault{Kind: FlipRead}))
	for range 20 {
		got := r.tx(0x2C, []byte{8}, 2)
		if n := bits.OnesCount8(got[0]^5) + bits.OnesCount8(got[1]); n != 1 {
			t.Fatalf("version % x: %d wrong bits, want 1", got, n)
		}
	}
	must(t, r.Clear(Fault{Kind: FlipRead}))
	must(t, r.Inject(Fault{Kind: FlipWrite}))
	written := []byte{0, 0x55}
	flipped := false
	for range 20 {
		r.tx(0x2C, written, 0)
		near(t, "the caller's own bytes", float64(written[1]), 0x55, 0)
		flipped = flipped || r.Truth().LEDPct[0] != float64(0x55)/255*100
	}
	if !flipped {
		t.Error("every write arrived as it was sent")
	}
}

// A chip that resets has its registers of power-on: a DAC43608 is dark, an
// ADS1114 no longer converts continuously.
func TestChipReset(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.tx(0x2C, []byte{0, 255}, 0)
	must(t, r.Inject(Fault{Kind: ChipReset, Address: 0x2C}))
	near(t, "LED A after the reset", r.Truth().LEDPct[0], 0, 0)
	five := virtual(t, Setup{ModelVer: "1.5"}, quiet)
	five.tx(0x49, []byte{1, 0x0A, 0x83}, 0)
	must(t, five.Inject(Fault{Kind: ChipReset, Address: 0x49}))
	if got := five.tx(0x49, []byte{1}, 2); !bytes.Equal(got, []byte{0x85, 0x83}) {
		t.Errorf("config after the reset = % x, want 85 83", got)
	}
}

// Too much light makes an RP2040's reading wrap.
func TestBrightWraps(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.tx(0x2C, []byte{0, 255}, 0)
	must(t, r.Inject(Fault{Kind: Bright}))
	wrapped := false
	for range 20 {
		r.clock.Advance(50 * time.Millisecond)
		got := r.tx(0x2C, []byte{6}, 2)
		wrapped = wrapped || uint16(got[0])|uint16(got[1])<<8 < 60000
	}
	if !wrapped {
		t.Error("1.752 V never read as less")
	}
}

func TestFileFaults(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.export("1", "4000000")
	const name = "sys/class/pwm/pwmchip0/pwm1/duty_cycle"
	f := Fault{Kind: FileError, File: "pwm1/duty_cycle", Errno: syscall.EACCES}
	must(t, r.Inject(f))
	if err := r.WriteFile(name, []byte("1000000")); !errors.Is(err, syscall.EACCES) {
		t.Errorf("write: %v, want EACCES", err)
	}
	near(t, "duty after a failed write", r.DutyPct(2), 0, 0)
	must(t, r.WriteFile("sys/class/pwm/pwmchip0/pwm1/period", []byte("5000000")))
	must(t, r.Clear(f))
	must(t, r.WriteFile(name, []byte("1000000")))
	near(t, "duty", r.DutyPct(2), 20, 1e-9)
}

// Turns that are lost or heard twice change the count and nothing else.
func TestEdgeFaults(t *testing.T) {
	for kind, want := range map[FaultKind]float64{"": 1, LostEdges: 0.5, ExtraEdges: 1.5} {
		r := virtual(t, Setup{}, quiet)
		heard, last := 0, time.Duration(0)
		lines, err := r.Lines()
		must(t, err)
		in, err := lines.Input(21, machine.PullUp, machine.Falling, func(e machine.Edge) {
			if heard++; e.At <= last {
				t.Errorf("%s: edge at %v after one at %v", kind, e.At, last)
			}
			last = e.At
		})
		must(t, err)
		if kind != "" {
			must(t, r.Inject(Fault{Kind: kind, Value: 0.5}))
		}
		r.toggle(r.out(17, false), 5*time.Millisecond, 40)
		r.clock.Advance(2 * time.Minute)
		r.Now()
		tacho, err := r.twin.Tachometer()
		must(t, err)
		e, err := tacho.Edges()
		must(t, err)
		near(t, string(kind)+" edges heard for each turn", float64(heard)/float64(e.Count), want, 0.05)
		must(t, in.Close())
	}
}

// At random every kind comes to its turn, and nothing else breaks.
func TestRandomFaults(t *testing.T) {
	r := virtual(t, Setup{Seed: 3}, func(c *sim.Config) { c.Seed = 3 })
	must(t, r.Random(0.3))
	r.toggle(r.out(17, false), 5*time.Millisecond, 40)
	lines, err := r.Lines()
	must(t, err)
	in, err := lines.Input(21, machine.PullUp, machine.Falling, func(machine.Edge) {})
	must(t, err)
	defer in.Close()
	for range 300 {
		_ = r.bus.Tx(0x2C, []byte{0, 100}, nil)
		_ = r.bus.Tx(0x2C, []byte{6}, make([]byte, 2))
		_ = r.WriteFile("sys/class/pwm/pwmchip0/export", []byte("0"))
		r.clock.Advance(100 * time.Millisecond)
	}
	for _, kind := range FaultKinds() {
		if r.Hits()[kind] == 0 {
			t.Errorf("%s never happened", kind)
		}
	}
	must(t, r.Random(0))
	before := r.Hits()[NACK]
	for range 50 {
		r.tx(0x2C, []byte{8}, 2)
	}
	if r.Hits()[NACK] != before {
		t.Error("faults went on after Random(0)")
	}
}

func TestFaultsAreChecked(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	for _, f := range []Fault{{Kind: "fire"}, {Kind: NACK, Value: 2}, {Kind: ChipReset}, {Kind: ChipReset, Address: 0x10}, {Kind: Bright, Value: -1}} {
		if err := r.Inject(f); err == nil {
			t.Errorf("%+v was injected", f)
		}
	}
	if r.Random(1.5) == nil || r.Random(0.1, "fire") == nil {
		t.Error("impossible random faults were accepted")
	}
}
