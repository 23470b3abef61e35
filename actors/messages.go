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

// SettingChanged is a setting's value: at the start of a job and after every change.
type SettingChanged struct {
	Meta
	Job     string `json:"job"`
	Setting string `json:"setting"`
	Value   any    `json:"value"`             // float64, int64, bool, string; nil once the job is gone
	Persist bool   `json:"persist,omitempty"` // outlives the job
}

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

// ODReading is the optical density at one photodiode. Its value may steer a
// culture only when Quality is Good.
type ODReading struct {
	Meta
	Channel    int     `json:"channel"`
	Angle      string  `json:"angle"`
	Value      float64 `json:"od"` // AU; volts over the relative reference when uncalibrated
	Quality    Quality `json:"quality"`
	Volts      float64 `json:"volts"`     // after the dark offset
	ReferenceV float64 `json:"reference"` // relative reference the volts were divided by; 1 without one
	DarkV      float64 `json:"dark_v"`
	IRPercent  float64 `json:"ir_percent"`
	RPM        float64 `json:"rpm"` // latest measured; 0 when unknown
	PumpOn     bool    `json:"pump_on,omitempty"`
	BlankID    string  `json:"blank_id,omitempty"`    // of the blank that was subtracted; empty for none
	BlankAU    float64 `json:"blank_au,omitempty"`    // what was subtracted
	VialNumber uint64  `json:"vial_number,omitempty"` // of the vial it was taken in; see Vial
	// TemperatureC is the vial's, as last measured; 0 when unknown.
	TemperatureC float64 `json:"temperature_c,omitempty"`
	// Calibration is the name of the active calibration that Value comes from;
	// empty when it is uncalibrated.
	Calibration string `json:"calibration,omitempty"`
	// RawAU is Value before the calibration; Value itself without one.
	RawAU float64 `json:"raw_od"`
}

// ODFused is the density that all angles together tell, by the active fusion
// estimator. Bad: there is none, since just now.
type ODFused struct {
	Meta
	Value      float64 `json:"od_fused"`      // AU
	Low        float64 `json:"od_fused_low"`  // AU, of the interval
	High       float64 `json:"od_fused_high"` // AU
	Quality    Quality `json:"quality"`
	Estimator  string  `json:"estimator,omitempty"`   // its name
	VialNumber uint64  `json:"vial_number,omitempty"` // of the vial it was taken in; see Vial
}

// ODReadings are the readings of all channels at one instant.
type ODReadings struct {
	Meta
	Readings []ODReading `json:"readings"` // ascending channel; read only
}

// RelativeIRIntensity is how bright the IR LED is compared with its first reading.
type RelativeIRIntensity struct {
	Meta
	Value float64 `json:"relative_ir_intensity"`
}

// GrowthRate is the specific growth rate µ.
type GrowthRate struct {
	Meta
	PerH   float64 `json:"growth_rate_per_h"`
	SDPerH float64 `json:"growth_rate_sd_per_h"`
}

// ODFiltered is the normalized OD behind a growth rate: 1 when it began.
type ODFiltered struct {
	Meta
	Value float64 `json:"od_filtered"`
}

// StirringRate is the measured speed.
type StirringRate struct {
	Meta
	RPM float64 `json:"measured_rpm"`
}

// VialTemperature is how warm the vial is, measured while a temperature automation
// runs: inferred from how the heater's board cools, or the board's own when there
// was no heat.
type VialTemperature struct {
	Meta
	C       float64 `json:"temperature_c"`
	BoardC  float64 `json:"board_temperature_c"`   // the last sample
	Percent float64 `json:"heater_percent_before"` // what the heater was driven with before
}

// HeaterDuty is what a temperature automation drives the heater with, in percent;
// while the vial is measured it is off all the same.
type HeaterDuty struct {
	Meta
	Percent float64 `json:"heater_duty_cycle"`
}

// Heater is what the heater really does and may do.
type Heater struct {
	Meta
	Fitted  bool    `json:"fitted"`            // a heater, and a thermometer beside it
	Percent float64 `json:"heater_percent"`    // driven now
	MaxC    float64 `json:"heater_max_c"`      // no target lies above it
	Fault   string  `json:"fault,omitempty"`   // why there is no heat, for people
	Latched bool    `json:"latched,omitempty"` // until somebody acknowledges it
}

