package actorstest_test

import (
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

// windows are the books of the OD window: what changed in it, and what was said of that.
type windows struct {
	reader  string          // who has a window; empty: none is open
	asked   time.Duration   // its end, once it is granted
	closes  time.Duration   // since the vial exists
	changed bool            // a duty did
	duty    map[int]float64 // by PWM channel
	on      map[int]time.Duration
	runs    [][2]time.Duration // of pumps, on the boot's clock

	counting *int // readings, while somebody counts
}

func newWindows() windows { return windows{duty: map[int]float64{}, on: map[int]time.Duration{}} }

func (w *windows) cut() { *w = newWindows() }

func (w *windows) spy(a *audit, to string, msg any) {
	switch m := msg.(type) {
	case protocol.AskQuiet:
		w.asked = a.now() + m.For
	case protocol.Quiet:
		if m.OK {
			w.reader, w.changed, w.closes = to, false, w.asked
		}
	case protocol.EndQuiet:
		w.closes = a.now()
	}
}

func (w *windows) fact(a *audit, f actors.Fact) {
	switch f := f.(type) {
	case protocol.PWMDuty:
		w.turned(a, f)
	case actors.OwnerGone:
		if f.Owner == w.reader || f.Owner == "window" {
			w.reader = ""
		}
	case actors.ODReadings:
		if w.counting != nil {
			*w.counting++
		}
	case actors.ODReading:
		w.judged(a, f)
	}
}

func (w *windows) turned(a *audit, f protocol.PWMDuty) {
	before := w.duty[f.Channel]
	w.duty[f.Channel] = f.Percent
	if f.Channel >= 2 && f.Channel <= 4 {
		w.pumped(f)
	}
	if w.reader == "" || a.now() >= w.closes || before == f.Percent {
		return
	}
	w.changed = true
	if f.Percent > 0 {
		a.say("window", "PWM channel %d goes from %g to %g %% inside an OD window", f.Channel, before, f.Percent)
	}
}

// pumped notes when pumps go on and off.
func (w *windows) pumped(f protocol.PWMDuty) {
	since, on := w.on[f.Channel]
	switch {
	case f.Percent > 0 && !on:
		w.on[f.Channel] = f.Mono
	case f.Percent == 0 && on:
		delete(w.on, f.Channel)
		w.runs = append(w.runs, [2]time.Duration{since, f.Mono})
	}
}

// pumping reports whether a pump was on between from and to.
func (w *windows) pumping(from, to time.Duration) bool {
	for _, since := range w.on {
		if since < to {
			return true
		}
	}
	return slices.ContainsFunc(w.runs, func(r [2]time.Duration) bool { return r[0] < to && r[1] > from })
}

// judged is a reading with the quality it claims.
func (w *windows) judged(a *audit, f actors.ODReading) {
	if s := a.state["od_reading"]; s != actors.Ready && s != actors.Init {
		a.say("ended", "od_reading is %s and reads", s)
	}
	if a.paused() {
		a.say("paused", "OD is read in a pause")
	}
	jumped := a.jumped >= 0 && a.now()-a.jumped < 5*time.Second // its instant is of another time
	if f.Quality.Grade != actors.Good || jumped {
		return
	}
	if took := a.h.Clock.Now().Sub(f.At); w.pumping(f.Mono-took, f.Mono) {
		a.say("flagged", "a reading with a pump on is called good")
	}
	if w.changed {
		a.say("window", "a duty changed inside the window of a reading that is called good")
	}
}
