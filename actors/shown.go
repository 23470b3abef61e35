package actors

import "github.com/pioactor/pioactor/actors/setting"

// showSettings publishes what changed since the last message: so a retained
// value can never contradict the job.
func (h *host) showSettings() {
	if h.job == nil || h.ending || h.spec.Slot == "" || h.state == "" {
		return
	}
	fields := setting.Of(h.job)
	hider, hides := h.job.(Hider)
	if h.shown == nil {
		h.shown = h.before(fields)
	}
	changed := false
	for i := range fields {
		f := &fields[i]
		if !f.Shown {
			continue
		}
		hidden := hides && hider.Hides(f.Name)
		if !hidden && f.Same(h.job, h.shown[i]) {
			continue // nearly always, and for nothing
		}
		v := f.Value(h.job)
		if hidden {
			v = nil
		}
		if h.shown[i] == v {
			continue
		}
		changed = changed || f.Settable
		h.shown[i] = v
		h.sys.publish(h.spec.Experiment, SettingChanged{Job: h.spec.Slot, Setting: f.Name, Value: v, Persist: f.Persist})
	}
	if changed && h.auto != nil {
		h.auto.changed(h)
	}
}

// before is what is shown at a start: nothing, but for what an incarnation that
// failed has left and this one might hide.
func (h *host) before(fields []setting.Field) []any {
	shown := make([]any, len(fields))
	if _, hides := h.job.(Hider); !hides {
		return shown
	}
	for i, f := range fields {
		if old, ok := latest[SettingChanged](h.sys, h.spec.Slot+"/"+f.Name); ok && old.Value != nil {
			shown[i] = unshown
		}
	}
	return shown
}

// hideSettings clears what is not to outlive the job.
func (h *host) hideSettings() {
	if h.job == nil || h.spec.Slot == "" {
		return
	}
	for i, f := range setting.Of(h.job) {
		if f.Shown && !f.Persist && (h.shown == nil || h.shown[i] != nil) {
			h.sys.publish(h.spec.Experiment, SettingChanged{Job: h.spec.Slot, Setting: f.Name})
		}
	}
	if h.auto != nil {
		h.auto.end(h)
	}
}
