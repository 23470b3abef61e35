package device_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/state"
)

// campaign does n random things to a rig and returns the broken rules.
func campaign(r *devicetest.Rig, seed uint64, n int, rough bool) []string {
	rng := rand.New(rand.NewPCG(seed, 7))
	for range n {
		anything(r, rng, rough)
		r.Run(time.Duration(rng.Int64N(int64(25 * time.Second))))
	}
	r.Store.Break(nil)
	for _, o := range r.Board.Outs {
		o.Broken = false
	}
	r.Send("vial", actors.Acknowledge{})
	r.Run(15 * time.Minute)
	return r.End()
}

func anything(r *devicetest.Rig, rng *rand.Rand, rough bool) {
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
		r.Send(target, actors.Dose{MediaML: ml, AltMediaML: float64(rng.IntN(2)) * 0.3, WasteML: ml + 0.3})
	case 3:
		r.Send("vial", actors.Dose{Pump: []string{"media", "alt_media", "waste"}[rng.IntN(3)], For: time.Duration(rng.Int64N(int64(9 * time.Second)))})
	case 4:
		r.Send("vial", actors.StopDosing{Reason: "test"})
	case 5, 6:
		r.Send("od_reading", devicetest.Say{To: "window", Msg: protocol.AskQuiet{For: 2 * time.Second, IRPercent: 80, KeepLEDs: rng.IntN(2) == 0}})
		r.Run(time.Duration(rng.Int64N(int64(3 * time.Second))))
		r.Send("od_reading", devicetest.Say{To: "window", Msg: protocol.EndQuiet{}})
	case 7:
		r.Send("job1", actors.SetLED{Channel: "B", Percent: float64(rng.IntN(100))})
		r.Send("job1", devicetest.Say{To: "stirrer", Msg: protocol.Drive{Output: "stirrer", Percent: float64(rng.IntN(100)), For: 20 * time.Second, Owner: "job1"}})
	case 8:
		r.System.Crash([]string{"vial", "pumps", "job1", "window", "leds", "stirrer", "od_reading"}[rng.IntN(7)], "planned")
	case 9:
		r.Lossy()
		r.Store.Break(errors.New("disk full"))
	case 10:
		r.Store.Break(nil)
	case 11:
		r.Board.Outs["pump/"+[]string{"media", "waste"}[rng.IntN(2)]].Broken = rng.IntN(2) == 0
	}
}

func TestNoRuleIsBrokenWhateverHappens(t *testing.T) {
	doses := 0
	for seed := uint64(1); seed <= 200; seed++ {
		r := devicetest.Start(t, seed)
		if broken := campaign(r, seed, 18, seed%3 != 0); len(broken) > 0 {
			t.Fatalf("seed %d: %q", seed, broken)
		}
		doses += r.Doses()
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
	lose := func(lost func(msg any) bool) func(any) []any {
		return func(msg any) []any {
			if lost(msg) {
				return nil
			}
			return []any{msg}
		}
	}
	private := func(name string) func(any) bool {
		return func(msg any) bool { return strings.HasSuffix(fmt.Sprintf("%T", msg), "."+name) }
	}
	for name, d := range map[string]struct {
		actor string
		plant func(msg any) []any
	}{
		"lost lease": {"pumps", lose(private("expired"))},
		"lease longer than the dose": {"pumps", func(msg any) []any {
			if d, ok := msg.(protocol.Drive); ok {
				d.For += 2 * time.Second
				msg = d
			}
			return []any{msg}
		}},
		"counted twice": {"vial", func(msg any) []any {
			if cut, ok := msg.(protocol.Cut); ok && cut.Output == "pump/media" {
				cut.Ran *= 2
				msg = cut
			}
			return []any{msg}
		}},
		"reservation not persisted": {},
		"a stop that nobody hears": {"vial", lose(func(msg any) bool {
			cmd, _ := msg.(actors.Command)
			_, stop := cmd.Body.(actors.StopDosing)
			return stop
		})},
		"unhush forgotten": {"leds", lose(func(msg any) bool {
			_, unhush := msg.(protocol.Unhush)
			return unhush || private("hushOver")(msg)
		})},
		"a dose without an end": {"vial", lose(private("resume"))},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 40; seed++ {
				kept := state.NewMemory()
				o := devicetest.Options{Seed: seed, Store: kept}
				if d.plant == nil {
					o.Liar = &forgetful{Memory: kept}
				}
				r := devicetest.New(t, o)
				if d.plant != nil {
					r.Interfere[d.actor] = d.plant
				}
				r.Start()
				if broken := campaign(r, seed, 18, false); len(broken) > 0 {
					t.Logf("seed %d: %s", seed, broken[0])
					return
				}
			}
			t.Error("not found in 40 campaigns")
		})
	}
}
