package selftest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/selftest/check"
	"github.com/pioactor/pioactor/hw"
)

const (
	patience   = 10 * time.Second // of a device, beyond the time its work takes
	longest    = 3 * time.Minute  // of a check; Pioreactor 26.7.2
	windowFor  = 10 * time.Second // the longest OD window
	stirFor    = longest
	heatFor    = 10 * time.Second // a heater nobody renews goes off
	perReading = 20               // samples, over a whole number of periods of mains of 50 and 60 Hz
	sampleGap  = check.ReadTook / perReading
)

// run is one check under way.
type run struct {
	check  check.Check
	plan   []check.Step
	record check.Record
	open   bool // the OD window
	since  hw.Edges
	timed  bool // the first count of a speed is in since
	limit  actors.Timer
	guard  actors.Timer
}

// Messages of the job to itself; a serial other than the step's is an old one's.
type (
	waited  struct{ serial int }
	silent  struct{ serial int }
	tooLong struct{}
)

func (s *SelfTest) begin(c *actors.Context, k check.Check) {
	s.run = &run{check: k, plan: k.Plan(s.unit)}
	s.limit = c.After(longest, tooLong{})
	s.step(c)
}

// step does the first step of what is left of the plan, or judges.
func (s *SelfTest) step(c *actors.Context) {
	s.guard.Cancel()
	s.serial++
	if len(s.plan) == 0 {
		s.finish(c)
		return
	}
	step := s.plan[0]
	if step.Do == check.Wait {
		c.After(step.For, waited{s.serial})
		return
	}
	s.guard = c.After(patience+step.For, silent{s.serial})
	if to, msg := s.message(c, step); !c.Tell(to, msg) {
		s.failed(c, fmt.Errorf("%s: %w", to, hw.ErrAbsent))
	}
}

// message is what a step says, and to whom.
func (s *SelfTest) message(c *actors.Context, step check.Step) (to string, msg any) {
	switch step.Do {
	case check.Stir:
		return "stirrer", protocol.Drive{Output: protocol.Stirrer, Percent: step.Percent, For: stirFor, Owner: c.Name()}
	case check.Heat:
		return "heater", protocol.Drive{Output: protocol.Heater, Percent: step.Percent, For: heatFor, Owner: c.Name()}
	case check.Light:
		return "window", protocol.AskQuiet{For: windowFor, IRPercent: step.Percent}
	case check.EndLight:
		return "window", protocol.EndQuiet{}
	case check.ReadLight:
		return "adc", protocol.ReadADC{Plan: reading(), Channels: s.numbers}
	case check.ReadSpeed:
		return "tachometer", protocol.ReadEdges{}
	case check.ReadTemperature:
		return "thermometer", protocol.ReadTemperature{}
	default:
		return "rail", protocol.ReadRail{}
	}
}

func reading() hw.Plan {
	plan := make(hw.Plan, perReading)
	for i := range plan {
		plan[i] = time.Duration(i) * sampleGap
	}
	return plan
}

// answered takes what the step under way has been waiting for.
func (s *SelfTest) answered(c *actors.Context, msg any) {
	switch m := msg.(type) {
	case waited:
		s.waited(c, m)
	case silent:
		if m.serial == s.serial {
			s.failed(c, errors.New("a device does not answer"))
		}
	case tooLong:
		s.failed(c, fmt.Errorf("it took longer than %v", longest))
	case protocol.Cut:
		if strings.HasPrefix(m.Reason, "hardware") {
			s.failed(c, errors.New(m.Output+": "+m.Reason))
		}
	default:
		s.instrument(c, msg)
	}
}

func (s *SelfTest) waited(c *actors.Context, m waited) {
	if m.serial != s.serial {
		return
	}
	if s.plan[0].Do == check.ReadSpeed {
		c.Tell("tachometer", protocol.ReadEdges{})
		return
	}
	s.passed(c)
}

