// Package guide is how a calibration is made, step by step: what to ask, what
// to do, what to refuse. A guide is a value: a state and an input give the next
// state and the action it wants; who carries actions out tells it how they went.
//
// It refuses to act: no output, no file, no clock. It refuses numbers that
// cannot be true, with the reason, and then nothing has changed.
//
//	g := guide.NewPump(guide.Subject{Device: "media_pump", Unit: "pio1", Stamp: "2026-01-31-1205"})
//	g, action, err := g.Step(guide.Answer{Value: "1"})
package guide

import (
	"time"

	"github.com/pioactor/pioactor/hw/calibration"
)

// Guide is one calibration in the making.
type Guide interface {
	// Begin is what is done before the first question; nil for nothing.
	Begin() (Guide, Action)
	// Prompt is what is asked now; while an action is under way, what is done.
	Prompt() Prompt
	// Step takes an input. An error refuses it, and the guide is as it was.
	Step(Input) (Guide, Action, error)
	// Points are what has been recorded so far.
	Points() calibration.Points
}

// Subject is what is calibrated.
type Subject struct {
	Device string  // "media_pump", "alt_media_pump", "waste_pump", "stirring"
	Unit   string  // the unit's name
	Stamp  string  // ends the proposed name, such as "2026-01-31-1205"
	Use    bool    // make the calibration the active one without asking
	Duty   float64 // stirring: the duty that stirs at about 500 rpm, %
}

// Prompt is a question, or without a field something to confirm.
type Prompt struct {
	Title    string
	Text     string
	Field    Field
	Warnings []string
	Percent  float64 // how much of it all is done, 0 to 100
	Undo     bool    // there is a step to take back
	Redo     bool    // there is a step that was taken back
}

// Field is what an answer should be. The zero Field wants a confirmation.
type Field struct {
	Name    string   // such as "weight_g"
	Unit    string   // such as "g"
	Default string   // of an empty answer; empty: there must be an answer
	OneOf   []string // the words that are answers; empty: free
}

// Input is Answer, Undo, Redo, Ran, Measured, Kept or Failed.
type Input any

// Inputs from people.
type (
	Answer struct{ Value string } // to the prompt; empty for its default
	Undo   struct{}
	Redo   struct{}
)

// Inputs that say how an action went.
type (
	Ran      struct{ For time.Duration } // Run or Stir is over, and how long the output was on
	Measured struct{ RPM float64 }       // Stir with a window is over
	Kept     struct{}                    // Keep or Use is done
	Failed   struct{ Reason string }     // nothing came of the action; outputs are safe
)

// Action is Run, Stir, Keep, Use, Finish or Abort; nil is none.
type Action any

// Actions.
type (
	// Run runs the pump at full duty.
	Run struct {
		For time.Duration
		ML  float64 // what is expected to move
	}
	// Stir drives the stirrer: it settles and then, with a Window, is measured.
	Stir struct {
		Percent float64
		Settle  time.Duration
		Window  time.Duration
	}
	// Keep saves the calibration; CreatedAt and SupplyV are still to be set.
	Keep struct{ Calibration calibration.Calibration }
	// Use makes the calibration called Name the active one.
	Use struct{ Name string }
	// Finish ends the procedure: all is done.
	Finish struct{ Text string }
	// Abort ends it: nothing can come of it.
	Abort struct{ Reason string }
)
