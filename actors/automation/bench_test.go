package automation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"

	_ "github.com/pioactor/pioactor/actors/automation"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// vial takes every dose, unless told to refuse, and needs a while for it.
type vial struct{ b *bench }

type done struct {
	id   string
	dose actors.Dose
}

func (v vial) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Command:
		dose, ok := msg.Body.(actors.Dose)
		if !ok {
			return nil
		}
		v.b.asked, v.b.doses = append(v.b.asked, c.Now()), append(v.b.doses, dose)
		if v.b.refuse != "" {
			return &actors.Refusal{Code: "limit", Reason: v.b.refuse}
		}
		c.Publish(actors.DoseStarted{ID: msg.ID, Source: dose.Source})
		c.After(v.b.takes, done{msg.ID, dose})
	case done:
		in := msg.dose.MediaML + msg.dose.AltMediaML
		v.b.moved += in
		v.b.altMoved += msg.dose.AltMediaML
		v.b.normalized *= v.b.volume / (v.b.volume + in)
		c.Publish(actors.Dosed{ID: msg.id, Source: msg.dose.Source, MediaML: msg.dose.MediaML, AltMediaML: msg.dose.AltMediaML, WasteML: msg.dose.WasteML})
	}
	return nil
}

type node struct{ specs []actors.Spec }

func (n node) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		for _, spec := range n.specs {
			if err := c.Spawn(spec); err != nil {
				return err
			}
		}
	}
	return nil
}

// bench is one automation with a vial that a dose dilutes.
type bench struct {
	testing.TB
	clk    *clock.Clock
	sys    *actors.System
	events []actors.AutomationEvent

	asked      []time.Time // when the vial was asked for a dose
	doses      []actors.Dose
	moved      float64 // mL
	altMoved   float64 // mL of it
	normalized float64 // what the culture's nOD is
	volume     float64 // mL
	takes      time.Duration
	refuse     string
}

func start(t testing.TB, seed uint64, at time.Time, store state.Store, name string, options ...any) *bench {
	t.Helper()
	return startAfter(t, nil, seed, at, store, name, options...)
}

// startAfter is start when facts are known already.
func startAfter(t testing.TB, facts []actors.Fact, seed uint64, at time.Time, store state.Store, name string, options ...any) *bench {
	t.Helper()
	b := &bench{TB: t, clk: clock.Virtual(at, seed), normalized: 1, volume: 15, takes: 20 * time.Second}
	var err error
	if b.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Clock: b.clk, Seed: seed, State: store}); err != nil {
		t.Fatal(err)
	}
	b.sys.Watch(func(f actors.Fact) {
		if e, ok := f.(actors.AutomationEvent); ok {
			b.events = append(b.events, e)
		}
	})
	for _, f := range facts {
		b.sys.Publish("exp", f)
	}
	r, err := actors.Lookup(string(actors.Dosing), name)
	if err != nil {
		t.Fatal(err)
	}
	spec := actors.Spec{Name: r.Slot(), Slot: r.Slot(), Family: r.Family, Automation: name, Experiment: "exp", New: r.New}
	spec.Options = pairs(options...)
	specs := []actors.Spec{{Name: "vial", New: func() actors.Job { return vial{b} }}, spec}
	if err := b.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return node{specs} }}); err != nil {
		t.Fatal(err)
	}
	b.clk.Run(0)
	return b
}

func (b *bench) do(body any) (r actors.Reply) {
	r.Code = "unanswered"
	b.sys.Do(actors.Command{Target: "dosing_automation", Body: body}, func(got actors.Reply) { r = got })
	b.clk.Run(0)
	return r
}

func (b *bench) set(name string, value any) actors.Reply {
	return b.do(actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
}

func (b *bench) state() actors.JobState {
	s, _ := actors.LatestOf[actors.JobState](b.sys, "dosing_automation")
	return s
}

func (b *bench) shown(name string) any {
	s, _ := actors.LatestOf[actors.SettingChanged](b.sys, "dosing_automation/"+name)
	return s.Value
}

func (b *bench) count(event string) (n int) {
	for _, e := range b.events {
		if e.Name == event {
			n++
		}
	}
	return n
}

// data is what the last event of that name carries.
func (b *bench) data(event string) map[string]any {
	b.Helper()
	var data map[string]any
	for _, e := range b.events {
		if e.Name == event {
			data = nil
			if err := json.Unmarshal(e.Data, &data); err != nil {
				b.Fatal(err)
			}
		}
	}
	return data
}

func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	t.Helper()
	for _, seed := range []uint64{0, 1, 2, 3, 4} {
		test(t, seed)
	}
}

// pairs are names and values.
func pairs(all ...any) (p []setting.Pair) {
	for i := 0; i+1 < len(all); i += 2 {
		p = append(p, setting.Pair{Name: all[i].(string), Value: all[i+1]})
	}
	return p
}