// instrument takes an answer if it is of the kind that the step wants.
func (s *SelfTest) instrument(c *actors.Context, msg any) {
	want := check.Action("")
	if len(s.plan) > 0 {
		want = s.plan[0].Do
	}
	switch m := msg.(type) {
	case protocol.Driven:
		if want == check.Stir || want == check.Heat {
			s.after(c, driven(m))
		}
	case protocol.Quiet:
		if want == check.Light {
			s.quiet(c, m)
		}
	case protocol.QuietEnded:
		if want == check.EndLight {
			s.open = false
			s.passed(c)
		}
	case protocol.ADCRead:
		if want == check.ReadLight {
			s.light(c, m)
		}
	case protocol.EdgesRead:
		if want == check.ReadSpeed {
			s.speed(c, m)
		}
	case protocol.TemperatureRead:
		if want == check.ReadTemperature {
			s.record.TemperatureC = append(s.record.TemperatureC, m.TemperatureC)
			s.after(c, finite(m.Err, m.TemperatureC, "thermometer"))
		}
	case protocol.RailRead:
		if want == check.ReadRail {
			s.record.RailV = append(s.record.RailV, m.Supply.Volts)
			s.after(c, finite(m.Err, m.Supply.Volts, "rail"))
		}
	}
}

// finite catches a driver that answers with what is no number.
func finite(err error, x float64, who string) error {
	if err == nil && !(x > -1e9 && x < 1e9) {
		return fmt.Errorf("%s: answers with what is no number", who)
	}
	return err
}

// driven is nil, or why an output does not do what it is told; one that its
// device does not know is not fitted.
func driven(m protocol.Driven) error {
	switch {
	case m.OK:
		return nil
	case m.Code == "invalid":
		return fmt.Errorf("%s: %w", m.Output, hw.ErrAbsent)
	}
	return fmt.Errorf("%s: %s", m.Output, m.Reason)
}

func (s *SelfTest) quiet(c *actors.Context, m protocol.Quiet) {
	s.open = m.OK
	switch {
	case !m.OK:
		s.failed(c, errors.New(m.Reason))
	case m.PumpOn:
		s.failed(c, errors.New("a pump runs, and bubbles spoil the light; stop it and test again"))
	default:
		s.passed(c)
	}
}

func (s *SelfTest) light(c *actors.Context, m protocol.ADCRead) {
	volts := make([]float64, len(s.numbers))
	for i := range m.Burst.Samples {
		for _, sample := range m.Burst.Samples[i] {
			volts[i] += sample.Volts / float64(len(m.Burst.Samples[i]))
		}
	}
	s.record.Volts = append(s.record.Volts, volts)
	s.after(c, m.Err)
}

// speed takes the count before and after.
func (s *SelfTest) speed(c *actors.Context, m protocol.EdgesRead) {
	switch {
	case m.Err != nil:
		s.failed(c, m.Err)
	case !s.timed:
		s.timed, s.since = true, m.Edges
		c.After(s.plan[0].For, waited{s.serial})
	default:
		s.timed = false
		s.record.RPM = append(s.record.RPM, m.Edges.RPM(s.since))
		s.passed(c)
	}
}

func (s *SelfTest) after(c *actors.Context, err error) {
	if err != nil {
		s.failed(c, err)
		return
	}
	s.passed(c)
}

// passed goes on with the next step.
func (s *SelfTest) passed(c *actors.Context) {
	s.plan = s.plan[1:]
	s.done++
	s.Progress = 100 * s.done / s.steps
	s.step(c)
}

// failed ends the check, unless the step may fail. What is not fitted is
// skipped, save by the check that looks for it.
func (s *SelfTest) failed(c *actors.Context, err error) {
	if len(s.plan) > 0 && s.plan[0].Optional {
		s.timed = false
		s.passed(c)
		return
	}
	s.done += len(s.plan)
	v := check.Verdict{Text: err.Error()}
	if errors.Is(err, hw.ErrAbsent) {
		v = check.Verdict{Skip: !s.check.Finds, Text: "not fitted: " + strings.TrimSuffix(err.Error(), ": "+hw.ErrAbsent.Error())}
	}
	k := s.check
	s.stop(c)
	s.judged(c, k, v)
}

func (s *SelfTest) finish(c *actors.Context) {
	k, v := s.check, s.check.Judge(s.unit, s.record)
	s.stop(c)
	s.judged(c, k, v)
}

// stop ends the check under way: window closed, outputs let go.
func (s *SelfTest) stop(c *actors.Context) {
	if s.run == nil {
		return
	}
	s.limit.Cancel()
	s.guard.Cancel()
	s.serial++
	if s.open {
		c.Tell("window", protocol.EndQuiet{})
	}
	for _, device := range []string{"stirrer", "heater"} {
		c.Tell(device, protocol.Release{Owner: c.Name()})
	}
	s.run = nil
}
