package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Board is the twin of one vial and its electronics. All methods are safe for
// concurrent use. Between calls nothing happens; each call first advances the
// twin to the clock's now.
type Board struct {
	panel
	cfg     Config
	before  time.Duration // age less the clock's now
	culture culture
	vial    vial
	pumps   [len(hw.PumpRoles)]pump
	stirrer stirrer
	heat    thermal
	bubbles float64 // 0 to 1
	light   light
	thermo  thermometer
	faults  faults
}

// New opens a twin that starts at now(). now is the house's monotonic clock,
// real or virtual; it is called with the board's lock held and must not call
// the board. A clock that goes back is taken to stand still.
func New(cfg Config, now func() time.Duration) (*Board, error) {
	if now == nil {
		return nil, errors.New("sim: no clock: pass the house's monotonic now")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := fit(cfg.Model, &cfg.CapacityML, &cfg.MaxFillML); err != nil {
		return nil, err
	}
	b := &Board{cfg: cfg.clone()}
	b.renew()
	b.wire(now, b.step, b.refusal)
	b.before = -b.at
	return b, nil
}

// renew makes every part as the configuration says and takes back all faults.
func (b *Board) renew() {
	cfg := b.cfg
	b.culture = newCulture(cfg.CultureConfig)
	b.vial = vial{cfg: cfg.VialConfig, volume: cfg.VolumeML, wasteRoom: cfg.WasteBottleML}
	b.pumps = [...]pump{
		{rate: cfg.PumpRateMLPerS * cfg.MediaRateFactor, bottle: cfg.MediaBottleML},
		{rate: cfg.PumpRateMLPerS * cfg.AltMediaRateFactor, bottle: cfg.AltMediaBottleML},
		{rate: cfg.PumpRateMLPerS * cfg.WasteRateFactor},
	}
	b.stirrer, b.heat = stirrer{cfg: cfg.StirringConfig}, thermal{cfg: cfg.ThermalConfig}
	b.bubbles, b.light, b.thermo = 0, newLight(cfg), newThermometer(cfg)
	b.faults = faults{}
	b.combine()
}

// age is the twin's own time: since it was made, whatever processes it has seen.
func (b *Board) age() time.Duration { return b.at + b.before }

// Info describes the twin, and a HAT of the newest version unless it is absent.
func (b *Board) Info() hw.Info {
	info := hw.Info{
		Model: b.cfg.Model, Version: b.cfg.Version, Simulated: true,
		CapacityML: b.cfg.CapacityML, MaxFillML: b.cfg.MaxFillML,
		Heat: heatLimits(b.cfg.Model, b.cfg.Version),
	}
	if !b.lacks("hat") {
		info.HAT, info.HATSerial, info.Firmware = "1.2", "simulated", "0.5"
	}
	return info
}

// Photodiodes are the channels of the configuration.
func (b *Board) Photodiodes() hw.Photodiodes { return photodiodes{b} }

// LED returns channel "A" to "D".
func (b *Board) LED(channel string) (hw.Output, error) {
	i, ok := ledOutput(channel)
	if !ok {
		return nil, absent(fmt.Sprintf("LED %q", channel))
	}
	return b.handles[i], nil
}

// Stirrer is the fan motor.
func (b *Board) Stirrer() hw.Output { return b.handles[stirrerOut] }

// Pump returns the pump wired to role.
func (b *Board) Pump(role hw.PumpRole) (hw.Output, error) {
	i, ok := pumpOutput(role)
	if !ok || b.lacks(string(role)) {
		return nil, absent(fmt.Sprintf("pump %q", string(role)))
	}
	return b.handles[i], nil
}

// Heater is the heating trace.
func (b *Board) Heater() (hw.Output, error) {
	if b.lacks("heater") {
		return nil, absent("heater")
	}
	return b.handles[heaterOut], nil
}

// Thermometer reads the heater's board.
func (b *Board) Thermometer() (hw.Thermometer, error) {
	if b.lacks("thermometer") {
		return nil, absent("thermometer")
	}
	return boardThermometer{b}, nil
}

// Tachometer counts the bar's turns.
func (b *Board) Tachometer() (hw.Tachometer, error) {
	if b.lacks("tachometer") {
		return nil, absent("tachometer")
	}
	return tachometer{b}, nil
}

// StatusLED is the light beside the button.
func (b *Board) StatusLED() (hw.Output, error) {
	if b.lacks("status_led") {
		return nil, absent("status LED")
	}
	return statusLED{&b.panel}, nil
}

// Button is pressed while the fault button_pressed is active.
func (b *Board) Button() (hw.Button, error) {
	if b.lacks("button") {
		return nil, absent("button")
	}
	return button{b}, nil
}

// Rail has rail_v, or what the fault rail_voltage makes of it.
func (b *Board) Rail() (hw.Rail, error) {
	if b.lacks("rail") {
		return nil, absent("rail")
	}
	return rail{b}, nil
}

// Halt makes every output 0. It never fails.
func (b *Board) Halt() error {
	b.halt()
	return nil
}

// Close halts; afterwards only Halt, Close, Info and Truth still work.
func (b *Board) Close() error {
	b.close()
	return nil
}

func (b *Board) lacks(part string) bool { return slices.Contains(b.cfg.Absent, part) }

// refusal is why an output cannot be set now.
func (b *Board) refusal(index int) error {
	if index >= mediaOut && index <= wasteOut && b.pumps[index-mediaOut].broken {
		return fmt.Errorf("sim: set %s: driver does not answer (fault pump_error)", outputName(index))
	}
	return nil
}

var _ hw.Board = (*Board)(nil)
