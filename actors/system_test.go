package actors_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

func newSystem(t *testing.T) *actors.System {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clock.Virtual(time.Unix(1e9, 0), 0)})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

func TestTapDropsTelemetryAndNeverVitalFacts(t *testing.T) {
	sys := newSystem(t)
	tap := sys.Tap(3, false)
	for range 10 {
		sys.Publish("exp", actors.StirringRate{RPM: 500})
		sys.Publish("exp", actors.DosingEvent{VolumeML: 1})
	}
	if !sys.Congested() {
		t.Error("an observer 10 doses behind with room for 3 is not called congested")
	}
	facts, gap := tap.Take()
	var doses, rates int
	for _, f := range facts {
		switch f.(type) {
		case actors.DosingEvent:
			doses++
		case actors.StirringRate:
			rates++
		}
	}
	if doses != 10 || rates != 3 || gap != 7 {
		t.Errorf("doses %d, rates %d, gap %d; want 10, 3, 7", doses, rates, gap)
	}
	if sys.Congested() {
		t.Error("still congested after everything was taken")
	}
}

func TestTapBeginsWithWhatIsTrue(t *testing.T) {
	sys := newSystem(t)
	sys.Publish("exp", actors.StirringRate{RPM: 400})
	sys.Publish("exp", actors.StirringRate{RPM: 500})
	sys.Publish("exp", actors.DosingEvent{VolumeML: 1})
	facts, _ := sys.Tap(10, true).Take()
	if len(facts) != 1 || facts[0].(actors.StirringRate).RPM != 500 {
		t.Errorf("facts %+v, want the newest stirring rate alone", facts)
	}
}

func TestFactsAreStamped(t *testing.T) {
	sys := newSystem(t)
	var got []actors.Meta
	sys.Watch(func(f actors.Fact) { got = append(got, f.About()) })
	sys.Publish("exp", actors.GrowthRate{Meta: actors.Meta{At: time.Unix(5, 0)}})
	sys.Clock().Run(time.Second)
	sys.Publish("exp", actors.GrowthRate{})
	if got[0].Seq != 1 || got[1].Seq != 2 || got[0].Boot == "" || got[0].Unit != "pio1" || got[0].Experiment != "exp" {
		t.Errorf("metas %+v", got)
	}
	if got[0].At != time.Unix(5, 0) || got[1].Mono != time.Second {
		t.Errorf("a measured time must stand, %v; mono %v, want 1s", got[0].At, got[1].Mono)
	}
}

// counter answers commands and counts them.
type counter struct{ n *int }

func (k counter) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		*k.n++
		c.Reply(cmd, *k.n)
	}
	return nil
}

func TestRepeatedCommandIsAnsweredFromMemory(t *testing.T) {
	sys, n := newSystem(t), 0
	if err := sys.Start(actors.Spec{Name: "counter", New: func() actors.Job { return counter{&n} }}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		sys.Do(actors.Command{ID: "same", Target: "counter"}, func(r actors.Reply) {
			if r.Value != 1 || !r.OK || r.ID != "same" {
				t.Errorf("reply %+v", r)
			}
		})
		sys.Clock().Run(time.Second)
	}
	if n != 1 {
		t.Errorf("done %d times, want once", n)
	}
}

// However late, and whatever its actor is doing: it may be restarting.
func TestLateCommandToABusyActorIsRefused(t *testing.T) {
	sys := newSystem(t)
	silent := actors.Spec{Name: "silent", New: func() actors.Job { return mute{} }}
	if err := sys.Start(silent); err != nil {
		t.Fatal(err)
	}
	var replies []actors.Reply
	for range 2 { // the second is answered from memory
		sys.Do(actors.Command{ID: "late", Target: "silent", Deadline: sys.Clock().Now().Add(-time.Minute)}, func(r actors.Reply) { replies = append(replies, r) })
		sys.Clock().Run(2 * time.Second)
	}
	if len(replies) != 2 || replies[0].Code != "expired" || replies[1].Code != "expired" || replies[0].ID != "late" {
		t.Errorf("replies %+v, want expired twice", replies)
	}
}

