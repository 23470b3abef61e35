package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Recorder gathers a Run from a system's facts. Take is for System.Watch; it
// keeps everything in memory. Not safe for concurrent use.
type Recorder struct {
	run   Run
	truth func() Truth // nil: nobody knows
	rpm   Value
	vial  Value
	warm  Value
	heat  Value
}

// NewRecorder records a run that starts at start. truth, if not nil, is asked
// at every reading.
func NewRecorder(title string, start time.Time, truth func() Truth) *Recorder {
	return &Recorder{run: Run{Title: title, Start: start}, truth: truth}
}

// Run is what was recorded in length of time.
func (r *Recorder) Run(length time.Duration) *Run {
	run := r.run
	run.Length = length
	run.Events = run.sorted()
	return &run
}

// Note adds an event that no actor knows of.
func (r *Recorder) Note(e Event) { r.run.Events = append(r.run.Events, e) }

// Take notes a fact.
func (r *Recorder) Take(f actors.Fact) {
	at := f.About().At.Sub(r.run.Start)
	switch f := f.(type) {
	case actors.ODReadings:
		r.row(at, f)
	case actors.ODFiltered:
		r.later(at, func(row *Row) { row.Filtered = Of(f.Value) })
	case actors.GrowthRate:
		r.later(at, func(row *Row) { row.GrowthPerH = Of(f.PerH) })
	case actors.StirringRate:
		r.rpm = Of(f.RPM)
	case actors.Vial:
		r.vial = Of(f.VolumeML)
	case actors.VialTemperature:
		r.warm = Of(f.C)
	case actors.Heater:
		if f.Fitted {
			r.heat = Of(f.Percent)
		}
	case actors.SettingChanged:
		r.setting(at, f)
	default:
		r.event(at, f)
	}
}

func (r *Recorder) event(at time.Duration, f actors.Fact) {
	switch f := f.(type) {
	case actors.Dosed:
		r.Note(Event{At: at, Kind: Dose, Source: f.Source, Name: f.ID, Message: f.Cut,
			MediaML: f.MediaML, AltMediaML: f.AltMediaML, WasteML: f.WasteML})
	case actors.DoseRefused:
		r.Note(Event{At: at, Kind: Refused, Source: f.Source, Name: f.Code, Message: f.Reason})
	case actors.Alarm:
		name := f.Priority
		if !f.Active || f.Over {
			name = Over
		}
		if e := (Event{At: at, Kind: Alarm, Source: f.Name, Name: name, Message: f.Text}); !r.repeats(e) {
			r.Note(e)
		}
	case actors.JobState:
		r.Note(Event{At: at, Kind: State, Source: f.Job, Name: string(f.State), Message: f.Reason})
	case actors.AutomationEvent:
		r.Note(Event{At: at, Kind: Automation, Source: f.Job, Name: f.Name, Message: f.Message})
	case actors.Disturbance:
		r.Note(Event{At: at, Kind: Optics, Source: "od_reading", Name: f.Cause})
	}
}

// repeats reports that the last event of e's source says the same: an alarm is
// published again when it is acknowledged or hidden.
func (r *Recorder) repeats(e Event) bool {
	for _, old := range slices.Backward(r.run.Events) {
		if old.Kind == e.Kind && old.Source == e.Source {
			return old.Name == e.Name && old.Message == e.Message
		}
	}
	return false
}

// Over is the name of an event that ends what its source began: an alarm or a fault.
const Over = "over"

func (r *Recorder) row(at time.Duration, f actors.ODReadings) {
	row := Row{At: at, OD: make([]Value, len(r.run.Channels)), RPM: r.rpm, LedgerML: r.vial, TemperatureC: r.warm, HeaterPct: r.heat, Quality: actors.Good}
	for _, od := range f.Readings {
		i := r.channel(od)
		for len(row.OD) <= i {
			row.OD = append(row.OD, Value{})
		}
		row.OD[i] = Of(od.Value)
		row.Quality = worse(row.Quality, od.Quality.Grade)
	}
	if r.truth != nil {
		row.True, row.Simulated = r.truth(), true
	}
	r.run.Rows = append(r.run.Rows, row)
}

func (r *Recorder) channel(od actors.ODReading) int {
	c := Channel{od.Channel, od.Angle}
	if i := slices.Index(r.run.Channels, c); i >= 0 {
		return i
	}
	r.run.Channels = append(r.run.Channels, c)
	return len(r.run.Channels) - 1
}

func worse(a, b string) string {
	grades := []string{actors.Good, actors.Uncertain, actors.Bad}
	if slices.Index(grades, b) > slices.Index(grades, a) {
		return b
	}
	return a
}

// later adds what was worked out from the readings of an instant.
func (r *Recorder) later(at time.Duration, set func(*Row)) {
	rows := r.run.Rows
	for i := len(rows) - 1; i >= 0 && rows[i].At >= at; i-- {
		if rows[i].At == at {
			set(&rows[i])
		}
	}
}

// targets are the settings that a dosing and a temperature automation hold.
var targets = map[string]string{string(actors.Dosing): "target_biomass", string(actors.Temperature): "target_temperature"}

// setting follows what the automations are to hold.
func (r *Recorder) setting(at time.Duration, f actors.SettingChanged) {
	if targets[f.Job] == "" {
		return
	}
	steps := &r.run.Targets
	if f.Job == string(actors.Temperature) {
		steps = &r.run.WarmTo
	}
	switch x := f.Value.(type) {
	case float64:
		if f.Setting == targets[f.Job] {
			*steps = append(*steps, Step{at, Of(x)})
		}
	case nil:
		if f.Setting == targets[f.Job] && len(*steps) > 0 {
			*steps = append(*steps, Step{at, Value{}})
		}
	case string:
		if f.Setting == "automation_name" {
			r.Note(Event{At: at, Kind: Automation, Source: f.Job, Name: "automation_name", Message: fmt.Sprintf("%q", x)})
		}
	}
}
