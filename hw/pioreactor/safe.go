package pioreactor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/line"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Safe makes a board safe that another process drove until it died. Everything
// that can be got ready without disturbing that process is ready when it is made.
type Safe struct {
	machine machine.Machine
	lines   machine.Lines
	bus     *chip.Bus
	parts   []part
}

// part is what of a board is made safe at a time.
type part struct {
	name  string
	still func() error
}

// partPatience is how long one part may hold up the next: a line may be in
// strange hands, the bus may be stuck.
const partPatience = 200 * time.Millisecond

// NewSafe gets ready. It drives nothing.
func NewSafe(m machine.Machine, d describe.Description, o Options) (*Safe, error) {
	s := &Safe{machine: m}
	wire, err := m.I2C(d.Bus)
	if err != nil {
		return nil, err
	}
	if s.bus, err = chip.NewBus(wire, m, chip.DefaultConfig()); err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	parts, err := chip.Fit(s.bus, d)
	if err == nil {
		s.lines, err = m.Lines()
	}
	if err != nil {
		return nil, errors.Join(err, s.bus.Close())
	}
	for _, channel := range byDanger(d.PWM, o.Roles) {
		s.add(fmt.Sprintf("PWM channel %d", channel), func() error { return s.still(d.PWM[channel]) })
	}
	s.add("LEDs", parts.LEDs.Halt)
	s.add("status LED", func() error { return s.low(d.Pins.LED) })
	return s, nil
}

func (s *Safe) add(name string, still func() error) { s.parts = append(s.parts, part{name, still}) }

// dangers are the roles in the order in which their channels are made safe;
// "" is a channel without one.
var dangers = []string{"heating", "media", "alt_media", "waste", "", "stirring"}

// byDanger are the PWM channels in the order in which they are made safe.
func byDanger(channels map[int]describe.PWM, roles map[string]int) []int {
	rank := map[int]int{}
	for channel := range channels {
		rank[channel] = slices.Index(dangers, "")
	}
	for i, role := range dangers {
		if channel, wired := roles[role]; wired {
			rank[channel] = i
		}
	}
	return slices.SortedFunc(maps.Keys(channels), func(a, b int) int { return cmp.Or(rank[a]-rank[b], a-b) })
}

// MakeSafe drives every output to 0: first the heater, then the pumps, what else
// is on a PWM channel, the LEDs, and the light that speaks to people. It tries
// each even if one fails, goes on with the next when one takes its time, and may
// be called again. Who calls it must know that nobody else drives the board.
func (s *Safe) MakeSafe() error {
	var errs []error
	for _, p := range s.parts {
		if err := s.try(p); err != nil {
			errs = append(errs, fmt.Errorf("pioreactor: %s: %w", p.name, err))
		}
	}
	return errors.Join(errs...)
}

// try gives a part its time. One that needs more goes on beside the others.
func (s *Safe) try(p part) error {
	done := make(chan error, 1)
	if !s.machine.Within(partPatience, func() { done <- p.still() }) {
		return fmt.Errorf("not safe within %v", partPatience)
	}
	return <-done
}

// still ends one PWM channel, by whichever of the two ways it was driven.
func (s *Safe) still(p describe.PWM) error {
	if p.Hardware >= 0 {
		out, err := line.OpenSysfsPWM(s.machine, p.Hardware, pumpHz) // opening puts it out
		if err == nil {
			return out.Close()
		}
		if !errors.Is(err, line.ErrNoChip) {
			return err
		}
	}
	return s.low(p.Pin)
}

// low drives a pin low and lets go of it: it stays as it is.
func (s *Safe) low(pin int) error {
	out, err := s.lines.Output(pin, false)
	if err != nil {
		return err
	}
	return out.Close()
}

// Close lets go of the bus and the header.
func (s *Safe) Close() error { return errors.Join(s.bus.Close(), s.lines.Close()) }
