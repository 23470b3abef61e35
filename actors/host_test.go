package actors_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
)

// lamp is a small job with everything a job can have.
type lamp struct {
	Percent float64       `toml:"percent" unit:"%" min:"0" max:"100" set:"yes"`
	Period  time.Duration `toml:"period" unit:"min" above:"0" set:"yes"`
	Ticks   int           `toml:"ticks" set:"no"`
	heard   *[]string
}

func (l *lamp) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		c.Every(l.Period)
	case actors.Entered:
		*l.heard = append(*l.heard, string(m.State))
	case actors.Tick:
		if l.Ticks++; l.Ticks == 3 {
			panic("third tick")
		}
	case actors.SettingsChanged:
		c.Every(l.Period)
		if l.Percent == 13 {
			return actors.Refuse("unlucky", "percent: 13 is unlucky, want any other")
		}
	case actors.Stopping:
		*l.heard = append(*l.heard, "stopping")
	}
	return nil
}

type parent struct{ spec actors.Spec }

func (p *parent) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		return c.Spawn(p.spec)
	}
	return nil
}

func startLamp(t *testing.T, clk *clock.Clock) (*actors.System, *[]string, *[]actors.Fact) {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	heard, facts := &[]string{}, &[]actors.Fact{}
	sys.Watch(func(f actors.Fact) { *facts = append(*facts, f) })
	spec := actors.Spec{Name: "lamp", Slot: "lamp", Experiment: "exp",
		New: func() actors.Job { return &lamp{Percent: 5, Period: time.Minute, heard: heard} }}
	root := actors.Spec{Name: "node", New: func() actors.Job { return &parent{spec} }}
	if err := sys.Start(root); err != nil {
		t.Fatal(err)
	}
	clk.Run(0)
	return sys, heard, facts
}

func do(sys *actors.System, target string, body any) (r actors.Reply) {
	r.Code = "unanswered"
	sys.Do(actors.Command{Target: target, Body: body}, func(got actors.Reply) { r = got })
	sys.Clock().Run(time.Second)
	return r
}

func set(name string, value any) actors.Set {
	return actors.Set{Values: []setting.Pair{{Name: name, Value: value}}}
}

func TestJobLivesThroughItsStates(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 1)
	sys, heard, _ := startLamp(t, clk)
	for _, to := range []actors.State{actors.Sleeping, actors.Ready, actors.Disconnected} {
		if r := do(sys, "lamp", actors.SetState{State: to}); !r.OK {
			t.Fatalf("to %s: %s", to, r.Reason)
		}
	}
	if got, want := strings.Join(*heard, " "), "ready sleeping ready stopping"; got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if r := do(sys, "lamp", actors.SetState{State: actors.Ready}); r.Code != "not_running" {
		t.Errorf("a stopped job answered %+v", r)
	}
}

func TestSettingIsRefusedOrEchoed(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 0)
	sys, _, facts := startLamp(t, clk)
	for text, code := range map[string]string{"50": "", "101": "out_of_range", "nan": "not_a_number", "0x10": "not_a_number", "1_0": "not_a_number", "13": "unlucky"} {
		if r := do(sys, "lamp", set("percent", text)); r.Code != code {
			t.Errorf("percent %q: code %q (%s), want %q", text, r.Code, r.Reason, code)
		}
	}
	if r := do(sys, "lamp", set("ticks", "7")); r.Code != "read_only" {
		t.Errorf("ticks: code %q, want read_only", r.Code)
	}
	now, _ := actors.LatestOf[actors.SettingChanged](sys, "lamp/percent")
	if now.Value != 50.0 {
		t.Errorf("percent shown as %v, want 50", now.Value)
	}
	echoes := func() (n int) {
		for _, f := range *facts {
			if s, ok := f.(actors.SettingChanged); ok && s.Setting == "percent" {
				n++
			}
		}
		return n
	}
	before := echoes()
	if do(sys, "lamp", set("percent", "50")); echoes() != before+1 {
		t.Errorf("setting what is set was echoed %d times, want once: it is the answer", echoes()-before)
	}
}

func TestLogTellsAChangeFromARepetition(t *testing.T) {
	sys, _, facts := startLamp(t, clock.Virtual(time.Unix(0, 0), 0))
	level := func(message string) string {
		for _, f := range *facts {
			if l, ok := f.(actors.Log); ok && l.Message == message {
				return l.Level
			}
		}
		return "silent"
	}
	do(sys, "lamp", set("percent", "50"))
	do(sys, "lamp", set("percent", "50"))
	for message, want := range map[string]string{
		"Updated percent from 5 to 50 %.": "info", "Updated percent from 50 to 50 %.": "debug",
	} {
		if got := level(message); got != want {
			t.Errorf("%s is %s, want %s", message, got, want)
		}
	}
}

