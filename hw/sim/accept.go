package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// acceptable tells whether b may become t, and reads its random streams. The
// bounds are not what is likely but what the equations stand.
func (b *Board) acceptable(t *twin) (map[string]*rand.PCG, error) {
	if mine := b.identity(); t.Identity != mine {
		return nil, fmt.Errorf("the snapshot is of another vial, %+v; this one is %+v", t.Identity, mine)
	}
	streams := map[string]*rand.PCG{}
	var errs []error
	for part := range b.streams() {
		streams[part] = new(rand.PCG)
		if err := streams[part].UnmarshalBinary(t.Random[part]); err != nil {
			errs = append(errs, fmt.Errorf("random numbers of the %s: %w", part, err))
		}
	}
	return streams, errors.Join(append(errs, t.bounds(b.cfg.CapacityML), t.faults())...)
}

func (t *twin) bounds(capacityML float64) error {
	const (
		much    = 1e9                          // of anything
		century = 100 * 365.25 * 24            // h
		hair    = 1e-9                         // mL of rounding
		oldest  = century * float64(time.Hour) // fits a Duration
	)
	bounds := []bound{
		{"age", float64(t.Age), 0, oldest},
		{"od_au", t.Culture.ODAU, 0, much},
		{"substrate_g_per_l", t.Culture.Substrate, 0, much},
		{"alt_media_fraction", t.Culture.Alt, 0, much},
		{"readiness", t.Culture.Ready, 0, 1e12},
		{"ic50_alt_fraction", t.Culture.IC50, 0, much},
		{"generations", t.Culture.Generations, 0, much},
		{"suspended", t.Culture.Suspended, 0, 1},
		{"volume_ml", t.Vial.VolumeML, dry - hair, capacityML + hair},
		{"overflow_ml", t.Vial.OverflowML, 0, much},
		{"spilled_ml", t.Vial.SpilledML, 0, much},
		{"waste_room_ml", t.Vial.WasteRoomML, 0, much},
		{"waste_over_ml", t.Vial.WasteOverML, 0, much},
		{"rpm", t.Stirrer.RPM, 0, 1e5}, // 1000 rpm/% is the most a config may say
		{"turn", t.Stirrer.Turn, 0, 1},
		{"excess_c", t.Heat.ExcessC, -much, much},
		{"lead_c", t.Heat.LeadC, -much, much},
		{"bubbles", t.Bubbles, 0, 1},
		{"dark_for", float64(t.DarkFor), 0, float64(longDark)},
	}
	if t.FrozenC != nil {
		bounds = append(bounds, bound{"frozen_c", *t.FrozenC, -much, much})
	}
	for _, e := range t.Errors {
		bounds = append(bounds, bound{"errors", e, -100, 100}) // standard deviations
	}
	for _, p := range t.Pumps {
		bounds = append(bounds,
			bound{"bottle_ml", p.BottleML, 0, much}, bound{"air_ml", p.AirML, 0, much}, bound{"on_s", p.Truth.OnS, 0, oldest},
			bound{"moved_ml", p.Truth.MovedML, 0, much}, bound{"air_moved_ml", p.Truth.AirML, 0, much})
	}
	return check(bounds...)
}

func (t *twin) faults() error {
	var errs []error
	for i, f := range t.Faults {
		same := func(a Fault) bool { return a.Kind == f.Kind && a.Target == f.Target }
		switch err := f.check(); {
		case err != nil:
			errs = append(errs, err)
		case f.Kind == Sample, f.Kind == Inoculate, slices.ContainsFunc(t.Faults[:i], same):
			errs = append(errs, fmt.Errorf("fault %s cannot be active, or not twice", f))
		}
	}
	return errors.Join(errs...)
}
