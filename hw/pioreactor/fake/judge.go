package fake

import (
	"fmt"
	"path/filepath"
	"sort"
	"strconv"
	"time"
)

// Output is what one output of the HAT is at now.
type Output struct {
	// Name is "PWM 1" to "PWM 5", "LED A" to "LED D", or "status LED".
	Name string
	// Percent is what it gets at this instant: of the kernel's PWM the duty while
	// enabled, of an LED what its driver's registers say, of a line 100 or 0. All
	// outputs are safe when all are 0 and whoever toggled lines is gone.
	Percent float64
	// Line is true for one that software toggles: its Percent is its level.
	Line bool
}

// Outputs are what all outputs are at now, in the order of their names. They are
// read from the folder, faults or not.
func (m *Machine) Outputs() ([]Output, error) {
	m.Now() // what is due happens first
	return outputs(m.dir, m.layout, m.state)
}

// Judge reads the outputs of the machine in dir, without driving anything: from
// a process of its own, while others run, or after they were killed.
func Judge(dir string) (all []Output, err error) {
	l, err := readLayout(dir)
	if err != nil {
		return nil, err
	}
	state, err := mapRegisters(dir, false)
	if err != nil {
		return nil, err
	}
	all, err = outputs(dir, l, state)
	if err := unmap(state); err != nil {
		return nil, fmt.Errorf("fake: judge %s: %w", dir, err)
	}
	return all, err
}

func outputs(dir string, l layout, state *shared) (all []Output, err error) {
	line := func(name string, pin int) {
		o := Output{Name: name, Line: true}
		if state.line(pin) == lineHigh|lineDriven {
			o.Percent = 100
		}
		all = append(all, o)
	}
	for channel, p := range l.Wiring.PWM {
		name := "PWM " + strconv.Itoa(channel)
		if p.Hardware < 0 {
			line(name, p.Pin)
			continue
		}
		percent, err := kernelDuty(dir, l, p.Hardware)
		if err != nil {
			return nil, fmt.Errorf("fake: outputs: %s: %w", name, err)
		}
		all = append(all, Output{Name: name, Percent: percent})
	}
	line("status LED", l.Wiring.Pins.LED)
	for _, c := range chipsOf(l, state) {
		percent, drives := c.leds()
		for i := 0; drives && i < len(percent); i++ {
			all = append(all, Output{Name: "LED " + string(rune('A'+i)), Percent: percent[i]})
		}
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Name < all[k].Name })
	return all, nil
}

// kernelDuty is the duty of channel i of the kernel's chip, in percent. A file
// that somebody is just writing is looked at again: nothing is taken for safe
// that could not be read.
func kernelDuty(dir string, l layout, i int) (percent float64, err error) {
	p := newPWM(dir, l)
	if i >= len(p.channels) {
		return 0, fmt.Errorf("%s has no channel %d", filepath.Base(l.Setup.chipFolder()), i)
	}
	for range 10 {
		if err = p.read(i); err == nil {
			return p.channels[i].percent(), nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, err
}
