// Command i2c_sensor is pioactor plus a device of a person's own on the HAT's I2C
// bus: a thermometer MCP9808 on the media bottle, its driver and the job that
// publishes what it reads, in one file. From the root of the source:
//
//	go run ./examples/i2c_sensor up --config examples/i2c_sensor/config.toml
//	pioactor jobs start bottle_temperature
//	mosquitto_sub -v -t 'pioreactor/+/+/bottle_temperature/#'
package main

import (
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock hardware and jobs
	"github.com/pioactor/pioactor/hw"
)

// MCP9808 is a thermometer, in steps of 0.0625 °C. Datasheet DS25095,
// https://ww1.microchip.com/downloads/en/DeviceDoc/25095A.pdf, "Ambient
// Temperature Register".
type MCP9808 struct{ Bus hw.I2C }

const (
	address  = 0x18 // with its pins A0 to A2 at ground
	ambientT = 0x05 // register: 13 bits, signed, high byte first; the top three are alarms
)

// TemperatureC is the temperature in °C, -40 to 125.
func (m MCP9808) TemperatureC() (float64, error) {
	var raw [2]byte
	if err := m.Bus.Tx(address, []byte{ambientT}, raw[:]); err != nil {
		return 0, fmt.Errorf("MCP9808: ambient temperature: %w", err)
	}
	c := float64(int16(uint16(raw[0])<<11|uint16(raw[1])<<3)) / 8 / 16
	if c < -40 || c > 125 {
		return 0, fmt.Errorf("MCP9808 at 0x%02x: ambient temperature: %.4g °C, outside of -40 to 125", address, c)
	}
	return c, nil
}

// BottleTemperature reads the thermometer every Interval, and raises an alarm while
// the bottle is warmer than High, or nobody answers.
type BottleTemperature struct {
	Interval     time.Duration `toml:"interval" unit:"s" min:"1" max:"3600" set:"yes" help:"between readings"`
	HighC        float64       `toml:"high_c" unit:"°C" min:"-40" max:"125" set:"yes" help:"alarm above this temperature"`
	TemperatureC float64       `toml:"temperature_c" unit:"°C" set:"no" word:"unknown=-273" help:"of the bottle"`
	bus          hw.I2C
	waiting      bool // for the thermometer
}

func newBottleTemperature() *BottleTemperature {
	return &BottleTemperature{Interval: 10 * time.Second, HighC: 10, TemperatureC: -273}
}

// reading is what comes back from the thermometer.
type reading struct {
	c   float64
	err error
}

// Receive asks the thermometer at every tick; the answer comes as a message.
func (b *BottleTemperature) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return b.start(c)
	case actors.SettingsChanged:
		c.Every(b.Interval)
	case actors.Tick:
		b.ask(c)
	case reading:
		b.waiting = false
		b.judge(c, msg)
	}
	return nil
}

// start takes the bus of the unit's board, which other devices share.
func (b *BottleTemperature) start(c *actors.Context) (err error) {
	if b.bus == nil {
		b.bus, err = c.I2C()
	}
	if err != nil {
		return actors.Refuse("no_bus", "bottle_temperature: %v; it needs a HAT", err)
	}
	c.Every(b.Interval)
	return nil
}

// ask reads the thermometer beside the actors: it waits for its turn on the bus.
func (b *BottleTemperature) ask(c *actors.Context) {
	if b.waiting {
		return
	}
	b.waiting = true
	sensor := MCP9808{b.bus}
	c.Do(func() (any, time.Duration) {
		t, err := sensor.TemperatureC()
		return reading{t, err}, 0
	})
}

func (b *BottleTemperature) judge(c *actors.Context, r reading) {
	switch {
	case r.err != nil:
		c.Raise("bottle_temperature", "medium", fmt.Sprintf("no temperature of the bottle: %v", r.err), false)
		return
	case r.c > b.HighC:
		c.Raise("bottle_temperature", "medium", fmt.Sprintf("the bottle is at %.1f °C, above %v °C: is the fridge shut?", r.c, b.HighC), false)
	default:
		c.Clear("bottle_temperature")
	}
	b.TemperatureC = math.Round(r.c*10) / 10
}

func init() {
	actors.Register(actors.Own, "bottle_temperature", func() actors.Job { return newBottleTemperature() })
}

func main() { cmd.Main() }