// DosingEvent reports liquid that a pump moved, in the size it moved it.
type DosingEvent struct {
	Meta
	Event    string  `json:"event"` // "add_media", "add_alt_media", "remove_waste"
	VolumeML float64 `json:"volume_ml"`
	Source   string  `json:"source"`
}

// Dosed ends a dose: what was really moved.
type Dosed struct {
	Meta
	ID         string  `json:"id"`
	MediaML    float64 `json:"media_ml"`
	AltMediaML float64 `json:"alt_media_ml"`
	WasteML    float64 `json:"waste_ml"`
	LnStep     float64 `json:"ln_step"` // −ln(1+v/V): what the dose does to ln OD
	Source     string  `json:"source"`
	Cut        string  `json:"cut,omitempty"` // why it ended early
}

// DoseStarted says that a dose is about to move liquid.
type DoseStarted struct {
	Meta
	ID     string  `json:"id"`
	LnStep float64 `json:"ln_step"` // expected
	Source string  `json:"source"`
}

// PumpsStopped says that somebody asked for every pump to stop, or with an
// Action those that do it. Whoever drives a pump beside the vial obeys it too.
type PumpsStopped struct {
	Meta
	Action string `json:"action,omitempty"` // such as "add_media"; empty: all
	Reason string `json:"reason"`
}

