package actors_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// reader stands for od_reading: it says when it reads.
type reader struct{}

func (reader) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Command:
		od := msg.Body.(actors.ODRhythm)
		od.Job = c.Name()
		c.Publish(od)
	case actors.Stopping:
		c.Publish(actors.ODRhythm{Job: c.Name()})
	}
	return nil
}

// shy is a user's job that dodges.
type shy struct{ l *shyLog }

type shyLog struct {
	before, after time.Duration
	near          bool
	on            actors.Dodging
	nears         []time.Duration // on Mono
	overs         []time.Duration
	can, err      error
	bad           []string
}

type dodgeOff struct{}
type dodgeAgain struct{}

func (s shy) Receive(c *actors.Context, msg any) error {
	l := s.l
	switch msg := msg.(type) {
	case actors.Started:
		l.near = false
		l.can, l.err = c.CanDodgeOD(l.before, l.after), c.DodgeOD(l.before, l.after)
	case actors.Command:
		switch msg.Body.(type) {
		case dodgeOff:
			c.StopDodgingOD()
			l.near = false
		case dodgeAgain:
			l.can, l.err = c.CanDodgeOD(l.before, l.after), c.DodgeOD(l.before, l.after)
		}
	case actors.Entered:
		if msg.State == actors.Sleeping {
			l.near = false
		}
	case actors.Dodging:
		l.on = msg
	case actors.ODNear:
		if l.near || c.State() != actors.Ready {
			l.bad = append(l.bad, "ODNear twice, or asleep")
		}
		l.near, l.nears = true, append(l.nears, c.Mono())
	case actors.ODOver:
		l.near, l.overs = false, append(l.overs, c.Mono())
	}
	return nil
}

type shyLab struct {
	*testing.T
	sys *actors.System
	clk *clock.Clock
	log *shyLog
}

func newShyLab(t *testing.T, seed uint64) *shyLab {
	t.Helper()
	clk := clock.Virtual(time.Unix(1e9, 0), seed)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return &shyLab{t, sys, clk, &shyLog{before: 1500 * time.Millisecond, after: 500 * time.Millisecond}}
}

func (l *shyLab) start(name string) {
	l.Helper()
	spec := actors.Spec{Name: name, Slot: name, New: func() actors.Job { return reader{} }}
	if name == "shy" {
		spec.New = func() actors.Job { return shy{l.log} }
	}
	if err := l.sys.Start(spec); err != nil {
		l.Fatal(err)
	}
	l.clk.Run(0)
}

func (l *shyLab) do(target string, body any) {
	l.sys.Do(actors.Command{Target: target, Body: body}, func(actors.Reply) {})
	l.clk.Run(0)
}

func (l *shyLab) reads(every time.Duration) actors.ODRhythm {
	od := actors.ODRhythm{First: l.clk.Mono(), Interval: every}
	l.do("od_reading", od)
	return od
}

func TestUsersJobDodgesEveryReading(t *testing.T) {
	l := newShyLab(t, 1)
	l.start("shy")
	if l.log.on.On {
		t.Errorf("before anybody reads: %+v", l.log.on)
	}
	l.start("od_reading")
	l.clk.Run(700 * time.Millisecond)
	od := l.reads(5 * time.Second)
	if !l.log.on.On {
		t.Error("not told that it dodges")
	}
	l.clk.Run(time.Minute)
	if n := len(l.log.nears); n != 12 || len(l.log.overs) < 11 {
		t.Fatalf("told %d times that a reading is near, and %d times over, want 12 each in a minute", n, len(l.log.overs))
	}
	for i, at := range l.log.nears {
		if want := od.First + 5*time.Second*time.Duration(i+1) - l.log.before; at != want {
			t.Errorf("near at %v, want %v", at, want)
		}
		if i < len(l.log.overs) && l.log.overs[i]-at != 3*time.Second {
			t.Errorf("quiet for %v, want 1.5 + 1 + 0.5 s", l.log.overs[i]-at)
		}
	}
	l.do("od_reading", actors.ODRhythm{First: od.First, Interval: 5 * time.Second, Paused: true})
	before := len(l.log.nears)
	l.clk.Run(time.Minute)
	if len(l.log.nears) != before || !l.log.on.On || l.log.near {
		t.Errorf("while reading pauses: %d more, %+v, near %v", len(l.log.nears)-before, l.log.on, l.log.near)
	}
	l.sys.Stop("od_reading")
	l.clk.Run(time.Minute)
	if l.log.on.On || l.log.on.Reason != "" {
		t.Errorf("after reading ended: %+v", l.log.on)
	}
}

