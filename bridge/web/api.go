package web

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
)

// Status is the answer to GET /api/status.
type Status struct {
	Unit         string                     `json:"unit"`
	Experiment   string                     `json:"experiment"`
	Boot         string                     `json:"boot"`
	Version      string                     `json:"version"`
	Now          time.Time                  `json:"now"`
	UptimeS      float64                    `json:"uptime_s"` // of the API
	Clock        string                     `json:"clock"`    // "live" or "virtual"
	Broker       *Broker                    `json:"broker,omitempty"`
	Jobs         []Job                      `json:"jobs"`
	OD           *actors.ODReadings         `json:"od,omitempty"`
	GrowthRate   *actors.GrowthRate         `json:"growth_rate,omitempty"`
	ODFiltered   *actors.ODFiltered         `json:"od_filtered,omitempty"`
	ODFused      *actors.ODFused            `json:"od_fused,omitempty"`
	Stirring     *actors.StirringRate       `json:"stirring,omitempty"`
	Temperature  *actors.VialTemperature    `json:"temperature,omitempty"` // the last, while a temperature automation lives
	HeaterDuty   *actors.HeaterDuty         `json:"heater_duty,omitempty"` // what that automation wants
	Heater       *actors.Heater             `json:"heater,omitempty"`      // what the heater does
	Vial         *actors.Vial               `json:"vial,omitempty"`
	VialState    *actors.VialState          `json:"vial_state,omitempty"`
	Bottles      *actors.Bottles            `json:"bottles,omitempty"`
	DoseCheck    *actors.DoseCheck          `json:"dose_check,omitempty"`
	Blank        *actors.Blank              `json:"blank,omitempty"` // of the experiment
	Actions      []actors.ActionState       `json:"actions"`         // of pumps, as they were last
	Held         []actors.Held              `json:"held"`            // who is kept at rest, and why
	LEDs         *actors.LEDs               `json:"leds,omitempty"`
	Calibrations []actors.CalibrationActive `json:"calibrations"` // in force, by device
	Estimators   []actors.EstimatorActive   `json:"estimators"`
	Supply       *actors.RailVoltage        `json:"supply,omitempty"`
	SelfTest     *actors.SelfTest           `json:"self_test,omitempty"` // the last, or the one that runs
	Computer     *actors.Computer           `json:"computer,omitempty"`
	Alarms       []actors.Alarm             `json:"alarms"` // the active ones
	Events       []actors.AutomationEvent   `json:"events"` // the latest of each automation
}

// Broker is where MQTT clients connect.
type Broker struct {
	URL       string `json:"url"`
	Connected bool   `json:"connected"`
}

// Job is a job that runs or ran on this unit.
type Job struct {
	Name       string         `json:"name"`
	State      actors.State   `json:"state"`
	Reason     string         `json:"reason,omitempty"`
	Experiment string         `json:"experiment,omitempty"` // empty: the unit's own
	Automation string         `json:"automation,omitempty"`
	Settings   map[string]any `json:"settings"`
}

// JobInfo is the answer to GET /api/jobs/{job}: all that can be said about it,
// running or not.
type JobInfo struct {
	Job
	// Schemas has one entry for a job, one for each automation of a family.
	Schemas []Schema `json:"schemas"`
}

// Schema is the declared settings of a job or automation.
type Schema struct {
	Name     string    `json:"name"`
	Settings []Setting `json:"settings"`
}

// Setting is one declared setting.
type Setting struct {
	Name     string       `json:"name"`
	Kind     setting.Kind `json:"kind"`
	Unit     string       `json:"unit,omitempty"`
	Help     string       `json:"help,omitempty"`
	Range    string       `json:"range"` // in words
	Min      *float64     `json:"min,omitempty"`
	Max      *float64     `json:"max,omitempty"`
	Above    bool         `json:"above_min,omitempty"` // min itself is refused
	OneOf    []string     `json:"one_of,omitempty"`
	Settable bool         `json:"settable"`
	ReadOnly bool         `json:"read_only,omitempty"` // the job says it, nobody sets it
	Persist  bool         `json:"persist,omitempty"`
	Default  any          `json:"default,omitempty"`
	Value    any          `json:"value,omitempty"` // while the job runs
}

// StartRequest is the body of POST /api/jobs/{job}/start.
type StartRequest struct {
	Options map[string]any `json:"options"`
}

// SetRequest is the body of POST /api/jobs/{job}/set: all of it or nothing.
type SetRequest struct {
	Values map[string]any `json:"values"`
}

// DoseRequest is the body of POST /api/run/ and an action of pumps: for
// add_media, add_alt_media and remove_waste exactly one of ML, DurationS and
// Continuously, whose end a DurationS beside it is; DurationS for the circulate
// actions; Sequence for pumps. A repeated ID is answered from memory, and renews
// the time of what goes on continuously; an expired one is refused: neither
// doses twice.
type DoseRequest struct {
	ML           *float64             `json:"ml,omitempty"`
	DurationS    *float64             `json:"duration,omitempty"` // s
	Continuously bool                 `json:"continuously,omitempty"`
	Sequence     []map[string]float64 `json:"sequence,omitempty"` // {"media": mL}, {"sleep": s}
	Source       string               `json:"source_of_event,omitempty"`
	ID           string               `json:"id,omitempty"`
	Expires      *time.Time           `json:"expires,omitempty"`
}

// StopRequest is the body of POST /api/run/stop_dosing.
type StopRequest struct {
	Action string `json:"action,omitempty"` // only what this does; empty: all
}

// BottleRequest is the body of POST /api/bottles/{bottle}.
type BottleRequest struct {
	ML     *float64 `json:"ml"`                // in it now
	SizeML float64  `json:"size_ml,omitempty"` // 0: as before
}

// LEDRequest is the body of POST /api/run/led_intensity, in %; what is left
// out stays as it is.
type LEDRequest struct {
	A *float64 `json:"A,omitempty"`
	B *float64 `json:"B,omitempty"`
	C *float64 `json:"C,omitempty"`
	D *float64 `json:"D,omitempty"`
}

// NoteRequest is the body of POST /api/logs.
type NoteRequest struct {
	Text  string `json:"text"`
	Level string `json:"level,omitempty"` // default "info"
	Task  string `json:"task,omitempty"`  // default "note"
}

// MQTTMessage is one event of GET /api/mqtt. Payload is base64 where it is not text.
type MQTTMessage struct {
	Topic    string `json:"topic"`
	Payload  string `json:"payload"`
	Base64   bool   `json:"base64,omitempty"`
	Retained bool   `json:"retained"`
	QoS      byte   `json:"qos"`
}

// Version is the answer to GET /api/version.
type Version struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

// Error is the answer to what was not done.
type Error struct {
	Status int    `json:"-"`    // HTTP
	Code   string `json:"code"` // a stable word for programs
	Reason string `json:"reason"`
}

// Error implements error.
func (e *Error) Error() string { return e.Reason }

// Refused reports whether the unit said no, rather than failed to answer.
func (e *Error) Refused() bool { return e.Status >= 400 && e.Status < 500 }
