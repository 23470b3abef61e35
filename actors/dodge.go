package actors

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors/od/rhythm"
)

// ODNear tells a job that dodges OD readings that one is near: whatever it does
// that disturbs light or liquid is to be over within the time it asked for.
// ODOver follows.
type ODNear struct{}

// ODOver tells a job that dodges that the reading is over, or will not come.
type ODOver struct{}

// Dodging tells a job that dodges whether there is something to dodge: On while
// OD is read, also while the reading job pauses. Reason says why readings that
// are taken cannot be dodged; it is empty when none are.
type Dodging struct {
	On     bool
	Reason string
}

// ODRhythm is when OD is read: at First and every Interval after it. Interval
// is 0 when nobody reads.
type ODRhythm struct {
	Meta
	Job      string        `json:"job"`        // who reads
	First    time.Duration `json:"first_mono"` // on Mono
	Interval time.Duration `json:"interval"`   // between readings
	Paused   bool          `json:"paused,omitempty"`
}

// RetainKey implements Retained.
func (ODRhythm) RetainKey() string { return "" }

// DodgeOD keeps this job out of the way of OD readings: it gets ODNear before
// ahead of each reading, ODOver once the reading and after have passed, and
// Dodging when that begins and ends, also because readings come too close to
// each other. It may be called at any moment and again; the first reading to be
// dodged is the next that is still further away than before. An error means
// wrong arguments: before of 0, after below 0.
//
// A job that dodges is not needed for quiet outputs: inside an OD window no
// output changes anyway. It is for what takes time to come to rest.
func (c *Context) DodgeOD(before, after time.Duration) error {
	h := c.h
	wish := rhythm.Dodge{Before: before, After: after}
	if err := wish.Check(before + rhythm.Reading + after + 1); err != nil {
		return fmt.Errorf("actors: %s: dodge OD: %w", c.Name(), err)
	}
	Subscribe[ODRhythm](c)
	if h.dodge == nil {
		h.dodge = &dodger{}
	}
	h.dodge.wish = wish
	now, _ := latest[ODRhythm](h.sys, "")
	h.follow(now)
	return nil
}

// CanDodgeOD refuses what OD readings as they are taken now leave no time for.
// While none are taken there is time for anything.
func (c *Context) CanDodgeOD(before, after time.Duration) error {
	od, _ := latest[ODRhythm](c.h.sys, "")
	if od.Interval == 0 || !c.h.sys.Running(od.Job) {
		return nil
	}
	if err := (rhythm.Dodge{Before: before, After: after}).Check(od.Interval); err != nil {
		return &Refusal{"cannot_dodge", c.Name() + ": " + err.Error()}
	}
	return nil
}

// StopDodgingOD ends DodgeOD; neither ODOver nor Dodging follows.
func (c *Context) StopDodgingOD() { c.h.dodge = nil }

// dodger is what the host knows for a job that dodges.
type dodger struct {
	wish   rhythm.Dodge
	od     ODRhythm
	told   Dodging // what the job was told last
	near   bool    // the job is quiet
	rounds uint64  // of timers: older ones are void
}

// dodgeDue ends a stretch of the time table.
type dodgeDue struct {
	of    *dodger
	round uint64
	quiet bool // it is time to be quiet
}

// follow takes up a rhythm, at any moment of it: a reading that is already near
// is not dodged, unless the job is quiet for it.
func (h *host) follow(od ODRhythm) {
	d := h.dodge
	d.od = od
	d.rounds++
	h.tellDodging()
	rest := time.Duration(0)
	if d.possible() {
		rest = d.wish.Busy(d.rhythm(), h.sys.clock.Mono())
	}
	if d.near && rest == 0 {
		h.odOver()
	}
	h.dodgeOn(rest)
}

func (d *dodger) rhythm() rhythm.Rhythm {
	return rhythm.Rhythm{First: d.od.First, Interval: d.od.Interval}
}

// possible reports whether readings come that can be dodged.
func (d *dodger) possible() bool { return d.told.On && !d.od.Paused }

// tellDodging tells the job whether it dodges, if that is news.
func (h *host) tellDodging() {
	d := h.dodge
	now := Dodging{On: true}
	if d.od.Interval == 0 || !h.sys.Running(d.od.Job) {
		now = Dodging{}
	} else if err := d.wish.Check(d.od.Interval); err != nil {
		now = Dodging{Reason: err.Error()}
	}
	if now != d.told {
		d.told = now
		h.mail(now)
	}
}

// dodgeWord is what a job is told, in a turn of its own.
type dodgeWord struct {
	of  *dodger
	msg any
}

func (h *host) mail(msg any) {
	h.sys.engine.Root.Send(h.life.pid, posted{h.start, dodgeWord{h.dodge, msg}})
}

// heardDodge delivers a word unless the job dodges no more. One that sleeps has
// nothing to be quiet with.
func (h *host) heardDodge(w dodgeWord) {
	if w.of != h.dodge {
		return
	}
	if _, near := w.msg.(ODNear); near && h.state != Ready {
		h.dodge.near = false
		return
	}
	h.deliver(w.msg)
}

func (h *host) odOver() {
	h.dodge.near = false
	h.mail(ODOver{})
}

// dodgeOn waits for the end of a quiet that lasts for rest, or without one for
// the next to begin.
func (h *host) dodgeOn(rest time.Duration) {
	d := h.dodge
	if !d.possible() {
		return
	}
	due := dodgeDue{d, d.rounds, false}
	if rest == 0 {
		due.quiet, rest = true, d.wish.Wait(d.rhythm(), h.sys.clock.Mono())
	}
	h.c.After(rest, due)
}

// dodgeNext is the end of a stretch.
func (h *host) dodgeNext(due dodgeDue) {
	d := h.dodge
	if d == nil || due.of != d || due.round != d.rounds {
		return
	}
	if d.near {
		h.odOver()
	}
	if h.tellDodging(); !d.possible() {
		return
	}
	now := h.sys.clock.Mono()
	next := d.rhythm().Next(now)
	if !due.quiet || next > d.wish.Before {
		h.dodgeOn(d.wish.Busy(d.rhythm(), now))
		return
	}
	d.near = true
	h.mail(ODNear{})
	h.dodgeOn(next + rhythm.Reading + d.wish.After)
}