// DoseRefused says that nothing was moved, and why.
type DoseRefused struct {
	Meta
	ID     string `json:"id"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Vial is what the ledger says the vial holds.
type Vial struct {
	Meta
	Number           uint64    `json:"vial_number,omitempty"` // grows with every swap; 0: never swapped, or nobody knows
	VolumeML         float64   `json:"current_volume_ml"`
	EffluxML         float64   `json:"efflux_tube_volume_ml"`
	AltFraction      float64   `json:"alt_media_fraction"`
	MediaML          float64   `json:"cumulative_media_added_ml"`
	AltMediaML       float64   `json:"cumulative_alt_media_added_ml"`
	WasteML          float64   `json:"cumulative_waste_removed_ml"`
	OwedWasteML      float64   `json:"owed_waste_ml"`
	Generations      float64   `json:"generations"`
	DilutionRatePerH float64   `json:"dilution_rate_per_h"` // over the last hour
	LastDose         time.Time `json:"last_dose"`
	MaxFillML        float64   `json:"max_fill_ml"`     // inflow stays below it
	LargestDoseML    float64   `json:"largest_dose_ml"` // of an exchange, in one go
}

// The states of a DoseCheck.
const (
	CheckOK      = "ok"
	CheckUnknown = "unknown" // the readings cannot tell
	CheckFailed  = "failed"  // dosing is stopped until somebody acknowledges
)

// DoseCheck says whether the optical density shows the doses that the ledger
// counts.
type DoseCheck struct {
	Meta
	State        string  `json:"state"`
	Verdict      string  `json:"verdict,omitempty"` // "no_step", "waste_blocked", "too_large"
	UnverifiedML float64 `json:"unverified_ml"`     // waste since the readings showed that it leaves
	Text         string  `json:"text,omitempty"`
}

// ActionState says that an action of pumps, such as "add_media", runs: Init,
// Ready, and Disconnected when it is over.
type ActionState struct {
	Meta
	Action string `json:"action"`
	State  State  `json:"state"`
}

// Bottle is one bottle at the unit. A size of 0: nobody declared it.
type Bottle struct {
	SizeML float64 `json:"size_ml"`
	ML     float64 `json:"ml"` // in it, by the ledger
}

// Bottles are what the unit doses from and into.
type Bottles struct {
	Meta
	Media    Bottle `json:"media"`
	AltMedia Bottle `json:"alt_media"`
	Waste    Bottle `json:"waste"`
}

// VialState says whether somebody works at the vial.
type VialState struct {
	Meta
	Paused bool      `json:"paused"`
	Since  time.Time `json:"since"` // of this state; zero if it has always been so
	Jobs   []string  `json:"jobs"`  // what resume sets going again; read only
}

// Held keeps a job asleep whoever wants it awake: it falls asleep as soon as it
// is ready and is refused to be woken. What is no job, such as the vial, asks
// Context.Held and acts on it.
type Held struct {
	Meta
	Job string `json:"job"`
	Why string `json:"why,omitempty"` // with the next step; empty: held no longer
}

// Blank is the optical density of the medium alone in an experiment's vial.
// od_reading subtracts it.
type Blank struct {
	Meta
	ID      string         `json:"id"` // empty: there never was one
	Vial    uint64         `json:"vial_number"`
	TakenAt time.Time      `json:"taken_at"`
	Samples int            `json:"samples"`
	Means   []ChannelValue `json:"means"`   // AU by channel, ascending; empty: nothing is subtracted; read only
	History []BlankChange  `json:"history"` // oldest first, of this vial; read only
}

// BlankChange is the step from one blank to the next. What normalizes OD moves
// with it by Factors, so that the normalized OD of a culture does not jump.
type BlankChange struct {
	From    string         `json:"from"`
	To      string         `json:"to"`
	At      time.Time      `json:"at"`
	Means   []ChannelValue `json:"means"`   // of To
	Factors []ChannelValue `json:"factors"` // AU to add to the factor of each channel
}

// ChannelValue is a value of one photodiode.
type ChannelValue struct {
	Channel int     `json:"channel"`
	Value   float64 `json:"value"`
}

// LEDs are the intensities of all LEDs, in percent.
type LEDs struct {
	Meta
	A float64 `json:"A"`
	B float64 `json:"B"`
	C float64 `json:"C"`
	D float64 `json:"D"`
}

// LEDChanged is one deliberate change of one LED.
type LEDChanged struct {
	Meta
	Channel string  `json:"channel"`
	Percent float64 `json:"percent"`
	Source  string  `json:"source"`
}

// PIDLog is one step of a controller, for those who tune it.
type PIDLog struct {
	Meta
	Job          string  `json:"job"`
	Target       string  `json:"target"` // "rpm", "temperature", "growth_rate"
	Setpoint     float64 `json:"setpoint"`
	Lower        float64 `json:"lower"`
	Upper        float64 `json:"upper"`
	Kp           float64 `json:"kp"`
	Ki           float64 `json:"ki"`
	Kd           float64 `json:"kd"`
	Integral     float64 `json:"integral"`
	Proportional float64 `json:"proportional"`
	Derivative   float64 `json:"derivative"`
	Input        float64 `json:"input"`
	Output       float64 `json:"output"`
}

// AutomationEvent is what an automation did or decided, for people and records.
type AutomationEvent struct {
	Meta
	Job     string          `json:"job"`
	Name    string          `json:"event_name"` // "DilutionEvent", "NoEvent", "ErrorOccurred" …
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// AutomationSettings is the record of an automation's settings in one span of time.
type AutomationSettings struct {
	Meta
	Job        string          `json:"job"`
	Automation string          `json:"automation"`
	StartedAt  time.Time       `json:"started_at"`
	EndedAt    time.Time       `json:"ended_at"` // zero while it lasts
	Settings   json.RawMessage `json:"settings"`
}

// Disturbance marks an optical step that is not growth: a bumped, rotated,
// sampled or swapped vial.
type Disturbance struct {
	Meta
	Cause string `json:"cause"`
}

// Log is one line for people.
type Log struct {
	Meta
	Task    string `json:"task"` // the job it came from
	Level   string `json:"level"`
	Source  string `json:"source"` // "app", or who wrote the note
	Message string `json:"message"`
}

// Alarm is a condition somebody should know of. It stays until cleared and,
// when latched, acknowledged.
type Alarm struct {
	Meta
	Name     string    `json:"name"`
	Priority string    `json:"priority"` // "low", "medium", "high"
	Active   bool      `json:"active"`
	Latched  bool      `json:"latched,omitempty"`
	Acked    bool      `json:"acknowledged,omitempty"`
	Over     bool      `json:"over,omitempty"` // the condition has passed; a latched alarm still wants acknowledging
	Since    time.Time `json:"since"`
	Text     string    `json:"text"`
	HiddenBy string    `json:"hidden_by,omitempty"` // the active alarm that explains this one
	Action   string    `json:"action,omitempty"`    // what a declared alarm did: "pause", "safe_state"
}

// Computer is the health of the machine.
type Computer struct {
	Meta
	DiskFreePercent float64 `json:"disk_free_percent" zero:"unknown"`
	DiskFreeGB      float64 `json:"disk_free_gb" zero:"unknown"`      // 10⁹ bytes; 0 when it cannot be read
	CPUTemperatureC float64 `json:"cpu_temperature_c" zero:"unknown"` // 0 when it cannot be read
	MemoryMB        float64 `json:"memory_free_mb" zero:"unknown"`    // free for use, 10⁶ bytes; 0 when it cannot be read
}

// RailVoltage is the supply that pumps, stirrer and heater run from.
type RailVoltage struct {
	Meta
	Volts float64 `json:"supply_v"` // to 0.05 V
}

// SelfTestCheck is what one check of the self-test came to.
type SelfTestCheck struct {
	Meta
	Name     string    `json:"name"`    // such as "test_ambient_light_interference"
	Title    string    `json:"title"`   // in words
	Verdict  string    `json:"verdict"` // "passed", "failed", "skipped"; empty until it has run
	Text     string    `json:"text,omitempty"`
	Remedy   string    `json:"remedy,omitempty"` // what to do about a failure
	Measured []Measure `json:"measured,omitempty"`
}

// The verdicts of SelfTestCheck. A check is skipped when what it needs is not
// fitted, or was found broken before.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// Measure is one figure behind a verdict.
type Measure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// SelfTest is the self-test as a whole: published when it starts, and when it
// has ended.
type SelfTest struct {
	Meta
	Running bool `json:"running"`
	Passed  int  `json:"passed"`
	Failed  int  `json:"failed"`
	Skipped int  `json:"skipped"`
	// Correlations of each LED with each photodiode; empty until measured.
	Correlations []Correlation `json:"correlations,omitempty"`
}

// Correlation says how closely a photodiode follows an LED.
type Correlation struct {
	LED        string  `json:"led"`
	Photodiode string  `json:"photodiode"`
	R          float64 `json:"r"` // Pearson's
}

// RetainKey implements Retained.
func (f JobState) RetainKey() string { return f.Job }

// RetainKey implements Retained.
func (f SettingChanged) RetainKey() string { return f.Job + "/" + f.Setting }

// RetainKey implements Retained.
func (f ODReadings) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f ODFused) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f GrowthRate) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f ODFiltered) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f RelativeIRIntensity) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f StirringRate) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f VialTemperature) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f HeaterDuty) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f Heater) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f Vial) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f VialState) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f Held) RetainKey() string { return f.Job }

// RetainKey implements Retained: the newest of each experiment.
func (f Blank) RetainKey() string { return f.Experiment }

// RetainKey implements Retained.
func (f ActionState) RetainKey() string { return f.Action }

// RetainKey implements Retained.
func (f DoseCheck) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f Bottles) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f LEDs) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f Alarm) RetainKey() string { return f.Name }

// RetainKey implements Retained.
func (f AutomationEvent) RetainKey() string { return f.Job }

// RetainKey implements Retained.
func (f Computer) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f RailVoltage) RetainKey() string { return "" }

// RetainKey implements Retained.
func (f SelfTestCheck) RetainKey() string { return f.Name }

// RetainKey implements Retained.
func (f SelfTest) RetainKey() string { return "" }

// Vital implements Vital.
func (SelfTestCheck) Vital() {}

// Vital implements Vital.
func (SelfTest) Vital() {}

// Vital implements Vital.
func (DosingEvent) Vital() {}

// Vital implements Vital.
func (Dosed) Vital() {}

// Vital implements Vital.
func (DoseStarted) Vital() {}

// Vital implements Vital.
func (DoseRefused) Vital() {}

// Vital implements Vital.
func (PumpsStopped) Vital() {}

// Vital implements Vital.
func (Alarm) Vital() {}

// Vital implements Vital.
func (JobState) Vital() {}

// Vital implements Vital.
func (ActionState) Vital() {}

// Vital implements Vital.
func (AutomationEvent) Vital() {}

// Vital implements Vital.
func (AutomationSettings) Vital() {}

// Vital implements Vital.
func (Disturbance) Vital() {}
