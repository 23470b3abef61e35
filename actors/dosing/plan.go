package dosing

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// step is one run of one pump.
type step struct {
	pump  hw.PumpRole // empty: only the pause
	ml    float64
	run   time.Duration
	owes  float64 // waste owed from the moment it is in
	pause time.Duration
	extra bool // pumps on after the waste, to make sure of the level
	part  int  // of the dose, from 0
}

func (s step) inflow() bool { return s.pump == hw.Media || s.pump == hw.AltMedia }

// latency is how late a pump may be switched off: for the worst case of a run.
const latency = 250 * time.Millisecond

// worst is the most the step can move, in mL.
func (v *vial) worst(s step) float64 {
	return math.Max(s.ml, v.pumps[s.pump].ML(s.run)+v.pumps[s.pump].Rate()*latency.Seconds())
}

// planned is a dose as steps.
type planned struct {
	steps    []step
	inflowML float64
	lnStep   float64 // expected
}

// plan turns a dose into steps, or says why it makes no sense.
func (v *vial) plan(d actors.Dose) (planned, *actors.Refusal) {
	switch {
	case len(d.Sequence) > 0:
		return v.planSequence(d)
	case d.Circulate:
		return v.planCirculation(d)
	case d.Continuously:
		return v.planTurn(d)
	case d.Pump != "" || d.For != 0:
		return v.planRun(d)
	}
	for _, ml := range [...]float64{d.MediaML, d.AltMediaML, d.WasteML} {
		if !(ml >= 0 && ml <= ledger.MaxDoseML) {
			return planned{}, actors.Refuse("invalid", "dose: want volumes of 0 to %g mL, got %v", ledger.MaxDoseML, ml)
		}
	}
	whole := ledger.Exchange{MediaML: d.MediaML, AltMediaML: d.AltMediaML, WasteML: d.WasteML}
	parts := []ledger.Exchange{whole}
	if whole.InflowML() > 0 && whole.WasteML > 0 {
		var err error
		if parts, err = ledger.Split(whole, v.cfg.MaxSubdoseML); err != nil {
			return planned{}, actors.Refuse("invalid", "dose: %v", err)
		}
		parts = gather(parts, v.cfg.MinDoseML)
	}
	p := planned{inflowML: whole.InflowML()}
	for i, part := range parts {
		for _, s := range v.part(part) {
			s.part = i
			p.steps = append(p.steps, s)
		}
	}
	if len(p.steps) == 0 {
		return planned{}, actors.Refuse("invalid", "dose: want some volume")
	}
	return p, v.checkSteps(p.steps)
}

// part is the steps of one sub-dose.
func (v *vial) part(e ledger.Exchange) (steps []step) {
	in := e.InflowML()
	for _, s := range [...]step{{pump: hw.Media, ml: e.MediaML}, {pump: hw.AltMedia, ml: e.AltMediaML}} {
		if s.ml > 0 {
			s.pause = v.cfg.PauseBetweenSubdoses
			s.owes = math.Min(e.WasteML, in) * s.ml / in
			steps = append(steps, s)
		}
	}
	if e.WasteML > 0 {
		steps = append(steps, step{pump: hw.Waste, ml: e.WasteML})
		if more := v.most(e.WasteML * v.cfg.WasteRemovalMultiple); in > 0 && more > 0 {
			steps = append(steps, step{pump: hw.Waste, ml: more, extra: true})
		}
	}
	return v.timed(steps)
}

// drain is the step that removes owed waste, and pumps on to make sure of it.
func (v *vial) drain() step {
	ml := v.most(v.book.ledger.OwedWasteML * (1 + v.cfg.WasteRemovalMultiple))
	return v.timed([]step{{pump: hw.Waste, ml: ml}})[0]
}

// most bounds waste to what one run of the pump can move.
func (v *vial) most(ml float64) float64 {
	return math.Min(ml, v.pumps[hw.Waste].Rate()*protocol.LongestRun.Seconds()*0.99)
}

