package ledger

import (
	"fmt"
	"time"
)

// Code is why a dose was refused, for programs.
type Code string

// The reasons for a refusal.
const (
	Invalid    Code = "invalid"     // the command makes no sense
	Expired    Code = "expired"     // it came too late
	StaleEpoch Code = "stale_epoch" // someone else commands by now
	Busy       Code = "busy"        // another dose is open
	NeedsHuman Code = "needs_human" // somebody must look at the vial
	DrainFirst Code = "drain_first" // owed waste goes out before anything comes in
	Overfill   Code = "overfill"    // the vial could get too full
)

// Refusal is a refused operation: nothing may move.
type Refusal struct {
	Code   Code
	Reason string // with figures and the next step
}

// Error is the reason.
func (r *Refusal) Error() string { return "ledger: " + r.Reason }

// Duplicate answers a dose whose ID is known: nothing may move. The outcome is
// that of the first time.
type Duplicate struct{ Outcome Outcome }

// Error says what became of the dose.
func (d *Duplicate) Error() string {
	return fmt.Sprintf("ledger: dose %q is already known: %s, %.3f mL moved", d.Outcome.ID, d.Outcome.Status, d.Outcome.ML)
}

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// check tells whether the dose may be reserved.
func (l Ledger) check(d Dose, now time.Time, lim Limits) *Refusal {
	switch {
	case d.Epoch < l.Epoch:
		return refuse(StaleEpoch, "dose %q is of epoch %d, %d is obeyed by now", d.ID, d.Epoch, l.Epoch)
	case !now.Before(d.Expires):
		return refuse(Expired, "dose %q expired at %s, now is %s; send a new one", d.ID, stamp(d.Expires), stamp(now))
	case l.Open.ID != "":
		return refuse(Busy, "dose %q is still open; commit or abort it first", l.Open.ID)
	}
	if d.inflow() {
		return l.checkInflow(d, lim)
	}
	return nil
}

func (l Ledger) checkInflow(d Dose, lim Limits) *Refusal {
	switch after := l.CurrentVolumeML + d.WorstCaseML; {
	case l.NeedsHuman:
		return refuse(NeedsHuman, "inflow is held back: %s; look at the vial, set its volume and acknowledge", l.Alarm)
	case l.OwedWasteML > 0 && l.AboveEffluxML() > 0 && (d.Exchange == "" || d.Exchange != l.OwedFor):
		return refuse(DrainFirst, "%.2f mL of waste is still owed (%.2f mL in the vial, efflux tube at %.2f mL); remove waste first",
			l.OwedWasteML, l.CurrentVolumeML, l.EffluxTubeVolumeML)
	case after >= lim.MaxFillML:
		return refuse(Overfill, "adding %.2f mL (at worst %.2f mL) could bring the vial from %.2f to %.2f mL, the limit is below %.2f mL; remove %.2f mL of waste first",
			d.ML, d.WorstCaseML, l.CurrentVolumeML, after, lim.MaxFillML, after-lim.MaxFillML+0.01)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
