package actors

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

func TestSaverWritesInOrderAndLoadsTheNewest(t *testing.T) {
	clk, store := clock.Virtual(time.Unix(0, 0), 3), state.NewMemory()
	s := newSaver(clk, store)
	var answered []int
	for i, v := range []string{"a", "b", "c"} {
		s.save("k", value{text: []byte(v)}, func(err error) {
			if err != nil {
				t.Error(err)
			}
			answered = append(answered, i)
		})
		if got, ok, _ := s.load("k"); !ok || string(got) != v {
			t.Errorf("loaded %q right after saving %q", got, v)
		}
	}
	clk.Run(time.Second)
	if got, _, _ := store.Load("k"); string(got) != "c" || len(answered) != 3 || answered[0] != 0 {
		t.Errorf("stored %q, answered %v", got, answered)
	}
	if len(s.busy) != 0 {
		t.Error("still busy")
	}
}

func TestSaverTellsWhoeverSavedWhenItFails(t *testing.T) {
	clk, store := clock.Virtual(time.Unix(0, 0), 1), state.NewMemory()
	store.Break(errors.New("disk full"))
	failed := 0
	s := newSaver(clk, store)
	for range 3 {
		s.save("k", value{}, func(err error) {
			if err != nil {
				failed++
			}
		})
	}
	clk.Run(time.Second)
	if failed != 3 {
		t.Errorf("%d of 3 were told", failed)
	}
}

// A restart of an actor is no reason to go back to what the disk last took.
func TestSaverLoadsWhatTheDiskRefused(t *testing.T) {
	clk, store := clock.Virtual(time.Unix(0, 0), 1), state.NewMemory()
	s := newSaver(clk, store)
	save := func(v string) {
		s.save("k", value{text: []byte(v)}, func(error) {})
		clk.Run(time.Second)
	}
	save("old")
	store.Break(errors.New("disk full"))
	save("new")
	if got, ok, err := s.load("k"); !ok || err != nil || string(got) != "new" {
		t.Errorf("loaded %q, %v after a write that failed, want new", got, err)
	}
	store.Break(nil)
	save("newer")
	if got, _, _ := s.load("k"); string(got) != "newer" || len(s.unwritten) != 0 {
		t.Errorf("loaded %q with %d unwritten, want newer and none", got, len(s.unwritten))
	}
}

func TestSaverWritesWhatTheDiskRefusedOnceThereIsRoom(t *testing.T) {
	clk, store := clock.Virtual(time.Unix(0, 0), 1), state.NewMemory()
	s := newSaver(clk, store)
	var told []string
	save := func(key, text string) {
		s.save(key, value{[]byte(text), func() { told = append(told, key+" is "+text) }}, func(error) {})
		clk.Run(time.Second)
	}
	store.Break(errors.New("disk full"))
	save("a", "1")
	save("b", "1")
	save("a", "2")
	clk.Run(10 * rewriteAfter)
	if len(told) != 0 {
		t.Fatalf("told of %q while the disk is full", told)
	}
	store.Break(nil)
	save("b", "2") // who saves anew hears of that
	clk.Run(rewriteAfter)
	a, _, _ := store.Load("a")
	b, _, _ := store.Load("b")
	if string(a) != "2" || string(b) != "2" || !slices.Equal(told, []string{"a is 2"}) {
		t.Errorf("a = %q, b = %q, told of %q", a, b, told)
	}
	told = nil
	if clk.Run(10 * rewriteAfter); told != nil || s.again {
		t.Errorf("goes on with nothing to write: %q", told)
	}
}

// A value that is saved while an older one is written again is the last word,
// whichever goroutine comes first.
func TestWhatIsWrittenAgainNeverComesAfterANewerValue(t *testing.T) {
	for range 200 {
		clk, store := clock.Live(), state.NewMemory()
		s := newSaver(clk, store)
		var all sync.WaitGroup
		all.Add(1)
		store.Break(errors.New("disk full"))
		s.save("k", value{[]byte("old"), func() {}}, func(error) { all.Done() })
		all.Wait()
		store.Break(nil)
		all.Add(1)
		all.Go(s.rewrite)
		s.save("k", value{[]byte("new"), func() {}}, func(error) { all.Done() })
		all.Wait()
		if got, _, _ := s.load("k"); string(got) != "new" {
			t.Fatalf("loaded %q, want new", got)
		}
	}
}
