package od

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/actors/od/rhythm"
	"github.com/pioactor/pioactor/actors/protocol"
)

const (
	windowFor = 2 * time.Second // a reading takes at most 1 s; Pioreactor 26.7.2
	patience  = 3 * time.Second // with a device, longer than any window
	retry     = 5 * time.Second // between attempts to start
	retrySoon = time.Second     // after the first of them: a pump is about to stop
	late      = 500 * time.Millisecond
	failing   = 6 // readings missed in a row, 30 s at the default interval
)

// stage is what the next window is for.
type stage int

const (
	darkening stage = iota // read every diode without light
	tuning                 // find the mains frequency and the IR intensity
	reading
)

// step is where in a window the job is.
type step int

const (
	idle     step = iota
	asking        // for Quiet
	settling      // LED and photodiode
	sampling      // for ADCRead
	ending        // for QuietEnded
)

// settled and overdue end a wait; they name it, so that old ones are void.
type (
	settled uint64
	overdue uint64
	again   struct{}
)

// run is the state of a running job.
type run struct {
	stage stage
	step  step
	wait  uint64        // counts steps
	since time.Duration // Mono of the step
	guard actors.Timer
	noted optics.Quality // what the window said so far
	pump  bool           // one ran during the window
	clear time.Duration  // Mono when the bubbles of the last dose have cleared
	burst protocol.ADCRead
	ir    float64       // of this window
	due   time.Duration // Mono of this reading
	began bool          // the rhythm
	first time.Duration // Mono of the first reading
	// lastDue is the instant of the newest reading that was due.
	lastDue time.Duration
	missing int // readings missed in a row

	channels   []channel
	numbers    []int
	conversion time.Duration // one round over all channels
	readPlan   []time.Duration
	humHz      float64

	vial    uint64                       // number of the vial that ref belongs to
	collect func(*actors.Context, batch) // takes the readings in place of everybody
	ref     optics.Reference
	firstIR float64 // % of the IR LED at the first reference
	saved   bool    // the first reference is on the disk
	saving  bool
	waiting batch
	steady  int  // references in a row that were not unstable
	unlit   bool // the reference shows no light
	tripped bool
	alarmed bool          // by a level too high
	warned  time.Duration // Mono of the last warning of a high level
	high    bool          // there was one
}

// tick begins a reading, unless the one before is still under way.
func (j *Job) tick(c *actors.Context) {
	if j.step != idle {
		return
	}
	now := c.Mono()
	j.due = now - (now-j.first)%j.Interval
	j.lastDue = j.due
	j.open(c)
}

// open asks for a window.
func (j *Job) open(c *actors.Context) {
	j.noted, j.pump, j.burst, j.ir = optics.Good, false, protocol.ADCRead{}, j.brightness()
	ask := protocol.AskQuiet{For: windowFor, Takes: rhythm.Reading, IRPercent: j.ir, KeepLEDs: j.stage == reading && !j.LEDsOff}
	if !c.Tell("window", ask) {
		j.missed(c, "there is no actor window")
		return
	}
	j.enter(c, asking)
}

// brightness of the IR LED in the next window.
func (j *Job) brightness() float64 {
	switch {
	case j.stage == darkening:
		return 0
	case j.IRPercent == auto:
		return optics.MaxAutoIntensity
	}
	return j.IRPercent
}

func (j *Job) enter(c *actors.Context, s step) {
	j.guard.Cancel()
	j.wait++
	j.step, j.since, j.guard = s, c.Mono(), actors.Timer{}
	if s != idle {
		j.guard = c.After(patience, overdue(j.wait))
	}
}

// quiet came, or not.
func (j *Job) quiet(c *actors.Context, m protocol.Quiet) {
	switch {
	case j.step != asking && m.OK:
		c.Tell("window", protocol.EndQuiet{}) // too late for it
	case j.step != asking:
	case !m.OK:
		j.missed(c, m.Reason)
	default:
		j.pump = m.PumpOn
		j.enter(c, settling)
		c.After(j.Settle, settled(j.wait))
	}
}

// sample asks for the burst.
func (j *Job) sample(c *actors.Context, m settled) {
	if uint64(m) != j.wait {
		return
	}
	j.enter(c, sampling)
	if !c.Tell("adc", protocol.ReadADC{Plan: j.plan(), Channels: j.numbers}) {
		j.abort(c, "there is no actor adc")
	}
}

