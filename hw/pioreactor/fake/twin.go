package fake

import (
	"errors"
	"fmt"
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
