package mqtt

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// said drains o and lists what it says, acknowledging everything.
func said(o *outbox) (all []string) {
	for {
		e, ok := o.next()
		if !ok {
			return all
		}
		all = append(all, e.topic+"="+string(e.payload))
		o.landed()
	}
}

func TestLastValuesAreSaidInTheOrderOfTheirDeclaration(t *testing.T) {
	o := newOutbox(10, 10)
	for _, s := range []string{"a=1", "b=1", "a=2", "a=3"} {
		o.retain(s[:1], []byte(s[2:]), 2, true)
	}
	if got, want := said(o), []string{"b=1", "a=3"}; !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestAnUnchangedValueIsSaidAgain(t *testing.T) {
	o := newOutbox(10, 10)
	for range 2 { // the republish is the acknowledgement of a set
		o.retain("a", []byte("1"), 2, true)
		if got := said(o); !slices.Equal(got, []string{"a=1"}) {
			t.Errorf("said %q, want a=1", got)
		}
	}
}

func TestABusyTopicDoesNotStarve(t *testing.T) {
	o := newOutbox(10, 10)
	o.retain("busy", []byte("0"), 0, true)
	for i := range 3 * maxMoves {
		o.retain("busy", []byte(fmt.Sprint(i)), 0, true)
		o.retain(fmt.Sprint("other", i), []byte("1"), 0, true)
	}
	place := slices.Index(said(o), fmt.Sprint("busy=", 3*maxMoves-1))
	if place < 0 || place > 2*maxMoves {
		t.Errorf("busy topic said at place %d, want at most %d", place, 2*maxMoves)
	}
}

func TestOldestTelemetryGoesFirst(t *testing.T) {
	o := newOutbox(2, 10)
	for i := range 5 {
		if err := o.send("t", []byte(fmt.Sprint(i)), 0); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			o.retain("r", []byte("x"), 0, true)
		}
	}
	if got, want := said(o), []string{"r=x", "t=3", "t=4"}; !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	if o.dropped != 3 {
		t.Errorf("dropped = %d, want 3", o.dropped)
	}
}

func TestEventsAreRefusedWhenFullAndFreedWhenAcknowledged(t *testing.T) {
	o := newOutbox(2, 2)
	for range 2 {
		if err := o.send("e", []byte("1"), 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.send("e", []byte("3"), 1); !errors.Is(err, ErrFull) || o.refused != 1 {
		t.Errorf("third event: %v, refused = %d, want ErrFull and 1", err, o.refused)
	}
	o.next()
	if err := o.send("e", []byte("3"), 1); !errors.Is(err, ErrFull) {
		t.Errorf("unacknowledged events count: got %v, want ErrFull", err)
	}
	o.landed()
	if err := o.send("e", []byte("3"), 1); err != nil {
		t.Errorf("after an acknowledgement: %v", err)
	}
}

func TestReconnectSaysTruthThenUnknownFateThenWaiting(t *testing.T) {
	o := newOutbox(10, 10)
	o.retain("a", []byte("1"), 2, true)
	o.retain("gone", []byte("1"), 2, true)
	o.retain("gone", nil, 2, true)
	for _, e := range []string{"1", "2"} {
		if err := o.send("e", []byte(e), 2); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // a, gone and the first event are in the air when the cable breaks
		o.next()
	}
	o.retain("a", []byte("2"), 2, false)
	o.restart()
	if got, want := said(o), []string{"gone=", "a=2", "e=1", "e=2"}; !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	if !o.idle() || o.events != 0 {
		t.Errorf("idle = %v, events = %d, want true and 0", o.idle(), o.events)
	}
}

func TestClearedTopicsAreBounded(t *testing.T) {
	o := newOutbox(10, 10)
	for i := range 2 * maxCleared {
		o.retain(fmt.Sprint(i), nil, 2, true)
		said(o)
	}
	if len(o.truth) > maxCleared+1 || len(o.cleared) > maxCleared+1 {
		t.Errorf("remembers %d topics, %d cleared, want at most %d", len(o.truth), len(o.cleared), maxCleared+1)
	}
}

// TestOutboxEndsTrue: whatever happens, what a broker was told last equals the
// truth, and no accepted event is lost.
func TestOutboxEndsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOutbox(3, 1000)
		want, broker := map[string]string{}, map[string]string{}
		events, heard := map[string]bool{}, map[string]bool{}
		live := false
		take := func() {
			if e, ok := o.next(); ok {
				if e.fact != nil {
					broker[e.topic] = string(e.payload)
				} else if e.qos > 0 {
					heard[string(e.payload)] = true
				}
			}
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			value := fmt.Sprint(i)
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1:
				topic := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "topic")
				if rapid.IntRange(0, 3).Draw(t, "clear") == 0 {
					value = ""
				}
				o.retain(topic, []byte(value), 1, live)
				want[topic] = value
			case 2:
				if err := o.send("e", []byte(value), 1); err != nil {
					t.Fatal(err)
				}
				events[value] = true
			case 3:
				if err := o.send("t", []byte(value), 0); err != nil {
					t.Fatal(err)
				}
			case 4:
				if live {
					take()
				}
			case 5:
				if live && len(o.flying) > 0 {
					o.landed()
				}
			case 6: // the broker restarts and forgets
				if live = !live; live {
					broker = map[string]string{}
					o.restart()
				}
			}
		}
		broker = map[string]string{}
		o.restart()
		for o.queue.Len() > 0 {
			take()
		}
		for topic, value := range want {
			if got, ok := broker[topic]; !ok || got != value {
				t.Fatalf("broker holds %q on %s, want %q", got, topic, value)
			}
		}
		for e := range events {
			if !heard[e] {
				t.Fatalf("event %s was lost", e)
			}
		}
	})
}
