package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
)

// facts gathers what the API streams.
type facts struct {
	mu  sync.Mutex
	all []any
}

// follow streams facts of some types until the test ends.
func (n *process) follow(types ...string) *facts {
	n.t.Helper()
	f, ctx, cancel := &facts{}, n.t.Context(), func() {}
	ctx, cancel = context.WithCancel(ctx)
	client, done := n.client, make(chan error, 1)
	go func() {
		done <- client.Events(ctx, "", types, func(r web.Received) error {
			fact, err := r.Fact()
			f.mu.Lock()
			defer f.mu.Unlock()
			f.all = append(f.all, fact)
			return err
		})
	}()
	n.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			n.t.Errorf("events: %v", err)
		}
	})
	return f
}

// since are the facts of type T after the instant at.
func since[T actors.Fact](f *facts, at time.Time) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []T
	for _, fact := range f.all {
		if x, ok := fact.(T); ok && !x.About().At.Before(at) {
			all = append(all, x)
		}
	}
	return all
}

func TestAPanicIsAnAffairOfOneJob(t *testing.T) {
	t.Parallel()
	jobs := append(sorted(stock), "panicky")
	n := prepare(t, plan{program: lab, jobs: jobs,
		sim: `start = ["stirring", "od_reading", "growth_rate_calculating", "dosing_automation=silent", "temperature_automation=thermostat", "panicky"]`}).up()
	f := n.follow("job_state", "led_changed", "log")
	c := n.listen(t)
	c.Publish(base+"panicky/label/set", "green", 1, false)
	c.Expect(base+"panicky/label", bridgetest.Is("green"), soon)
	c.Expect(base+"leds/intensity", func(s string) bool { return strings.Contains(s, `"C":30`) }, soon)
	c.Forget()

	before := n.status().Now
	c.Publish(base+"panicky/now/set", "true", 1, false)
	c.Expect(base+"panicky/$state", bridgetest.Is("ready"), soon)
	bridgetest.Eventually(t, soon, "the job to be ready by its facts", func() bool { return len(statesOf(f, "panicky", before)) >= 2 })

	broke := time.Time{}
	for _, l := range since[actors.Log](f, before) {
		if l.Task == "panicky" && strings.Contains(l.Message, "as it was told") {
			broke = l.At
		}
	}
	states := statesOf(f, "panicky", before)
	if broke.IsZero() || states[0].State != actors.Init || states[1].State != actors.Ready {
		t.Fatalf("the panic was logged at %v, states then: %v; want a time, init and ready", broke, states)
	}
	if took := states[0].At.Sub(broke); took > 100*time.Millisecond+slack {
		t.Errorf("in init %v after the panic, want 100 ms", took)
	} else {
		t.Logf("in init %v after the panic", took)
	}
	mustDarkenFirst(t, since[actors.LEDChanged](f, before), states[0].At)
	mustDarkenBefore(t, c)
	if got := n.setting("panicky", "label"); got != "green" {
		t.Errorf("label = %v after the panic, want green as before", got)
	}
	for _, job := range sorted(stock) {
		if s := statesOf(f, job, before); len(s) > 0 {
			t.Errorf("%s noticed: %v", job, s)
		}
	}
	n.mustBeTrue(time.Now(), soon)
}

func statesOf(f *facts, job string, after time.Time) []actors.JobState {
	var all []actors.JobState
	for _, s := range since[actors.JobState](f, after) {
		if s.Job == job {
			all = append(all, s)
		}
	}
	return all
}

// mustDarkenFirst looks at the facts: the light goes out before the job is back.
func mustDarkenFirst(t *testing.T, changes []actors.LEDChanged, back time.Time) {
	t.Helper()
	for _, l := range changes {
		if l.Channel == "C" {
			if l.Percent != 0 || l.At.After(back) {
				t.Errorf("first the light went to %v %% at %v, want 0 before init at %v", l.Percent, l.At, back)
			}
			return
		}
	}
	t.Errorf("the light stays on over a panic: %v", changes)
}

// mustDarkenBefore looks at what a client sees, in its order.
func mustDarkenBefore(t *testing.T, c *bridgetest.Recorder) {
	t.Helper()
	for _, m := range c.Messages() {
		switch {
		case m.Topic == base+"led_change_events" && strings.Contains(m.Payload, `"channel":"C"`):
			return
		case m.Topic == base+"panicky/$state":
			t.Errorf("a client hears that the job is %s before the light is out", m.Payload)
			return
		}
	}
}

// setting is what the node says a setting holds.
func (n *process) setting(job, name string) any {
	n.t.Helper()
	for _, j := range n.status().Jobs {
		if j.Name == job {
			return j.Settings[name]
		}
	}
	n.t.Fatalf("no job %s", job)
	return nil
}
