package ledger

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/pioactor/pioactor/hw"
)

// Reserve opens a dose. Store the ledger before the pump may start, and do not
// run the pump on any error: a *[Duplicate] for an ID that is known, a
// *[Refusal] otherwise. The ledger returned with a refusal remembers it, so that
// the same command delivered again later is not obeyed either; storing that one
// may wait.
func (l Ledger) Reserve(d Dose, now time.Time, lim Limits) (Ledger, error) {
	if err := lim.Validate(); err != nil {
		return l, err
	}
	if err := d.validate(); err != nil {
		return l, err
	}
	if known, ok := l.Lookup(d.ID); ok {
		return l, &Duplicate{Outcome: known}
	}
	if r := l.check(d, now, lim); r != nil {
		return l.remember(Outcome{ID: d.ID, Status: Refused, Pump: d.Pump, Code: r.Code, Reason: r.Reason}), r
	}
	d.Expires = clean(d.Expires)
	l.Open, l.Epoch = d, d.Epoch
	return l, nil
}

// Commit closes the open dose with what the pump really moved, from its run
// time; more than the worst case is believed too, and raises an alarm. Asking
// again is answered from memory with a *[Duplicate].
func (l Ledger) Commit(id string, actualML float64, now time.Time) (Ledger, Outcome, error) {
	d, err := l.opened(id)
	if err != nil {
		return l, Outcome{}, err
	}
	if !(actualML >= 0 && actualML <= MaxDoseML) {
		return l, Outcome{}, refuse(Invalid, "commit dose %q: %v mL moved: want 0 to %v mL", id, actualML, MaxDoseML)
	}
	if actualML > d.WorstCaseML+tiny {
		l.Alarm = fmt.Sprintf("dose %q moved %.2f mL, at worst %.2f mL were expected", id, actualML, d.WorstCaseML)
	}
	l, o := l.settle(d, Done, actualML, now)
	return l, o, nil
}

// Abort closes the open dose: the pump has not run at all. If it has, for
// however short, commit what it moved.
func (l Ledger) Abort(id string) (Ledger, Outcome, error) {
	d, err := l.opened(id)
	if err != nil {
		return l, Outcome{}, err
	}
	o := Outcome{ID: id, Status: Aborted, Pump: d.Pump}
	l.Open = Dose{}
	return l.remember(o), o, nil
}

// Recover closes a reservation left open by a crash: inflow counts as fully
// added, at its worst case, and waste as not removed. It raises an alarm, and
// holds inflow back for a human only if the vial may be too full. It never
// causes a dose. Without an open reservation it changes nothing.
func (l Ledger) Recover(now time.Time, lim Limits) (Ledger, error) {
	if err := lim.Validate(); err != nil {
		return l, err
	}
	d := l.Open
	if d.ID == "" {
		return l, nil
	}
	ml := 0.0
	if d.inflow() {
		ml = d.WorstCaseML
	}
	l, _ = l.settle(d, Recovered, ml, now)
	l.Alarm = fmt.Sprintf("dose %q (%s, %.2f mL) was cut off; %.2f mL counted, the vial may hold %.2f of at most %.2f mL",
		d.ID, d.Pump, d.ML, ml, l.CurrentVolumeML, lim.MaxFillML)
	l.NeedsHuman = l.NeedsHuman || l.CurrentVolumeML > lim.MaxFillML
	return l, nil
}

// settle moves the liquid and closes the dose.
func (l Ledger) settle(d Dose, status Status, ml float64, now time.Time) (Ledger, Outcome) {
	before := l.CurrentVolumeML
	switch {
	case d.inflow():
		l = l.add(d.Pump, ml)
		if d.OwesWasteML > 0 && ml > 0 {
			l = l.owe(l.OwedWasteML + d.OwesWasteML)
		}
		if l.OwedWasteML > 0 && d.OwesWasteML > 0 {
			l.OwedFor = d.Exchange
		}
	case status == Done:
		l = l.drain(ml)
	}
	l.Open, l.LastDoseAt = Dose{}, clean(now)
	o := Outcome{ID: d.ID, Status: status, Pump: d.Pump, ML: math.Abs(l.CurrentVolumeML - before)}
	return l.remember(o), o
}

func (l Ledger) opened(id string) (Dose, error) {
	if id != "" && l.Open.ID == id {
		return l.Open, nil
	}
	if known, ok := l.Lookup(id); ok {
		return Dose{}, &Duplicate{Outcome: known}
	}
	return Dose{}, refuse(Invalid, "close dose %q: it is not open; reserve it first", id)
}

func (d Dose) validate() error {
	switch {
	case d.ID == "" || len(d.ID) > 128 || !utf8.ValidString(d.ID):
		return refuse(Invalid, "a dose needs an ID of 1 to 128 bytes of UTF-8, got %q", d.ID)
	case d.Pump != hw.Media && d.Pump != hw.AltMedia && d.Pump != hw.Waste:
		return refuse(Invalid, "dose %q: no pump %q; want media, alt_media or waste", d.ID, d.Pump)
	case !(d.ML > 0 && d.ML <= MaxDoseML):
		return refuse(Invalid, "dose %q: %v mL: want above 0 and at most %v mL", d.ID, d.ML, MaxDoseML)
	case !(d.WorstCaseML >= d.ML && d.WorstCaseML <= 2*MaxDoseML):
		return refuse(Invalid, "dose %q: worst case %v mL: want at least its %v mL", d.ID, d.WorstCaseML, d.ML)
	case !(d.OwesWasteML >= 0 && d.OwesWasteML <= MaxDoseML), d.OwesWasteML > 0 && !d.inflow():
		return refuse(Invalid, "dose %q: owes %v mL of waste: only inflow owes, at most %v mL", d.ID, d.OwesWasteML, MaxDoseML)
	case len(d.Exchange) > 128 || !utf8.ValidString(d.Exchange):
		return refuse(Invalid, "dose %q: exchange %q: want at most 128 bytes of UTF-8", d.ID, d.Exchange)
	case !storable(d.Expires):
		return refuse(Invalid, "dose %q needs a time it expires at", d.ID)
	}
	return nil
}

// Validate reports limits that no vial has.
func (lim Limits) Validate() error {
	if !(lim.CapacityML > 0 && lim.CapacityML <= 1e6) || !(lim.MaxFillML > 0 && lim.MaxFillML <= lim.CapacityML) {
		return refuse(Invalid, "limits: max fill %v mL of capacity %v mL: want 0 < max fill ≤ capacity", lim.MaxFillML, lim.CapacityML)
	}
	return nil
}

// clean is t as it comes back from storage: UTC, without a monotonic part.
func clean(t time.Time) time.Time { return t.UTC().Round(0) }

// storable reports whether JSON can hold t.
func storable(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1970 && year <= 9999
}
