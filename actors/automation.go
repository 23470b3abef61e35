package actors

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors/setting"
)

// Settle is how long after a dose the readings are withheld from a dosing
// automation: bubbles clear, the culture mixes. Pioreactor 26.7.2.
const Settle = 30 * time.Second

// longestDose ends the wait for a dose whose end nobody reported.
const longestDose = 10 * time.Minute

// steering is what of a fact an automation may see: of OD readings the good
// ones, so that none steers a culture that was taken with a pump on, an unsteady
// lamp or a still vial.
func steering(f Fact) (Fact, bool) {
	switch r := f.(type) {
	case ODReading:
		return f, r.Quality.Grade == Good
	case ODFused:
		return f, r.Quality.Grade == Good
	case ODReadings:
		bad := func(r ODReading) bool { return r.Quality.Grade != Good }
		if !slices.ContainsFunc(r.Readings, bad) {
			return f, len(r.Readings) > 0
		}
		r.Readings = slices.DeleteFunc(slices.Clone(r.Readings), bad)
		return r, len(r.Readings) > 0
	}
	return f, true
}

// doseGuard keeps a dosing automation from acting on the optical mess of a
// dose: while one runs, wherever it came from, and for Settle afterwards, no
// reading reaches it.
type doseGuard struct {
	own   map[string]Dose // doses asked for and not concluded
	quiet time.Duration   // on Mono: no reading before it
}

// newDoseGuard goes on where an earlier life of the automation has ended: quiet
// while a dose runs, and after what has flowed. The wall clock has no say in it:
// it may have been set since. A dose of an earlier boot was over when this began.
func newDoseGuard(s *System) *doseGuard {
	g := &doseGuard{own: map[string]Dose{}}
	began, ended, moved := last[DoseStarted](s), last[Dosed](s), last[DosingEvent](s)
	vial, _ := latest[Vial](s, "")
	switch {
	case began.count > ended.count:
		g.quiet = began.mono + longestDose
	case ended.count > 0 || moved.count > 0:
		g.quiet = max(ended.mono, moved.mono) + Settle
	case !vial.LastDose.IsZero():
		g.quiet = s.born + Settle
	}
	return g
}

// geometry refuses to start dosing where a vial that is drained to its efflux
// tube has no room for the largest dose.
func geometry(s *System) error {
	v, ok := latest[Vial](s, "")
	if full := v.EffluxML + v.LargestDoseML; ok && v.MaxFillML > 0 && full >= v.MaxFillML {
		return Refuse("overfill", "dosing: the efflux tube ends at %g mL, and doses of %g mL come on top: %g mL, the limit is below %g mL; lower the tube and say `pioactor vial set`, or lower [bioreactor] max_subdose_ml",
			v.EffluxML, v.LargestDoseML, full, v.MaxFillML)
	}
	return nil
}

// admits notes what f says about doses, and reports whether the job may see it.
func (g *doseGuard) admits(h *host, f Fact) bool {
	now := h.sys.clock.Mono()
	switch f := f.(type) {
	case DoseStarted:
		g.quiet = now + longestDose
		if d, mine := g.own[f.ID]; mine {
			h.dosingEvent("DosingStarted", d.MediaML, d.AltMediaML, d.WasteML)
		}
		return false
	case Dosed:
		g.quiet = now + Settle
		mine := g.concluded(f.ID)
		if mine {
			h.dosingEvent("DosingStopped", f.MediaML, f.AltMediaML, f.WasteML)
		}
		return mine
	case DoseRefused:
		return g.concluded(f.ID)
	case ODReading, ODReadings, ODFused, ODFiltered, GrowthRate:
		return now >= g.quiet && len(g.own) == 0
	}
	return true
}

func (g *doseGuard) asked(id string) bool {
	_, mine := g.own[id]
	return mine
}

func (g *doseGuard) concluded(id string) bool {
	mine := g.asked(id)
	delete(g.own, id)
	return mine
}

