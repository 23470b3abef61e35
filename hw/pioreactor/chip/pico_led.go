package chip

import "errors"

// The LEDs of the RP2040 cannot be read back, and nothing tells a flipped bit: what
// puts one out is therefore written twice.

// Set drives LED 0 to 3 in steps of 1/255.
func (p *Pico) Set(channel int, percent float64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := checkLED(channel, percent); err != nil {
		return p.fault(register{}, err)
	}
	if level(percent) == 0 {
		return p.douse(channel)
	}
	return p.put(picoLEDs[channel], level(percent))
}

// Halt puts all LEDs out.
func (p *Pico) Halt() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var problems error
	for channel := range picoLEDs {
		problems = errors.Join(problems, p.douse(channel))
	}
	return problems
}

// douse puts one LED out. One write that was answered is enough to call it done
// only if the other was too.
func (p *Pico) douse(channel int) error {
	first := p.put(picoLEDs[channel], 0)
	if unknown(first) {
		return first // the bus is stuck: the other LEDs want their turn
	}
	return errors.Join(first, p.put(picoLEDs[channel], 0))
}
