package clock_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/actors/clock"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func ExampleClock_Run() {
	c := clock.Virtual(epoch, 0)
	c.AfterFunc(time.Hour, func() { fmt.Println(c.Mono(), c.Now()) })
	c.Run(2 * time.Hour)
	fmt.Println(c.Mono())
	// Output:
	// 1h0m0s 2026-01-01 01:00:00 +0000 UTC
	// 2h0m0s
}

func TestTimersFireInOrderOfInstantThenAge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delays := rapid.SliceOf(rapid.IntRange(0, 5)).Draw(t, "delays")
		c := clock.Virtual(epoch, rapid.Uint64().Draw(t, "seed"))
		var want, got [][2]int
		for i, d := range delays {
			want = append(want, [2]int{d, i})
			c.AfterFunc(time.Duration(d), func() { got = append(got, [2]int{int(c.Mono()), i}) })
		}
		slices.SortStableFunc(want, func(a, b [2]int) int { return a[0] - b[0] })
		c.Run(time.Second)
		if !slices.Equal(got, want) {
			t.Fatalf("fired %v, want %v", got, want)
		}
	})
}

func TestStoppedTimerStaysSilent(t *testing.T) {
	c := clock.Virtual(epoch, 0)
	fired := 0
	timer := c.AfterFunc(time.Second, func() { fired++ })
	if !timer.Stop() || timer.Stop() {
		t.Error("Stop: want true once, then false")
	}
	c.Run(time.Minute)
	if fired != 0 {
		t.Errorf("fired %d times, want 0", fired)
	}
}

func TestRunnableRunsBeforeTimeMoves(t *testing.T) {
	for seed := range uint64(50) {
		c := clock.Virtual(epoch, seed)
		ran := 0
		c.AfterFunc(1, func() {
			if ran != 3 {
				t.Errorf("seed %d: time moved after %d of 3 runnables", seed, ran)
			}
		})
		for range 3 {
			c.Schedule(func() { ran++ })
		}
		c.Run(time.Second)
	}
}

func TestSeedsExploreOrders(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(200) {
		c := clock.Virtual(epoch, seed)
		order := ""
		for _, name := range []string{"a", "b", "c"} {
			c.Schedule(func() { order += name })
		}
		c.Run(0)
		orders[order] = true
	}
	if len(orders) != 6 {
		t.Errorf("200 seeds found %d of 6 orders", len(orders))
	}
}

func TestEdgeTakesItsTime(t *testing.T) {
	c := clock.Virtual(epoch, 0)
	var at time.Duration
	c.Do(func() time.Duration { return 850 * time.Millisecond }, func() { at = c.Mono() })
	c.Run(time.Second)
	if at != 850*time.Millisecond {
		t.Errorf("done at %v, want 850ms", at)
	}
}

func TestGoesLiveWithWhatWasPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Virtual(time.Now().Add(-time.Hour), 0)
		fired := make(chan time.Duration, 2)
		c.AfterFunc(time.Hour+time.Minute, func() { fired <- c.Mono() })
		cancelled := c.AfterFunc(time.Hour+time.Second, func() { t.Error("a stopped timer fired") })
		c.Run(time.Hour)
		c.GoLive()
		cancelled.Stop()
		c.Schedule(func() { fired <- -1 })
		if got := <-fired; got != -1 {
			t.Errorf("first %v, want the scheduled one", got)
		}
		if got := <-fired; got < time.Hour+time.Minute || got > time.Hour+time.Minute+time.Second {
			t.Errorf("fired at %v, want 1h1m", got)
		}
		if now := c.Now(); time.Until(now).Abs() > time.Second {
			t.Errorf("wall time %v, want the machine's", now)
		}
	})
}

func TestLiveEdgeIsNoEarlierThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Live()
		done := make(chan time.Duration)
		for work, want := range map[time.Duration]time.Duration{0: time.Second, 3 * time.Second: 3 * time.Second} {
			start := c.Mono()
			c.Do(func() time.Duration { time.Sleep(work); return time.Second }, func() { done <- c.Mono() - start })
			if got := <-done; got != want {
				t.Errorf("work of %v that says 1 s was done after %v, want %v", work, got, want)
			}
		}
	})
}

func TestStepMovesWallTimeAndNoTimer(t *testing.T) {
	c := clock.Virtual(epoch, 1)
	var rang []time.Duration
	c.AfterFunc(time.Minute, func() { rang = append(rang, c.Mono()) })
	c.Run(time.Second)
	c.Step(-time.Hour)
	if now, want := c.Now(), epoch.Add(time.Second-time.Hour); !now.Equal(want) || c.Mono() != time.Second {
		t.Errorf("after the step it is %v, %v since the start; want %v, 1s", now, c.Mono(), want)
	}
	c.Run(time.Minute)
	if len(rang) != 1 || rang[0] != time.Minute {
		t.Errorf("the timer rang at %v, want once at 1m0s", rang)
	}
}