func TestFailedJobComesBackWithItsSettings(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 7)
	sys, _, facts := startLamp(t, clk)
	do(sys, "lamp", set("percent", "70"))
	do(sys, "lamp", set("period", "0.5"))
	clk.Run(2 * time.Minute)
	var inits int
	var released time.Duration
	for _, f := range *facts {
		if g, ok := f.(actors.OwnerGone); ok && g.Owner == "lamp" && released == 0 {
			released = g.Mono
		}
		if s, ok := f.(actors.JobState); ok && s.State == actors.Init {
			inits++
			if took := s.Mono - released; inits == 2 && (released == 0 || took > 100*time.Millisecond) {
				t.Errorf("init %v after the outputs were released at %v, want ≤ 100 ms", took, released)
			}
		}
	}
	if inits < 2 {
		t.Fatalf("started %d times, want at least 2", inits)
	}
	for name, want := range map[string]float64{"percent": 70, "period": 0.5} {
		if got, _ := actors.LatestOf[actors.SettingChanged](sys, "lamp/"+name); got.Value != want {
			t.Errorf("%s = %v after the restart, want %v", name, got.Value, want)
		}
	}
}

// broken fails at every start.
type broken struct{}

func (broken) Receive(*actors.Context, any) error { return errors.New("no bus") }

func TestJobThatAlwaysFailsIsLostWithAnAlarm(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 3)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	spec := actors.Spec{Name: "broken", Slot: "broken", New: func() actors.Job { return broken{} }}
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return &parent{spec} }}); err != nil {
		t.Fatal(err)
	}
	clk.Run(10 * time.Minute)
	if s, _ := actors.LatestOf[actors.JobState](sys, "broken"); s.State != actors.Lost {
		t.Errorf("state %q, want lost", s.State)
	}
	if a, ok := actors.LatestOf[actors.Alarm](sys, "broken_lost"); !ok || !a.Active {
		t.Error("no alarm broken_lost")
	}
	if sys.Running("broken") {
		t.Error("a lost job still has a mailbox")
	}
}

// TestNewStartIsANewLife: what a lost job failed before does not count for the
// one that a person starts in its place.
func TestNewStartIsANewLife(t *testing.T) {
	var heard []string
	clk := clock.Virtual(time.Unix(0, 0), 3)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	spec := actors.Spec{Name: "lamp", Slot: "lamp", New: func() actors.Job { return &lamp{Period: time.Hour, heard: &heard} }}
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return respawner{spec} }}); err != nil {
		t.Fatal(err)
	}
	state := func() actors.State {
		s, _ := actors.LatestOf[actors.JobState](sys, "lamp")
		return s.State
	}
	for range 100 {
		if state() == actors.Lost {
			break
		}
		sys.Crash("lamp", "a defect")
		clk.Run(5 * time.Second)
	}
	if state() != actors.Lost {
		t.Fatalf("state %q, want lost", state())
	}
	sys.Do(actors.Command{Target: "node", Body: "again"}, func(actors.Reply) {})
	clk.Run(time.Second)
	sys.Crash("lamp", "a defect")
	clk.Run(time.Second)
	if state() != actors.Ready {
		t.Errorf("a job that was started again is %q after its first failure, want ready", state())
	}
}

// lastWord saves in its last turn; the answer must not reach whoever comes after it.
type lastWord struct{ got *int }

func (l lastWord) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Stopping:
		c.Save("last_word", 1)
	case actors.Saved:
		*l.got++
	}
	return nil
}

type respawner struct{ spec actors.Spec }

func (r respawner) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started, actors.Command:
		return c.Spawn(r.spec)
	case actors.ChildState:
		if m.State == actors.Disconnected {
			return c.Spawn(r.spec)
		}
	}
	return nil
}

func TestAnswersToADeadActorNeverReachItsSuccessor(t *testing.T) {
	for seed := range uint64(50) {
		clk, got := clock.Virtual(time.Unix(0, 0), seed), 0
		sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
		if err != nil {
			t.Fatal(err)
		}
		spec := actors.Spec{Name: "mortal", New: func() actors.Job { return lastWord{&got} }}
		if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return respawner{spec} }}); err != nil {
			t.Fatal(err)
		}
		clk.Run(time.Second)
		sys.Stop("mortal")
		clk.Run(time.Second)
		if !sys.Running("mortal") || got != 0 {
			t.Fatalf("seed %d: running %v, heard %d answers meant for the dead, want 0", seed, sys.Running("mortal"), got)
		}
	}
}
