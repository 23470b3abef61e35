package rotor

import (
	"math"
	"time"
)

// Do is what an action does.
type Do int

// The actions.
const (
	Drive   Do = iota // set DutyPercent, then wait For
	Observe           // measure over For, then call [Rotor.Measured]
)

// Action is one step of a program.
type Action struct {
	Do          Do
	DutyPercent float64 // of Drive
	For         time.Duration
}

// Program is carried out in order. The duty of its last Drive stays on. Setting
// the duty that is on already changes nothing, so that waiting is a Drive too.
type Program []Action

const (
	startKick = 500 * time.Millisecond // at full power, from rest
	stallKick = 750 * time.Millisecond // off, then on: breaks a bar loose
	settle    = 2 * time.Second        // after a change of duty
	kickDecay = 3 * time.Second        // after a kick, which overshoots
	firstHold = 6 * time.Second        // the first look at a target just reached
	stallLook = 20 * time.Second       // between looks at a stalled motor
)

// Window is how long to measure at a target speed in rpm: ten revolutions,
// within 1 to 5 s; 1 s at rest.
func Window(target float64) time.Duration {
	if !(target > 0) {
		return time.Second
	}
	seconds := clamp(10/(target/60), 1, 5)
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

// watch drives the present duty for a while and then measures.
func (r Rotor) watch(wait time.Duration) Program {
	return r.measured(Program{{Do: Drive, DutyPercent: r.duty, For: max(wait, 0)}})
}

func (r Rotor) startProgram() Program {
	return r.measured(Program{
		{Do: Drive, DutyPercent: 100, For: startKick},
		{Do: Drive, DutyPercent: r.duty, For: kickDecay},
	})
}

func (r Rotor) kickProgram() Program {
	return r.measured(Program{
		{Do: Drive, DutyPercent: 0, For: stallKick},
		{Do: Drive, DutyPercent: 100, For: stallKick},
		{Do: Drive, DutyPercent: r.duty, For: kickDecay},
	})
}

func (r Rotor) measured(p Program) Program {
	if r.cfg.OpenLoop {
		return p
	}
	return append(p, Action{Do: Observe, For: Window(r.target)})
}
