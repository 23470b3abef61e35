package chip

import (
	"fmt"
	"time"
)

// register is one register of a chip.
type register struct {
	pointer byte
	name    string
}

// device is a chip at its address. Its buffers are the owner's, who locks.
type device struct {
	bus     *Bus
	address uint16
	chip    string
	out     [3]byte
	in      [2]byte
}

// get reads the two bytes of a register, in the order in which they come.
func (d *device) get(r register) (first, second byte, err error) {
	d.out[0] = r.pointer
	if err := d.bus.persist(d.address, d.out[:1], d.in[:]); err != nil {
		return 0, 0, d.fault(r, err)
	}
	return d.in[0], d.in[1], nil
}

// get16 reads a register whose high byte comes first.
func (d *device) get16(r register) (uint16, error) {
	high, low, err := d.get(r)
	return uint16(high)<<8 | uint16(low), err
}

// put writes one or two bytes to a register.
func (d *device) put(r register, data ...byte) error {
	d.out[0] = r.pointer
	n := 1 + copy(d.out[1:], data)
	if err := d.bus.persist(d.address, d.out[:n], nil); err != nil {
		return d.fault(r, err)
	}
	return nil
}

// put16 writes a register, high byte first.
func (d *device) put16(r register, v uint16) error { return d.put(r, byte(v>>8), byte(v)) }

func (d *device) fault(r register, err error) error {
	return &Error{Bus: d.bus.String(), Address: d.address, Chip: d.chip, Register: r.name, Err: err}
}

// implausible counts and names an answer that cannot be.
func (d *device) implausible(r register, format string, args ...any) error {
	d.bus.counts[d.address].implausible.Add(1)
	return d.fault(r, fmt.Errorf("%w: %s", ErrImplausible, fmt.Sprintf(format, args...)))
}

// until sleeps to an instant of the machine's clock.
func (d *device) until(at time.Duration) {
	if left := at - d.bus.clock.Now(); left > 0 {
		d.bus.clock.Sleep(left)
	}
}

// newDevice checks the address.
func newDevice(bus *Bus, chip string, address uint16) (device, error) {
	d := device{bus: bus, address: address, chip: chip}
	if err := checkAddress(address); err != nil {
		return d, d.fault(register{}, err)
	}
	return d, nil
}
