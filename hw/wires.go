package hw

// Wires is what a [Board] may offer besides: its I2C bus, for a device of a
// person's own on the same wires.
type Wires interface {
	// I2C is the bus; it stays valid until the board is closed.
	I2C() I2C
}

// I2C is a bus that others use too. It may be used from any goroutine.
type I2C interface {
	// Tx writes w, then reads r, in one transaction with the chip at address, 0x08 to
	// 0x77. It waits its turn and is tried again when the chip does not answer, so
	// w must be something that may be said twice; it ends within about 0.2 s,
	// whatever the chip does. Then it is an error and r is unchanged. The addresses
	// of the board's own chips are refused: they have their owners.
	Tx(address uint16, w, r []byte) error
}
