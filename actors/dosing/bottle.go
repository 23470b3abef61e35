package dosing

import (
	"fmt"
	"maps"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw"
)

// bottle is what stands beside the unit. It belongs to the unit, not to the
// vial or the experiment.
type bottle struct {
	DeclaredML float64 `json:"declared_ml,omitempty"` // by the config, when last looked at
	SizeML     float64 `json:"size_ml"`
	ML         float64 `json:"ml"` // in it
}

// leftML is what can still be taken out, or of the waste bottle be put in.
func (b bottle) leftML(role hw.PumpRole) float64 {
	if role == hw.Waste {
		return b.SizeML - b.ML
	}
	return b.ML
}

func (c MediaConfig) declared() map[hw.PumpRole]float64 {
	return map[hw.PumpRole]float64{hw.Media: c.MediaML, hw.AltMedia: c.AltMediaML, hw.Waste: c.WasteML}
}

// startBottles takes up the levels. A bottle whose declared volume the config
// has changed is a new one: full, or of waste empty.
func (v *vial) startBottles(c *actors.Context) {
	kept := maps.Clone(v.book.bottles)
	if kept == nil {
		kept = map[hw.PumpRole]bottle{}
	}
	changed := false
	for role, ml := range v.cfg.Media.declared() {
		if kept[role].DeclaredML == ml {
			continue
		}
		changed = true
		b := bottle{DeclaredML: ml, SizeML: ml, ML: ml}
		if role == hw.Waste {
			b.ML = 0
		}
		if kept[role] = b; ml == 0 {
			delete(kept, role)
		}
	}
	v.book.bottles = kept
	if changed {
		v.save(c, nil)
	}
	v.showBottles(c)
}

// setBottle believes somebody who looked, also when the disk is full: vial_not_saved
// says so, and it is written once there is room.
func (v *vial) setBottle(c *actors.Context, cmd actors.Command, s actors.SetBottle) error {
	role := hw.PumpRole(s.Bottle)
	b, known := v.book.bottles[role]
	size := b.SizeML
	if s.SizeML > 0 {
		size = s.SizeML
	} else if role != hw.Waste {
		size = max(size, s.ML)
	}
	switch {
	case role != hw.Media && role != hw.AltMedia && role != hw.Waste:
		return actors.Refuse("unknown_bottle", "bottle: want media, alt_media or waste, got %.40q", s.Bottle)
	case !(s.ML >= 0 && s.ML <= 1e5) || !(s.SizeML >= 0 && s.SizeML <= 1e5):
		return actors.Refuse("out_of_range", "bottle: want volumes of 0 to 100000 mL, got %v and %v", s.ML, s.SizeML)
	case role == hw.Waste && !known && size == 0:
		return actors.Refuse("invalid", "bottle: how much the waste bottle holds is not known; give its size (size_ml, or --size) once")
	case s.ML > size:
		return actors.Refuse("out_of_range", "bottle: %s cannot hold %g mL, its size is %g mL; give another size", role, s.ML, size)
	}
	next := maps.Clone(v.book.bottles)
	next[role] = bottle{DeclaredML: b.DeclaredML, SizeML: size, ML: s.ML}
	peer := c.Later(cmd)
	v.book.bottles = next
	v.save(c, func(c *actors.Context, _ error) { c.AnswerTo(peer, actors.Reply{OK: true}) })
	v.showBottles(c)
	return nil
}

// drawn takes what a pump moved from its bottle, or puts waste into it; counted
// is what of it was liquid.
func (v *vial) drawn(c *actors.Context, role hw.PumpRole, ml, counted float64) {
	b, known := v.book.bottles[role]
	if !known {
		return
	}
	if b.ML = max(0, b.ML-ml); role == hw.Waste {
		b.ML = min(b.SizeML, v.book.bottles[role].ML+counted)
	}
	next := maps.Clone(v.book.bottles)
	next[role] = b
	v.book.bottles = next
	v.showBottles(c)
}

// showBottles publishes the levels, and raises and clears the alarms.
func (v *vial) showBottles(c *actors.Context) {
	of := func(role hw.PumpRole) actors.Bottle {
		b := v.book.bottles[role]
		return actors.Bottle{SizeML: b.SizeML, ML: b.ML}
	}
	c.Publish(actors.Bottles{Media: of(hw.Media), AltMedia: of(hw.AltMedia), Waste: of(hw.Waste)})
	for _, role := range hw.PumpRoles {
		name := string(role) + "_bottle_low"
		if role == hw.Waste {
			name = "waste_bottle_full"
		}
		b, known := v.book.bottles[role]
		switch left := b.leftML(role); {
		case !known || left > v.cfg.Media.LowML:
			c.Clear(name)
		case role == hw.Waste:
			c.Raise(name, "medium", fmt.Sprintf("The waste bottle has room for %.0f mL; empty it and say `pioactor bottle waste --ml 0`.", left), false)
		default:
			c.Raise(name, "medium", fmt.Sprintf("The %s bottle holds %.0f mL; refill it and say `pioactor bottle %s --ml N`.", role, left, role), false)
		}
	}
}

// bottled is why the bottles do not allow p; nil when they do. Waste that is
// owed goes out all the same: better in a full bottle than in a full vial.
func (v *vial) bottled(p planned) *actors.Refusal {
	need := map[hw.PumpRole]float64{}
	for _, s := range p.steps {
		if !s.extra {
			need[s.pump] += s.ml
		}
	}
	for _, role := range hw.PumpRoles {
		b, known := v.book.bottles[role]
		left := b.leftML(role)
		switch {
		case !known || need[role] == 0:
		case role == hw.Waste && left < min(need[role], v.book.ledger.AboveEffluxML()+p.inflowML):
			return actors.Refuse("waste_full", "dose: the waste bottle has room for %.2f mL; empty it and set its level", left)
		case role != hw.Waste && left < need[role]:
			return actors.Refuse("bottle_empty", "dose: the %s bottle holds %.2f mL of the %.2f mL wanted; refill it and set its level", role, left, need[role])
		}
	}
	return nil
}