// sampled keeps the burst and lets the others go on.
func (j *Job) sampled(c *actors.Context, m protocol.ADCRead) {
	if j.step != sampling || m.Err == nil && m.Start < j.since {
		return
	}
	if c.Mono()-j.since+j.Settle > windowFor {
		j.noted = optics.Worse(j.noted, optics.Disturbed) // the window was closed by then
	}
	if j.stage == reading && j.since-j.Settle-j.due > late {
		j.noted = optics.Worse(j.noted, optics.Late)
	}
	j.burst = m
	j.enter(c, ending)
	c.Tell("window", protocol.EndQuiet{})
}

// ended says whether the window was as quiet as promised.
func (j *Job) ended(c *actors.Context, m protocol.QuietEnded) {
	if j.step != ending {
		return
	}
	j.enter(c, idle)
	if j.pump = j.pump || m.PumpOn; j.pump {
		j.noted = optics.Worse(j.noted, optics.PumpOn)
	}
	if j.burst.Start < j.clear {
		j.noted = optics.Worse(j.noted, optics.Bubbles)
	}
	if m.Disturbed {
		j.noted = optics.Worse(j.noted, optics.Disturbed)
	}
	switch {
	case j.burst.Err != nil:
		for i := range j.channels {
			j.channels[i].near = j.channels[i].near.Doubt()
		}
		j.missed(c, j.burst.Err.Error())
	case len(j.burst.Burst.Samples) != len(j.channels):
		j.missed(c, "the adc answered for other channels than asked")
	default:
		j.use(c)
	}
	j.burst = protocol.ADCRead{}
}

func (j *Job) use(c *actors.Context) {
	switch j.stage {
	case darkening:
		j.darkRead(c)
	case tuning:
		j.tuned(c)
	case reading:
		j.compute(c)
	}
}

// overdue gives up a step that got no answer.
func (j *Job) overdue(c *actors.Context, m overdue) {
	if uint64(m) != j.wait || j.step == idle {
		return
	}
	who := "window"
	if j.step == sampling {
		who = "adc"
	}
	j.abort(c, who+" did not answer within "+patience.String())
}

func (j *Job) abort(c *actors.Context, why string) {
	c.Tell("window", protocol.EndQuiet{})
	j.missed(c, why)
}

// missed goes on without this reading.
func (j *Job) missed(c *actors.Context, why string) {
	j.enter(c, idle)
	if j.missing++; j.missing == 1 {
		c.Log().Warning("No reading: %s.", why)
	}
	if j.missing >= failing {
		c.Raise("od_reading_failing", "high", "No OD reading: "+why+".", false)
	}
	if !j.began {
		c.After(j.pause(), again{})
	}
}

// pause is between two attempts to start.
func (j *Job) pause() time.Duration {
	if j.missing < failing/2 {
		return retrySoon
	}
	return retry
}

// got ends a series of misses.
func (j *Job) got(c *actors.Context) {
	if j.missing >= failing {
		c.Clear("od_reading_failing")
	}
	if j.alarmed {
		c.Clear("adc_too_high")
	}
	j.missing, j.alarmed = 0, false
}

// again tries to start once more.
func (j *Job) again(c *actors.Context) {
	if j.step == idle && !j.began && c.State() != actors.Sleeping {
		j.open(c)
	}
}

// longestDose ends the wait for a dose whose end nobody reported.
const longestDose = 10 * time.Minute

// stirredUp notes that liquid moves, or did just now: for a while the bubbles
// change what is read.
func (j *Job) stirredUp(c *actors.Context, lasts time.Duration) {
	j.clear = max(j.clear, c.Mono()+lasts)
}

// entered pauses, and goes on in the old phase.
func (j *Job) entered(c *actors.Context, m actors.Entered) {
	j.tellRhythm(c)
	if m.State == actors.Sleeping {
		j.unfused(c, "")
	}
	switch {
	case m.State == actors.Sleeping && j.step != idle:
		c.Tell("window", protocol.EndQuiet{})
		j.enter(c, idle)
	case m.State == actors.Ready && m.From == actors.Sleeping:
		j.forget()
		j.tripped = false
		j.again(c)
	}
}
