package actors

import "github.com/pioactor/pioactor/hw/calibration"

// Procedure is the guided calibration that is being made, or was made last:
// where it stands, and what it asks. The actor "procedure" runs one at a time.
type Procedure struct {
	Meta
	ID     string         `json:"id"`
	Device string         `json:"device"` // "media_pump", "alt_media_pump", "waste_pump", "stirring"
	State  ProcedureState `json:"state"`
	Turn   int            `json:"turn"`    // grows with every change; an answer names it, so that a late one is refused
	Title  string         `json:"title"`   // of the step
	Text   string         `json:"text"`    // what to do or answer; once ended, how it ended
	Field  ProcedureField `json:"field"`   // what the answer should be; without a name only a confirmation
	Failed bool           `json:"failed"`  // it ended, and nothing came of it
	Undo   bool           `json:"undo"`    // the step before can be taken back
	Redo   bool           `json:"redo"`    // a step that was taken back can be restored
	Done   float64        `json:"percent"` // 0 to 100
	// Problem is why the last action came to nothing: a pump that did not run.
	Problem  string             `json:"problem,omitempty"`
	Warnings []string           `json:"warnings,omitempty"` // read only
	Points   calibration.Points `json:"points"`             // recorded so far; read only
}

// ProcedureState is what a Procedure does.
type ProcedureState string

// The states of a Procedure.
const (
	ProcedureAsks  ProcedureState = "asks"  // it waits for an answer, 15 min at most
	ProcedureWorks ProcedureState = "works" // an output runs, or something is being saved
	ProcedureEnded ProcedureState = "ended" // outputs are safe
)

// ProcedureField is what an answer should be.
type ProcedureField struct {
	Name    string   `json:"name"` // such as "weight_g"
	Unit    string   `json:"unit,omitempty"`
	Default string   `json:"default,omitempty"` // of an empty answer
	OneOf   []string `json:"one_of,omitempty"`  // read only
}

// StartProcedure asks the actor "procedure" to begin a calibration of Device. If
// one of that device is under way already, it is answered with that. The value
// of this reply, as of those to the commands below, is a Procedure.
type StartProcedure struct {
	Device string `json:"device"`
	Use    bool   `json:"use,omitempty"` // make the calibration the active one without asking
}

// AnswerProcedure answers what a Procedure asks. A value that cannot be true is
// refused, and the question stands.
type AnswerProcedure struct {
	ID    string `json:"id"`
	Turn  int    `json:"turn"`
	Value string `json:"value"` // empty: the default, or a confirmation
}

// UndoProcedure takes the step before back; RedoProcedure restores it, without
// running anything.
type (
	UndoProcedure struct {
		ID   string `json:"id"`
		Turn int    `json:"turn"`
	}
	RedoProcedure struct {
		ID   string `json:"id"`
		Turn int    `json:"turn"`
	}
)

// StopProcedure ends a Procedure, outputs safe first; what was not saved is lost.
type StopProcedure struct {
	ID string `json:"id"`
}

// RetainKey implements Retained.
func (f Procedure) RetainKey() string { return "" }

// Vital implements Vital.
func (Procedure) Vital() {}

func init() { Message[Procedure]("procedure/1") }
