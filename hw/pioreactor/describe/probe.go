package describe

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"periph.io/x/conn/v3/i2c"
)

// Prober asks who is on a bus; the bus's owner is one.
type Prober interface {
	// Probe reports whether a chip answers at address. The error means that
	// nobody knows, because the bus did not work.
	Probe(address uint16) (bool, error)
}

// wires asks on a bus that nobody else uses. It reads: an empty write asks for
// less, but a Pi 5's controller refuses to send one.
type wires struct{ bus i2c.Bus }

// Probe reads two bytes, wherever the chip's pointer stands: no chip of a
// Pioreactor minds, and the RP2040 gives two at a time.
func (w wires) Probe(address uint16) (bool, error) {
	var two [2]byte
	err := w.bus.Tx(address, nil, two[:])
	// periph hands on the kernel's error as text.
	if err != nil && (errors.Is(err, syscall.ETIMEDOUT) || strings.Contains(err.Error(), "timed out")) {
		return false, fmt.Errorf("address 0x%02X: %w", address, err)
	}
	return err == nil, nil
}

// roll is the roll call: who has answered so far.
type roll struct {
	prober  Prober // nil: nobody can be asked
	answers map[uint16]bool
	err     error // the first trouble; then nobody is asked any more
}

// ask reports whether a chip answers, and whether it could be asked.
func (r *roll) ask(address uint16) (answers, asked bool) {
	if answers, asked = r.answers[address]; asked || r.prober == nil || r.err != nil {
		return answers, asked
	}
	answers, err := r.prober.Probe(address)
	if err != nil {
		r.err = err
		return false, false
	}
	r.answers[address] = answers
	return answers, true
}

// asked reports whether all of addresses could be asked.
func (r *roll) all(addresses ...uint16) bool {
	for _, a := range addresses {
		if _, asked := r.ask(a); !asked {
			return false
		}
	}
	return true
}

// answering are those of addresses at which somebody answers.
func (r *roll) answering(addresses ...uint16) []uint16 {
	var all []uint16
	for _, a := range addresses {
		if yes, _ := r.ask(a); yes {
			all = append(all, a)
		}
	}
	return all
}

// hexes writes addresses as people do.
func hexes(addresses []uint16) string {
	if len(addresses) == 0 {
		return "none"
	}
	words := make([]string, len(addresses))
	for i, a := range addresses {
		words[i] = fmt.Sprintf("0x%02X", a)
	}
	return strings.Join(words, ", ")
}
