package actors

import "time"

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

// RetainKey implements Retained.
func (f Alarm) RetainKey() string { return f.Name }

// Vital implements Vital.
func (Alarm) Vital() {}

// Computer is the health of the machine.
type Computer struct {
	Meta
	DiskFreePercent float64 `json:"disk_free_percent" zero:"unknown"`
	DiskFreeGB      float64 `json:"disk_free_gb" zero:"unknown"`      // 10⁹ bytes; 0 when it cannot be read
	CPUTemperatureC float64 `json:"cpu_temperature_c" zero:"unknown"` // 0 when it cannot be read
	MemoryMB        float64 `json:"memory_free_mb" zero:"unknown"`    // free for use, 10⁶ bytes; 0 when it cannot be read
}

// RetainKey implements Retained.
func (f Computer) RetainKey() string { return "" }

// RailVoltage is the supply that pumps, stirrer and heater run from.
type RailVoltage struct {
	Meta
	Volts float64 `json:"supply_v"` // to 0.05 V
}

// RetainKey implements Retained.
func (f RailVoltage) RetainKey() string { return "" }

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

// RetainKey implements Retained.
func (f SelfTestCheck) RetainKey() string { return f.Name }

// Vital implements Vital.
func (SelfTestCheck) Vital() {}

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

// RetainKey implements Retained.
func (f SelfTest) RetainKey() string { return "" }

// Vital implements Vital.
func (SelfTest) Vital() {}

// Correlation says how closely a photodiode follows an LED.
type Correlation struct {
	LED        string  `json:"led"`
	Photodiode string  `json:"photodiode"`
	R          float64 `json:"r"` // Pearson's
}
