package actors

import (
	"encoding/json"
	"time"
)

// Meta says where and when a fact came to be. The system fills it in.
type Meta struct {
	Unit       string        `json:"unit"`
	Experiment string        `json:"experiment"`
	Boot       string        `json:"boot"` // one start of the process
	Seq        uint64        `json:"seq"`  // counts facts of one kind within a boot
	At         time.Time     `json:"at"`   // UTC
	Mono       time.Duration `json:"mono"` // since the boot; use it for intervals
}

// About returns the meta of a fact.
func (m Meta) About() Meta { return m }

// Fact is what happened or was measured: a value that embeds Meta. Facts are
// published, never sent to someone; whoever subscribed gets them.
type Fact interface{ About() Meta }

// Retained is a fact that stays true until the next with the same key.
type Retained interface {
	Fact
	RetainKey() string
}

// Vital is a fact that observers must not lose: doses, alarms, events.
type Vital interface {
	Fact
	Vital()
}

// State is where a job is in its life.
type State string

// The states of a job. A job starts in Init; Disconnected and Lost are final.
const (
	Init         State = "init"
	Ready        State = "ready"
	Sleeping     State = "sleeping"
	Disconnected State = "disconnected"
	Lost         State = "lost"
)

// JobState is published on every transition of a job.
type JobState struct {
	Meta
	Job    string `json:"job"`
	State  State  `json:"state"`
	From   State  `json:"from"`
	Reason string `json:"reason,omitempty"` // why it was lost or refused
}

// RetainKey implements Retained.
func (f JobState) RetainKey() string { return f.Job }

// Vital implements Vital.
func (JobState) Vital() {}

// SettingChanged is a setting's value: at the start of a job and after every change.
type SettingChanged struct {
	Meta
	Job     string `json:"job"`
	Setting string `json:"setting"`
	Value   any    `json:"value"`             // float64, int64, bool, string; nil once the job is gone
	Persist bool   `json:"persist,omitempty"` // outlives the job
}

// RetainKey implements Retained.
func (f SettingChanged) RetainKey() string { return f.Job + "/" + f.Setting }

// Quality says whether a reading may be believed, and if not, why not.
type Quality struct {
	Grade  string `json:"grade"`            // "good", "uncertain", "bad"
	Reason string `json:"reason,omitempty"` // a stable word, such as "saturated"
}

// The grades of Quality.
const (
	Good      = "good"
	Uncertain = "uncertain"
	Bad       = "bad"
)

// Held keeps a job asleep whoever wants it awake: it falls asleep as soon as it
// is ready and is refused to be woken. What is no job, such as the vial, asks
// Context.Held and acts on it.
type Held struct {
	Meta
	Job string `json:"job"`
	Why string `json:"why,omitempty"` // with the next step; empty: held no longer
}

// RetainKey implements Retained.
func (f Held) RetainKey() string { return f.Job }

// AutomationEvent is what an automation did or decided, for people and records.
type AutomationEvent struct {
	Meta
	Job     string          `json:"job"`
	Name    string          `json:"event_name"` // "DilutionEvent", "NoEvent", "ErrorOccurred" …
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// RetainKey implements Retained.
func (f AutomationEvent) RetainKey() string { return f.Job }

// Vital implements Vital.
func (AutomationEvent) Vital() {}

// AutomationSettings is the record of an automation's settings in one span of time.
type AutomationSettings struct {
	Meta
	Job        string          `json:"job"`
	Automation string          `json:"automation"`
	StartedAt  time.Time       `json:"started_at"`
	EndedAt    time.Time       `json:"ended_at"` // zero while it lasts
	Settings   json.RawMessage `json:"settings"`
}

// Vital implements Vital.
func (AutomationSettings) Vital() {}

// Disturbance marks an optical step that is not growth: a bumped, rotated,
// sampled or swapped vial.
type Disturbance struct {
	Meta
	Cause string `json:"cause"`
}

// Vital implements Vital.
func (Disturbance) Vital() {}
