package protocol

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw"
)

// ReadRail asks the actor "rail" for the supply. Answered by RailRead.
type ReadRail struct{}

// RailRead answers ReadRail.
type RailRead struct {
	Supply hw.Supply
	Err    error
}

// ReadHealth asks the actor "devices" how the board is wired. Answered by HealthRead.
type ReadHealth struct{}

// HealthRead answers ReadHealth; Known is false of a board that does not count.
type HealthRead struct {
	Health hw.Health
	Known  bool
}

// Codes says which error codes are true, by number: 1 to 8. Source of the
// numbers: Pioreactor 26.7.2, error_codes.py.
type Codes [9]bool

// ShowCodes asks the actor "statusled" to blink these codes in turn, until the
// next ShowCodes or until its sender is gone.
type ShowCodes struct{ Codes Codes }

// BlinkOnce asks the actor "statusled" to play one pattern once: an error code
// of 1 to 8, or with 0 the pattern that says "it is me, and I am fine".
type BlinkOnce struct{ Code int }

// Board says what the devices stand on; published when they start.
type Board struct {
	actors.Meta
	Info  hw.Info `json:"info"`
	IRLED string  `json:"ir_led"` // channel of the OD measurement's LED, "A" to "D"; empty for none
}

// Button is published when the button moves: what it does now, and how often it
// was pressed since the board was opened.
type Button struct {
	actors.Meta
	Down    bool   `json:"down"`
	Presses uint64 `json:"presses"`
}

// RetainKey implements actors.Retained.
func (f Board) RetainKey() string { return "" }

// RetainKey implements actors.Retained.
func (f Button) RetainKey() string { return "" }
