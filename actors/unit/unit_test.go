package unit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/actors/unit"
)

type plain struct {
	Speed float64 `toml:"speed" min:"0" max:"10" set:"yes"`
}

func (*plain) Receive(*actors.Context, any) error { return nil }

// picky may not start; moody fails for ever.
type picky struct{}

func (picky) Receive(_ *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		return actors.Refuse("no_sensor", "picky: no sensor fitted")
	}
	return nil
}

type moody struct{}

func (moody) Receive(*actors.Context, any) error { return errors.New("bus stuck") }

func init() {
	actors.Register(actors.Own, "stirring", func() actors.Job { return &plain{Speed: 5} })
	actors.Register(actors.Own, "watcher", func() actors.Job { return &plain{} })
	actors.Register(actors.Dosing, "calm", func() actors.Job { return &plain{} })
	actors.Register(actors.Own, "picky", func() actors.Job { return picky{} })
	actors.Register(actors.Own, "endless", func() actors.Job { return endless{} })
	actors.Register(actors.Own, "moody", func() actors.Job { return moody{} })
}

type house struct {
	*testing.T
	sys    *actors.System
	clk    *clock.Clock
	states []string
}

func open(t *testing.T, store state.Store, start ...string) *house {
	t.Helper()
	h := &house{T: t, clk: clock.Virtual(time.Unix(1e9, 0), 5)}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: h.clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	h.sys = sys
	sys.Watch(func(f actors.Fact) {
		if s, ok := f.(actors.JobState); ok {
			h.states = append(h.states, s.Job+" "+string(s.State))
		}
	})
	device := actors.Spec{Name: "devices", New: func() actors.Job { return &plain{} }}
	if err := sys.Start(unit.Node(device, unit.Experiment(unit.Config{Name: "exp", Start: start}))); err != nil {
		t.Fatal(err)
	}
	h.clk.Run(time.Second)
	return h
}

func (h *house) do(target string, body any) (r actors.Reply) {
	r.Code = "unanswered"
	h.sys.Do(actors.Command{Target: target, Body: body}, func(got actors.Reply) { r = got })
	h.clk.Run(time.Second)
	return r
}

func TestStartAnswersWhenReadyOrWhyNot(t *testing.T) {
	h := open(t, nil)
	if r := h.do("experiment", actors.StartJob{Job: "watcher"}); !r.OK {
		t.Errorf("start watcher: %+v", r)
	}
	for job, want := range map[string]string{
		"watcher": "already_running", "nonsense": "unknown_job", "picky": "refused", "dosing_automation": "unknown_automation",
	} {
		if r := h.do("experiment", actors.StartJob{Job: job}); r.OK || r.Code != want || r.Reason == "" {
			t.Errorf("start %s: %+v, want code %s", job, r, want)
		}
	}
	bad := actors.StartJob{Job: "stirring", Options: []setting.Pair{{Name: "speed", Value: "11"}}}
	if r := h.do("experiment", bad); r.Code != "out_of_range" {
		t.Errorf("start with speed 11: %+v", r)
	}
}

// endless never becomes ready: its hardware does not answer.
type endless struct{}

func (endless) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		c.HoldInit()
	}
	return nil
}

// TestSlowStartIsAnsweredAndGoesOn: whoever waits is told within the time that a
// command waits for, and a start that a restart follows is answered once.
func TestSlowStartIsAnsweredAndGoesOn(t *testing.T) {
	h := open(t, nil)
	var got []actors.Reply
	start := func() {
		h.sys.Do(actors.Command{Target: "experiment", Body: actors.StartJob{Job: "endless"}}, func(r actors.Reply) { got = append(got, r) })
	}
	start()
	h.clk.Run(20 * time.Second)
	h.do("endless", actors.SetState{State: actors.Disconnected})
	start()
	h.clk.Run(20 * time.Second)
	if len(got) != 1 || got[0].Code != "refused" {
		t.Fatalf("20 s after the second start: %+v, want only the first answered, refused", got)
	}
	h.clk.Run(6 * time.Second)
	if len(got) != 2 || got[1].Code != "starting" || !strings.Contains(got[1].Reason, "endless") {
		t.Errorf("26 s after the start: %+v, want starting", got)
	}
	if !h.sys.Running("endless") {
		t.Error("the start was given up")
	}
}

func TestJobsAndSettingsComeBackAfterABoot(t *testing.T) {
	store := state.NewMemory()
	h := open(t, store, "stirring", "watcher")
	h.do("stirring", actors.Set{Values: []setting.Pair{{Name: "speed", Value: "7"}}})
	h.do("watcher", actors.SetState{State: actors.Disconnected})
	h.do("experiment", actors.StartJob{Job: "dosing_automation", Options: []setting.Pair{{Name: "automation_name", Value: "calm"}}})
	again := open(t, store, "picky") // the config's list is only a seed
	if got := again.sys.Running("watcher"); got {
		t.Error("a stopped job came back")
	}
	if !again.sys.Running("dosing_automation") {
		t.Error("a started automation did not come back")
	}
	if s, _ := actors.LatestOf[actors.SettingChanged](again.sys, "stirring/speed"); s.Value != 7.0 {
		t.Errorf("speed %v after a boot, want 7", s.Value)
	}
}

