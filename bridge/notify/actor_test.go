package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// outside is a carrier that the test can take down.
type outside struct {
	mu    sync.Mutex
	down  map[string]bool // by URL
	came  []string        // "url event alarm priority"
	got   []Message
	tries int
	lossy bool // takes the message, and fails to say so once
}

func (o *outside) Carry(t Target, m Message) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	if o.down[t.URL] {
		return "", errors.New("connection refused")
	}
	o.came, o.got = append(o.came, fmt.Sprintf("%s %s %s", t.URL, m.Event, m.Alarm)), append(o.got, m)
	if o.lossy {
		o.lossy = false
		return "", errors.New("connection reset")
	}
	return "200 OK", nil
}

type cry struct {
	name, priority string
	on, latched    bool
}

type crier struct{}

func (crier) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		if m := cmd.Body.(cry); m.on {
			c.Raise(m.name, m.priority, "text of "+m.name, m.latched)
		} else {
			c.Clear(m.name)
		}
	}
	return nil
}

type trunk []actors.Spec

func (t trunk) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); !ok {
		return nil
	}
	for _, s := range t {
		if err := c.Spawn(s); err != nil {
			return err
		}
	}
	return nil
}

type rig struct {
	*testing.T
	sys *actors.System
	clk *clock.Clock
	out *outside
}

// targets named a and b; b wants only what is high.
func both() Config {
	a, b := DefaultTarget(), DefaultTarget()
	a.URL, b.URL, b.MinPriority = "http://a", "http://b", "high"
	return Config{Deliver: map[string]Target{"a": a, "b": b}}
}

func only() Config {
	c := both()
	delete(c.Deliver, "b")
	return c
}

func open(t *testing.T, seed uint64, store state.Store, cfg Config, out *outside, at time.Duration) *rig {
	t.Helper()
	r := &rig{T: t, clk: clock.Virtual(time.Unix(1e9, 0).Add(at), seed), out: out}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: r.clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := Spec(cfg, out)
	if err != nil {
		t.Fatal(err)
	}
	r.sys = sys
	all := trunk{alarm.Spec(nil), spec, {Name: "crier", New: func() actors.Job { return crier{} }}}
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return all }}); err != nil {
		t.Fatal(err)
	}
	r.clk.Run(time.Second)
	return r
}

func (r *rig) cry(c cry) {
	r.sys.Do(actors.Command{Target: "crier", Body: c}, func(actors.Reply) {})
	r.clk.Run(time.Second)
}

func (r *rig) raise(name string) { r.cry(cry{name, "high", true, false}) }
func (r *rig) clear(name string) { r.cry(cry{name: name}) }

func (r *rig) want(came ...string) {
	r.Helper()
	if !slices.Equal(r.out.came, came) {
		r.Errorf("delivered %q\nwant      %q", r.out.came, came)
	}
}

func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	for seed := range uint64(6) {
		test(t, seed)
	}
}

func TestEachTargetIsToldOnce(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r := open(t, seed, state.NewMemory(), both(), &outside{}, 0)
		r.cry(cry{"warm", "low", true, false})
		r.clk.Run(time.Minute)
		r.raise("hot")
		for range 10 {
			r.cry(cry{"hot", "high", true, false})
			r.clk.Run(time.Minute)
		}
		r.clear("hot")
		r.clk.Run(time.Hour)
		slices.Sort(r.out.came[1:3]) // two targets, one instant
		slices.Sort(r.out.came[3:])
		r.want("http://a raised warm", "http://a raised hot", "http://b raised hot", "http://a cleared hot", "http://b cleared hot")
	})
}

func TestTargetThatIsDownForAnHourIsToldOnce(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		out := &outside{down: map[string]bool{"http://a": true}}
		r := open(t, seed, state.NewMemory(), only(), out, 0)
		r.raise("hot")
		r.clk.Run(time.Hour)
		if out.tries < 10 || out.tries > 40 {
			t.Errorf("%d tries in an hour, want about 18", out.tries)
		}
		out.down = nil
		r.clk.Run(6 * time.Minute)
		r.want("http://a raised hot")
		if m := out.got[0]; m.Key != "pio1/hot/"+fmt.Sprint(m.Since.UnixMilli())+"/raised" || m.Text != "text of hot" || m.Times != 1 || m.Unit != "pio1" {
			t.Errorf("message: %+v", m)
		}
		r.clear("hot")
		r.clk.Run(24 * time.Hour)
		r.want("http://a raised hot", "http://a cleared hot")
	})
}

