// Package ledger keeps the books of one vial: how much liquid is in it, how much
// of that is alt media, what waste is still owed. A [Ledger] is a value and
// every operation returns the next one, so that the caller can store it durably
// before the pump may start.
//
// It refuses, with figures and the next step, whatever could overfill the vial,
// dose twice or dose late. It errs on the full side: a dose that was cut off
// counts as fully added, waste that was cut off as not removed. It belongs to
// the vial, not to an experiment: a new experiment must not reset it. And it is
// not the vial: a dead pump or an empty bottle shows only in the OD, see [LnStep].
//
//	next, err := l.Reserve(dose, now, limits)  // store next; only then run the pump
//	next, outcome, err := next.Commit(dose.ID, dose.ML, now) // store next
//
// Equations of volume and alt media fraction: Pioreactor 26.7.2. In contrast to
// it, cumulative waste counts what left the vial, not what the pump was told.
package ledger

import (
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// MaxDoseML bounds what one dose may be told to move, in mL.
const MaxDoseML = 1000.0

// remembered is how many outcomes are kept for repeated commands.
const remembered = 64 // written with every step of a dose, so few; retries come within minutes

// Limits are the vial's, in mL; see [hw.Info].
type Limits struct {
	CapacityML float64 // brimful
	MaxFillML  float64 // inflow must stay below this
}

// Dose is one run of one pump.
type Dose struct {
	// ID names the dose for ever; a repeated ID is answered, not pumped.
	ID   string      `json:"id"`
	Pump hw.PumpRole `json:"pump"`
	ML   float64     `json:"ml"` // wanted
	// WorstCaseML is the most the pump can move before its lease ends; at least ML.
	WorstCaseML float64   `json:"worst_case_ml"`
	Expires     time.Time `json:"expires"` // refused from then on
	// OwesWasteML is owed from the moment an inflow is committed; each inflow of
	// an exchange owes its own share.
	OwesWasteML float64 `json:"owes_waste_ml,omitempty"`
	// Exchange groups the inflows of one exchange: the waste the first of them
	// owes does not hold back the others. Empty for a dose on its own.
	Exchange string `json:"exchange,omitempty"`
	// Epoch is the term of whoever commands; an older one is refused.
	Epoch uint64 `json:"epoch,omitempty"`
}

// inflow reports whether the dose adds liquid.
func (d Dose) inflow() bool { return d.Pump != hw.Waste }

// Status is what became of a dose.
type Status string

// The outcomes of a dose.
const (
	Running   Status = "running"   // reserved, not yet closed
	Done      Status = "done"      // committed
	Aborted   Status = "aborted"   // closed with nothing moved
	Recovered Status = "recovered" // cut off by a crash: the worst case was counted
	Refused   Status = "refused"
)

// Outcome is the answer to a dose, the same each time it is asked for.
type Outcome struct {
	ID     string      `json:"id"`
	Status Status      `json:"status"`
	Pump   hw.PumpRole `json:"pump"`
	ML     float64     `json:"ml"`               // moved according to the ledger
	Code   Code        `json:"code,omitempty"`   // of a refusal
	Reason string      `json:"reason,omitempty"` // of a refusal
}

// Ledger is the state of one vial. Fields may be read; change them only through
// the methods, and share no slice with another holder.
type Ledger struct {
	Vial                      uint64  `json:"vial_number,omitempty"` // grows with every swap; 0 before the first
	CurrentVolumeML           float64 `json:"current_volume_ml"`
	EffluxTubeVolumeML        float64 `json:"efflux_tube_volume_ml"` // waste drains down to it
	AltMediaFraction          float64 `json:"alt_media_fraction"`    // 0 to 1
	CumulativeMediaAddedML    float64 `json:"cumulative_media_added_ml"`
	CumulativeAltMediaAddedML float64 `json:"cumulative_alt_media_added_ml"`
	CumulativeWasteRemovedML  float64 `json:"cumulative_waste_removed_ml"`
	OwedWasteML               float64 `json:"owed_waste_ml"`
	OwedFor                   string  `json:"owed_for,omitempty"` // exchange that owes it
	Generations               float64 `json:"generations"`        // Σ ln(after/before)/ln 2 over inflows

	LastDoseAt time.Time `json:"last_dose_at"` // UTC; zero before the first
	Epoch      uint64    `json:"epoch"`        // newest obeyed
	// Open is the reservation of the dose that may be running, if its ID is set.
	Open Dose `json:"open"`
	// Alarm says what went wrong, for people; cleared by [Ledger.Acknowledge].
	Alarm string `json:"alarm,omitempty"`
	// NeedsHuman holds every inflow back until [Ledger.Acknowledge].
	NeedsHuman bool `json:"needs_human,omitempty"`
	// Seen are the outcomes remembered, oldest first.
	Seen []Outcome `json:"seen,omitempty"`
}

// New is the ledger of a fresh vial.
func New(volumeML, effluxML, altMediaFraction float64, lim Limits) (Ledger, error) {
	return Ledger{}.Swap(volumeML, effluxML, altMediaFraction, lim)
}

// AboveEffluxML is how much a waste pump can still drain, in mL.
func (l Ledger) AboveEffluxML() float64 {
	return math.Max(0, l.CurrentVolumeML-l.EffluxTubeVolumeML)
}

// Lookup is the remembered outcome of a dose, [Running] for the open one.
func (l Ledger) Lookup(id string) (Outcome, bool) {
	if l.Open.ID != "" && l.Open.ID == id {
		return Outcome{ID: id, Status: Running, Pump: l.Open.Pump}, true
	}
	for _, o := range l.Seen {
		if o.ID == id {
			return o, true
		}
	}
	return Outcome{}, false
}

// remember appends o to a copy of the memory. When that is full the oldest
// refusal goes first: it moved nothing.
func (l Ledger) remember(o Outcome) Ledger {
	drop := -1
	if len(l.Seen) >= remembered {
		drop = max(0, slices.IndexFunc(l.Seen, func(o Outcome) bool { return o.Status == Refused }))
	}
	seen := make([]Outcome, 0, len(l.Seen)+1)
	for i, old := range l.Seen {
		if i != drop {
			seen = append(seen, old)
		}
	}
	l.Seen = append(seen, o)
	return l
}

// add is the vial after ml of inflow.
func (l Ledger) add(pump hw.PumpRole, ml float64) Ledger {
	if ml <= 0 {
		return l
	}
	before := l.CurrentVolumeML
	alt := l.AltMediaFraction * before
	switch pump {
	case hw.AltMedia:
		alt += ml
		l.CumulativeAltMediaAddedML += ml
	case hw.Media:
		l.CumulativeMediaAddedML += ml
	}
	l.CurrentVolumeML = before + ml
	l.AltMediaFraction = snap(alt / l.CurrentVolumeML)
	if before > tiny {
		l.Generations += math.Log1p(ml/before) / math.Ln2
	}
	return l
}

// drain is the vial after a waste pump has moved ml: never below the efflux
// tube, whose tip then draws air, and unchanged when already below it.
func (l Ledger) drain(ml float64) Ledger {
	out := math.Min(ml, l.AboveEffluxML())
	if out > 0 {
		l.CurrentVolumeML = math.Max(l.CurrentVolumeML-out, l.EffluxTubeVolumeML)
		l.CumulativeWasteRemovedML += out
	}
	return l.owe(l.OwedWasteML - ml)
}

// owe sets the waste owed. What lies below the efflux tube cannot be drained and
// so is not owed.
func (l Ledger) owe(ml float64) Ledger {
	l.OwedWasteML = math.Max(0, math.Min(ml, l.AboveEffluxML()))
	if l.OwedWasteML < tiny {
		l.OwedWasteML, l.OwedFor = 0, ""
	}
	return l
}

const tiny = 1e-9 // mL: rounding, not liquid

// snap keeps a fraction within 0 to 1 and cleans rounding at the ends.
func snap(fraction float64) float64 {
	const near = 1e-12
	switch {
	case fraction < near:
		return 0
	case fraction > 1-near:
		return 1
	}
	return fraction
}
