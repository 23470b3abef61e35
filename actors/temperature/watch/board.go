package watch

import (
	"fmt"
	"math"
	"time"
)

// How a heater's board follows its duty. Recorded cool-downs of Pioreactors give
// 0.17 to 0.26 °C/% and 16 to 50 s; a heater with a quarter of that still counts
// as one, so these need not be right, only near.
const (
	leadCPerPct = 0.2
	leadS       = 24.0
	dueC        = 2.0              // a lead that changed so far must be seen …
	gain        = 0.25             // … to this share
	within      = 45 * time.Second // … by then; noise and cold media pass
	longest     = 90 * time.Second // then the vial itself has moved: begin anew
	stillC      = 0.0105           // a step of 0.0625 °C in one of six readings
	otherC      = -4               // against the heater: somebody changed the vial
	chillC      = -0.5             // a cold dose outdoes the heater, but not in two heatings in a row
	warmC       = 28               // warmer than a room: an unheated board cools, so it is the reading that stands still
)

// board is what the heater's board should do.
type board struct {
	percent float64 // the heater is driven with
	lead    float64 // °C above the vial, expected
	time    time.Duration
	past    [8]step // leads at the last changes, for since
	ref     ref
	latest  ref
	still   ref  // when the reading began to be what it is
	chilled bool // the last heating without effect was put down to a dose
}

// step is the expected lead at a time.
type step struct {
	at   time.Duration
	lead float64
}

// ref is the reading that later ones are compared with.
type ref struct {
	set  bool
	at   time.Duration
	c    float64
	lead float64
}

// at moves the expectation on.
func (b board) at(now time.Duration) board {
	if now <= b.time {
		return b
	}
	copy(b.past[1:], b.past[:])
	b.past[0] = step{b.time, b.lead}
	final := leadCPerPct * b.percent
	b.lead = final + (b.lead-final)*math.Exp(-(now-b.time).Seconds()/leadS)
	b.time = now
	return b
}

// since is how far the lead has changed since a time that was noted.
func (b board) since(at time.Duration) float64 {
	lead := b.lead
	for _, s := range b.past {
		if s.at < at {
			break
		}
		lead = s.lead
	}
	return b.lead - lead
}

func (b board) anew() board {
	b.ref, b.latest, b.still, b.chilled = ref{}, ref{}, ref{}, false
	return b
}

// driven begins a new comparison with the newest reading: over a rise and a fall
// together the vial moves as much as its board.
func (b board) driven(now time.Duration, percent float64) board {
	b = b.at(now)
	if percent != b.percent {
		b.ref = b.latest
	}
	b.percent = percent
	return b
}

// compare judges whether a plausible reading shows what the heater should do.
func (b board) compare(now time.Duration, c float64) (board, Fault, string) {
	here := ref{set: true, at: now, c: c, lead: b.lead}
	b.latest = here
	if !b.ref.set {
		b.ref = here
	}
	if !b.still.set || math.Abs(c-b.still.c) > stillC {
		b.still = here
	}
	if due := b.lead - b.still.lead; math.Abs(due) >= dueC && c > warmC && now-b.still.at >= 2*Period {
		return b.frozen(here, due)
	}
	return b.effect(here)
}

func (b board) frozen(here ref, due float64) (board, Fault, string) {
	return b.anew(), Frozen, fmt.Sprintf("The thermometer stands still at %.2f °C for %.0f s while it should change by %+.1f °C.",
		here.c, (here.at - b.still.at).Seconds(), due)
}

// effect judges whether the heater has one.
func (b board) effect(here ref) (board, Fault, string) {
	due, moved, took := here.lead-b.ref.lead, here.c-b.ref.c, here.at-b.ref.at
	follows := moved
	if due < 0 {
		follows = -moved
	}
	small := math.Abs(due) < dueC
	switch {
	case !small && follows >= gain*math.Abs(due):
		b.ref, b.chilled = here, b.chilled && due < 0
	case follows < otherC, small && took > longest:
		b.ref = here
	case small, took < within:
	case due > 0 && moved < chillC && !b.chilled:
		b.ref, b.chilled = here, true
	case here.c > warmC && here.at-b.still.at >= 3*Period:
		return b.frozen(here, due)
	default:
		return b.anew(), NoGain, fmt.Sprintf("The heater has no effect: in %.0f s its board should change by %+.1f °C and changed by %+.1f °C. "+
			"Check the heater's cable and the vial.", took.Seconds(), due, moved)
	}
	return b, None, ""
}
