package device

import (
	"errors"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// waitingFlashes is how many patterns asked for once may wait for their turn.
const waitingFlashes = 4

// statusled is the actor "statusled": it speaks to people by blinking. Several
// codes take turns; a pattern asked for once goes before them; while the button
// is down the light is on and nothing else is said. It carries no energy that
// could harm, so it is not leased, but it ends dark whatever happens.
//
// Takes: protocol.ShowCodes, BlinkOnce; protocol.Button; actors.OwnerGone.
// Sends: nothing. Fails by: only a bug. A light that does not obey is a line in the log.
type statusled struct {
	out   hw.Output
	codes protocol.Codes
	owner string // of the codes
	once  []int
	turn  int // the code that was shown last
	down  bool
	left  []beat // of the pattern being played
	timer actors.Timer
	dull  bool // the light did not obey
}

// beatOver ends a beat.
type beatOver struct{}

func statusLEDSpec(out hw.Output) actors.Spec {
	return actors.Spec{Name: statusLEDName, New: func() actors.Job { return &statusled{out: out} }}
}

// Receive implements actors.Job.
func (s *statusled) Receive(c *actors.Context, msg any) (err error) {
	fine := false
	defer func() {
		if !fine {
			err = errors.Join(err, s.out.Halt())
		}
	}()
	s.receive(c, msg)
	fine = true
	return nil
}

func (s *statusled) receive(c *actors.Context, msg any) {
	switch m := msg.(type) {
	case actors.Started:
		actors.Subscribe[protocol.Button](c)
		actors.Subscribe[actors.OwnerGone](c)
		s.light(c, false)
	case protocol.ShowCodes:
		s.show(c, m.Codes, c.Sender().Name())
	case protocol.BlinkOnce:
		s.blink(c, m.Code)
	case protocol.Button:
		s.button(c, m.Down)
	case actors.OwnerGone:
		if m.Owner == s.owner {
			s.show(c, protocol.Codes{}, "")
		}
	case beatOver:
		s.next(c)
	case actors.Stopping:
		s.light(c, false)
	}
}

// show takes a new set of codes; a pattern of a code that is over is cut short.
func (s *statusled) show(c *actors.Context, codes protocol.Codes, owner string) {
	playing := len(s.left) > 0
	over := playing && s.turn > 0 && s.codes[s.turn] && !codes[s.turn]
	s.codes, s.owner = codes, owner
	if over {
		s.left = nil
	}
	if !playing || over {
		s.restart(c)
	}
}

func (s *statusled) blink(c *actors.Context, code int) {
	if code < 0 || code > lastCode || len(s.once) == waitingFlashes {
		return
	}
	s.once = append(s.once, code)
	s.left = nil // what goes on all the time can wait
	s.restart(c)
}

// button may come twice in one state.
func (s *statusled) button(c *actors.Context, down bool) {
	if down == s.down {
		return
	}
	s.down, s.left = down, nil
	s.restart(c)
}

func (s *statusled) restart(c *actors.Context) {
	s.timer.Cancel()
	s.next(c)
}

// next plays the next beat, of the next pattern if one is over.
func (s *statusled) next(c *actors.Context) {
	if s.down {
		s.light(c, true)
		return
	}
	if len(s.left) == 0 {
		code, any := s.choose()
		if !any {
			s.light(c, false)
			return
		}
		s.left = pattern(code)
	}
	b := s.left[0]
	s.left = s.left[1:]
	s.light(c, b.on)
	s.timer = c.After(b.last, beatOver{})
}

// choose takes what was asked for once, or the code whose turn it is.
func (s *statusled) choose() (code int, any bool) {
	if len(s.once) > 0 {
		code, s.once = s.once[0], s.once[1:]
		return code, true
	}
	for step := 1; step <= lastCode; step++ {
		if code := (s.turn+step-1)%lastCode + 1; s.codes[code] {
			s.turn = code
			return code, true
		}
	}
	return 0, false
}

// light switches; trouble is told when it begins.
func (s *statusled) light(c *actors.Context, on bool) {
	percent := 0.0
	if on {
		percent = 100
	}
	err := set(s.out, percent)
	if err != nil && !s.dull {
		c.Log().Warning("the status LED cannot be switched: %v", err)
	}
	s.dull = err != nil
}

var _ actors.Job = (*statusled)(nil)
