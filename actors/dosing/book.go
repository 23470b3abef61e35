package dosing

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
)

// book is all that the vial remembers.
type book struct {
	ledger   ledger.Ledger
	pending  []record // accepted and not ended, oldest first
	answered []answer // oldest first
	past     []inflow // of the last hour, one a minute
	bottles  map[hw.PumpRole]bottle
	carried  carry
}

// record is a dose and what it has moved so far.
type record struct {
	ID         string  `json:"id"`
	Source     string  `json:"source,omitempty"`
	MediaML    float64 `json:"media_ml"`
	AltMediaML float64 `json:"alt_media_ml"`
	WasteML    float64 `json:"waste_ml"`
	LnStep     float64 `json:"ln_step"`

	accepted bool // whoever asked has been told so
}

// count adds ml to what the dose has moved; before is the volume it came to.
func (r *record) count(pump hw.PumpRole, ml, before float64) {
	switch pump {
	case hw.Media:
		r.MediaML += ml
	case hw.AltMedia:
		r.AltMediaML += ml
	case hw.Waste:
		r.WasteML += ml
		return
	}
	r.LnStep += ledger.LnStep(ml, before)
}

// answer is what a command was told, for the time it comes again.
type answer struct {
	ID     string `json:"id"`
	Code   string `json:"code,omitempty"` // of a refusal
	Reason string `json:"reason,omitempty"`
}

// answersKept is enough for every retry of every client within minutes.
const answersKept = 64

// inflow is what came in within one minute.
type inflow struct {
	At time.Time `json:"at"` // the minute, UTC
	ML float64   `json:"ml"`
	Ln float64   `json:"ln"` // Σ ln((V+v)/V)
}

// span of the dilution rate and of the limit on inflow.
const span = time.Hour

// stored is the durable form. The ledger has its own, with checks.
type stored struct {
	Version  int                    `json:"version"`
	Ledger   ledger.Stored          `json:"ledger"`
	Pending  []record               `json:"pending,omitempty"`
	Answered []answer               `json:"answered,omitempty"`
	Past     []inflow               `json:"past,omitempty"`
	Bottles  map[hw.PumpRole]bottle `json:"bottles,omitempty"`
	Carried  carry                  `json:"carried"`
}

const bookVersion = 1

func (b book) stored() (stored, error) {
	l, err := b.ledger.Store()
	return stored{bookVersion, l, b.pending, b.answered, b.past, b.bottles, b.carried}, err
}

func (s stored) book() (book, error) {
	if s.Version != bookVersion {
		return book{}, fmt.Errorf("vial: state of version %d: this program reads version %d", s.Version, bookVersion)
	}
	if s.Ledger.Version == 0 {
		return book{}, errors.New("vial: state without a ledger")
	}
	return book{s.Ledger.Ledger, s.Pending, s.Answered, s.Past, s.Bottles, s.Carried}, nil
}

func (b *book) answer(a answer) {
	b.answered = append(slices.Clone(b.answered), a)
	if extra := len(b.answered) - answersKept; extra > 0 {
		b.answered = b.answered[extra:]
	}
}

func (b *book) told(id string) (answer, bool) {
	i := slices.IndexFunc(b.answered, func(a answer) bool { return a.ID == id })
	if i < 0 {
		return answer{}, false
	}
	return b.answered[i], true
}

// flowed notes ml that came into a volume of before.
func (b *book) flowed(now time.Time, ml, before float64) {
	minute := now.UTC().Truncate(time.Minute)
	past := slices.DeleteFunc(slices.Clone(b.past), func(p inflow) bool { return now.Sub(p.At) >= span })
	ln := 0.0
	if before > 0 {
		ln = math.Log1p(ml / before)
	}
	if last := len(past) - 1; last >= 0 && past[last].At.Equal(minute) {
		past[last].ML += ml
		past[last].Ln += ln
	} else {
		past = append(past, inflow{minute, ml, ln})
	}
	b.past = past
}

// within sums what came in during the span before now. A clock that was set
// back forgets nothing.
func (b *book) within(now time.Time) (ml, ln float64) {
	for _, p := range b.past {
		if now.Sub(p.At) < span {
			ml += p.ML
			ln += p.Ln
		}
	}
	return ml, ln
}

// dilution is the dilution rate over the last hour, in 1/h.
func (b *book) dilution(now time.Time) float64 {
	_, ln := b.within(now)
	return ln / span.Hours()
}