func (v *vial) timed(steps []step) []step {
	for i, s := range steps {
		run, err := v.pumps[s.pump].Duration(s.ml)
		if err != nil {
			run = 0 // checkSteps refuses it
		}
		steps[i].run = run
	}
	return steps
}

// planRun is one pump for a time.
func (v *vial) planRun(d actors.Dose) (planned, *actors.Refusal) {
	role := hw.PumpRole(d.Pump)
	switch {
	case d.MediaML != 0 || d.AltMediaML != 0 || d.WasteML != 0:
		return planned{}, actors.Refuse("invalid", "dose: want volumes, or one pump and a time, not both")
	case role != hw.Media && role != hw.AltMedia && role != hw.Waste:
		return planned{}, actors.Refuse("invalid", "dose: pump: want media, alt_media or waste, got %.40q", d.Pump)
	case d.For <= 0 || d.For > protocol.LongestRun:
		return planned{}, actors.Refuse("invalid", "dose: want a pump to run above 0 s and at most %v, got %v", protocol.LongestRun, d.For)
	}
	s := step{pump: role, ml: v.pumps[role].ML(d.For), run: d.For}
	p := planned{steps: []step{s}}
	if s.inflow() {
		p.inflowML = s.ml
	}
	return p, v.checkSteps(p.steps)
}

func (v *vial) checkSteps(steps []step) *actors.Refusal {
	for _, s := range steps {
		pump, fitted := v.pumps[s.pump]
		switch {
		case s.pump == "" && s.pause > 0 && s.pause <= protocol.LongestRun:
		case !fitted:
			return actors.Refuse("no_pump", "dose: this unit has no %s pump", s.pump)
		case s.run <= 0 || s.run > protocol.LongestRun:
			return actors.Refuse("invalid", "dose: %.4g mL at %.4g mL/s: want a run above 0 s and at most %v", s.ml, pump.Rate(), protocol.LongestRun)
		}
	}
	return nil
}

// fit simulates the plan on the books. A vial that is fuller than its efflux
// tube is drained first if an exchange would not fit otherwise.
func (v *vial) fit(p planned) (planned, *actors.Refusal) {
	l := v.book.ledger
	volume := l.CurrentVolumeML
	if l.OwedWasteML > 0 {
		volume = v.drained(volume, l.OwedWasteML*(1+v.cfg.WasteRemovalMultiple))
	}
	full := p.peak(v, volume)
	exchange := p.steps[0].inflow() && !p.steps[len(p.steps)-1].inflow()
	if excess := volume - l.EffluxTubeVolumeML; full >= v.limits.MaxFillML && exchange && excess > 0 {
		first := v.timed([]step{{pump: hw.Waste, ml: excess}})
		if no := v.checkSteps(first); no != nil {
			return p, no
		}
		p.steps = append(first, p.steps...)
		full = p.peak(v, volume)
	}
	if p.inflowML > 0 && full >= v.limits.MaxFillML {
		return p, actors.Refuse("overfill", "dose: it could fill the vial to %.2f mL from %.2f mL, the limit is below %.2f mL; remove waste first",
			full, l.CurrentVolumeML, v.limits.MaxFillML)
	}
	return p, nil
}

// peak is the fullest the vial can get, starting from volume; it sets lnStep.
func (p *planned) peak(v *vial, volume float64) (full float64) {
	p.lnStep, full = 0, volume
	for _, s := range p.steps {
		if !s.inflow() {
			volume = v.drained(volume, s.ml)
			continue
		}
		full = math.Max(full, volume+v.worst(s))
		p.lnStep += ledger.LnStep(s.ml, volume)
		volume += s.ml
	}
	return full
}

func (v *vial) drained(volume, ml float64) float64 {
	return math.Max(math.Min(volume, v.book.ledger.EffluxTubeVolumeML), volume-ml)
}