func TestTightReadingsCannotBeDodged(t *testing.T) {
	l := newShyLab(t, 2)
	l.start("od_reading")
	l.reads(3 * time.Second)
	l.start("shy")
	var no *actors.Refusal
	if err := l.log.can; !errors.As(err, &no) || no.Code != "cannot_dodge" || !strings.Contains(no.Reason, "want an interval above 3s") {
		t.Errorf("3 s leave no time: %v", err)
	}
	if l.log.on.On || !strings.Contains(l.log.on.Reason, "want an interval above 3s") {
		t.Errorf("interval of 3 s: %+v, want to be told why not", l.log.on)
	}
	l.reads(10 * time.Second)
	l.do("shy", dodgeAgain{})
	if l.log.can != nil || !l.log.on.On {
		t.Errorf("10 s: %v, %+v", l.log.can, l.log.on)
	}
	l.clk.Run(time.Minute)
	l.reads(2 * time.Second)
	if l.log.on.On || !strings.Contains(l.log.on.Reason, "want an interval above 3s") {
		t.Errorf("interval of 2 s: %+v, want to be told why not", l.log.on)
	}
	nears := len(l.log.nears)
	l.clk.Run(time.Minute)
	if len(l.log.nears) != nears || l.log.near {
		t.Error("dodged what cannot be dodged")
	}
	l.reads(5 * time.Second)
	if l.clk.Run(time.Minute); !l.log.on.On || len(l.log.nears) == nears {
		t.Errorf("interval of 5 s again: %+v", l.log.on)
	}
}

func TestDodgingWithoutTimeBeforeIsWrong(t *testing.T) {
	l := newShyLab(t, 3)
	l.log.before = 0
	if l.start("shy"); l.log.err == nil || !strings.Contains(l.log.err.Error(), "want more than 0 s before") {
		t.Errorf("quiet for 0 s before a reading: %v", l.log.err)
	}
}

// TestDodgingSurvivesWhateverHappens starts, stops and changes everything at
// random moments: no reading finds the job awake and disturbing unless dodging
// began, or the rhythm came, too late for it; and no quiet outlasts a reading.
func TestDodgingSurvivesWhateverHappens(t *testing.T) {
	for seed := range uint64(40) {
		l := newShyLab(t, seed)
		r := rand.New(rand.NewPCG(seed, 3))
		l.start("od_reading")
		l.start("shy")
		od := l.reads(5 * time.Second)
		settled := l.clk.Mono() // since when nothing was changed
		for range 300 {
			wait := time.Duration(r.Int64N(int64(4 * time.Second)))
			for end := l.clk.Mono() + wait; l.clk.Mono() < end; {
				l.clk.Run(min(end-l.clk.Mono(), 50*time.Millisecond))
				now := l.clk.Mono()
				phase := (now - od.First) % max(od.Interval, 1)
				calm := od.Interval > 0 && !od.Paused && now-settled > od.Interval+3*time.Second
				if calm && phase > 0 && phase < time.Second && !l.log.near {
					t.Fatalf("seed %d: %v into a reading and not quiet", seed, phase)
				}
				if l.log.near && calm && phase > 1600*time.Millisecond && phase < od.Interval-1600*time.Millisecond {
					t.Fatalf("seed %d: quiet %v after a reading began", seed, phase)
				}
			}
			before := settled
			settled = l.clk.Mono()
			switch r.IntN(12) {
			case 0:
				l.sys.Stop("od_reading")
				l.clk.Run(0)
				l.start("od_reading")
				od = l.reads(5 * time.Second)
			case 1:
				od = l.reads(time.Duration(4+r.IntN(6)) * time.Second)
			case 2:
				od.Paused = !od.Paused
				l.do("od_reading", od)
			case 3:
				l.do("shy", dodgeOff{})
				l.do("shy", dodgeAgain{})
			case 4:
				l.do("shy", dodgeAgain{})
			case 5:
				l.do("shy", actors.SetState{State: actors.Sleeping})
				l.clk.Run(time.Duration(r.Int64N(int64(3 * time.Second))))
				l.do("shy", actors.SetState{State: actors.Ready})
				settled = l.clk.Mono()
			case 6:
				l.do("shy", dodgeOff{})
				l.clk.Run(3 * time.Second)
				if l.log.near {
					t.Fatalf("seed %d: a word came after the end of dodging", seed)
				}
				l.do("shy", dodgeAgain{})
				settled = l.clk.Mono()
			default:
				settled = before // nothing happened
			}
		}
		if len(l.log.bad) > 0 {
			t.Fatalf("seed %d: %v", seed, l.log.bad)
		}
	}
}
