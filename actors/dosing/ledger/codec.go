package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Version of the stored form.
const Version = 1

type stored struct {
	Version int    `json:"version"`
	Ledger  Ledger `json:"ledger"`
}

// Encode is the ledger as JSON for storage.
func (l Ledger) Encode() ([]byte, error) {
	if err := l.Validate(); err != nil {
		return nil, fmt.Errorf("ledger: encode: %w", err)
	}
	return json.Marshal(stored{Version: Version, Ledger: l})
}

// Decode reads what [Ledger.Encode] wrote. Anything else is refused: an unknown
// version or field, text after the end, a value out of range. On an error the
// vial's content is unknown: ask a person, do not start from a default.
func Decode(data []byte) (Ledger, error) {
	var s stored
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Ledger{}, fmt.Errorf("ledger: decode: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Ledger{}, errors.New("ledger: decode: text after the end")
	}
	if s.Version != Version {
		return Ledger{}, fmt.Errorf("ledger: decode: version %d: this program reads version %d", s.Version, Version)
	}
	if err := s.Ledger.Validate(); err != nil {
		return Ledger{}, fmt.Errorf("ledger: decode: %w", err)
	}
	s.Ledger.LastDoseAt, s.Ledger.Open.Expires = clean(s.Ledger.LastDoseAt), clean(s.Ledger.Open.Expires)
	if len(s.Ledger.Seen) == 0 {
		s.Ledger.Seen = nil
	}
	return s.Ledger, nil
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
