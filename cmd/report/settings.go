package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// What automations hold.
const (
	density    = "density"
	warmthHeld = "temperature"
	growthHeld = "growth rate"
)

// targets says what a setting of an automation holds.
var targets = map[actors.Family]map[string]string{
	actors.Dosing:      {"target_biomass": density, "target_normalized_od": density, "target_growth_rate": growthHeld},
	actors.Temperature: {"target_temperature": warmthHeld},
}

// shown are settings that nobody sets: jobs show their progress in them.
var shown = []string{"samples_taken", "first_od_obs_time", "currently_dodging_od", "progress", "check", "button_down", "ipv4", "versions", "duty_cycle"}

// setting follows the settings of the jobs: those that are to be held as
// targets, and every change of one as an event. A job's settings at its start
// are no changes; the name of an automation is told in any case.
func (r *Recorder) setting(at time.Duration, f actors.SettingChanged) {
	if what := targets[actors.Family(f.Job)][f.Setting]; what != "" {
		r.target(at, what, f.Value)
	}
	if f.Job == string(actors.Dosing) && f.Setting == "biomass_signal" {
		if signal, ok := f.Value.(string); ok && signal != "auto" {
			r.run.TargetInAU = signal != "normalized_od"
		}
	}
	before, known := r.told[f.Job][f.Setting]
	if r.told[f.Job] == nil {
		r.told[f.Job] = map[string]any{}
	}
	r.told[f.Job][f.Setting] = f.Value
	name, named := f.Value.(string)
	switch {
	case f.Value == nil:
		delete(r.told[f.Job], f.Setting) // the job is gone
	case f.Setting == "automation_name" && named:
		r.Note(Event{At: at, Kind: Automation, Source: f.Job, Name: "automation_name", Message: fmt.Sprintf("%q", name)})
	case known && before != f.Value && !slices.Contains(shown, f.Setting):
		r.Note(Event{At: at, Kind: Setting, Source: f.Job, Name: f.Setting, Message: fmt.Sprintf("%v, was %v", f.Value, before)})
	}
}

func (r *Recorder) target(at time.Duration, what string, value any) {
	steps := map[string]*[]Step{density: &r.run.Targets, warmthHeld: &r.run.WarmTo, growthHeld: &r.run.GrowAt}[what]
	x, isNumber := value.(float64)
	v := Value{}
	if isNumber {
		v = Of(x)
	}
	if v.Known || len(*steps) > 0 {
		*steps = append(*steps, Step{at, v})
	}
	r.held[what] = v
}

// vialState notes what people do at the vial; that nobody does anything is not worth a line.
func (r *Recorder) vialState(at time.Duration, f actors.VialState) {
	name := "resume"
	if f.Paused {
		name = "pause"
	}
	if f.Paused || r.paused {
		r.Note(Event{At: at, Kind: Bench, Source: "vial", Name: name})
	}
	r.paused = f.Paused
}
