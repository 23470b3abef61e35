package report

import (
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Recorder gathers a Run from a system's facts. Take is for System.Watch; it
// keeps everything in memory. Not safe for concurrent use.
type Recorder struct {
	run    Run
	truth  func() Truth // nil: nobody knows
	rpm    Value
	vial   Value
	warm   Value
	heat   Value
	asked  Value
	leds   [4]Value
	held   map[string]Value // the newest value of each target
	paused bool
	told   map[string]map[string]any // by job, the settings of this start
}

// NewRecorder records a run that starts at start. truth, if not nil, is asked
// at every reading.
func NewRecorder(title string, start time.Time, truth func() Truth) *Recorder {
	return &Recorder{run: Run{Title: title, Start: start}, truth: truth, held: map[string]Value{}, told: map[string]map[string]any{}}
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
	case actors.HeaterDuty:
		r.asked = Of(f.Percent)
	case actors.Heater:
		if f.Fitted {
			r.heat = Of(f.Percent)
		}
	case actors.LEDs:
		for i, x := range []float64{f.A, f.B, f.C, f.D} {
			r.leds[i] = Of(x)
		}
	case actors.LEDChanged:
		if f.Source != "od_reading" { // its own light is no treatment
			r.run.Lights = append(r.run.Lights, Light{at, f.Channel, f.Percent})
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
	case actors.VialState:
		r.vialState(at, f)
	case actors.DoseCheck:
		if f.State == actors.CheckFailed {
			r.Note(Event{At: at, Kind: State, Source: "dose_check", Name: f.Verdict, Message: f.Text})
		}
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
	row := Row{At: at, OD: make([]Value, len(r.run.Channels)), RPM: r.rpm, LedgerML: r.vial, TemperatureC: r.warm, HeaterPct: r.heat, HeaterAskedPct: r.asked, Quality: actors.Good,
		Target: r.held[density], TargetC: r.held[warmthHeld], LEDPct: r.leds}
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
