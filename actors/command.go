package actors

import (
	"cmp"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors/setting"
)

// Command asks one actor to do something, wherever the wish came from: an MQTT
// topic, HTTP, the command line, a profile or another actor. It is answered by
// exactly one Reply.
type Command struct {
	ID       string    `json:"id"` // a repeated ID is answered from memory
	Origin   Origin    `json:"origin"`
	Target   string    `json:"target"`             // the actor's name, such as "stirring"
	Epoch    uint64    `json:"epoch,omitempty"`    // 0, or no older than what the target has seen
	Deadline time.Time `json:"deadline,omitempty"` // later than this it is refused
	Body     any       `json:"body"`
}

// Origin says who wants it.
type Origin struct {
	Mouth string `json:"mouth"` // "mqtt", "cli", "http", "actor"
	Who   string `json:"who,omitempty"`
	Addr  string `json:"addr,omitempty"`
}

// Name is the nearest to a name there is: Who, else Mouth, else "manual".
func (o Origin) Name() string { return cmp.Or(o.Who, o.Mouth, "manual") }

// Reply answers a Command.
type Reply struct {
	ID     string `json:"id"`
	OK     bool   `json:"ok"`
	Value  any    `json:"value,omitempty"`
	Code   string `json:"code,omitempty"`   // a stable word for programs
	Reason string `json:"reason,omitempty"` // for people
}

// Refusal is an error that means "no, and nothing happened". Returned from
// Receive it is reported, and is not a failure of the actor.
type Refusal struct {
	Code   string
	Reason string
}

// Refuse is a Refusal whose reason is worded as by fmt.Sprintf.
func Refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// Set changes settings, all or none.
type Set struct {
	Values []setting.Pair `json:"values"`
}

// SetState asks a job for a state: Ready, Sleeping or Disconnected. What is no
// job, such as a device, refuses it.
type SetState struct {
	State State `json:"state"`
}

// StartJob starts a job on this unit. It is answered when the job is ready, or
// with the reason why not.
type StartJob struct {
	Job     string         `json:"job"`
	Options []setting.Pair `json:"options"` // initial settings; automation_name picks the automation
}

// Dose moves liquid: inflow first, then waste. A dose by volume is all or
// nothing before the first drop.
type Dose struct {
	MediaML    float64       `json:"media_ml,omitempty"`
	AltMediaML float64       `json:"alt_media_ml,omitempty"`
	WasteML    float64       `json:"waste_ml,omitempty"`
	Pump       string        `json:"pump,omitempty"` // "media", "alt_media", "waste", with For: run one pump for a time
	For        time.Duration `json:"for,omitempty"`
	// Continuously, with Pump: until it is stopped, or For has passed since the
	// last KeepDosing; inflow ends before the vial is full.
	Continuously bool `json:"continuously,omitempty"`
	// Circulate, with Pump "media" or "alt_media" and For: media in and waste out
	// in small turns.
	Circulate bool `json:"circulate,omitempty"`
	// Sequence is pumps and pauses one after the other, and nothing else beside it.
	Sequence []PumpStep `json:"sequence,omitempty"`
	// MayWait says that of an automation's doses several may be given as one:
	// the vial does so where noise would hide their steps in OD.
	MayWait bool   `json:"may_wait,omitempty"`
	Source  string `json:"source,omitempty"`
}

// KeepDosing gives a dose that goes on continuously its time anew. ID is that of
// its command.
type KeepDosing struct {
	ID string `json:"id"`
}

// PumpStep is one part of a sequence: a pump and a volume, or a pause.
type PumpStep struct {
	Pump  string        `json:"pump,omitempty"` // "media", "alt_media", "waste"
	ML    float64       `json:"ml,omitempty"`
	Sleep time.Duration `json:"sleep,omitempty"` // without Pump
}

// SetBottle tells the vial what is in a bottle now, after a look at it or a
// refill. A bottle that nobody declared is declared by it.
type SetBottle struct {
	Bottle string  `json:"bottle"` // "media", "alt_media", "waste"
	ML     float64 `json:"ml"`
	SizeML float64 `json:"size_ml,omitempty"` // 0: as before, or ML if that is more
}