func TestShutdownStopsDosingFirstAndStirringLast(t *testing.T) {
	store := state.NewMemory()
	h := open(t, store, "stirring", "dosing_automation=calm", "watcher")
	if r := h.do("node", unit.Shutdown{}); !r.OK {
		t.Fatalf("shutdown: %+v", r)
	}
	ended := slices.DeleteFunc(h.states, func(s string) bool { return !strings.HasSuffix(s, "disconnected") })
	want := []string{"dosing_automation disconnected", "watcher disconnected", "stirring disconnected"}
	if !slices.Equal(ended, want) {
		t.Errorf("stopped %q, want %q", ended, want)
	}
	if h.sys.Running("devices") || h.sys.Running("experiment") {
		t.Error("parts still run")
	}
	if again := open(t, store); !again.sys.Running("stirring") {
		t.Error("a shutdown is not a stop: jobs must come back")
	}
}

func TestLostJobStaysWantedAndOthersNeverNotice(t *testing.T) {
	h := open(t, nil, "stirring", "moody")
	h.clk.Run(10 * time.Minute)
	if s, _ := actors.LatestOf[actors.JobState](h.sys, "moody"); s.State != actors.Lost {
		t.Errorf("moody is %q, want lost", s.State)
	}
	if n := len(slices.DeleteFunc(h.states, func(s string) bool { return !strings.HasPrefix(s, "stirring") })); n != 2 {
		t.Errorf("stirring had %d states, want init and ready", n)
	}
}

// slow needs a while before it is ready.
type slow struct{}

type enough struct{}

func (slow) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		c.HoldInit()
		c.After(time.Minute, enough{})
	case enough:
		c.Ready()
	}
	return nil
}

func TestAwaitStartIsAnsweredWhenEveryPartIsThere(t *testing.T) {
	clk := clock.Virtual(time.Unix(1e9, 0), 2)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	part := actors.Spec{Name: "devices", New: func() actors.Job { return slow{} }}
	if err := sys.Start(unit.Node(part, unit.Experiment(unit.Config{Name: "exp"}))); err != nil {
		t.Fatal(err)
	}
	clk.Run(time.Second)
	var at time.Duration
	sys.Do(actors.Command{Target: "node", Body: unit.AwaitStart{}, Deadline: clk.Now().Add(time.Hour)}, func(actors.Reply) { at = clk.Mono() })
	clk.Run(2 * time.Minute)
	if at != time.Minute || !sys.Running("experiment") {
		t.Errorf("answered at %v, want 1m0s, when the slow part is ready and the last one started", at)
	}
}

// TestWhoLearnsOfAnEndMayStartAgainAtOnce asks from inside the state or the
// answer, before anybody else has a turn, over many orders of turns.
func TestWhoLearnsOfAnEndMayStartAgainAtOnce(t *testing.T) {
	start := func(job string) actors.Command {
		return actors.Command{Target: "experiment", Body: actors.StartJob{Job: job}}
	}
	stop := actors.Command{Target: "watcher", Body: actors.SetState{State: actors.Disconnected}}
	for seed := range uint64(100) {
		clk := clock.Virtual(time.Unix(1e9, 0), seed)
		sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		device := actors.Spec{Name: "devices", New: func() actors.Job { return &plain{} }}
		if err := sys.Start(unit.Node(device, unit.Experiment(unit.Config{Name: "exp", Start: []string{"watcher"}}))); err != nil {
			t.Fatal(err)
		}
		clk.Run(time.Second)
		var refused, stopped, again actors.Reply
		sys.Do(start("picky"), func(actors.Reply) { sys.Do(start("picky"), func(r actors.Reply) { refused = r }) })
		startAgain := func() { sys.Do(start("watcher"), func(r actors.Reply) { again = r }) }
		byState := seed%2 == 0
		sys.Watch(func(f actors.Fact) {
			if s, ok := f.(actors.JobState); ok && byState && s.Job == "watcher" && s.State == actors.Disconnected {
				startAgain()
				byState = false
			}
		})
		sys.Do(stop, func(r actors.Reply) {
			stopped = r
			if seed%2 == 1 {
				startAgain()
			}
		})
		clk.Run(time.Second)
		if refused.Code != "refused" || refused.Reason != "picky: no sensor fitted" {
			t.Fatalf("seed %d: a second start: %+v, want what the first was refused for", seed, refused)
		}
		if !stopped.OK || !again.OK {
			t.Fatalf("seed %d: stop %+v, start after it %+v", seed, stopped, again)
		}
		sys.Stop("experiment")
		if clk.Run(time.Second); sys.Running("watcher") {
			t.Fatalf("seed %d: a job that was started again outlives its experiment", seed)
		}
	}
}

func TestPartsOfTheHouseHaveNoStateToSet(t *testing.T) {
	h := open(t, nil)
	for _, part := range []string{"node", "devices", "experiment"} {
		for _, state := range []actors.State{actors.Ready, actors.Sleeping, actors.Disconnected} {
			if r := h.do(part, actors.SetState{State: state}); r.OK || r.Code != "not_a_job" {
				t.Errorf("%s to %s: %+v, want a refusal", part, state, r)
			}
		}
		if !h.sys.Running(part) {
			t.Errorf("%s has ended", part)
		}
	}
}
