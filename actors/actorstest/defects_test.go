package actorstest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// defects are planted one at a time: each is a bug that somebody could write.
var defects = []struct {
	name  string
	plant func() planted
}{
	{"a lease that never ends", func() planted { return drop("pumps", func(m any) bool { return named(m, "expired") }) }},
	{"a light that never goes out", func() planted { return drop("leds", func(m any) bool { return named(m, "expired") }) }},
	{"a lease longer than the dose", func() planted {
		return swap("pumps", func(d protocol.Drive) protocol.Drive { d.For *= 2; return d })
	}},
	{"a run counted at half", func() planted {
		return swap("vial", func(c protocol.Cut) protocol.Cut { c.Ran /= 2; return c })
	}},
	{"a run counted twice", func() planted {
		return swap("vial", func(c protocol.Cut) protocol.Cut { c.Ran *= 2; return c })
	}},
	{"the failure of an owner unheard", func() planted {
		return planted{HouseOptions: actorstest.HouseOptions{Interfere: func(_ *actorstest.House, to string, msg any) []any {
			if is[actors.OwnerGone](msg) && (to == "pumps" || to == "vial") {
				return nil
			}
			return []any{msg}
		}}}
	}},
	{"a release ignored", func() planted { return drop("pumps", is[protocol.Release]) }},
	{"a release by anybody", func() planted {
		return altered("pumps", func(msg any) []any {
			if g, ok := msg.(actors.OwnerGone); ok && g.Owner != "vial" {
				return []any{protocol.Release{Owner: "vial"}, msg}
			}
			return []any{msg}
		})
	}},
	{"orders out of order", func() planted { return late("pumps", is[protocol.Drive]) }},
	{"a sleeper that is woken", func() planted {
		return command("dosing_automation", func(c actors.Command, s actors.SetState) []any {
			again := c
			again.Body = actors.SetState{State: actors.Ready}
			return []any{c, again}
		})
	}},
	{"a stop that stops nothing", func() planted {
		return command("vial", func(c actors.Command, _ actors.StopDosing) []any {
			c.Body = actors.Acknowledge{}
			return []any{c}
		})
	}},
	{"a pause that stops nothing", func() planted {
		return command("bench", func(c actors.Command, _ actors.PauseVial) []any {
			c.Body = actors.MarkVial{}
			return []any{c}
		})
	}},
	{"a stale command under a new name", func() planted { return redelivered(true, planted{}) }},
	{"a dose begun again after a restart", func() planted {
		return redelivered(false, disk(func(s state.Store) state.Store {
			return stripped{s, "vial", []string{"answered", "pending", "seen"}}
		}))
	}},
	{"a command obeyed too late", func() planted {
		return swap("", func(c actors.Command) actors.Command { c.Deadline = time.Time{}; return c })
	}},
	{"a command of an old term obeyed", func() planted {
		return swap("vial", func(c actors.Command) actors.Command { c.Epoch = 0; return c })
	}},
	{"a command answered twice", func() planted {
		return command("vial", func(c actors.Command, _ actors.Dose) []any { return []any{c, c} })
	}},
	{"a refused dose that runs", func() planted {
		return command("vial", func(c actors.Command, d actors.Dose) []any {
			if d.MediaML == 19 {
				d.MediaML = 0.5
				c.Body = d
			}
			return []any{c}
		})
	}},
	{"a timer of a dead incarnation acts", func() planted {
		var old any
		return altered("vial", func(msg any) []any {
			if named(msg, "resume") {
				old = msg
			}
			if is[protocol.Driven](msg) && old != nil {
				return []any{msg, old}
			}
			return []any{msg}
		})
	}},
	{"a reservation that is not saved", func() planted {
		return disk(func(s state.Store) state.Store {
			return picky{s, func(key string, value []byte) bool {
				return key == "vial" && !bytes.Contains(value, []byte(`"open":{"id":""`))
			}}
		})
	}},
	{"saved before it is on the disk", func() planted {
		return disk(func(s state.Store) state.Store { return lazy{s, map[string][]byte{}} })
	}},
	{"a full disk unnoticed", func() planted { return disk(func(s state.Store) state.Store { return silent{s} }) }},
	{"a save that is never answered", func() planted { return drop("vial", is[actors.Saved]) }},
	{"a ledger that is begun anew", func() planted {
		return disk(func(s state.Store) state.Store { return stripped{s, "vial", []string{"ledger"}} })
	}},
	{"owed waste forgotten", func() planted {
		return disk(func(s state.Store) state.Store { return stripped{s, "vial", []string{"owed_waste_ml"}} })
	}},
	{"settings lost on restart", func() planted { return disk(func(s state.Store) state.Store { return forgetful{s, "experiment"} }) }},
	{"a pause forgotten on restart", func() planted {
		return disk(func(s state.Store) state.Store { return stripped{s, "bench", []string{"paused"}} })
	}},
	{"a blank lost on restart", func() planted {
		return disk(func(s state.Store) state.Store { return stripped{s, "bench", []string{"blanks"}} })
	}},
	{"a setting other than the one accepted", func() planted {
		return command("stirring", func(c actors.Command, s actors.Set) []any {
			if len(s.Values) == 1 && s.Values[0].Name == "target_rpm" && is[float64](s.Values[0].Value) && s.Values[0].Value.(float64) < 5000 {
				c.Body = actors.Set{Values: []setting.Pair{{Name: "target_rpm", Value: 333.0}}}
			}
			return []any{c}
		})
	}},
	{"a device that does not hush", func() planted {
		return altered("pumps", func(msg any) []any {
			if h, ok := msg.(protocol.Hush); ok {
				return []any{msg, protocol.Unhush{Tag: h.Tag}}
			}
			return []any{msg}
		})
	}},
	{"a window that forgets to end", func() planted {
		return drop("leds", func(m any) bool { return is[protocol.Unhush](m) || named(m, "hushOver") || named(m, "expired") })
	}},
	{"pumps kept from the window", func() planted {
		return altered("od_reading", func(msg any) []any {
			switch m := msg.(type) {
			case protocol.Quiet:
				m.PumpOn = false
				msg = m
			case protocol.QuietEnded:
				m.PumpOn, m.Disturbed = false, false
				msg = m
			}
			return []any{msg}
		})
	}},
	{"readings that are not held back", func() planted {
		return altered("dosing_automation", func(msg any) []any {
			if is[actors.ODReading](msg) {
				return []any{msg, unguarded{}}
			}
			return []any{msg}
		})
	}},
	{"a reading that never comes", func() planted { return drop("od_reading", is[protocol.ADCRead]) }},
	{"light that does not come back", func() planted {
		return planted{HouseOptions: actorstest.HouseOptions{Wrap: func(b hw.Board) hw.Board { return dim{b} }}}
	}},
	{"pumps that do not stop", func() planted {
		return planted{HouseOptions: actorstest.HouseOptions{Wrap: func(b hw.Board) hw.Board { return sticky{b} }}}
	}},
	{"a latched alarm that leaves by itself", func() planted {
		return command("alarmist", func(c actors.Command, s actors.Set) []any {
			if len(s.Values) == 1 && s.Values[0].Value == false {
				return []any{c, sneak{}}
			}
			return []any{c}
		})
	}},
	{"heat that stays on after sleep", func() planted {
		return planted{HouseOptions: actorstest.HouseOptions{Interfere: func(_ *actorstest.House, to string, msg any) []any {
			if (to == "heater" || to == "temperature") && (is[actors.OwnerGone](msg) || is[actors.JobState](msg) && msg.(actors.JobState).State != actors.Ready) {
				return nil
			}
			return []any{msg}
		}}}
	}},
	{"a late inference that heats again", func() planted {
		var last protocol.Drive
		return altered("heater", func(msg any) []any {
			switch m := msg.(type) {
			case protocol.Drive:
				last = m
			case protocol.Release:
				return []any{msg, last}
			case actors.OwnerGone:
				if m.Owner == "temperature_automation" && last.Output != "" {
					return []any{msg, last}
				}
			}
			return []any{msg}
		})
	}},
	{"a fact that an observer does not hear", func() planted {
		n := 0
		return planted{lossy: func(actors.Fact) bool { n++; return n%10 == 0 }}
	}},
}

