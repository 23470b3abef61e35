package fake

import (
	"math"
	"sort"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// restAfter is how long a line whose period is not known may be still before it
// counts as at rest: two periods of the heater's 16 Hz.
const restAfter = 130 * time.Millisecond

// fineDuty is the smallest change of a measured duty that counts, in percent.
const fineDuty = 0.01

// wire is a PWM channel that software toggles: its duty is measured.
type wire struct {
	channel, pin int
	high         bool
	counting     bool          // rose is the beginning of a period
	rose, fell   time.Duration // the newest edges
	period       time.Duration // 0: not known
	restAt       time.Duration // when it counts as at rest; never: it does
	duty         float64       // percent
}

func wiresOf(d describe.Description) (wires []*wire) {
	for channel, p := range d.PWM {
		if p.Hardware < 0 {
			wires = append(wires, &wire{channel: channel, pin: p.Pin, restAt: never})
		}
	}
	sort.Slice(wires, func(i, k int) bool { return wires[i].channel < wires[k].channel })
	return wires
}

// move is an edge at an instant. It reports whether the duty has changed. Until a
// whole period was seen the actor gets what the line is, at once.
func (w *wire) move(at time.Duration, high bool) (changed bool) {
	if high == w.high {
		return false
	}
	w.high = high
	if !high {
		w.fell = at
		w.restAt = at + w.patience()
		return w.period == 0 && w.become(0)
	}
	if w.period == 0 {
		changed = w.become(100)
	}
	if period := at - w.rose; w.counting && period > 0 {
		w.period = period
		changed = w.become(float64(w.fell-w.rose)/float64(period)*100) || changed
	}
	w.rose, w.counting = at, true
	w.restAt = at + w.patience()
	return changed
}

func (w *wire) patience() time.Duration {
	if w.period > 0 {
		return min(2*w.period, restAfter)
	}
	return restAfter
}

// rest is the end of toggling.
func (w *wire) rest() (changed bool) {
	w.counting, w.period, w.restAt = false, 0, never
	if w.high {
		return w.become(100)
	}
	return w.become(0)
}

func (w *wire) become(duty float64) bool {
	if duty == w.duty || duty > 0 && duty < 100 && math.Abs(duty-w.duty) < fineDuty {
		return false
	}
	w.duty = duty
	return true
}

func (m *Machine) wiresDue() time.Duration {
	due := never
	for _, w := range m.wires {
		due = min(due, w.restAt)
	}
	return due
}

func (m *Machine) settleWires() {
	for _, w := range m.wires {
		if w.restAt <= m.at && w.rest() {
			m.drive(w.channel, w.duty)
		}
	}
}

// moveWire tells the wire at pin, if there is one, of its level now.
func (m *Machine) moveWire(pin int, high bool) {
	for _, w := range m.wires {
		if w.pin == pin && w.move(m.at, high) {
			m.drive(w.channel, w.duty)
		}
	}
}

// DutyPct is the duty of a PWM channel as its actor gets it, 0 to 100: the
// kernel's, or what was measured of a line that this process toggles.
func (m *Machine) DutyPct(channel int) float64 {
	m.enter()
	defer m.mu.Unlock()
	return m.dutyOf(channel)
}

func (m *Machine) dutyOf(channel int) float64 {
	for _, w := range m.wires {
		if w.channel == channel {
			return w.duty
		}
	}
	if p, ok := m.layout.Wiring.PWM[channel]; ok {
		return m.pwm.duty(p.Hardware)
	}
	return 0
}
