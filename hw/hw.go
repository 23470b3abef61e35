// Package hw says what a bioreactor's electronics can do: interfaces and value
// types, nothing else. A [Board] is one vial's hardware; hw/sim is a digital
// twin of one, hw/pioreactor drives the real HAT.
//
// It refuses to schedule: no method here sleeps, starts a goroutine or keeps
// time. An operation that takes long is a value that says how long it took
// ([Burst.Took]), so that the same job runs on a real clock and on a virtual one.
//
// A Board has one owner, the device supervisor; each part has one owner too,
// its device actor. Methods of different parts may be called concurrently,
// methods of one part may not. [Board.Halt] may be called at any time.
//
//	led, err := board.LED("A") // 0..100 %
//	burst, err := board.Photodiodes().Burst(hw.Plan{0, 20 * time.Millisecond}, []int{1, 2})
package hw

import (
	"errors"
	"time"
)

// ErrAbsent is returned for a part this board does not have; the message names
// the part. The job that needs it must refuse to start.
var ErrAbsent = errors.New("hw: not fitted")

// Board is the electronics around one vial.
type Board interface {
	// Info describes the board; it never changes while the board is open.
	Info() Info
	// Photodiodes are the light sensors; every board has them.
	Photodiodes() Photodiodes
	// LED returns channel "A" to "D", or ErrAbsent.
	LED(channel string) (Output, error)
	// Stirrer is the fan motor under the vial.
	Stirrer() Output
	// Pump returns the pump wired to role, or ErrAbsent.
	Pump(role PumpRole) (Output, error)
	// Heater is the heating trace under the vial, or ErrAbsent.
	Heater() (Output, error)
	// Thermometer sits on the heater's board, or ErrAbsent.
	Thermometer() (Thermometer, error)
	// Tachometer counts revolutions of the stir bar's magnet, or ErrAbsent.
	Tachometer() (Tachometer, error)
	// StatusLED is the light on the board that speaks to people, or ErrAbsent.
	// It is on or off: any percent above 0 is on.
	StatusLED() (Output, error)
	// Button is the button beside that light, or ErrAbsent.
	Button() (Button, error)
	// Rail is the supply that pumps, stirrer and heater run from, or ErrAbsent.
	Rail() (Rail, error)
	// Halt makes every output safe at once: 0 everywhere. Idempotent, callable
	// at any time from any goroutine, and it tries every output even if one fails.
	Halt() error
	// Close halts, then lets go of the hardware.
	Close() error
}

// Healthy is a [Board] that knows what goes wrong below its drivers.
type Healthy interface {
	// Health is how it stands now. It may be called at any time from any
	// goroutine, and asks no chip.
	Health() Health
}

// Health says how well a board is wired.
type Health struct {
	// Parts are the chips on its buses and its sensors, in a fixed order.
	Parts []PartHealth
	// Trouble is what holds it up now, in words: a bus that hangs, a line that
	// cannot be driven. Empty when nothing does.
	Trouble string
}

// PartHealth counts since the board was opened.
type PartHealth struct {
	Name   string // such as "tmp1075 at 0x4f on I2C1"
	Tried  uint64 // exchanges, each attempt; of a sensor that speaks by itself, its signals
	Failed uint64 // not answered, too late, or with what cannot be
}

// Info describes a board.
type Info struct {
	Model      string // such as "pioreactor_20ml"
	Version    string // model version, such as "1.1"
	HAT        string // version in its EEPROM, such as "1.2"; empty without a HAT, and when its EEPROM cannot be read
	HATSerial  string // empty when unknown
	Firmware   string // of the HAT's microcontroller, such as "0.5"; empty without one
	Simulated  bool
	CapacityML float64 // brimful
	MaxFillML  float64 // never fill above this
	Heat       HeatLimits
}

// PumpRole is what a pump moves.
type PumpRole string

// The three pumps of a unit.
const (
	Media    PumpRole = "media"
	AltMedia PumpRole = "alt_media"
	Waste    PumpRole = "waste"
)

// PumpRoles lists the roles in the order they are shown and halted.
var PumpRoles = [...]PumpRole{Media, AltMedia, Waste}

// Output is one energy-carrying output: a pump, an LED, the heater, the stirrer.
type Output interface {
	// Set drives the output with percent of full power, 0 to 100. Anything
	// else, NaN included, is an error and changes nothing.
	Set(percent float64) error
	// Halt is Set(0) that also works when Set has failed. Idempotent.
	Halt() error
}

// Photodiodes reads light as volts.
type Photodiodes interface {
	// Channels lists the fitted channels in ascending order, each 1 to 4.
	Channels() []Photodiode
	// Burst samples every given channel once for each entry of plan. It does
	// not sleep on the caller's clock: samples of a simulated board are ready
	// at once and Took says when they would have been; a real board takes Took
	// of real time. An unknown channel is an error.
	Burst(plan Plan, channels []int) (Burst, error)
}

// Photodiode describes one channel.
type Photodiode struct {
	Channel    int     // 1 to 4
	FullScaleV float64 // a reading at or above it is saturated and means nothing
	// Quiet reports that the converter averages mains hum away by itself
	// (ADS1114), so that a trimmed mean is the better estimator.
	Quiet bool
}

// Plan is when to sample: offsets from the start of a burst, ascending.
type Plan []time.Duration

// Burst is the outcome of one burst.
type Burst struct {
	// Samples, one slice for each channel asked for, in that order.
	Samples [][]Sample
	// Took is how long the whole burst lasted.
	Took time.Duration
}

// Sample is one conversion.
type Sample struct {
	At    time.Duration // since the start of the burst
	Volts float64       // never negative, never NaN
}

// Thermometer reads the temperature of the heater's board, not the vial's.
type Thermometer interface {
	// TemperatureC is one reading in °C.
	TemperatureC() (float64, error)
	// Series is n readings, one each interval. Like a [Burst] it does not sleep
	// on the caller's clock. A reading that fails is counted, not fatal.
	Series(n int, interval time.Duration) Series
}

// Series is the outcome of some readings of one temperature.
type Series struct {
	C      []float64 // those that succeeded, in °C
	Failed int
	Err    error // of the last that failed
	Took   time.Duration
}

// Tachometer counts one edge a revolution.
type Tachometer interface {
	// Edges is the count since the board was opened, with the time of the
	// newest edge. Two calls give a speed: Δcount / Δlast.
	Edges() (Edges, error)
}

// Button is polled, like the tachometer: nobody is called when it moves.
type Button interface {
	// Presses is the state now and the count since the board was opened, so
	// that a press between two looks is not lost.
	Presses() (Presses, error)
}

// Presses is a button's state and running count.
type Presses struct {
	Down  bool
	Count uint64 // a press counts when it begins
}

// Rail measures the supply.
type Rail interface {
	Supply() (Supply, error)
}

// Supply is what the rail has, and what the computer says of its own supply.
type Supply struct {
	Volts float64 // finite, not negative
	// Sagging is the computer's own under-voltage flag, Known if there is one.
	// On a Raspberry Pi it is in0_lcrit_alarm of the hwmon device rpi_volt.
	Sagging, Known bool
}

// Edges is a tachometer's running count.
type Edges struct {
	Count uint64
	Last  time.Duration // on the board's monotonic clock; 0 before the first edge
}

// RPM is the mean speed between two counts, in revolutions a minute: 0 when
// fewer than one whole revolution was timed.
func (e Edges) RPM(since Edges) float64 {
	if e.Count <= since.Count || since.Count == 0 || e.Last <= since.Last {
		return 0
	}
	return float64(e.Count-since.Count) / (e.Last - since.Last).Minutes()
}
