package fake

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// Roles says what hangs on each PWM channel, 1 to 5: "stirring", "media",
// "alt_media", "waste" or "heating".
type Roles map[int]string

// DefaultRoles are Pioreactor's.
func DefaultRoles() Roles {
	return Roles{1: "stirring", 2: "media", 3: "alt_media", 4: "waste", 5: "heating"}
}

const (
	lookEvery   = 100 * time.Millisecond // at the button, the supply, and what other processes did
	listenEvery = 20 * time.Millisecond  // to the bar: less than a turn at 2500 rpm
	magnetTakes = time.Millisecond       // to pass the hall sensor
	// Of the divider before the converter; Pioreactor 26.7.2, hardware.py.
	auxRatio = 0.134
)

// world is what the machine's outputs act on and its sensors see.
type world struct {
	board  *sim.Board
	actors map[int]hw.Output // by channel
	leds   [4]hw.Output
	lit    [4]float64 // percent told to leds
	tacho  hw.Tachometer
	thermo hw.Thermometer
	rail   hw.Rail
	button hw.Button

	lookAt, listenAt time.Duration
	edges            hw.Edges // last heard
	deaf             bool     // the tachometer failed
	riseAt           time.Duration
	pressed          bool
	sagging          bool
}

// Attach wires a twin to the machine: from now on outputs drive it and sensors
// see it. It must live on [Machine.TwinNow]. Outputs that are on act at once. In
// real time a goroutine runs the machine on until it is closed.
func (m *Machine) Attach(board *sim.Board, roles Roles) error {
	w, err := newWorld(board, roles)
	if err != nil {
		return fmt.Errorf("fake: attach the twin: %w", err)
	}
	m.bus.Lock() // the LED registers are read
	defer m.bus.Unlock()
	m.enter()
	defer m.mu.Unlock()
	if m.world != nil || m.closed {
		return errors.New("fake: attach the twin: the machine has one already, or is closed")
	}
	m.world = w
	w.lookAt, w.listenAt = m.at, never
	m.wake()
	for _, wire := range m.wires {
		wire.high = m.state.line(wire.pin) == lineHigh|lineDriven
		if wire.restAt == never {
			wire.rest()
		}
	}
	for channel := 1; channel <= 5; channel++ {
		m.drive(channel, m.dutyOf(channel))
	}
	m.shine()
	if m.house == nil {
		quit, done := make(chan struct{}), make(chan struct{})
		go m.live(quit, done)
		m.stop = func() {
			close(quit)
			<-done
		}
	}
	return nil
}

func newWorld(board *sim.Board, roles Roles) (*world, error) {
	w := &world{board: board, actors: map[int]hw.Output{}, riseAt: never}
	for channel, role := range roles {
		out, err := actor(board, role)
		if errors.Is(err, hw.ErrAbsent) {
			continue // nothing hangs there
		} else if err != nil || channel < 1 || channel > 5 {
			return nil, errors.Join(fmt.Errorf("PWM channel %d as %q: must be 1 to 5 as stirring, media, alt_media, waste or heating", channel, role), err)
		}
		w.actors[channel] = out
	}
	for i := range w.leds {
		led, err := board.LED(string(rune('A' + i)))
		if err != nil {
			return nil, err
		}
		w.leds[i] = led
	}
	var errs [4]error
	w.tacho, errs[0] = board.Tachometer()
	w.thermo, errs[1] = board.Thermometer()
	w.rail, errs[2] = board.Rail()
	w.button, errs[3] = board.Button()
	for _, err := range errs {
		if err != nil && !errors.Is(err, hw.ErrAbsent) {
			return nil, err
		}
	}
	return w, nil
}

func actor(board *sim.Board, role string) (hw.Output, error) {
	switch role {
	case "stirring":
		return board.Stirrer(), nil
	case "heating":
		return board.Heater()
	case "media", "alt_media", "waste":
		return board.Pump(hw.PumpRole(role))
	}
	return nil, fmt.Errorf("unknown role %q", role)
}

// Truth brings the machine up to now and is the twin's state then; zero
// without one.
func (m *Machine) Truth() sim.Truth {
	m.enter()
	defer m.mu.Unlock()
	if m.world == nil {
		return sim.Truth{}
	}
	return m.world.board.Truth()
}

// drive gives the actor of a channel its duty. An actor that refuses (the
// twin's fault pump_error: its driver is dead) stays as it is.
func (m *Machine) drive(channel int, percent float64) {
	if m.world == nil {
		return
	}
	out := m.world.actors[channel]
	if out == nil {
		return
	}
	if percent == 0 {
		_ = out.Halt()
		return
	}
	_ = out.Set(percent)
}

// shine tells the twin's LEDs what their drivers' registers say.
func (m *Machine) shine() {
	if m.world == nil {
		return
	}
	for _, c := range m.chips {
		percent, drives := c.leds()
		for i := range m.world.leds {
			if drives && percent[i] != m.world.lit[i] {
				m.world.lit[i] = percent[i]
				_ = m.world.leds[i].Set(percent[i]) // 0 to 100: nothing to refuse
			}
		}
	}
}

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
func (w *world) volts(name string) (float64, error) {
	if name == "aux" && w.rail != nil {
		s, err := w.rail.Supply()
		return s.Volts * auxRatio, err
	}
	var channel int
	if n, _ := fmt.Sscanf(name, "pd%d", &channel); n == 1 {
		v, err := w.board.Volts(channel)
		if errors.Is(err, hw.ErrAbsent) {
			return 0, nil // the holder has no diode there
		}
		return v, err
	}
	return 0, nil
}
