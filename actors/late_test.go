package actors_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// A command that was on its way when its actor ended is answered at once, not
// by the end of patience.
func TestACommandAfterTheEndIsAnswered(t *testing.T) {
	for seed := range uint64(20) {
		clk := clock.Virtual(time.Unix(0, 0), seed)
		sys, _, _ := startLamp(t, clk)
		var replies []actors.Reply
		for _, body := range []any{actors.SetState{State: actors.Disconnected}, set("percent", "7"), set("percent", "8")} {
			sys.Do(actors.Command{Target: "lamp", Body: body}, func(r actors.Reply) { replies = append(replies, r) })
		}
		clk.Run(time.Second)
		if len(replies) != 3 {
			t.Fatalf("seed %d: %d of 3 commands answered within 1 s: %+v", seed, len(replies), replies)
		}
		var refused int
		for _, r := range replies {
			if r.Code == "not_running" {
				refused++
			}
		}
		if refused != 2 {
			t.Errorf("seed %d: %d commands answered with not_running, want 2: %+v", seed, refused, replies)
		}
	}
}