// StopDosing turns every pump off and forgets what was queued; with an Action,
// such as "add_media", only what that does. Waste that is owed goes out all the
// same.
type StopDosing struct {
	Reason string `json:"reason"`
	Action string `json:"action,omitempty"`
}

// SetLED sets one LED.
type SetLED struct {
	Channel string        `json:"channel"` // "A" to "D"
	Percent float64       `json:"percent"`
	For     time.Duration `json:"for,omitempty"` // 0: until changed, while its owner lives
	Source  string        `json:"source,omitempty"`
}

// SetLEDs sets several LEDs, all or none; a nil one stays as it is.
type SetLEDs struct {
	A      *float64 `json:"A,omitempty"` // %
	B      *float64 `json:"B,omitempty"` // %
	C      *float64 `json:"C,omitempty"` // %
	D      *float64 `json:"D,omitempty"` // %
	Source string   `json:"source,omitempty"`
}

// SetHeater sets what the running temperature automation drives the heater with.
// The actor "temperature" takes it.
type SetHeater struct {
	Percent float64 `json:"percent"`
}

// SetVial corrects what the ledger believes, after a look at the vial. NaN
// never; a nil field stays as it is.
type SetVial struct {
	VolumeML    *float64 `json:"current_volume_ml,omitempty"`
	EffluxML    *float64 `json:"efflux_tube_volume_ml,omitempty"`
	AltFraction *float64 `json:"alt_media_fraction,omitempty"`
}

// SampleTaken tells the vial that somebody took ML out of it by hand.
type SampleTaken struct {
	ML float64 `json:"ml"`
}

// SwapVial tells the vial that it is another one: volumes and counters start
// anew, and with them, in the same write to the disk, all that was measured in
// the old one: blank, first reference, normalization. Doses already answered
// stay known. A nil field is what the config says of a fresh vial.
type SwapVial struct {
	VolumeML    *float64 `json:"current_volume_ml,omitempty"`
	EffluxML    *float64 `json:"efflux_tube_volume_ml,omitempty"`
	AltFraction *float64 `json:"alt_media_fraction,omitempty"`
}

// WasteSeen tells the vial that a person saw its waste leave, before the first dose
// too. That holds until OD speaks against it or the vial is swapped.
type WasteSeen struct{}

// PauseVial asks the actor "bench" to stop dosing and OD readings, with
// stirring, heat and light held, so that a person can work at the vial. It is
// answered with the VialState once no pump runs.
type PauseVial struct{}

// ResumeVial ends a pause: what the pause had stopped goes on, nothing else.
type ResumeVial struct{}

// MarkVial notes that somebody touched the vial: an optical step that is no
// growth.
type MarkVial struct {
	Cause string `json:"cause,omitempty"`
}

// SetBlank gives the actor "bench" a new blank of an experiment. It is answered
// with the Blank once that is on the disk.
type SetBlank struct {
	Experiment string         `json:"experiment"`
	Vial       uint64         `json:"vial_number"` // where it was measured
	Means      []ChannelValue `json:"means"`       // AU; none: nothing is to be subtracted
	Samples    int            `json:"samples"`
}

// Acknowledge takes note of an alarm, or of all; a latched one is released. The
// actor "alarm" answers with the Alarm, or with an []Alarm.
type Acknowledge struct {
	Name string `json:"name"`
	All  bool   `json:"all,omitempty"` // Name is empty
}

// ListAlarms asks the actor "alarm" for the active alarms; the reply's value is
// an []Alarm, the most urgent first.
type ListAlarms struct{}

// Identify asks the actor "monitor" to blink the status LED, so that somebody
// finds this unit among others.
type Identify struct{}

// BlinkError asks the actor "monitor" to blink an error code, 1 to 8, once.
type BlinkError struct {
	Code int `json:"code"`
}

// TestDelivery asks the actor "delivery" to send a test to one target, or with
// none named to all. The reply's value is a []Delivery.
type TestDelivery struct {
	Target string `json:"target,omitempty"`
}

// Delivery is what became of one message to one target.
type Delivery struct {
	Target string `json:"target"`
	Kind   string `json:"kind"`
	OK     bool   `json:"ok"`
	Answer string `json:"answer"` // the target's, or what went wrong
}

// Note writes one line into the log.
type Note struct {
	Text  string `json:"text"`
	Level string `json:"level"`
	Task  string `json:"task"`
}
