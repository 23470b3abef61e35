package automation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/state"
)

// gaps are the times from one asked dose to the next, the first from from.
func (b *bench) gaps(from time.Time) (gaps []time.Duration) {
	for _, at := range b.asked {
		gaps = append(gaps, at.Sub(from))
		from = at
	}
	return gaps
}

func TestChemostatExchangesAtItsRhythm(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "chemostat", "duration", 20, "exchange_volume_ml", 0.6)
		b.clk.Run(61 * time.Minute)
		for i, gap := range b.gaps(epoch) {
			want := 20 * time.Minute
			if i == 0 {
				want = 2 * time.Second
			}
			if gap != want {
				t.Errorf("exchange %d came after %v, want %v", i, gap, want)
			}
		}
		if len(b.asked) != 4 || b.count("DilutionEvent") != 4 {
			t.Fatalf("in 61 min: %d exchanges, %d events, want 4", len(b.asked), b.count("DilutionEvent"))
		}
		d := b.data("DilutionEvent")
		if len(d) != 2 || d["exchange_volume_ml"] != 0.6 || d["volume_actually_cycled_ml"] != 0.6 {
			t.Errorf("event data = %v", d)
		}
		if n := len(b.events); b.events[n-3].Name != "DosingStarted" || string(b.events[n-3].Data) != `{"waste_ml":0.6,"media_ml":0.6}` ||
			b.events[n-2].Name != "DosingStopped" || string(b.events[n-2].Data) != `{"waste_ml":0.6,"media_ml":0.6}` {
			t.Errorf("before it %+v and %+v", b.events[n-3], b.events[n-2])
		}
		if m := b.events[len(b.events)-1].Message; m != "exchanged 0.6mL" {
			t.Errorf("message %q", m)
		}
	})
}

func TestChemostatMaySkipItsFirstRun(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "chemostat", "duration", 20, "skip_first_run", true)
	b.clk.Run(45 * time.Minute)
	if g := b.gaps(epoch); len(g) != 2 || g[0] != 20*time.Minute {
		t.Errorf("exchanges after %v, want 20 min and 20 min", g)
	}
}

func TestChangedDurationCountsFromTheLastRun(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "chemostat", "duration", 60)
		b.clk.Run(10*time.Minute + 2*time.Second)
		b.set("exchange_volume_ml", 0.7)
		b.set("duration", 25)
		b.clk.Run(20 * time.Minute)
		b.set("duration", 5) // 5 min after the last: 2 s from now
		b.clk.Run(time.Minute)
		g := b.gaps(epoch)
		if len(g) != 3 || g[1] != 25*time.Minute || g[2] != 5*time.Minute+2*time.Second {
			t.Errorf("exchanges after %v, want 2 s, 25 min and 5 min 2 s", g)
		}
	})
}

func TestRestartedChemostatNeitherDosesEarlyNorCatchesUp(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		store := state.NewMemory()
		start(t, seed, epoch, store, "chemostat", "duration", 60).clk.Run(30 * time.Minute)

		b := start(t, seed, epoch.Add(30*time.Minute), store, "chemostat", "duration", 60)
		b.clk.Run(29 * time.Minute)
		if len(b.asked) != 0 {
			t.Fatalf("dosed %v after the last time", b.asked[0].Sub(epoch))
		}
		b.clk.Run(2 * time.Minute)
		if len(b.asked) != 1 {
			t.Fatalf("%d exchanges an hour after the last, want 1", len(b.asked))
		}

		late := epoch.Add(10 * time.Hour)
		b = start(t, seed, late, store, "chemostat", "duration", 60)
		b.clk.Run(59 * time.Minute)
		if g := b.gaps(late); len(g) != 1 || g[0] != 2*time.Second {
			t.Errorf("after 9 h without power: exchanges after %v, want one", g)
		}

		back := epoch.Add(-24 * time.Hour)
		b = start(t, seed, back, store, "chemostat", "duration", 60)
		b.clk.Run(61 * time.Minute)
		if g := b.gaps(back); len(g) != 1 || g[0] != time.Hour {
			t.Errorf("after the clock went back: exchanges after %v, want one after 1 h", g)
		}
	})
}

func TestLastRunOfAnotherExperimentDoesNotCount(t *testing.T) {
	store := state.NewMemory()
	if err := store.Save("chemostat", []byte(`{"experiment":"old","value":{"at":"2025-12-31T23:59:00Z"}}`)); err != nil {
		t.Fatal(err)
	}
	b := start(t, 1, epoch, store, "chemostat", "duration", 60)
	b.clk.Run(time.Minute)
	if len(b.asked) != 1 {
		t.Errorf("%d exchanges, want the first run", len(b.asked))
	}
}

func TestChemostatDosesNothingItCannotKeep(t *testing.T) {
	store := state.NewMemory()
	store.Break(errors.New("disk full"))
	b := start(t, 1, epoch, store, "chemostat", "duration", 20)
	b.clk.Run(30 * time.Minute)
	if len(b.asked) != 0 || b.count("NoEvent") != 2 {
		t.Errorf("%d exchanges and %d NoEvents, want 0 and 2", len(b.asked), b.count("NoEvent"))
	}
	store.Break(nil)
	b.clk.Run(20 * time.Minute)
	if len(b.asked) != 1 {
		t.Errorf("%d exchanges once the disk works, want 1", len(b.asked))
	}
}

func TestChemostatNeverOverlapsAndKeepsItsRhythmWhenRefused(t *testing.T) {
	b := start(t, 2, epoch, state.NewMemory(), "chemostat", "duration", 1)
	b.takes = 90 * time.Second
	b.clk.Run(3 * time.Minute)
	if len(b.asked) != 2 || b.count("NoEvent") != 1 {
		t.Errorf("with doses of 90 s each minute: %d asked, %d skipped in 3 min, want 2 and 1", len(b.asked), b.count("NoEvent"))
	}
	b.clk.Run(2 * time.Minute)
	b.refuse = "enough for this hour"
	before := b.count("NoEvent")
	b.clk.Run(10 * time.Minute)
	if n := b.count("NoEvent") - before; n < 9 || b.state().State != actors.Ready {
		t.Errorf("refused for 10 min: %d NoEvents, state %s; want 10 and ready", n, b.state().State)
	}
}

func TestSleepingChemostatDosesNothing(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, epoch, state.NewMemory(), "chemostat", "duration", 20)
		b.clk.Run(time.Minute)
		b.do(actors.SetState{State: actors.Sleeping})
		b.clk.Run(3 * time.Hour)
		if len(b.asked) != 1 {
			t.Fatalf("%d exchanges, want the one before it slept", len(b.asked))
		}
		b.do(actors.SetState{State: actors.Ready})
		b.clk.Run(25 * time.Minute)
		if len(b.asked) != 3 {
			t.Errorf("%d exchanges, want 2 more: at once and 20 min later", len(b.asked))
		}
	})
}

func TestSilentIsSilent(t *testing.T) {
	b := start(t, 1, epoch, state.NewMemory(), "silent")
	b.clk.Run(24 * time.Hour)
	if len(b.asked) != 0 || len(b.events) != 0 || b.state().State != actors.Ready {
		t.Errorf("%d doses, %d events, state %s", len(b.asked), len(b.events), b.state().State)
	}
}
