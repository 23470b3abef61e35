package fake

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

func (m *Machine) worldDue() time.Duration {
	if m.world == nil {
		return never
	}
	return min(m.world.lookAt, m.world.listenAt)
}

// wake makes a new listener hear the bar from now on, and nothing of before.
func (m *Machine) wake() {
	w := m.world
	if w == nil {
		return
	}
	w.lookAt = m.at
	if w.tacho != nil && w.listenAt == never {
		e, err := w.tacho.Edges()
		w.edges, w.deaf = e, err != nil
	}
}

func (m *Machine) look() {
	w := m.world
	if w.listenAt <= m.at {
		w.listenAt = never
		m.listen()
	}
	if w.lookAt > m.at {
		return
	}
	w.lookAt = m.at + lookEvery
	m.lookAround()
	if w.listenAt == never && slices.ContainsFunc(m.inputs, func(i *input) bool { return i.pin == m.layout.Wiring.Pins.Hall }) {
		w.listenAt = m.at
	}
}

// lookAround follows the button, the supply, and lines and LEDs that another
// process drives.
func (m *Machine) lookAround() {
	w := m.world
	if w.button != nil {
		if p, err := w.button.Presses(); err == nil && p.Down != w.pressed {
			w.pressed = p.Down
			m.report(m.layout.Wiring.Pins.Button, m.at, p.Down)
		}
	}
	if w.rail != nil {
		if s, err := w.rail.Supply(); err == nil && s.Sagging != w.sagging {
			flag := map[bool]string{true: "1\n", false: "0\n"}[s.Sagging]
			if m.overwrite(filepath.ToSlash(hwmonFolder)+"/in0_lcrit_alarm", []byte(flag)) == nil {
				w.sagging = s.Sagging
			}
		}
	}
	for _, wire := range m.wires {
		m.moveWire(wire.pin, m.state.line(wire.pin) == lineHigh|lineDriven)
	}
	m.shine()
}

// listen tells of the turns since the last time, each with its instant, and
// comes back while somebody hears and something turns.
func (m *Machine) listen() {
	w, hall := m.world, m.layout.Wiring.Pins.Hall
	if w.riseAt <= m.at {
		m.report(hall, w.riseAt, true)
		w.riseAt = never
	}
	if w.tacho == nil {
		return
	}
	e, err := w.tacho.Edges()
	turned := e.Count - w.edges.Count
	if err != nil || w.deaf || e.Count < w.edges.Count || turned > 1000 {
		w.deaf, turned = err != nil, 0
	}
	for k := uint64(1); k <= turned; k++ {
		gap := (e.Last - w.edges.Last) / time.Duration(turned)
		m.turn(e.Last-gap*time.Duration(turned-k), gap)
	}
	if err == nil {
		w.edges = e
	}
	if slices.ContainsFunc(m.inputs, func(i *input) bool { return i.pin == hall }) {
		w.listenAt = m.at + listenEvery
	}
}

// turn is one pass of the magnet, gap after the last, as the faults let it be
// heard.
func (m *Machine) turn(at, gap time.Duration) {
	hall := m.layout.Wiring.Pins.Hall
	if m.faults.hits(ExtraEdges) {
		m.report(hall, at-min(gap/2, listenEvery/2), false)
	}
	if m.faults.hits(LostEdges) {
		return
	}
	m.report(hall, at, false)
	m.world.riseAt = at + magnetTakes
}

// level of an input now.
func (m *Machine) level(i *input) bool {
	pins := m.layout.Wiring.Pins
	switch {
	case m.world != nil && i.pin == pins.Button && m.world.button != nil:
		p, err := m.world.button.Presses()
		return err == nil && p.Down
	case m.world != nil && i.pin == pins.Hall && m.world.riseAt != never && m.at < m.world.riseAt:
		return false
	}
	return m.state.line(i.pin)&lineHigh != 0
}

// sensors is what chips measure at this instant.
func (m *Machine) sensors() *moment {
	if m.world == nil {
		return &moment{at: m.at}
	}
	return &moment{at: m.at, world: m.world, bright: m.faults.bright()}
}

// volts at a converter's input. Only the photodiodes, the rail and the HAT's
// version are wired; the version's divider is taken to be at 0 V.
// At a photodiode they may be those of some time ago.
func (w *world) volts(name string, ago time.Duration) (float64, error) {
	if name == "aux" && w.rail != nil {
		s, err := w.rail.Supply()
		return s.Volts * auxRatio, err
	}
	var channel int
	if n, _ := fmt.Sscanf(name, "pd%d", &channel); n == 1 {
		v, err := w.board.VoltsAgo(channel, ago)
		if errors.Is(err, hw.ErrAbsent) {
			return 0, nil // the holder has no diode there
		}
		return v, err
	}
	return 0, nil
}
