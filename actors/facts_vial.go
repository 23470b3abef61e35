package actors

import "time"

// DosingEvent reports liquid that a pump moved, in the size it moved it.
type DosingEvent struct {
	Meta
	Event    string  `json:"event"` // "add_media", "add_alt_media", "remove_waste"
	VolumeML float64 `json:"volume_ml"`
	Source   string  `json:"source"`
}

// Vital implements Vital.
func (DosingEvent) Vital() {}

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

// Vital implements Vital.
func (Dosed) Vital() {}

// DoseStarted says that a dose is about to move liquid.
type DoseStarted struct {
	Meta
	ID     string  `json:"id"`
	LnStep float64 `json:"ln_step"` // expected
	Source string  `json:"source"`
}

// Vital implements Vital.
func (DoseStarted) Vital() {}

// PumpsStopped says that somebody asked for every pump to stop, or with an
// Action those that do it. Whoever drives a pump beside the vial obeys it too.
type PumpsStopped struct {
	Meta
	Action string `json:"action,omitempty"` // such as "add_media"; empty: all
	Reason string `json:"reason"`
}

// Vital implements Vital.
func (PumpsStopped) Vital() {}

// DoseRefused says that nothing was moved, and why.
type DoseRefused struct {
	Meta
	ID     string `json:"id"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Vital implements Vital.
func (DoseRefused) Vital() {}

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

// RetainKey implements Retained.
func (f Vial) RetainKey() string { return "" }

// DoseCheck says whether the optical density shows the doses that the ledger
// counts.
type DoseCheck struct {
	Meta
	State        string  `json:"state"`
	Verdict      string  `json:"verdict,omitempty"` // "no_step", "waste_blocked", "too_large"
	UnverifiedML float64 `json:"unverified_ml"`     // waste since the readings showed that it leaves
	Text         string  `json:"text,omitempty"`
}

// RetainKey implements Retained.
func (f DoseCheck) RetainKey() string { return "" }

// ActionState says that an action of pumps, such as "add_media", runs: Init,
// Ready, and Disconnected when it is over.
type ActionState struct {
	Meta
	Action string `json:"action"`
	State  State  `json:"state"`
}

// RetainKey implements Retained.
func (f ActionState) RetainKey() string { return f.Action }

// Vital implements Vital.
func (ActionState) Vital() {}

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

// RetainKey implements Retained.
func (f Bottles) RetainKey() string { return "" }

// VialState says whether somebody works at the vial.
type VialState struct {
	Meta
	Paused bool      `json:"paused"`
	Since  time.Time `json:"since"` // of this state; zero if it has always been so
	Jobs   []string  `json:"jobs"`  // what resume sets going again; read only
}

// RetainKey implements Retained.
func (f VialState) RetainKey() string { return "" }
