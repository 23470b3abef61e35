package device

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/state"
)

// campaign does n random things to a rig and returns the broken rules.
func campaign(r *rig, seed uint64, n int, rough bool) []string {
	rng := rand.New(rand.NewPCG(seed, 7))
	for range n {
		r.anything(rng, rough)
		r.run(time.Duration(rng.Int64N(int64(25 * time.Second))))
	}
	r.store.Break(nil)
	for _, o := range r.board.outs {
		o.broken = false
	}
	r.send("vial", actors.Acknowledge{})
	r.run(15 * time.Minute)
	return r.check.end()
}

func (r *rig) anything(rng *rand.Rand, rough bool) {
	kinds := 8
	if rough {
		kinds = 12
	}
	switch rng.IntN(kinds) {
	case 0, 1, 2:
		ml := rng.Float64() * 2
		target := "vial"
		if rng.IntN(2) == 0 {
			target = "job1"
		}
		r.send(target, actors.Dose{MediaML: ml, AltMediaML: float64(rng.IntN(2)) * 0.3, WasteML: ml + 0.3})
	case 3:
		r.send("vial", actors.Dose{Pump: []string{"media", "alt_media", "waste"}[rng.IntN(3)], For: time.Duration(rng.Int64N(int64(9 * time.Second)))})
	case 4:
		r.send("vial", actors.StopDosing{Reason: "test"})
	case 5, 6:
		r.send("od_reading", say{"window", protocol.AskQuiet{For: 2 * time.Second, IRPercent: 80, KeepLEDs: rng.IntN(2) == 0}})
		r.run(time.Duration(rng.Int64N(int64(3 * time.Second))))
		r.send("od_reading", say{"window", protocol.EndQuiet{}})
	case 7:
		r.send("job1", actors.SetLED{Channel: "B", Percent: float64(rng.IntN(100))})
		r.send("job1", say{"stirrer", protocol.Drive{Output: "stirrer", Percent: float64(rng.IntN(100)), For: 20 * time.Second, Owner: "job1"}})
	case 8:
		r.send([]string{"vial", "pumps", "job1", "window", "leds", "stirrer", "od_reading"}[rng.IntN(7)], boom{})
	case 9:
		r.check.crashed = true
		r.store.Break(errors.New("disk full"))
	case 10:
		r.store.Break(nil)
	case 11:
		r.board.outs["pump/"+[]string{"media", "waste"}[rng.IntN(2)]].broken = rng.IntN(2) == 0
	}
}

func TestNoRuleIsBrokenWhateverHappens(t *testing.T) {
	doses := 0
	for seed := uint64(1); seed <= 200; seed++ {
		r := quietRig(t, seed)
		if broken := campaign(r, seed, 18, seed%3 != 0); len(broken) > 0 {
			t.Fatalf("seed %d: %q", seed, broken)
		}
		doses += len(r.check.dosed)
	}
	if doses < 500 {
		t.Errorf("%d doses in all, want at least 500 for the campaign to mean something", doses)
	}
}

// forgetful says that it saved, and keeps nothing but the first.
type forgetful struct {
	*state.Memory
	saved int
}

func (f *forgetful) Save(key string, value []byte) error {
	if f.saved++; f.saved > 1 {
		return nil
	}
	return f.Memory.Save(key, value)
}

// TestCampaignFindsPlantedDefects shows that the rules catch what they are for.
func TestCampaignFindsPlantedDefects(t *testing.T) {
	type tamper = func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error
	defects := map[string]struct {
		actor string
		plant tamper
	}{
		"lost lease": {"pumps", func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, _ actors.Job, msg any, next func(any) error) error {
				if _, ok := msg.(expired); ok {
					return nil
				}
				return next(msg)
			}
		}},
		"lease longer than the dose": {"pumps", func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, _ actors.Job, msg any, next func(any) error) error {
				if d, ok := msg.(protocol.Drive); ok {
					d.For += 2 * time.Second
					msg = d
				}
				return next(msg)
			}
		}},
		"double commit": {"vial", func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, job actors.Job, msg any, next func(any) error) error {
				v := job.(*vial)
				if cut, ok := msg.(protocol.Cut); ok && v.run != nil && v.run.step.inflow() {
					again := *v.run
					err := next(msg)
					v.book.ledger.CurrentVolumeML += again.step.ml * min(1, cut.Ran.Seconds())
					return err
				}
				return next(msg)
			}
		}},
		"reservation not persisted": {},
		"inflow resumed after a stop": {"vial", func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, job actors.Job, msg any, next func(any) error) error {
				cmd, ok := msg.(actors.Command)
				_, stop := cmd.Body.(actors.StopDosing)
				if v := job.(*vial); ok && stop && v.active != nil {
					rest := v.active.steps
					err := next(msg)
					if v.active != nil {
						v.active.cut, v.active.steps = "", rest
					}
					return err
				}
				return next(msg)
			}
		}},
		"unhush forgotten": {"leds", func(*rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, _ actors.Job, msg any, next func(any) error) error {
				switch msg.(type) {
				case protocol.Unhush, hushOver:
					return nil
				}
				return next(msg)
			}
		}},
		"a dose without an end": {"vial", func(r *rig) func(*actors.Context, actors.Job, any, func(any) error) error {
			return func(c *actors.Context, job actors.Job, msg any, next func(any) error) error {
				if v := job.(*vial); v.active != nil && len(v.active.steps) == 0 && len(v.queue) > 0 {
					v.queue = nil
				}
				return next(msg)
			}
		}},
	}
	for name, d := range defects {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 40; seed++ {
				kept := state.NewMemory()
				var liar state.Store
				if d.actor == "" {
					liar = &forgetful{Memory: kept}
				}
				r := newRig(t, seed, kept, liar)
				if d.plant != nil {
					r.tamper[d.actor] = d.plant(r)
				}
				r.start(benchConfig())
				if broken := campaign(r, seed, 18, false); len(broken) > 0 {
					t.Logf("seed %d: %s", seed, broken[0])
					return
				}
			}
			t.Error("not found in 40 campaigns")
		})
	}
}
