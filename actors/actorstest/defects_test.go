package actorstest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// plant is what a defect does to the messages of a house.
type plant func(h *actorstest.House, actor string, msg any) []any

// on makes a defect of one actor.
func on(actor string, change func(msg any) []any) plant {
	return func(_ *actorstest.House, to string, msg any) []any {
		if to != actor {
			return []any{msg}
		}
		return change(msg)
	}
}

// named reports whether msg is of the private type called name.
func named(msg any, name string) bool { return strings.HasSuffix(fmt.Sprintf("%T", msg), "."+name) }

// drop is a defect that loses messages of one kind.
func drop(actor string, lost func(msg any) bool) plant {
	return on(actor, func(msg any) []any {
		if lost(msg) {
			return nil
		}
		return []any{msg}
	})
}

func is[T any](msg any) bool { _, ok := msg.(T); return ok }

// forgetful is a disk that says it saved and keeps only the first of a key.
type forgetful struct {
	state.Store
	key string
}

func (f forgetful) Save(key string, value []byte) error {
	if _, kept, _ := f.Load(key); kept && key == f.key {
		return nil
	}
	return f.Store.Save(key, value)
}

// sticky is a board whose pumps do not stop when they are halted.
type sticky struct{ hw.Board }

func (s sticky) Pump(role hw.PumpRole) (hw.Output, error) {
	out, err := s.Board.Pump(role)
	return stickyOutput{out}, err
}

type stickyOutput struct{ hw.Output }

func (stickyOutput) Halt() error { return nil }

// TestCampaignFindsPlantedDefects shows that the rules are worth something: a
// campaign counts only if it finds what is wrong.
func TestCampaignFindsPlantedDefects(t *testing.T) {
	defects := map[string]actorstest.HouseOptions{
		"a lease that never ends": {Interfere: drop("pumps", func(m any) bool { return named(m, "expired") })},
		"a pump told to run twice as long": {Interfere: on("pumps", func(msg any) []any {
			if d, ok := msg.(protocol.Drive); ok {
				d.For *= 2
				msg = d
			}
			return []any{msg}
		})},
		"a run counted at half": {Interfere: on("vial", func(msg any) []any {
			if c, ok := msg.(protocol.Cut); ok {
				c.Ran /= 2
				msg = c
			}
			return []any{msg}
		})},
		"a run counted twice": {Interfere: on("vial", func(msg any) []any {
			if c, ok := msg.(protocol.Cut); ok {
				c.Ran *= 2
				msg = c
			}
			return []any{msg}
		})},
		"the failure of an owner unheard": {Interfere: func(_ *actorstest.House, to string, msg any) []any {
			if is[actors.OwnerGone](msg) && (to == "pumps" || to == "vial") {
				return nil
			}
			return []any{msg}
		}},
		"a sleeper that is woken": {Interfere: on("dosing_automation", func(msg any) []any {
			if c, ok := msg.(actors.Command); ok && is[actors.SetState](c.Body) {
				c.Body = actors.SetState{State: actors.Ready}
				return []any{msg, c}
			}
			return []any{msg}
		})},
		"a stale command under a new name": {Interfere: staleDose()},
		"a ledger that is not kept":        {Disk: func(s state.Store) state.Store { return forgetful{s, "vial"} }},
		"settings that are not kept":       {Disk: func(s state.Store) state.Store { return forgetful{s, "experiment"} }},
		"pumps that do not stop":           {Wrap: func(b hw.Board) hw.Board { return sticky{b} }},
		"pumps kept from the window": {Interfere: on("od_reading", func(msg any) []any {
			switch m := msg.(type) {
			case protocol.Quiet:
				m.PumpOn = false
				msg = m
			case protocol.QuietEnded:
				m.PumpOn, m.Disturbed = false, false
				msg = m
			}
			return []any{msg}
		})},
		"a setting other than the one accepted": {Interfere: on("stirring", func(msg any) []any {
			c, ok := msg.(actors.Command)
			if s, is := c.Body.(actors.Set); ok && is && len(s.Values) == 1 && s.Values[0].Value != "nan" {
				c.Body = actors.Set{Values: []setting.Pair{{Name: s.Values[0].Name, Value: 333.0}}}
				msg = c
			}
			return []any{msg}
		})},
		"a save that is never answered": {Interfere: drop("vial", is[actors.Saved])},
		"a window that forgets to end":  {Interfere: drop("leds", func(m any) bool { return is[protocol.Unhush](m) || named(m, "hushOver") || named(m, "expired") })},
		"a reading that never comes":    {Interfere: drop("od_reading", is[protocol.ADCRead])},
	}
	for name, o := range defects {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				if len(campaign(t, seed+1, o)) > 0 {
					return
				}
			}
			t.Error("60 seeds found nothing")
		})
	}
}

// staleDose delivers the first dose of all again in each later boot, as a
// retained message or a queue that outlived its sender would.
func staleDose() plant {
	var first actors.Command
	told := map[string]bool{}
	return func(h *actorstest.House, to string, msg any) []any {
		c, ok := msg.(actors.Command)
		if !ok || to != "vial" || !is[actors.Dose](c.Body) {
			return []any{msg}
		}
		if first.ID == "" {
			first = c
		}
		if boot := h.System.Boot(); !told[boot] {
			told[boot] = true
			again := first
			again.ID = "stale-" + boot
			return []any{again, msg}
		}
		return []any{msg}
	}
}
