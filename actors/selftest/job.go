// Package selftest is the action "self_test": eleven checks of a unit's
// electronics and optics, with the figures behind each verdict and what to do
// about a failure. The checks themselves are in actors/selftest/check.
//
// It refuses to disturb a culture: while OD is read, the vial stirred or an
// automation runs, it does not start, and when one of them starts it ends.
//
//	pioactor self-test
package selftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/selftest/check"
)

const jobName = "self_test"

func init() { actors.RegisterAction(jobName, New) }

// SelfTest is the job.
//
// Takes: Entered; what the devices answer: Driven, Cut, Quiet, QuietEnded,
// ADCRead, EdgesRead, TemperatureRead, RailRead; JobState of other jobs.
// Sends: Drive and Release to "stirrer" and "heater", AskQuiet and EndQuiet to
// "window", ReadADC, ReadEdges, ReadTemperature, ReadRail; publishes
// SelfTestCheck and SelfTest.
// Fails by: only a bug; the devices make safe what it held. It then starts over.
type SelfTest struct {
	Progress  int     `toml:"progress" unit:"%" set:"no"`
	Check     string  `toml:"check" set:"no" help:"what is being looked at"`
	IRPercent float64 `toml:"ir_led_intensity" unit:"%" above:"0" max:"100" help:"brightness of the IR LED where a check wants that of a usual reading"`
	StirDuty  float64 `toml:"initial_duty_cycle" unit:"%" min:"10" max:"80" help:"duty that stirs at about 500 rpm"`

	Channels map[string]string `toml:"channels" help:"what each photodiode looks at"`

	unit        check.Unit
	numbers     []int // of the photodiodes, for the converter
	checks      []check.Check
	verdicts    []actors.SelfTestCheck // of the checks that are over
	r           []actors.Correlation
	over        bool
	*run            // of the check under way; nil between checks
	steps, done int // of all checks
	serial      int // of the step under way, over all checks
}

// New is the job with its default settings. IR intensity and duty are
// Pioreactor 26.7.2's.
func New() actors.Job {
	return &SelfTest{IRPercent: 80, StirDuty: 30, Channels: map[string]string{"1": "REF", "2": "90"}}
}

// Receive implements actors.Job.
func (s *SelfTest) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return s.prepare(c)
	case actors.Entered:
		s.entered(c, msg.State)
	case actors.JobState:
		s.other(c, msg)
	case resume:
		s.next(c)
	case actors.Stopping:
		s.conclude(c, "it was cancelled")
	default:
		if s.run != nil {
			s.answered(c, msg)
		}
	}
	return nil
}

// prepare refuses or clears what the last test found.
func (s *SelfTest) prepare(c *actors.Context) error {
	if err := refusal(c); err != nil {
		return err
	}
	board, _, known := actors.Latest[protocol.Board](c, "")
	if !known {
		return actors.Refuse("not_ready", "self_test: the devices have not started; see `pioactor alarms`")
	}
	actors.Subscribe[actors.JobState](c)
	s.unit = check.Unit{HAT: board.Info.HAT, LED: board.IRLED, IRPercent: s.IRPercent, StirPercent: s.StirDuty}
	for _, channel := range slices.Sorted(maps.Keys(s.Channels)) {
		s.unit.Photodiodes = append(s.unit.Photodiodes, check.Photodiode{Channel: channel, Angle: s.Channels[channel]})
		s.numbers = append(s.numbers, int(channel[0]-'0'))
	}
	s.checks = check.All()
	for _, k := range s.checks {
		s.steps += len(k.Plan(s.unit))
		c.Publish(actors.SelfTestCheck{Name: k.Name, Title: k.Title})
	}
	c.Publish(actors.SelfTest{Running: true})
	return nil
}

// Validate checks the wiring.
func (s *SelfTest) Validate() error {
	for _, channel := range slices.Sorted(maps.Keys(s.Channels)) {
		if !slices.Contains([]string{"1", "2", "3", "4"}, channel) {
			return fmt.Errorf("self_test: channels: photodiode %.20q: want 1 to 4", channel)
		}
	}
	return nil
}

// busy are the jobs beside which nothing can be tested.
func busy(job string) bool {
	return job == "od_reading" || job == "stirring" || strings.HasSuffix(job, "_automation")
}

