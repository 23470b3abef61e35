package dosing

import (
	"math"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
)

// carry is what automations wanted and no pump could move: too little. It comes
// on top of their next dose, so that over many doses the fraction of alt media
// is the one that was wanted.
type carry struct {
	MediaML    float64 `json:"media_ml,omitempty"`
	AltMediaML float64 `json:"alt_media_ml,omitempty"`
}

// round turns what is wanted into what a pump can move, and the rest to carry.
func (k carry) round(d actors.Dose, minML float64) (actors.Dose, carry) {
	before := d.MediaML + d.AltMediaML
	take := func(want, carried float64) (now, later float64) {
		if want <= 0 {
			return 0, carried
		}
		if want += carried; want < minML {
			return 0, want
		}
		return want, 0
	}
	d.MediaML, k.MediaML = take(d.MediaML, k.MediaML)
	d.AltMediaML, k.AltMediaML = take(d.AltMediaML, k.AltMediaML)
	if d.WasteML > 0 {
		d.WasteML = math.Max(0, d.WasteML+d.MediaML+d.AltMediaML-before)
	}
	return d, k
}

// gathered is what of a dose that an automation wants flows now, with what was
// carried before, and what is carried on.
func (v *vial) gathered(d actors.Dose) (actors.Dose, carry) {
	k, in := v.book.carried, d.MediaML+d.AltMediaML
	if d.MayWait && in > 0 && k.MediaML+k.AltMediaML+2*in <= v.pulseML() {
		k.MediaML += d.MediaML
		k.AltMediaML += d.AltMediaML
		return actors.Dose{}, k
	}
	return k.round(d, v.cfg.MinDoseML)
}

// carries reports whether d is a dose whose small parts are carried forward:
// volumes that an automation wants. A person gets what a person asks for.
func (d *dose) carries() bool {
	return d.who != "" && d.want.Pump == "" && len(d.want.Sequence) == 0
}

// gather puts fractions of sub-doses that are too small for a pump together.
func gather(parts []ledger.Exchange, minML float64) []ledger.Exchange {
	if len(parts) < 2 {
		return parts
	}
	all := append([]ledger.Exchange(nil), parts...)
	for _, of := range []func(*ledger.Exchange) *float64{
		func(e *ledger.Exchange) *float64 { return &e.MediaML },
		func(e *ledger.Exchange) *float64 { return &e.AltMediaML },
	} {
		share := *of(&parts[0])
		total := share * float64(len(parts))
		if share == 0 || share >= minML || total == 0 {
			continue
		}
		turns := max(1, int(total/minML))
		for i := range all {
			*of(&all[i]) = 0
			if i < turns {
				*of(&all[i]) = total / float64(turns)
			}
		}
	}
	return all
}