// dosingEvent records that an own dose began, with what was asked for, or
// ended, with what was moved. Pioreactor 26.7.2.
func (h *host) dosingEvent(name string, mediaML, altMediaML, wasteML float64) {
	h.c.Event(name, "", struct {
		WasteML    float64 `json:"waste_ml"`
		MediaML    float64 `json:"media_ml"`
		AltMediaML float64 `json:"alt_media_ml,omitempty"`
	}{wasteML, mediaML, altMediaML})
}

// subscribeFamily gives an automation what all of its family look at, and one
// that doses its guard.
func (h *host) subscribeFamily() {
	if h.spec.Family == Own {
		return
	}
	for _, t := range []reflect.Type{
		reflect.TypeFor[ODReading](), reflect.TypeFor[ODFused](), reflect.TypeFor[ODFiltered](), reflect.TypeFor[GrowthRate](),
		reflect.TypeFor[Dosed](), reflect.TypeFor[DoseStarted](), reflect.TypeFor[DoseRefused](),
		reflect.TypeFor[VialTemperature](), reflect.TypeFor[Heater](),
	} {
		h.sys.bus.subscribe(t, h.life.pid)
	}
	if h.spec.Family == Dosing {
		h.dosing = newDoseGuard(h.sys) // after the subscription: no dose is missed in between
	}
}

// replyCame turns the refusal of an own dose into DoseRefused.
func (h *host) replyCame(r Reply) {
	if h.renewed(r) {
		return
	}
	switch {
	case h.dosing == nil || !h.dosing.asked(r.ID):
		h.deliver(r)
	case !r.OK:
		h.dosing.concluded(r.ID)
		h.deliver(DoseRefused{Meta: Meta{Unit: h.sys.unit, Experiment: h.spec.Experiment, At: h.sys.clock.Now()},
			ID: r.ID, Code: r.Code, Reason: r.Reason, Source: h.spec.Slot})
	}
}

// noEvent records that an automation decided, or was told, not to act.
func (h *host) noEvent(r *Refusal) {
	if h.auto != nil {
		h.sys.publish(h.spec.Experiment, AutomationEvent{Job: h.spec.Slot, Name: "NoEvent", Message: r.Reason})
	}
}

// record publishes which settings an automation had, and when.
type record struct {
	since time.Time
	last  json.RawMessage
}

func (h *host) startRecord() {
	if h.spec.Family == Own {
		return
	}
	h.auto = &record{since: h.sys.clock.Now(), last: h.settingsJSON()}
	h.sys.publish(h.spec.Experiment, SettingChanged{Job: h.spec.Slot, Setting: "automation_name", Value: h.spec.Automation})
	h.auto.publish(h, time.Time{})
}

func (r *record) publish(h *host, ended time.Time) {
	h.sys.publish(h.spec.Experiment, AutomationSettings{Job: h.spec.Slot, Automation: h.spec.Automation,
		StartedAt: r.since, EndedAt: ended, Settings: r.last})
}

// changed closes the span of the old settings and opens one for the new.
func (r *record) changed(h *host) {
	settings := h.settingsJSON()
	if string(settings) == string(r.last) {
		return
	}
	now := h.sys.clock.Now()
	r.publish(h, now)
	r.since, r.last = now, settings
	r.publish(h, time.Time{})
}

func (r *record) end(h *host) {
	r.publish(h, h.sys.clock.Now())
	h.sys.publish(h.spec.Experiment, SettingChanged{Job: h.spec.Slot, Setting: "automation_name"})
}

// settingsJSON is every settable setting, in the order of the declaration.
func (h *host) settingsJSON() json.RawMessage {
	text := []byte{'{'}
	for _, f := range setting.Of(h.job) {
		if !f.Settable {
			continue
		}
		value, err := json.Marshal(f.Value(h.job))
		if err != nil {
			h.sys.logf(h, "error", "setting %s: %v", f.Name, err)
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(fmt.Appendf(text, "%q:", f.Name), value...)
	}
	return append(text, '}')
}
