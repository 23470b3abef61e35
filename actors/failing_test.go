package actors_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// valve is a job that drives hardware itself.
type valve struct{ heard *[]string }

// Receive implements actors.Job.
func (v valve) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok && cmd.Body == "edge" {
		c.Do(func() (any, time.Duration) { panic("at the edge") })
	}
	return nil
}

// Halt implements actors.Halter.
func (v valve) Halt() error {
	*v.heard = append(*v.heard, "halt")
	return nil
}

// TestFailingJobHaltsItsHardwareBeforeAnybodyHears: also when it does not fail
// in a turn of its own.
func TestFailingJobHaltsItsHardwareBeforeAnybodyHears(t *testing.T) {
	for name, fail := range map[string]func(*actors.System){
		"told to fail": func(s *actors.System) { s.Crash("valve", "a planted panic") },
		"at the edge":  func(s *actors.System) { s.Do(actors.Command{Target: "valve", Body: "edge"}, func(actors.Reply) {}) },
	} {
		t.Run(name, func(t *testing.T) {
			var heard []string
			clk := clock.Virtual(time.Unix(0, 0), 1)
			sys, err := actors.NewSystem(actors.Options{Unit: "test", Clock: clk})
			if err != nil {
				t.Fatal(err)
			}
			sys.Watch(func(f actors.Fact) {
				if g, ok := f.(actors.OwnerGone); ok {
					heard = append(heard, "gone "+g.Owner)
				}
			})
			if err := sys.Start(actors.Spec{Name: "valve", New: func() actors.Job { return valve{&heard} }}); err != nil {
				t.Fatal(err)
			}
			clk.Run(time.Millisecond)
			fail(sys)
			clk.Run(10 * time.Millisecond)
			if want := []string{"halt", "gone valve"}; !slices.Equal(heard, want) {
				t.Errorf("heard %q, want %q", heard, want)
			}
		})
	}
}
