package pioreactor

import (
	"fmt"
	"slices"

	"github.com/pioactor/pioactor/hw"
)

// I2C is the bus, for devices that the board does not know.
func (b *Board) I2C() hw.I2C { return wires{b} }

// wires is the bus without the board's own chips: what they drive has leases,
// and their drivers go by what they wrote last.
type wires struct{ board *Board }

// Addresses for chips; those below and above mean something else (I2C-bus
// specification UM10204, 3.1.12).
const firstAddress, lastAddress = 0x08, 0x77

// Tx is one transaction with a chip of somebody else's.
func (w wires) Tx(address uint16, out, in []byte) error {
	if err := w.board.alive(); err != nil {
		return err
	}
	if address < firstAddress || address > lastAddress {
		return fmt.Errorf("pioreactor: I2C address 0x%02x: want 0x%02x to 0x%02x", address, firstAddress, lastAddress)
	}
	if slices.ContainsFunc(w.board.chips, func(s soldered) bool { return s.address == address }) {
		return fmt.Errorf("pioreactor: I2C address 0x%02x is that of one of the board's own chips; give yours another", address)
	}
	return w.board.bus.Retry(address, out, in)
}

var _ hw.Wires = (*Board)(nil)
