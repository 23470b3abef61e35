package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// DosingEvent is <unit>/<experiment>/dosing_events. The volume is positive for
// waste too; a negative one corrects a dose that stopped early.
type DosingEvent struct {
	VolumeChangeML float64   `json:"volume_change"`
	Event          string    `json:"event"`           // add_media, add_alt_media, remove_waste
	Source         string    `json:"source_of_event"` // such as dosing_automation:chemostat; empty: null
	Timestamp      time.Time `json:"timestamp"`
}

func (p DosingEvent) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.floatField("volume_change", p.VolumeChangeML)
	w.textField("event", p.Event)
	w.orNullField("source_of_event", p.Source)
	w.microField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// LEDChangeEvent is <unit>/<experiment>/led_change_events.
type LEDChangeEvent struct {
	Channel   string    `json:"channel"`         // "A" to "D"
	Intensity float64   `json:"intensity"`       // %
	Source    string    `json:"source_of_event"` // empty: null
	Timestamp time.Time `json:"timestamp"`
}

func (p LEDChangeEvent) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.textField("channel", p.Channel)
	w.floatField("intensity", p.Intensity)
	w.orNullField("source_of_event", p.Source)
	w.microField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// AutomationEvent is <automation>/latest_event. Names a Pioreactor leader knows:
// NoEvent, DilutionEvent, DosingStarted, DosingStopped, AddMediaEvent,
// AddAltMediaEvent, ChangedLedIntensity, ErrorOccurred, UpdatedHeaterDC; it
// drops the row of any other.
type AutomationEvent struct {
	Name    string `json:"event_name"`
	Message string `json:"message"` // empty: null
	Data    Object `json:"data"`    // nil: null
}

func (p AutomationEvent) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.textField("event_name", p.Name)
	w.orNullField("message", p.Message)
	w.key("data")
	if p.Data == nil {
		w.null()
	} else {
		p.Data.write(w)
	}
	w.close()
	return w.out, w.err
}

// AutomationSettings is <automation>/<automation>_settings: one window during
// which the settings held. Not retained.
type AutomationSettings struct {
	Unit       string
	Experiment string
	StartedAt  time.Time
	EndedAt    time.Time // zero: still running
	Name       string    // such as chemostat
	Settings   Object    // all settable ones, then state
}

// settingsJSON is AutomationSettings with its settings as base64 of JSON.
type settingsJSON struct {
	Unit       string     `json:"pioreactor_unit"`
	Experiment string     `json:"experiment"`
	StartedAt  time.Time  `json:"started_at"`
	EndedAt    *time.Time `json:"ended_at"`
	Name       string     `json:"automation_name"`
	Settings   string     `json:"settings"`
}

// UnmarshalJSON unpacks the base64 too.
func (p *AutomationSettings) UnmarshalJSON(data []byte) error {
	var j settingsJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	inner, err := base64.StdEncoding.DecodeString(j.Settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	*p = AutomationSettings{Unit: j.Unit, Experiment: j.Experiment, StartedAt: j.StartedAt, Name: j.Name}
	if j.EndedAt != nil {
		p.EndedAt = *j.EndedAt
	}
	return json.Unmarshal(inner, &p.Settings)
}

func (p AutomationSettings) encode() ([]byte, error) {
	inner := compact()
	p.Settings.write(inner)
	w := compact()
	w.err = inner.err
	w.open()
	w.textField("pioreactor_unit", p.Unit)
	w.textField("experiment", p.Experiment)
	w.microField("started_at", p.StartedAt)
	if p.EndedAt.IsZero() {
		w.key("ended_at")
		w.null()
	} else {
		w.microField("ended_at", p.EndedAt)
	}
	w.textField("automation_name", p.Name)
	w.textField("settings", base64.StdEncoding.EncodeToString(inner.out))
	w.close()
	return w.out, w.err
}

// PIDLog is pid_log/<target>, one update of a controller.
type PIDLog struct {
	Setpoint        Number `json:"setpoint"`
	OutputLowerEdge Number `json:"output_limits_lb"`
	OutputUpperEdge Number `json:"output_limits_ub"`
	Kd              Number `json:"Kd"`
	Ki              Number `json:"Ki"`
	Kp              Number `json:"Kp"`
	Integral        Number `json:"integral"`
	Proportional    Number `json:"proportional"`
	Derivative      Number `json:"derivative"`
	LatestInput     Number `json:"latest_input"`
	LatestOutput    Number `json:"latest_output"`
	Job             string `json:"job_name"`
	Target          string `json:"target_name"` // rpm, temperature, growth_rate
}

func (p PIDLog) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.numberField("setpoint", p.Setpoint)
	w.numberField("output_limits_lb", p.OutputLowerEdge)
	w.numberField("output_limits_ub", p.OutputUpperEdge)
	w.numberField("Kd", p.Kd)
	w.numberField("Ki", p.Ki)
	w.numberField("Kp", p.Kp)
	w.numberField("integral", p.Integral)
	w.numberField("proportional", p.Proportional)
	w.numberField("derivative", p.Derivative)
	w.numberField("latest_input", p.LatestInput)
	w.numberField("latest_output", p.LatestOutput)
	w.textField("job_name", p.Job)
	w.textField("target_name", p.Target)
	w.close()
	return w.out, w.err
}