// refusal names every job that is in the way, and how to stop it.
func refusal(c *actors.Context) error {
	var names, stops []string
	for _, f := range c.System().Retained() {
		j, ok := f.(actors.JobState)
		if ok && busy(j.Job) && j.State != actors.Disconnected && j.State != actors.Lost {
			names, stops = append(names, j.Job), append(stops, "`pioactor jobs stop "+j.Job+"`")
		}
	}
	if names == nil {
		return nil
	}
	return actors.Refuse("busy", "self_test: it needs the vial to itself, but %s run; stop them first: %s",
		strings.Join(names, ", "), strings.Join(stops, ", "))
}

// other ends the test when a job wants the vial after all.
func (s *SelfTest) other(c *actors.Context, j actors.JobState) {
	if busy(j.Job) && (j.State == actors.Init || j.State == actors.Ready) {
		s.conclude(c, j.Job+" was started")
		s.leave(c)
	}
}

func (s *SelfTest) entered(c *actors.Context, state actors.State) {
	if state == actors.Ready && s.run == nil && !s.over {
		s.next(c)
		return
	}
	if state == actors.Sleeping {
		s.conclude(c, "it was put to sleep, which a test cannot be")
		s.leave(c)
	}
}

// next begins the next check, or ends the test.
func (s *SelfTest) next(c *actors.Context) {
	if s.over {
		return
	}
	if len(s.verdicts) == len(s.checks) {
		s.conclude(c, "")
		s.leave(c)
		return
	}
	k := s.checks[len(s.verdicts)]
	s.Check = k.Title
	if missing := s.missing(k); missing != "" {
		s.done += len(k.Plan(s.unit))
		s.judged(c, k, check.Verdict{Skip: true, Text: "it needs " + missing + ", which did not pass"})
		return
	}
	s.begin(c, k)
}

// missing is the first check that k needs and that did not pass.
func (s *SelfTest) missing(k check.Check) string {
	for _, v := range s.verdicts {
		if slices.Contains(k.Needs, v.Name) && v.Verdict != actors.Passed {
			return v.Name
		}
	}
	return ""
}

// judged publishes a verdict and goes on.
func (s *SelfTest) judged(c *actors.Context, k check.Check, v check.Verdict) {
	said := actors.SelfTestCheck{Name: k.Name, Title: k.Title, Verdict: actors.Failed, Text: v.Text, Remedy: k.Remedy}
	switch {
	case v.Skip:
		said.Verdict, said.Remedy = actors.Skipped, ""
	case v.OK:
		said.Verdict, said.Remedy = actors.Passed, ""
	}
	for _, m := range v.Measured {
		said.Measured = append(said.Measured, actors.Measure{Name: m.Name, Value: m.Value, Unit: m.Unit})
	}
	for i, r := range v.R {
		s.r = append(s.r, actors.Correlation{LED: s.unit.LED, Photodiode: s.unit.Photodiodes[i].Channel, R: r})
	}
	s.verdicts = append(s.verdicts, said)
	c.Publish(said)
	c.Log().Info("%s: %s: %s.", k.Name, said.Verdict, said.Text)
	s.Progress = 100 * s.done / s.steps
	c.After(pause, resume{})
}

// pause lets devices finish with one check before the next begins.
const pause = 300 * time.Millisecond

type resume struct{}

// conclude tells how the test ended, once; why is empty when it ran to its end.
func (s *SelfTest) conclude(c *actors.Context, why string) {
	if s.over || s.checks == nil {
		return
	}
	s.over = true
	s.stop(c)
	for _, k := range s.checks[len(s.verdicts):] {
		v := actors.SelfTestCheck{Name: k.Name, Title: k.Title, Verdict: actors.Skipped, Text: "the test ended early: " + why}
		s.verdicts = append(s.verdicts, v)
		c.Publish(v)
	}
	end := actors.SelfTest{Correlations: s.r}
	for _, v := range s.verdicts {
		switch v.Verdict {
		case actors.Passed:
			end.Passed++
		case actors.Failed:
			end.Failed++
		default:
			end.Skipped++
		}
	}
	s.Progress, s.Check = 100, ""
	c.Publish(end)
	c.Log().Notice("Self-test: %d of %d checks passed, %d failed, %d skipped.", end.Passed, len(s.verdicts), end.Failed, end.Skipped)
}

// leave ends the job; nobody wants it back.
func (s *SelfTest) leave(c *actors.Context) {
	c.Ask(c.Name(), actors.SetState{State: actors.Disconnected})
}

var _ actors.Job = (*SelfTest)(nil)