// TestCampaignFindsPlantedDefects shows that the rules are worth something: a
// campaign counts only if it finds what is wrong. With the race detector there
// is time for those that show soon; without it and in the soak for all.
func TestCampaignFindsPlantedDefects(t *testing.T) {
	if actorstest.RaceEnabled || testing.Short() {
		findDefects(t, 8, 20)
		return
	}
	findDefects(t, 200, len(defects)-1)
}

// findDefects looks for each defect in so many seeds and wants so many found.
func findDefects(t *testing.T, most uint64, want int) {
	found := 0
	for _, d := range defects {
		seed, by := findDefect(t, d.plant, most)
		if by.rule == "" {
			t.Logf("%-40s not found in %d seeds", d.name, most)
			continue
		}
		found++
		t.Logf("%-40s %3d seeds  [%s] %s", d.name, seed, by.rule, by.text)
	}
	if t.Logf("%d of %d planted defects found", found, len(defects)); found < want || len(defects) < 30 {
		t.Errorf("%d of %d planted defects found, want at least %d of at least 30", found, len(defects), want)
	}
}

func findDefect(t *testing.T, plant func() planted, most uint64) (seed uint64, by finding) {
	for seed = 1; seed <= most; seed++ {
		p := plant()
		if broken := campaign(t, seed, p.HouseOptions, p.lossy); len(broken) > 0 {
			return seed, broken[0]
		}
	}
	return most, finding{}
}