func TestLateCommandIsRefused(t *testing.T) {
	sys, n := newSystem(t), 0
	if err := sys.Start(actors.Spec{Name: "counter", New: func() actors.Job { return counter{&n} }}); err != nil {
		t.Fatal(err)
	}
	var r actors.Reply
	sys.Do(actors.Command{Target: "counter", Deadline: sys.Clock().Now().Add(-time.Second)}, func(got actors.Reply) { r = got })
	sys.Clock().Run(time.Second)
	if r.Code != "expired" || n != 0 {
		t.Errorf("reply %+v after %d runs, want expired and 0", r, n)
	}
}

func TestSilentActorIsReportedToWhoAsked(t *testing.T) {
	sys := newSystem(t)
	silent := actors.Spec{Name: "silent", New: func() actors.Job { return mute{} }}
	if err := sys.Start(silent); err != nil {
		t.Fatal(err)
	}
	var r actors.Reply
	sys.Do(actors.Command{Target: "silent"}, func(got actors.Reply) { r = got })
	sys.Clock().Run(time.Minute)
	if r.Code != "no_answer" {
		t.Errorf("reply %+v, want no_answer", r)
	}
}

type mute struct{}

func (mute) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		c.Later(cmd)
	}
	return nil
}

func TestEveryMessageSurvivesItsEncoding(t *testing.T) {
	want := actors.ODReading{Meta: actors.Meta{Unit: "pio1", Seq: 7, At: time.Unix(9, 0).UTC()}, Channel: 2, Angle: "90", Value: 0.5, Quality: actors.Quality{Grade: actors.Good}}
	name, data, err := actors.Encode(want)
	if err != nil || name != "od_reading/1" {
		t.Fatal(name, err)
	}
	got, err := actors.Decode(name, append(data[:len(data)-1], []byte(`,"from_the_future":1}`)...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUnknownMessageIsAnErrorNotACrash(t *testing.T) {
	if _, err := actors.Decode(strings.Repeat("x", 1e6)+"/9", nil); err == nil || len(err.Error()) > 200 {
		t.Errorf("got %v", err)
	}
	if _, _, err := actors.Encode(mute{}); err == nil {
		t.Error("a private message was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("od_reading/1", []byte(`{"od":1}`))
	f.Add("alarm/1", []byte(`{"since":"x"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		m, err := actors.Decode(name, data)
		if err != nil {
			return
		}
		if _, _, err := actors.Encode(m); err != nil {
			t.Errorf("decoded and cannot be encoded: %v", err)
		}
	})
}

func TestRegistryRefusesWhatTopicsCannotCarry(t *testing.T) {
	for _, name := range []string{"", "Turbidostat", "a b", "a__b", "_a", "leds", "a/b", "é"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("name %q was registered", name)
				}
			}()
			actors.Register(actors.Dosing, name, func() actors.Job { return mute{} })
		}()
	}
}

func TestRefusalCarriesItsReasonAsJSON(t *testing.T) {
	r := actors.Reply{ID: "1", Code: "held", Reason: "pump/media is held"}
	text, err := json.Marshal(r)
	if want := `{"id":"1","ok":false,"code":"held","reason":"pump/media is held"}`; string(text) != want || err != nil {
		t.Errorf("got %s", text)
	}
}

// slow answers a command a second later and counts.
type slow struct{ done *int }

func (s slow) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		*s.done++
		peer := c.Later(cmd)
		c.After(time.Second, peer)
	}
	if peer, ok := msg.(actors.Peer); ok {
		c.AnswerTo(peer, actors.Reply{OK: true})
	}
	return nil
}

func TestCommandUnderWayIsNotDoneTwice(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 1)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	var done, answered int
	if err := sys.Start(actors.Spec{Name: "slow", New: func() actors.Job { return slow{&done} }}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		sys.Do(actors.Command{ID: "same", Target: "slow", Body: actors.Note{}}, func(r actors.Reply) {
			if r.OK && r.ID == "same" {
				answered++
			}
		})
	}
	clk.Run(2 * time.Second)
	if done != 1 || answered != 3 {
		t.Errorf("done %d times, answered %d times; want 1 and 3", done, answered)
	}
}
