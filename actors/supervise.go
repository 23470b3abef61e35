package actors

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Budget says how a failed child is restarted: after First, then after twice
// as long each time up to Cap, jittered by a tenth. More than Most failures
// within Within, and the child is lost.
type Budget struct {
	First, Cap, Within time.Duration
	Most               int
}

// DefaultBudget suits a job that needs the hardware: the first restart is
// immediate enough that the culture does not notice.
var DefaultBudget = Budget{First: 20 * time.Millisecond, Cap: 30 * time.Second, Within: 10 * time.Minute, Most: 10}

// delay is the wait before the n-th restart in a row, n ≥ 1.
func (b Budget) delay(n int, jitter float64) time.Duration {
	d := b.Cap
	if shift := n - 1; shift < 30 && b.First<<shift < b.Cap {
		d = b.First << shift
	}
	return d + time.Duration(float64(d)*0.1*jitter)
}

// supervisor restarts children with backoff, on the house clock. One serves
// one parent.
type supervisor struct {
	system   *System
	mu       sync.Mutex
	rng      *rand.Rand
	failures map[*life][]time.Duration // of the children; a new start is a new life
}

func newSupervisor(s *System) *supervisor {
	return &supervisor{system: s, rng: rand.New(rand.NewPCG(s.seed, 0x737570)), failures: map[*life][]time.Duration{}}
}

// HandleFailure implements actor.SupervisorStrategy.
func (s *supervisor) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	life := s.system.life(child.Id)
	if life == nil {
		parent.StopChildren(child)
		return
	}
	if _, known := reason.(failure); !known {
		s.system.Log(life.spec.Experiment, life.spec.Name, "error", fmt.Sprintf("broken outside its job: %v", reason))
	}
	delay, spent := s.count(life)
	if spent {
		life.lose(fmt.Sprintf("failed %d times in %v, last: %v", life.spec.budget().Most+1, life.spec.budget().Within, reason))
		parent.StopChildren(child)
		return
	}
	s.system.clock.AfterFunc(delay, func() {
		if s.system.life(child.Id) == life {
			parent.RestartChildren(child)
		}
	})
}

// count notes a failure and returns how long to wait, or that the budget is spent.
func (s *supervisor) count(child *life) (delay time.Duration, spent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, now := child.spec.budget(), s.system.clock.Mono()
	maps.DeleteFunc(s.failures, func(l *life, _ []time.Duration) bool { return l.ended.Load() })
	recent := slices.DeleteFunc(s.failures[child], func(at time.Duration) bool { return now-at > b.Within })
	recent = append(recent, now)
	s.failures[child] = recent
	return b.delay(len(recent), s.rng.Float64()), len(recent) > b.Most
}

var _ actor.SupervisorStrategy = (*supervisor)(nil)
