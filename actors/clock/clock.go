// Package clock is the house's only source of time. One [Clock] drives every
// actor: live, where timers are the operating system's and work runs on
// goroutines, or virtual, where a single loop runs everything that is runnable
// and then jumps to the next timer. A virtual clock may go live once; the
// actors on it notice nothing.
//
// It refuses to run backwards: Mono never decreases, and intervals are measured
// with it, because a Pi has no battery-backed clock and its wall time may step.
//
//	c := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
//	c.AfterFunc(time.Hour, func() { fmt.Println(c.Mono()) })
//	c.Run(2 * time.Hour) // prints 1h0m0s at once
package clock

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is a source of time and the scheduler of what is runnable. All methods
// may be called from any goroutine, except Run and GoLive, which belong to the
// one goroutine that drives a virtual clock.
type Clock struct {
	mu     sync.Mutex
	epoch  time.Time     // wall time at Mono 0 while virtual
	now    time.Duration // virtual Mono, or Mono at the switch to live
	base   time.Time     // real instant of the switch; zero while virtual
	live   bool
	queue  runQueue
	timers timerHeap
	seq    uint64
	steps  uint64
	crew   crew // runs what is runnable while live
}

// Live returns a clock that runs in real time from now on.
func Live() *Clock {
	return &Clock{live: true, base: time.Now(), crew: newCrew()}
}

// Virtual returns a clock that stands at start until Run moves it. What is
// runnable at one instant runs first in, first out when seed is 0; any other
// seed picks at random among it, so that each seed explores one interleaving.
func Virtual(start time.Time, seed uint64) *Clock {
	c := &Clock{epoch: start.UTC(), crew: newCrew()}
	if seed != 0 {
		c.queue.rng = rand.New(rand.NewPCG(seed, 0x6c6f636b))
	}
	return c
}

// IsLive reports whether the clock runs in real time.
func (c *Clock) IsLive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// Now is the wall time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		return time.Now().UTC()
	}
	return c.epoch.Add(c.now)
}

// Step moves the wall time of a virtual clock by d, back or forth, as NTP does
// once the network is there. Mono and all timers stay as they are.
func (c *Clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		panic("clock: Step on a live clock")
	}
	c.epoch = c.epoch.Add(d)
}

// Mono is the time since the clock was made. It never decreases.
func (c *Clock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mono()
}

func (c *Clock) mono() time.Duration {
	if c.live {
		return c.now + time.Since(c.base)
	}
	return c.now
}

// Steps counts what a virtual clock has run: a cheap fingerprint of a run.
func (c *Clock) Steps() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.steps
}

// Schedule runs f soon: on a goroutine of its own when live, else by the loop.
func (c *Clock) Schedule(f func()) {
	c.mu.Lock()
	if c.live {
		c.mu.Unlock()
		c.crew.run(f)
		return
	}
	c.queue.push(f)
	c.mu.Unlock()
}

// Do runs work at the edge of the house (a file, a bus, a device) and then
// done. Live, work has a goroutine of its own; virtual, it runs before Do
// returns. Either way done is called no earlier than the duration that work
// returned after Do was called: a simulated measurement is ready at once and
// takes its time all the same. done must only post a message. A panic in work
// is the caller's to recover.
func (c *Clock) Do(work func() time.Duration, done func()) {
	if !c.IsLive() {
		c.AfterFunc(work(), done)
		return
	}
	go func() {
		start := c.Mono()
		took := work()
		if left := took - (c.Mono() - start); left > 0 {
			c.AfterFunc(left, done)
			return
		}
		done()
	}()
}

// Run drives a virtual clock for d: everything runnable, then the next timer,
// until d has passed and nothing is left to run at that instant. It panics on
// a live clock, which nobody needs to drive.
func (c *Clock) Run(d time.Duration) {
	c.mu.Lock()
	end := c.now + d
	c.mu.Unlock()
	c.RunUntil(end, nil)
}

// RunUntil drives a virtual clock to the instant end on Mono, or until stop,
// asked between steps, returns true. It reports whether end was reached.
func (c *Clock) RunUntil(end time.Duration, stop func() bool) bool {
	for {
		if stop != nil && stop() {
			return false
		}
		f := c.next(end)
		if f == nil {
			return true
		}
		f()
	}
}

// next removes and returns what runs next, moving time if it must; nil at end.
func (c *Clock) next(end time.Duration) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		panic("clock: Run on a live clock")
	}
	c.steps++
	if f := c.queue.pop(); f != nil {
		return f
	}
	if len(c.timers) == 0 || c.timers[0].at > end {
		if c.now < end {
			c.now = end
		}
		return nil
	}
	t := c.timers.pop()
	c.now = max(c.now, t.at)
	return t.f
}

// GoLive turns a virtual clock into a live one. Pending timers keep their
// remaining time, and what is runnable runs. Wall time is the machine's from
// here on, so start the virtual run as long ago as it will last.
func (c *Clock) GoLive() {
	c.mu.Lock()
	c.live, c.base = true, time.Now()
	pending, queued := c.timers, c.queue.drain()
	c.timers = nil
	for _, t := range pending {
		t.index = -1
		t.start(t.at - c.now)
	}
	c.mu.Unlock()
	for _, f := range queued {
		c.crew.run(f)
	}
}