func TestRestartNeitherLosesNorRepeats(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		store, out := state.NewMemory(), &outside{down: map[string]bool{"http://a": true}}
		r := open(t, seed, store, only(), out, 0)
		r.raise("hot")
		r.clk.Run(30 * time.Minute)

		out.down = nil
		r = open(t, seed, store, only(), out, time.Hour) // it waits on the disk, and its condition holds
		r.raise("hot")
		r.clk.Run(time.Hour)
		r.want("http://a raised hot")

		r = open(t, seed, store, only(), out, 3*time.Hour) // told before, and its condition holds
		r.clk.Run(time.Minute)
		r.raise("hot")
		r.clk.Run(time.Hour)
		r.want("http://a raised hot")

		r = open(t, seed, store, only(), out, 5*time.Hour) // its condition does not hold any more
		r.clk.Run(time.Hour)
		r.want("http://a raised hot", "http://a cleared hot")
		r = open(t, seed, store, only(), out, 7*time.Hour)
		r.clk.Run(time.Hour)
		r.want("http://a raised hot", "http://a cleared hot")
	})
}

func TestOrderlyRestartIsNoNews(t *testing.T) {
	store, out := state.NewMemory(), &outside{}
	r := open(t, 1, store, only(), out, 0)
	r.raise("hot")
	r.clk.Run(time.Minute)
	r.clear("hot") // the job ends
	r = open(t, 1, store, only(), out, time.Hour)
	r.clk.Run(2 * time.Minute)
	r.raise("hot")
	r.clk.Run(time.Hour)
	r.want("http://a raised hot")
}

func TestLatchedAlarmIsOverWhenAcknowledged(t *testing.T) {
	store, out := state.NewMemory(), &outside{}
	r := open(t, 1, store, only(), out, 0)
	r.cry(cry{"hot", "high", true, true})
	r.clear("hot")
	r.clk.Run(time.Hour)
	r = open(t, 1, store, only(), out, 2*time.Hour)
	r.clk.Run(time.Hour)
	r.want("http://a raised hot")
	r.sys.Do(actors.Command{Target: "alarm", Body: actors.Acknowledge{Name: "hot"}}, func(actors.Reply) {})
	r.clk.Run(time.Minute)
	r.want("http://a raised hot", "http://a cleared hot")
}

func TestShortAlarmIsToldAllTheSame(t *testing.T) {
	r := open(t, 2, state.NewMemory(), only(), &outside{}, 0)
	r.raise("hot")
	r.clear("hot")
	r.clk.Run(time.Minute)
	r.want("http://a raised hot", "http://a cleared hot")
}

func TestLostAnswerIsRepeatedWithTheSameKey(t *testing.T) {
	out := &outside{lossy: true}
	r := open(t, 2, state.NewMemory(), only(), out, 0)
	r.raise("hot")
	r.clk.Run(time.Hour)
	if len(out.got) != 2 || out.got[0].Key != out.got[1].Key {
		t.Errorf("messages: %+v, want the same key twice", out.got)
	}
}

func TestCrashOfTheDelivererLosesNothing(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		out := &outside{down: map[string]bool{"http://a": true}}
		r := open(t, seed, state.NewMemory(), only(), out, 0)
		for _, name := range []string{"one", "two", "three"} {
			r.raise(name)
			r.clk.Run(time.Minute)
			r.sys.Crash("delivery", "planted")
		}
		out.down = nil
		r.clk.Run(time.Hour)
		r.want("http://a raised one", "http://a raised two", "http://a raised three")
	})
}

func TestConsequenceIsNotToldWhileItsCauseHolds(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r := open(t, seed, state.NewMemory(), only(), &outside{}, 0)
		r.raise("od_reading_failing") // the consequence may come first
		r.clk.Run(2 * time.Second)
		r.raise("board_failed")
		r.clk.Run(time.Hour)
		r.want("http://a raised board_failed")
		r.clear("board_failed")
		r.clk.Run(time.Hour)
		r.out.came = append(r.out.came[:1:1], slices.Sorted(slices.Values(r.out.came[1:]))...)
		r.want("http://a raised board_failed", "http://a cleared board_failed", "http://a raised od_reading_failing")
	})
}

func TestTargetOutOfReachIsAnAlarmForTheOthers(t *testing.T) {
	cfg := both()
	b := cfg.Deliver["b"]
	b.MinPriority = "low"
	cfg.Deliver["b"] = b
	out := &outside{down: map[string]bool{"http://a": true}}
	r := open(t, 5, state.NewMemory(), cfg, out, 0)
	r.raise("hot")
	r.clk.Run(9 * time.Minute)
	if a, _ := actors.LatestOf[actors.Alarm](r.sys, "delivery_failing_a"); a.Active {
		t.Error("an alarm before 10 minutes of failures")
	}
	r.clk.Run(time.Hour)
	a, _ := actors.LatestOf[actors.Alarm](r.sys, "delivery_failing_a")
	if !a.Active || a.Priority != "low" || a.Text != "alarms do not reach a, it is tried again: connection refused; see `pioactor alarms test a`" {
		t.Errorf("alarm: %+v", a)
	}
	out.down = nil
	r.clk.Run(time.Hour)
	if a, _ := actors.LatestOf[actors.Alarm](r.sys, "delivery_failing_a"); a.Active {
		t.Error("the alarm stays although the target is back")
	}
	r.want("http://b raised hot", "http://b raised delivery_failing_a", "http://a raised hot", "http://b cleared delivery_failing_a")
}

