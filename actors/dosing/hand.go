package dosing

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// What people do by hand: a pump until it is stopped, circulation, a sequence.
// One pump runs at a time, as in every dose, so that the books are right at any
// moment.

const (
	longestHand = time.Hour              // of continuous pumping that nobody renews or stops
	wasteTurn   = 10 * time.Second       // of continuous waste, between two entries in the books
	leastTurnML = 0.02                   // of continuous inflow: the vial is as full as it may be
	leastTurn   = 100 * time.Millisecond // of time left
	turnML      = 0.25                   // of circulation
	turnWaste   = 1.2                    // waste for each mL of circulated media: pumps differ
)

// planTurn is the next turn of continuous pumping.
func (v *vial) planTurn(d actors.Dose) (planned, *actors.Refusal) {
	role := hw.PumpRole(d.Pump)
	pump := v.pumps[role]
	s := step{pump: role, ml: v.cfg.MaxSubdoseML}
	switch {
	case d.MediaML != 0 || d.AltMediaML != 0 || d.WasteML != 0 || d.For < 0 || d.For > longestHand:
		return planned{}, actors.Refuse("invalid", "dose: continuously: want one pump, at most %v at a time, and no volume", longestHand)
	case role == hw.Waste:
		s.ml = pump.Rate() * wasteTurn.Seconds()
	case role != hw.Media && role != hw.AltMedia:
		return planned{}, actors.Refuse("invalid", "dose: pump: want media, alt_media or waste, got %.40q", d.Pump)
	default:
		late := pump.Rate() * (latency + time.Millisecond).Seconds()
		s.ml = math.Min(s.ml, v.limits.MaxFillML-v.book.ledger.CurrentVolumeML-late)
	}
	if s.inflow() && s.ml < leastTurnML {
		return planned{}, actors.Refuse("overfill", "dose: the vial holds %.2f mL, the limit is below %.2f mL; remove waste first", v.book.ledger.CurrentVolumeML, v.limits.MaxFillML)
	}
	return v.plannedSteps([]step{s})
}

func (v *vial) planCirculation(d actors.Dose) (planned, *actors.Refusal) {
	role := hw.PumpRole(d.Pump)
	if role != hw.Media && role != hw.AltMedia || d.For <= 0 || d.For > protocol.LongestRun || d.MediaML+d.AltMediaML+d.WasteML != 0 {
		return planned{}, actors.Refuse("invalid", "dose: circulate: want media or alt_media for a time above 0 s and at most %v, and no volume", protocol.LongestRun)
	}
	turn := v.timed([]step{{pump: role, ml: turnML, owes: turnML}, {pump: hw.Waste, ml: turnML * turnWaste}})
	if no := v.checkSteps(turn); no != nil {
		return planned{}, no
	}
	var steps []step
	for spent := time.Duration(0); spent < d.For; spent += turn[0].run + turn[1].run {
		for _, s := range turn {
			s.part = len(steps) / 2
			steps = append(steps, s)
		}
	}
	return v.plannedSteps(steps)
}

func (v *vial) planSequence(d actors.Dose) (planned, *actors.Refusal) {
	if d.Pump != "" || d.For != 0 || d.MediaML+d.AltMediaML+d.WasteML != 0 {
		return planned{}, actors.Refuse("invalid", "dose: want a sequence and nothing beside it")
	}
	var steps []step
	for i, s := range d.Sequence {
		steps = append(steps, step{pump: hw.PumpRole(s.Pump), ml: s.ML, pause: s.Sleep, part: i})
	}
	return v.plannedSteps(steps)
}

// plannedSteps times and checks steps.
func (v *vial) plannedSteps(steps []step) (planned, *actors.Refusal) {
	p := planned{steps: v.timed(steps)}
	for _, s := range steps {
		if s.inflow() {
			p.inflowML += s.ml
		}
	}
	return p, v.checkSteps(p.steps)
}

// renew gives continuous pumping its time anew.
func (d *dose) renew(now time.Duration) {
	if d.want.Continuously {
		d.until = now + d.want.For
		if d.want.For == 0 {
			d.until = now + longestHand
		}
	}
}

// bound ends a turn with the time of its dose.
func (v *vial) bound(c *actors.Context, d *dose, steps []step) []step {
	if left := d.until - c.Mono(); d.want.Continuously && len(steps) == 1 && left > 0 && left < steps[0].run {
		steps[0].run, steps[0].ml = left, v.pumps[steps[0].pump].ML(left)
	}
	return steps
}

// turn plans the next turn of a dose that goes on until it is stopped.
func (v *vial) turn(c *actors.Context, d *dose) {
	if d.until-c.Mono() < leastTurn {
		d.stop("its time is over")
		return
	}
	p, no := v.check(c, d, 0)
	if no != nil {
		d.stop(no.Code + ": " + no.Reason)
		return
	}
	d.steps = v.bound(c, d, p.steps)
}

// shows publishes what an action does. One that goes on with another pump does
// not begin anew.
func (v *vial) shows(c *actors.Context, name string, states ...actors.State) {
	for _, s := range states {
		was, _, known := actors.Latest[actors.ActionState](c, name)
		goesOn := s == actors.Init && was.State == actors.Ready
		if !known && s == actors.Disconnected || known && (was.State == s || goesOn) {
			continue
		}
		c.Publish(actors.ActionState{Action: name, State: s})
	}
}

// actionOf is the action that r belongs to: that of its dose, or for an
// exchange that of its pump.
func actionOf(r *run) string {
	if r.dose != nil {
		if name := action.Of(r.dose.want); name != "" {
			return name
		}
	}
	return eventOf[r.step.pump]
}

// stops reports whether stopping the action called name, or all, stops d.
func (v *vial) stops(name string, d *dose) bool {
	if name == "" || action.Of(d.want) == name {
		return true
	}
	return v.run != nil && v.run.dose == d && actionOf(v.run) == name
}
