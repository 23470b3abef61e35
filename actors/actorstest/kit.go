// Package actorstest tests an automation or a job without hardware and without
// waiting: virtual time, a vial that answers doses, readings you make up.
//
//	func TestDilutesAboveTarget(t *testing.T) {
//		kit := actorstest.Start(t, actors.Dosing, "my_turbidostat", "target_od", 0.5)
//		kit.OD(0.6)
//		kit.Run(time.Minute)
//		if len(kit.Doses) != 1 {
//			t.Errorf("doses = %d, want 1", len(kit.Doses))
//		}
//	}
//
// It refuses to pretend physics: a dose changes nothing here. For a culture
// that grows, use Unit, which runs the whole house on the digital twin.
package actorstest

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
)

// Kit is one job or automation with a pretended unit around it. Its methods
// belong to the test's goroutine.
type Kit struct {
	Doses []actors.Dose // what the vial was asked for, in order
	Facts []actors.Fact // everything published, in order
	// DoseTakes is how long the vial needs for a dose. Default 30 s.
	DoseTakes time.Duration
	// Refuse makes the vial refuse the next doses with this reason.
	Refuse string

	t     testing.TB
	sys   *actors.System
	clock *clock.Clock
	slot  string
}

// epoch is when every test begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Start runs the registered automation (or with actors.Own the job) called
// name. Settings are pairs of name and value. It fails the test if the job
// does not become ready.
func Start(t testing.TB, family actors.Family, name string, settings ...any) *Kit {
	t.Helper()
	slot := string(family)
	if family == actors.Own {
		slot = name
	}
	r, err := actors.Lookup(slot, name)
	if err != nil {
		t.Fatal(err)
	}
	k := &Kit{t: t, clock: clock.Virtual(epoch, 1), slot: r.Slot(), DoseTakes: 30 * time.Second}
	k.sys, err = actors.NewSystem(actors.Options{Unit: "test", Clock: k.clock, State: state.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	k.sys.Watch(func(f actors.Fact) { k.Facts = append(k.Facts, f) })
	spec := actors.Spec{Name: slot, Slot: slot, Family: family, Experiment: "test", New: r.New, Options: pairs(t, settings)}
	if family != actors.Own {
		spec.Automation = name
	}
	if err := k.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return &bench{k, spec} }}); err != nil {
		t.Fatal(err)
	}
	k.Run(time.Second)
	if s := k.State(); s != actors.Ready {
		t.Fatalf("%s is %q, want ready: %s", slot, s, k.reason())
	}
	return k
}

func pairs(t testing.TB, settings []any) []setting.Pair {
	t.Helper()
	var all []setting.Pair
	for i := 0; i+1 < len(settings); i += 2 {
		name, ok := settings[i].(string)
		if !ok {
			t.Fatalf("setting %d: want a name, got %v", i, settings[i])
		}
		all = append(all, setting.Pair{Name: name, Value: settings[i+1]})
	}
	return all
}

// Run lets d pass.
func (k *Kit) Run(d time.Duration) { k.clock.Run(d) }

// State is the job's state.
func (k *Kit) State() actors.State {
	s, _ := actors.LatestOf[actors.JobState](k.sys, k.slot)
	return s.State
}

func (k *Kit) reason() string {
	s, _ := actors.LatestOf[actors.JobState](k.sys, k.slot)
	return s.Reason
}

// OD publishes one good 90° reading, in AU, and lets it arrive.
func (k *Kit) OD(au float64) {
	k.Publish(actors.ODReading{Channel: 2, Angle: "90", Value: au, Quality: actors.Quality{Grade: actors.Good}})
}

// Publish publishes any fact and lets it arrive.
func (k *Kit) Publish(f actors.Fact) {
	k.sys.Publish("test", f)
	k.Run(0)
}

// Set changes a setting, as an MQTT client would, and returns the reply.
func (k *Kit) Set(name string, value any) actors.Reply {
	return k.do(actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
}

// SetState asks the job for a state.
func (k *Kit) SetState(s actors.State) actors.Reply { return k.do(actors.SetState{State: s}) }

func (k *Kit) do(body any) (r actors.Reply) {
	r.Code = "unanswered"
	k.sys.Do(actors.Command{Target: k.slot, Body: body}, func(got actors.Reply) { r = got })
	k.Run(0)
	return r
}

// Setting is what a setting is published as; nil if it is not.
func (k *Kit) Setting(name string) any {
	s, _ := actors.LatestOf[actors.SettingChanged](k.sys, k.slot+"/"+name)
	return s.Value
}

// Events are the names of the automation events so far, in order.
func (k *Kit) Events() []string {
	var names []string
	for _, f := range k.Facts {
		if e, ok := f.(actors.AutomationEvent); ok {
			names = append(names, e.Name)
		}
	}
	return names
}

// bench is the root around the job under test.
type bench struct {
	k    *Kit
	spec actors.Spec
}

// Receive implements actors.Job.
func (b *bench) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); !ok {
		return nil
	}
	if err := c.Spawn(actors.Spec{Name: "vial", New: func() actors.Job { return &vial{b.k} }}); err != nil {
		return err
	}
	return c.Spawn(b.spec)
}

// vial answers doses without liquid.
type vial struct{ k *Kit }

// done ends a pretended dose.
type done struct {
	id   string
	dose actors.Dose
}

// Receive implements actors.Job.
func (v *vial) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Command:
		dose, ok := msg.Body.(actors.Dose)
		if !ok {
			return nil
		}
		if v.k.Refuse != "" {
			return &actors.Refusal{Code: "refused", Reason: v.k.Refuse}
		}
		v.k.Doses = append(v.k.Doses, dose)
		c.Publish(actors.DoseStarted{ID: msg.ID, Source: dose.Source})
		c.After(v.k.DoseTakes, done{msg.ID, dose})
	case done:
		c.Publish(actors.Dosed{ID: msg.id, Source: msg.dose.Source,
			MediaML: msg.dose.MediaML, AltMediaML: msg.dose.AltMediaML, WasteML: msg.dose.WasteML})
	}
	return nil
}