func TestAlarmThatComesAndGoesWaitsAsOneMessage(t *testing.T) {
	out := &outside{down: map[string]bool{"http://a": true}}
	r := open(t, 1, state.NewMemory(), only(), out, 0)
	r.raise("first")
	r.clk.Run(time.Minute)
	for range 40 {
		r.raise("flap")
		r.clk.Run(20 * time.Second)
		r.clear("flap")
		r.clk.Run(20 * time.Second)
	}
	out.down = nil
	r.clk.Run(time.Hour)
	r.want("http://a raised first", "http://a raised flap", "http://a cleared flap")
	if out.got[1].Times != 40 || out.got[1].title() != "pio1: flap (40 times)" {
		t.Errorf("message: %+v, want 40 times", out.got[1])
	}
}

func TestQueueIsBoundedAndSaysWhatItDropped(t *testing.T) {
	out := &outside{down: map[string]bool{"http://a": true}}
	r := open(t, 1, state.NewMemory(), only(), out, 0)
	r.raise("urgent")
	for i := range maxWaiting + 50 {
		r.cry(cry{fmt.Sprintf("minor_%d", i), "low", true, false})
	}
	r.clk.Run(time.Hour)
	out.down = nil
	r.clk.Run(time.Hour)
	dropped := 0
	for _, m := range out.got {
		dropped += m.Dropped
	}
	if len(out.got) != maxWaiting || out.got[0].Alarm != "urgent" || dropped != 51 {
		t.Errorf("%d messages from %s, %d dropped, want %d, urgent first, 51", len(out.got), out.got[0].Alarm, dropped, maxWaiting)
	}
}

func TestTrialTellsWhatEachTargetAnswered(t *testing.T) {
	out := &outside{down: map[string]bool{"http://b": true}}
	r := open(t, 1, state.NewMemory(), both(), out, 0)
	ask := func(target string) (got actors.Reply) {
		r.sys.Do(actors.Command{Target: "delivery", Body: actors.TestDelivery{Target: target}}, func(a actors.Reply) { got = a })
		r.clk.Run(time.Second)
		return got
	}
	want := []actors.Delivery{{Target: "a", Kind: "json", OK: true, Answer: "200 OK"}, {Target: "b", Kind: "json", Answer: "connection refused"}}
	if got, _ := ask("").Value.([]actors.Delivery); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, _ := ask("a").Value.([]actors.Delivery); !slices.Equal(got, want[:1]) {
		t.Errorf("got %+v, want %+v", got, want[:1])
	}
	if got := ask("c"); got.Code != "unknown_target" || !strings.HasSuffix(got.Reason, "there are a, b") {
		t.Errorf("got %+v", got)
	}
	r = open(t, 1, state.NewMemory(), Config{}, out, 0)
	if got := ask(""); got.Code != "no_target" {
		t.Errorf("got %+v", got)
	}
}

// TestSimulatedPastStaysInside: the real world has no part in virtual time.
func TestSimulatedPastStaysInside(t *testing.T) {
	spec, err := Spec(only(), World())
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.Virtual(time.Unix(1e9, 0), 1)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	all := trunk{alarm.Spec(nil), spec, {Name: "crier", New: func() actors.Job { return crier{} }}}
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return all }}); err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, sys: sys, clk: clk}
	r.raise("hot")
	clk.Run(time.Hour)
	r.sys.Do(actors.Command{Target: "delivery", Body: actors.TestDelivery{}}, func(got actors.Reply) {
		if got.Code != "not_ready" {
			t.Errorf("a test in the past: %+v", got)
		}
	})
	clk.Run(time.Second)
	if a, _ := actors.LatestOf[actors.Alarm](sys, "delivery_failing_a"); a.Name != "" {
		t.Errorf("it was tried: %+v", a)
	}
}

// TestMessageOnItsWayStaysAsItIs: what a target may have seen is not changed,
// nor dropped.
func TestMessageOnItsWayStaysAsItIs(t *testing.T) {
	for busy, want := range map[bool]string{true: "raised cleared raised", false: "raised"} {
		b := book{Queues: map[string][]Message{}}
		var events []string
		for _, event := range []string{raised, cleared, raised} {
			b.add("a", Message{Alarm: "hot", Event: event, Times: 1}, busy)
		}
		for _, m := range b.Queues["a"] {
			events = append(events, m.Event)
		}
		if got := strings.Join(events, " "); got != want {
			t.Errorf("busy %v: %s wait, want %s", busy, got, want)
		}
	}
	b := book{Queues: map[string][]Message{}}
	for i := range maxWaiting + 9 {
		b.add("a", Message{Alarm: fmt.Sprint(i), Event: raised, Priority: "low"}, true)
	}
	if q := b.Queues["a"]; len(q) != maxWaiting || q[0].Alarm != "0" || q[1].Alarm != "10" || q[1].Dropped != 9 {
		t.Errorf("%d wait, %+v, %+v", len(q), q[0], q[1])
	}
}
