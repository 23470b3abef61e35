package automation

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

const (
	firstRun = 2 * time.Second  // from ready to the first run. Pioreactor 26.7.2
	slowest  = 10 * time.Minute // ends the wait for a dose whose end nobody reported
	retry    = time.Minute      // what could not be done now is tried again after it
)

// rhythm makes an automation run every so often, each run once: the time of the
// last run is kept over restarts, so none is doubled, a run that was cut off
// before anything flowed is made up for, and one that was missed in a power cut
// is not. Runs never overlap. K is what the automation carries from run to run;
// what a run changes of it counts once liquid has moved.
type rhythm[K any] struct {
	key  string // of the durable state: the automation's name
	what string // what a run is called, such as "exchange"
	skip bool   // the first run comes after a full duration

	book    runs[K]
	started time.Time // when this start became ready
	plan    actors.Dose
	saves   int           // asked for
	saved   int           // answered
	awaited int           // the save that the plan waits for; 0 none
	running bool          // a dose is under way
	since   time.Duration // when it was asked for, on Mono
}

// runs is what a rhythm keeps.
type runs[K any] struct {
	At     time.Time `json:"at"`             // when the last run began
	Before time.Time `json:"before"`         // and the one before it
	Open   bool      `json:"open,omitempty"` // a dose was asked for, and its end is not known
	Kept   K         `json:"kept"`
	Next   K         `json:"next"` // Kept, once the open run has moved liquid
}

// hear takes every message of the automation. When a run is due, the automation
// must call dose, pass or postpone.
func (r *rhythm[K]) hear(c *actors.Context, msg any, every time.Duration) (due bool, err error) {
	switch msg := msg.(type) {
	case actors.Started:
		r.started = c.Now()
		r.book, err = recall[runs[K]](c, r.key)
	case actors.Entered:
		r.running, r.awaited = false, 0 // sleep ends a dose
		r.schedule(c, every)
	case actors.SettingsChanged:
		r.schedule(c, every)
	case actors.Tick:
		return r.tick(c, every)
	case actors.Saved:
		err = r.written(c, msg)
	case actors.Dosed:
		r.ended(c, true)
	case actors.DoseRefused:
		r.ended(c, false)
	}
	return due, err
}

// schedule plans the runs after the last one. A clock that went back must not
// hold the next one off for longer than a duration.
func (r *rhythm[K]) schedule(c *actors.Context, every time.Duration) {
	wait := firstRun
	switch {
	case r.book.Open && !r.running: // what became of it is known by then
	case !r.book.At.IsZero():
		wait = max(firstRun, r.book.At.Add(every).Sub(c.Now()))
	case r.skip:
		wait = max(firstRun, r.started.Add(every).Sub(c.Now()))
	}
	c.EveryFrom(c.Mono()+min(wait, max(every, firstRun)), every)
}

func (r *rhythm[K]) tick(c *actors.Context, every time.Duration) (due bool, err error) {
	if r.running && c.Mono()-r.since < slowest {
		return false, actors.Refuse("busy", "no %s: the last one is still under way", r.what)
	}
	if r.book.Open && !r.settle(c) {
		r.schedule(c, every)
		return false, nil
	}
	return true, nil
}

// settle closes a run whose end was not heard, and reports whether it has to be
// done again: the ledger knows whether anything has flowed since it began. In
// doubt it has: better a run too few than one too many.
func (r *rhythm[K]) settle(c *actors.Context) (again bool) {
	vial, _, known := actors.Latest[actors.Vial](c, "")
	again = known && vial.LastDose.Before(r.book.At) && !r.running
	r.running = false
	if again {
		r.book.At = r.book.Before
	} else {
		r.book.Kept = r.book.Next
	}
	r.book.Open = false
	r.save(c)
	return again
}

// dose runs, and carries next once liquid has moved. The time is on the disk
// before anything flows.
func (r *rhythm[K]) dose(c *actors.Context, d actors.Dose, next K) {
	r.plan, r.running, r.since = d, true, c.Mono()
	r.book.Before, r.book.At = r.book.At, c.Now()
	r.book.Open, r.book.Next = true, next
	r.save(c)
	r.awaited = r.saves
}

// pass is a run that moves nothing.
func (r *rhythm[K]) pass(c *actors.Context) {
	r.book.Before, r.book.At = r.book.At, c.Now()
	r.save(c)
}

// postpone has the run come again soon: it could not be decided.
func (r *rhythm[K]) postpone(c *actors.Context, every time.Duration) {
	c.EveryFrom(c.Mono()+min(retry, every), every)
}

func (r *rhythm[K]) save(c *actors.Context) {
	r.saves++
	keep(c, r.key, r.book)
}

// written gives the dose whose time is on the disk now.
func (r *rhythm[K]) written(c *actors.Context, saved actors.Saved) error {
	if saved.Key != r.key {
		return nil
	}
	r.saved++
	if r.saved != r.awaited {
		return nil
	}
	r.awaited = 0
	if saved.Err != nil {
		r.running, r.book.Open = false, false
		return actors.Refuse("not_saved", "no %s: its time could not be kept: %v", r.what, saved.Err)
	}
	err := c.Dose(r.plan)
	r.running = err == nil
	return err
}

// ended notes what became of the run.
func (r *rhythm[K]) ended(c *actors.Context, moved bool) {
	if !r.running {
		return
	}
	r.running, r.book.Open = false, false
	if moved {
		r.book.Kept = r.book.Next
	}
	r.save(c)
}
