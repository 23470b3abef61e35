package dosing

import (
	"cmp"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// dose is one dose on its way.
type dose struct {
	record
	want     actors.Dose
	who      string // the actor that wants it; empty for a person
	epoch    uint64
	deadline time.Time
	peers    []actors.Peer // who waits to hear that it is accepted
	started  bool
	ended    bool
	cut      string // why it ends early
	wound    bool   // its plan has been dropped
	drained  bool   // owed waste has been tried at its end
	steps    []step
	runs     int
	expected float64       // step in ln OD
	until    time.Duration // on Mono: continuous pumping ends
}

func (d *dose) stop(why string) {
	if d.cut == "" {
		d.cut = why
	}
}

// waitingDoses is how many doses may wait.
const waitingDoses = 16

// ask takes a dose into the queue, or refuses it; it answers once that is on
// the disk.
func (v *vial) ask(c *actors.Context, cmd actors.Command, want actors.Dose) error {
	if a, known := v.book.told(cmd.ID); known {
		if a.Code != "" {
			return &actors.Refusal{Code: a.Code, Reason: a.Reason}
		}
		c.Reply(cmd, cmd.ID)
		return nil
	}
	if d := v.find(cmd.ID); d != nil {
		if !d.accepted {
			d.peers = append(d.peers, c.Later(cmd))
			return nil
		}
		c.Reply(cmd, cmd.ID)
		return nil
	}
	d := &dose{record: record{ID: cmd.ID, Source: cmp.Or(want.Source, cmd.Origin.Name())}, want: want, epoch: cmd.Epoch, deadline: cmd.Deadline}
	if cmd.Origin.Mouth == "actor" {
		d.who = cmd.Origin.Who
	}
	if no := v.admit(c, d); no != nil {
		v.refuse(c, d, no)
		v.save(c, nil)
		return no
	}
	d.renew(c.Mono())
	d.peers = []actors.Peer{c.Later(cmd)}
	v.queue = append(v.queue, d)
	v.save(c, func(c *actors.Context, err error) { v.accept(c, d, err) })
	return nil
}

func (v *vial) find(id string) *dose {
	if v.active != nil && v.active.ID == id {
		return v.active
	}
	for _, d := range v.queue {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// admit is every reason to refuse a dose before it is begun.
func (v *vial) admit(c *actors.Context, d *dose) *actors.Refusal {
	switch {
	case d.ID == "" || len(d.ID) > 100:
		return actors.Refuse("invalid", "dose: want an ID of 1 to 100 bytes, got %d", len(d.ID))
	case len(v.queue) >= waitingDoses:
		return actors.Refuse("queue_full", "dose: %d doses wait already; wait, or stop dosing", waitingDoses)
	}
	queued := 0.0
	for _, q := range v.queue {
		if p, no := v.plan(q.want); no == nil {
			queued += p.inflowML
		}
	}
	_, no := v.check(c, d, queued)
	return no
}

// check plans a dose at this moment; queued is the inflow that comes before it, in mL.
func (v *vial) check(c *actors.Context, d *dose, queued float64) (planned, *actors.Refusal) {
	l, now := v.book.ledger, c.Now()
	want := d.want
	if d.carries() {
		want, _ = v.gathered(want)
		if want.MediaML+want.AltMediaML+want.WasteML == 0 {
			return planned{}, nil // all of it is carried forward
		}
	}
	p, no := v.plan(want)
	switch {
	case no != nil:
		return p, no
	case d.epoch != 0 && d.epoch < l.Epoch:
		return p, actors.Refuse("stale_epoch", "dose: of epoch %d, %d is obeyed by now", d.epoch, l.Epoch)
	case !d.started && !d.deadline.IsZero() && now.After(d.deadline):
		return p, actors.Refuse("expired", "dose: came to its turn %v after its deadline; send a new one", now.Sub(d.deadline))
	}
	if no := v.bottled(p); no != nil || p.inflowML == 0 {
		return p, no
	}
	if no := v.checkInflow(c, p, queued); no != nil {
		return p, no
	}
	if no := v.unwatched(c, d, p.inflowML); no != nil {
		return p, no
	}
	return v.fit(p)
}

func (v *vial) checkInflow(c *actors.Context, p planned, queued float64) *actors.Refusal {
	l := v.book.ledger
	past, _ := v.book.within(c.Now())
	limit := v.cfg.MaxInflowVialsPerH * max(l.CurrentVolumeML, l.EffluxTubeVolumeML)
	stalled, _, _ := actors.Latest[actors.Alarm](c, "stirring_stalled")
	switch {
	case paused(c):
		return actors.Refuse("paused", "dose: %s", c.Held())
	case stalled.Active:
		return actors.Refuse("stirring_stalled", "dose: the stirrer stands still; start stirring first")
	case c.System().Congested():
		return actors.Refuse("observers_behind", "dose: the records cannot keep up; wait until they have")
	case l.NeedsHuman:
		return actors.Refuse("needs_human", "dose: inflow is held back: %s", l.Alarm)
	case v.owing() && c.Mono() < v.owedFrom:
		return actors.Refuse("drain_first", "dose: %.2f mL of waste is owed and cannot be removed; look at the waste pump", l.OwedWasteML)
	case past+queued+p.inflowML > limit+1e-9:
		return actors.Refuse("rate_cap", "dose: %.2f mL after %.2f mL within the hour: at most %.2f mL (%g vials/h); wait", p.inflowML, past+queued, limit, v.cfg.MaxInflowVialsPerH)
	}
	return nil
}

func (v *vial) owing() bool { return v.book.ledger.OwedWasteML > 0 }

// accept answers a dose once it is on the disk.
func (v *vial) accept(c *actors.Context, d *dose, err error) {
	if d.ended {
		return
	}
	if p, _ := v.plan(d.want); err != nil && p.inflowML > 0 {
		v.drop(d)
		v.refuse(c, d, actors.Refuse("not_saved", "dose: it cannot be written down: %v; make room on the disk", err))
		v.save(c, nil) // so that neither a restart nor a power cut takes up what was refused
		return
	}
	d.accepted = true
	v.remember()
	for _, p := range d.peers {
		c.AnswerTo(p, actors.Reply{OK: true, Value: d.ID})
	}
}

func (v *vial) drop(d *dose) {
	v.queue = slices.DeleteFunc(v.queue, func(q *dose) bool { return q == d })
}

// refuse ends a dose that was never accepted.
func (v *vial) refuse(c *actors.Context, d *dose, no *actors.Refusal) {
	d.ended = true
	if d.ID != "" && len(d.ID) <= 100 {
		v.book.answer(answer{d.ID, no.Code, no.Reason})
	}
	c.Publish(actors.DoseRefused{ID: d.ID, Code: no.Code, Reason: no.Reason, Source: d.Source})
	for _, p := range d.peers {
		c.AnswerTo(p, actors.Reply{Code: no.Code, Reason: no.Reason})
	}
}

// stopAll stops what runs and forgets what waits.
func (v *vial) stopAll(c *actors.Context, s actors.StopDosing) {
	why := "stopped: " + s.Reason
	c.Publish(actors.PumpsStopped{Action: s.Action, Reason: s.Reason})
	v.dismiss(c, why, func(d *dose) bool { return v.stops(s.Action, d) })
	if v.active != nil && v.stops(s.Action, v.active) {
		v.halt(c, why)
	}
	v.save(c, nil)
}

// dismiss ends the waiting doses that are chosen.
func (v *vial) dismiss(c *actors.Context, why string, chosen func(*dose) bool) {
	for _, d := range slices.Clone(v.queue) {
		if !chosen(d) {
			continue
		}
		v.drop(d)
		if d.accepted {
			d.stop(why)
			v.conclude(c, d)
		} else {
			v.refuse(c, d, actors.Refuse("stopped", "dose: %s", why))
		}
	}
}

// halt stops the active dose: no more inflow. Waste that is owed goes on.
func (v *vial) halt(c *actors.Context, why string) {
	v.active.stop(why)
	if r := v.run; r != nil && r.dose == v.active && !v.mustGoOn(r.step) {
		c.Tell(pumpsName, protocol.Release{Output: protocol.PumpOutput(r.step.pump), Owner: vialName, Tag: r.tag})
	}
}

func (v *vial) mustGoOn(s step) bool { return s.pump == hw.Waste && !s.extra && v.owing() }

// gone stops the doses of an actor that is no more, and takes note of pumps
// that were switched off because their actor failed.
func (v *vial) gone(c *actors.Context, m actors.OwnerGone) {
	if m.Owner == pumpsName && v.run != nil {
		v.run.lose(m.Mono)
		c.Tell(pumpsName, protocol.Release{Output: protocol.PumpOutput(v.run.step.pump), Owner: vialName, Tag: v.run.tag})
		return
	}
	theirs := func(d *dose) bool { return d.who != "" && d.who == m.Owner }
	v.dismiss(c, m.Owner+" is gone", theirs)
	if v.active != nil && theirs(v.active) {
		v.halt(c, m.Owner+" is gone")
	}
}

// conclude ends an accepted dose: exactly one Dosed.
func (v *vial) conclude(c *actors.Context, d *dose) {
	if v.active == d {
		v.active = nil
	}
	d.ended = true
	v.publishDosed(c, d.record, d.cut)
	if d.started {
		v.tell(c, d.record)
		if name := action.Of(d.want); name != "" {
			v.shows(c, name, actors.Disconnected)
		}
	}
	if l := v.book.ledger; d.cut == "" && !l.NeedsHuman {
		v.book.ledger = l.Acknowledge()
		c.Clear(interrupted)
	}
	v.save(c, nil)
	v.publish(c)
}

func (v *vial) publishDosed(c *actors.Context, r record, cut string) {
	if _, known := v.book.told(r.ID); !known {
		v.book.answer(answer{ID: r.ID})
	}
	c.Publish(actors.Dosed{ID: r.ID, MediaML: r.MediaML, AltMediaML: r.AltMediaML, WasteML: r.WasteML,
		LnStep: r.LnStep, Source: r.Source, Cut: cut})
}
