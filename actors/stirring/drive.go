package stirring

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
)

const (
	lease    = 60 * time.Second       // of a steady duty
	renewal  = 20 * time.Second       // three tries before a lease ends
	kickRoom = 10 * time.Second       // what a kick's lease outlasts it by: an OD window may hold it up
	pause    = 5 * time.Second        // before what was refused is tried again
	hurry    = 200 * time.Millisecond // the same while starting: devices start at the same time
	grace    = 5 * time.Second        // of the start; then the job is ready and goes on trying
	maxOff   = 2 * time.Minute        // cells settle; then it is an alarm
)

// driver carries out a program on the actor "stirrer".
type driver struct {
	program rotor.Program // what is left of it
	kicked  bool          // a steady duty was on once
	tag     string        // of the last order: an answer to an older one is void
	gen     uint64        // of the program: timers of older ones are void
	asked   float64       // %, the last Drive
	on      float64       // %, the last that was confirmed
	waiting bool          // for Driven
	since   time.Duration // when asked, on Mono
	wait    time.Duration // after Driven
	turned  time.Duration // when the bar was last confirmed to be driven, or need not be
	reason  string        // of the last refusal
}

// next goes on with a program; retry starts it anew; beat renews the lease.
type (
	next  struct{ gen uint64 }
	retry struct{ gen uint64 }
	beat  struct{}
	begun struct{} // the grace of the start is over
)

// run replaces the program.
func (s *Stirring) run(c *actors.Context, p rotor.Program) {
	s.drop()
	s.drive.program = p
	s.step(c, next{s.drive.gen})
}

// drop voids the program, with whatever is under way for it.
func (s *Stirring) drop() {
	s.drive.gen++
	s.drive.program, s.drive.waiting = nil, false
	s.tacho.waiting, s.tacho.begun, s.tacho.glancing, s.tacho.glanced = false, false, false, false
}

func (s *Stirring) step(c *actors.Context, n next) {
	if n.gen != s.drive.gen || len(s.drive.program) == 0 {
		return
	}
	a := s.drive.program[0]
	s.drive.program = s.drive.program[1:]
	switch {
	case a.Do == rotor.Observe:
		s.observe(c, a.For)
	case a.DutyPercent == s.drive.on && s.drive.on == s.drive.asked:
		s.DutyCycle = s.drive.on // also after a refused or replaced wish
		c.After(a.For, n)
		s.watchFor(c, a.For)
	default:
		s.set(c, a)
	}
}

// steady reports that no other duty is to follow: the kick is over.
func (s *Stirring) steady() bool {
	for _, a := range s.drive.program {
		if a.Do == rotor.Drive {
			return false
		}
	}
	return true
}

func (s *Stirring) set(c *actors.Context, a rotor.Action) {
	span := lease
	if !s.steady() {
		span = a.For + kickRoom
	}
	s.drive.asked, s.drive.waiting, s.drive.since, s.drive.wait = a.DutyPercent, true, c.Mono(), a.For
	s.DutyCycle = a.DutyPercent
	s.tell(c, span)
}

func (s *Stirring) tell(c *actors.Context, span time.Duration) {
	s.drive.tag = c.NewID()
	order := protocol.Drive{Output: protocol.Stirrer, Percent: s.drive.asked, For: span, Owner: c.Name(), Tag: s.drive.tag}
	if !c.Tell("stirrer", order) {
		s.refused(c, protocol.Driven{Code: "not_running", Reason: "the stirrer's actor is not running"})
	}
}

// driven goes on once the duty is really on: an OD window may hold it up.
func (s *Stirring) driven(c *actors.Context, d protocol.Driven) {
	if c.State() == actors.Sleeping || d.Tag != s.drive.tag {
		return
	}
	if !d.OK {
		s.refused(c, d)
		return
	}
	s.drive.on, s.drive.reason = s.drive.asked, ""
	if s.drive.on > 0 {
		s.drive.turned = c.Mono()
		c.Clear(alarmOff)
	}
	if !s.drive.waiting {
		return // a renewal
	}
	s.drive.waiting = false
	c.After(s.drive.wait, next{s.drive.gen})
	s.watchFor(c, s.drive.wait)
	if s.steady() {
		s.drive.kicked = true
		s.ready(c)
	}
}

// ready ends Init once the kick is over and the tachometer is known to be there.
func (s *Stirring) ready(c *actors.Context) {
	if s.drive.kicked && (s.tacho.known || !s.UseRPM) {
		c.Ready()
	}
}

// refused gives up a start that another owner forbids, and tries again in every
// other case.
func (s *Stirring) refused(c *actors.Context, d protocol.Driven) {
	if d.Code == "held" && c.State() == actors.Init {
		c.Refuse(&actors.Refusal{Code: d.Code, Reason: "stirring: " + d.Reason})
		return
	}
	starting := c.State() == actors.Init
	if d.Reason != s.drive.reason && !starting {
		c.Log().Warning("the stirrer cannot be driven: %s; trying again every %v", d.Reason, pause)
	}
	s.drive.reason = d.Reason
	if starting {
		s.restart(c, hurry)
	} else {
		s.restart(c, pause)
	}
}

// cut answers an output that went safe without this job wishing it.
func (s *Stirring) cut(c *actors.Context, cut protocol.Cut) {
	late := cut.Tag != "" && cut.Tag != s.drive.tag
	if c.State() == actors.Sleeping || late || !s.wanted() || s.drive.asked == 0 {
		return
	}
	c.Log().Warning("the stirrer was switched off: %s; starting it again", cut.Reason)
	s.restart(c, time.Second)
}

// restart begins anew, with a kick, after a while.
func (s *Stirring) restart(c *actors.Context, after time.Duration) {
	s.drop()
	s.drive.on = 0
	s.rotor, _ = s.rotor.Stop()
	c.After(after, retry{s.drive.gen})
}

func (s *Stirring) again(c *actors.Context, r retry) error {
	if r.gen != s.drive.gen || c.State() == actors.Sleeping || !s.wanted() {
		return nil
	}
	return s.turn(c)
}

// beat renews the lease, finds answers that never came, and knows for how long
// the bar has been off.
func (s *Stirring) beat(c *actors.Context) {
	c.After(renewal, beat{})
	if c.State() == actors.Ready {
		switch {
		case s.drive.waiting && c.Mono()-s.drive.since > renewal:
			s.refused(c, protocol.Driven{Code: "silent", Reason: "the stirrer's actor does not answer"})
		case !s.drive.waiting && s.drive.on > 0 && s.steady():
			s.tell(c, lease)
		}
		s.prod(c)
	}
	s.checkOff(c)
}

func (s *Stirring) checkOff(c *actors.Context) {
	if !s.wanted() {
		s.drive.turned = c.Mono()
	}
	if c.Mono()-s.drive.turned <= maxOff {
		c.Clear(alarmOff)
		return
	}
	why := s.drive.reason
	if c.State() == actors.Sleeping {
		why = "the job sleeps"
	}
	c.Raise(alarmOff, "high", fmt.Sprintf("stirring has been off for more than %v, cells settle: %s", maxOff, why), false)
}
