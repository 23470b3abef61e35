package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Version of the stored form.
const Version = 1

// Stored is a ledger in its durable form, which is JSON. Reading it is strict: an
// unknown version or field and a value out of range are refused. Then the vial's
// content is unknown: ask a person, do not start from a default.
type Stored struct {
	Version int    `json:"version"`
	Ledger  Ledger `json:"ledger"`
}

// Store is the ledger for storage, or an error if it contradicts itself.
func (l Ledger) Store() (Stored, error) {
	if err := l.Validate(); err != nil {
		return Stored{}, fmt.Errorf("ledger: store: %w", err)
	}
	return Stored{Version: Version, Ledger: l}, nil
}

// UnmarshalJSON reads what [Ledger.Store] returned.
func (s *Stored) UnmarshalJSON(data []byte) error {
	type plain Stored
	var read plain
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&read); err != nil {
		return fmt.Errorf("ledger: read: %w", err)
	}
	if read.Version != Version {
		return fmt.Errorf("ledger: read: version %d: this program reads version %d", read.Version, Version)
	}
	l := &read.Ledger
	if err := l.Validate(); err != nil {
		return fmt.Errorf("ledger: read: %w", err)
	}
	l.LastDoseAt, l.Open.Expires = clean(l.LastDoseAt), clean(l.Open.Expires)
	if len(l.Seen) == 0 {
		l.Seen = nil
	}
	*s = Stored(read)
	return nil
}

// bound on any stored number, mL or generations; beyond it the file is broken.
const maxStored = 1e9

// Validate reports everything that no sequence of operations could have led to.
func (l Ledger) Validate() error {
	var errs []error
	for name, v := range map[string]float64{
		"current_volume_ml": l.CurrentVolumeML, "efflux_tube_volume_ml": l.EffluxTubeVolumeML,
		"cumulative_media_added_ml": l.CumulativeMediaAddedML, "cumulative_alt_media_added_ml": l.CumulativeAltMediaAddedML,
		"cumulative_waste_removed_ml": l.CumulativeWasteRemovedML, "owed_waste_ml": l.OwedWasteML, "generations": l.Generations,
	} {
		if !(v >= 0 && v <= maxStored) {
			errs = append(errs, fmt.Errorf("%s %v: want 0 to %g", name, v, maxStored))
		}
	}
	if !(l.AltMediaFraction >= 0 && l.AltMediaFraction <= 1) {
		errs = append(errs, fmt.Errorf("alt_media_fraction %v: want 0 to 1", l.AltMediaFraction))
	}
	if !l.LastDoseAt.IsZero() && !storable(l.LastDoseAt) {
		errs = append(errs, fmt.Errorf("last_dose_at %s: want a year of 1970 to 9999", l.LastDoseAt.Format(time.RFC3339)))
	}
	return errors.Join(append(errs, l.validateDoses())...)
}

func (l Ledger) validateDoses() error {
	var errs []error
	if l.Open.ID != "" {
		errs = append(errs, l.Open.validate())
	} else if l.Open != (Dose{}) {
		errs = append(errs, errors.New("open: a reservation without an ID"))
	}
	if len(l.Seen) > remembered {
		errs = append(errs, fmt.Errorf("seen: %d outcomes: want at most %d", len(l.Seen), remembered))
	}
	ids := make(map[string]bool, len(l.Seen))
	for i, o := range l.Seen {
		if o.ID == "" || ids[o.ID] || o.ID == l.Open.ID || !o.known() || !(math.Abs(o.ML) <= maxStored) {
			errs = append(errs, fmt.Errorf("seen: outcome %d (%q) is not one of ours", i, o.ID))
		}
		ids[o.ID] = true
	}
	return errors.Join(errs...)
}

func (o Outcome) known() bool {
	switch o.Status {
	case Done, Aborted, Recovered, Refused:
	default:
		return false
	}
	return o.Pump == hw.Media || o.Pump == hw.AltMedia || o.Pump == hw.Waste
}
