// Package protocol is what the house's own actors say to each other about
// outputs, quiet and liquid. Authors of automations never need it: the actions
// of actors.Context come down to it.
//
// It refuses to hold behaviour: messages only, each with the actor that takes
// it and the answer it gets.
//
//	c.Tell("pumps", protocol.Drive{Output: protocol.PumpOutput("media"), Percent: 100, For: 11 * time.Second, Owner: c.Name()})
package protocol

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw"
)

// Names of outputs, as used in Drive, Release and Cut.
const (
	Stirrer = "stirrer"
	Heater  = "heater"
)

// Limits that both sides know.
const (
	LongestRun   = 30 * time.Minute // of a pump: 15 mL at a tenth of the usual flow
	LongestQuiet = 10 * time.Second // of an OD window
)

// PumpOutput names the output of a pump.
func PumpOutput(role hw.PumpRole) string { return "pump/" + string(role) }

// LEDOutput names the output of an LED, "A" to "D".
func LEDOutput(channel string) string { return "led/" + channel }

// Drive asks the device that owns Output (actors "pumps", "leds", "stirrer", "heater") to
// drive it for no longer than For. The same owner may renew or change it at any
// time; another owner is refused while the lease lives. Answered by Driven.
// Inside an OD window the change waits for the window's end; Driven comes then.
type Drive struct {
	Output  string
	Percent float64
	For     time.Duration
	Owner   string
	Epoch   uint64
	Tag     string // comes back in Driven and Cut, so that a late answer is known as one
}

// Driven answers Drive. A refusal changed nothing.
type Driven struct {
	Output string
	OK     bool
	Code   string // "held", "old_epoch", "invalid", "hardware", "released", "fault"
	Reason string
	Tag    string // of the Drive
}

// Release makes Output safe, or with an empty Output all that Owner holds. It
// acts at once, inside an OD window too, and is not answered except by Cut. With
// a Tag it is meant for the lease of that Drive only, and always answered: with
// Cut "not held" if there is no such lease, whatever became of it.
type Release struct {
	Output string
	Owner  string
	Tag    string
}

// Cut tells an owner that its lease on Output has ended, and the output is safe.
type Cut struct {
	Output string
	Owner  string
	Ran    time.Duration // how long it was really driven, over the whole lease
	Reason string        // "expired", "released", "not held", "hardware: …", "fault: …"
	Tag    string        // of the Drive
}

// AskQuiet asks the actor "window" for an OD window: light as the measurement
// needs it and no change of any output. Answered by Quiet.
type AskQuiet struct {
	For       time.Duration // at most; after it the window closes by itself
	Takes     time.Duration // expected; nothing may end within it that would change an output
	IRPercent float64       // the IR LED during the window; 0 for a dark one
	KeepLEDs  bool          // leave the other LEDs on
}

// Quiet answers AskQuiet once every device has granted it.
type Quiet struct {
	OK     bool
	Reason string // why not: another window is open, a device does not answer, a pump's run ends in it
	PumpOn bool   // a pump runs through the window: flag the reading
}

// EndQuiet closes the window, sent by whoever asked for it. Answered by QuietEnded.
type EndQuiet struct{}

// QuietEnded reports whether an output changed inside the window after all,
// because safety came first.
type QuietEnded struct {
	Disturbed bool
	PumpOn    bool
}

// Hush is the window's word to each device: no change until Unhush or Until.
// Safety is exempt: a lease that ends still makes its output safe. Answered by Hushed.
type Hush struct {
	Tag       uint64        // of the window; comes back in Hushed
	Until     time.Duration // on Mono
	IRPercent float64
	KeepLEDs  bool
}

// Hushed answers Hush and Unhush.
type Hushed struct {
	Tag     uint64
	Device  string
	PumpOn  bool
	Changed bool          // an output changed since Hush
	Ends    time.Duration // on Mono, of the first run of a pump that does; 0 for none
}

// Unhush ends the Hush of the same Tag.
type Unhush struct{ Tag uint64 }

// ReadADC asks the actor "adc" for a burst. Answered by ADCRead.
type ReadADC struct {
	Plan     hw.Plan
	Channels []int
}

// ADCRead answers ReadADC.
type ADCRead struct {
	Burst  hw.Burst
	Diodes []hw.Photodiode // of the channels asked for, in that order; read only
	Start  time.Duration   // on Mono, when the burst began
	Err    error
}

// ReadEdges asks the actor "tachometer" for its count. Answered by EdgesRead.
type ReadEdges struct{}

// EdgesRead answers ReadEdges.
type EdgesRead struct {
	Edges hw.Edges
	Err   error
}

// ReadTemperature asks the actor "thermometer" for a reading. Answered by
// TemperatureRead.
type ReadTemperature struct{}

// TemperatureRead answers ReadTemperature; the actor "heater" hears every one.
type TemperatureRead struct {
	At           time.Duration // on Mono, when the taking began
	TemperatureC float64       // of the heater's board, not the vial
	Err          error
}

// PWMDuty is the duty of one PWM channel, 1 to 5.
type PWMDuty struct {
	actors.Meta
	Channel int     `json:"channel"`
	Percent float64 `json:"percent"`
}

// RetainKey implements actors.Retained.
func (f PWMDuty) RetainKey() string { return string(rune('0' + f.Channel)) }
