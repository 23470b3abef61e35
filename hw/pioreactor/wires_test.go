package pioreactor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// A device of a person's own shares the bus: it reaches its chip, never one of
// the board's, and nothing once the board is closed.
func TestBusIsLentForStrangersAlone(t *testing.T) {
	m, err := fake.Make(t.TempDir(), fake.Setup{HAT: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d := m.Wiring()
	d.Thermometer = 0 // the chip at 0x4F is a stranger to this board
	board, err := pioreactor.Open(m, d, pioreactor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bus := board.I2C()
	var raw [2]byte
	if err := bus.Tx(0x4F, []byte{0x0F}, raw[:]); err != nil || raw != [2]byte{0x75, 0x00} {
		t.Errorf("a stranger says % x, %v; want 75 00, what a TMP1075 is called", raw, err)
	}
	if err := bus.Tx(0x18, nil, raw[:]); !errors.Is(err, chip.ErrNoAnswer) || !strings.Contains(err.Error(), "0x18") {
		t.Errorf("nobody there: %v", err)
	}
	for address, want := range map[uint16]string{0x2C: "the board's own chips", 0x00: "want 0x08 to 0x77", 0x78: "want 0x08 to 0x77"} {
		if err := bus.Tx(address, []byte{0, 255}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Tx(0x%02x) = %v, want %q", address, err, want)
		}
	}
	outputs, err := fake.Judge(m.Root())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outputs {
		if o.Percent > 0 {
			t.Errorf("%s is at %v %%", o.Name, o.Percent)
		}
	}
	if err := board.Close(); err != nil {
		t.Fatal(err)
	}
	if err := bus.Tx(0x4F, nil, raw[:]); !errors.Is(err, pioreactor.ErrClosed) {
		t.Errorf("of a closed board: %v", err)
	}
}
