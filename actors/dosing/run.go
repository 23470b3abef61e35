package dosing

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// run is a pump that has been told to run.
type run struct {
	step  step
	dose  *dose  // nil: waste owed from before
	id    string // of the reservation
	tag   string
	on    bool          // driven, as far as is known
	since time.Duration // on Mono
	lost  time.Duration // driven before the pumps' actor failed
}

// lose counts the time up to the failure of the pumps' actor.
func (r *run) lose(at time.Duration) {
	r.lost = r.elapsed(at)
	r.on = false
}

// elapsed is how long the pump has been driven until at.
func (r *run) elapsed(at time.Duration) time.Duration {
	if r.on {
		return r.lost + max(0, at-r.since)
	}
	return r.lost
}

// Messages of the vial to itself.
type (
	overdue struct{ tag string } // a run that nobody ended
	resume  struct{}             // the pause is over
)

// patience with a run beyond its length: an OD window may hold it up.
const patience = protocol.LongestQuiet + 2*time.Second

// owedRetry is the pause after waste could not be removed.
const owedRetry = time.Minute

// shutdown is why the last run ends; nobody needs an alarm for it.
const shutdown = "shutdown"

var eventOf = map[hw.PumpRole]string{hw.Media: "add_media", hw.AltMedia: "add_alt_media", hw.Waste: "remove_waste"}

// advance begins whatever is next: owed waste, then the doses in their order.
func (v *vial) advance(c *actors.Context) {
	for !v.busy && !v.ended {
		v.adopt(c)
		switch {
		case v.active == nil && v.owing() && c.Mono() >= v.owedFrom && !paused(c):
			v.reserve(c, nil, v.drain())
		case v.active == nil:
			if !v.open(c) {
				return
			}
		default:
			v.goOn(c, v.active)
		}
	}
}

// open begins the next dose, and reports whether there was one.
func (v *vial) open(c *actors.Context) bool {
	if len(v.queue) == 0 || !v.queue[0].accepted {
		return false
	}
	d := v.queue[0]
	v.queue = v.queue[1:]
	v.active = d
	p, no := v.check(c, d, 0)
	if no != nil {
		d.stop(no.Code + ": " + no.Reason)
	}
	if no == nil && d.carries() {
		_, v.book.carried = v.gathered(d.want)
	}
	d.steps, d.expected = v.bound(c, d, p.steps), p.lnStep
	return true
}

// goOn takes the next step of a dose, or ends it.
func (v *vial) goOn(c *actors.Context, d *dose) {
	if d.cut != "" && !d.wound {
		d.steps, d.wound = nil, true
	}
	switch {
	case len(d.steps) > 0:
		s := d.steps[0]
		d.steps = d.steps[1:]
		if s.pump == "" {
			v.busy = true
			c.After(s.pause, resume{})
			return
		}
		v.reserve(c, d, s)
	case d.want.Continuously && d.cut == "":
		v.turn(c, d)
	case d.started && v.owing() && !d.drained:
		d.drained, d.steps = true, []step{v.drain()}
	default:
		v.conclude(c, d)
	}
}

// reserve writes a step into the books; the pump starts when they are on the disk.
func (v *vial) reserve(c *actors.Context, d *dose, s step) {
	id, exchange, epoch := c.NewID(), "", v.book.ledger.Epoch
	if d != nil {
		d.runs++
		id, exchange, epoch = fmt.Sprintf("%s/%d", d.ID, d.runs), fmt.Sprintf("%s.%d", d.ID, s.part), max(epoch, d.epoch)
	}
	next, err := v.book.ledger.Reserve(ledger.Dose{ID: id, Pump: s.pump, ML: s.ml, WorstCaseML: v.worst(s),
		Expires: c.Now().Add(time.Minute), OwesWasteML: s.owes, Exchange: exchange, Epoch: epoch}, c.Now(), v.limits)
	v.book.ledger = next
	if err != nil {
		v.failed(c, d, s, err.Error())
		return
	}
	v.busy = true
	v.save(c, func(c *actors.Context, err error) { v.reserved(c, &run{step: s, dose: d, id: id}, err) })
}

// reserved drives the pump, unless the dose was stopped meanwhile or the
// reservation of an inflow is not on the disk.
func (v *vial) reserved(c *actors.Context, r *run, err error) {
	switch {
	case v.ended:
	case r.dose != nil && r.dose.cut != "" && !v.mustGoOn(r.step):
		v.abort(c, r.id)
		v.busy = false
	case err != nil && r.step.inflow():
		v.abort(c, r.id)
		v.busy = false
		v.failed(c, r.dose, r.step, fmt.Sprintf("not_saved: %v", err))
	default:
		v.drive(c, r)
	}
}

func (v *vial) abort(c *actors.Context, id string) {
	next, _, err := v.book.ledger.Abort(id)
	if err != nil {
		c.Log().Error("%v", err)
	}
	v.book.ledger = next
	v.save(c, nil)
}

func (v *vial) drive(c *actors.Context, r *run) {
	if d := r.dose; d != nil && !d.started {
		d.started = true
		v.watch.check.Began(c.Mono())
		c.Publish(actors.DoseStarted{ID: d.ID, LnStep: d.expected, Source: d.Source})
	}
	v.run, r.tag = r, c.NewID()
	v.calibrated(c, r.step)
	v.shows(c, actionOf(r), actors.Init, actors.Ready)
	if !c.Tell(pumpsName, protocol.Drive{Output: protocol.PumpOutput(r.step.pump), Percent: v.duty(r.step.pump), For: r.step.run, Owner: vialName, Tag: r.tag}) {
		v.finish(c, 0, "the pumps' actor is not running")
		return
	}
	c.After(r.step.run+patience, overdue{r.tag})
}

func (v *vial) driven(c *actors.Context, m protocol.Driven) {
	switch r := v.run; {
	case r == nil || m.Tag != r.tag:
	case m.OK:
		r.on, r.since = true, c.Mono()
	default:
		v.finish(c, r.lost, m.Code+": "+m.Reason)
	}
}

func (v *vial) cut(c *actors.Context, m protocol.Cut) {
	r := v.run
	if r == nil || m.Tag != r.tag {
		return
	}
	why := m.Reason
	if why == "expired" {
		why = ""
	}
	v.finish(c, m.Ran+r.lost, why)
}

// overdue gives up a run that nobody ended: it counts at its worst.
func (v *vial) overdue(c *actors.Context, tag string) {
	r := v.run
	if r == nil || r.tag != tag {
		return
	}
	c.Tell(pumpsName, protocol.Release{Output: protocol.PumpOutput(r.step.pump), Owner: vialName, Tag: r.tag})
	ran := time.Duration(0)
	if r.step.inflow() {
		ran = max(r.step.run, r.lost)
	}
	v.finish(c, ran, "the pump did not answer")
}

// finish commits what a run really moved.
func (v *vial) finish(c *actors.Context, ran time.Duration, why string) {
	r, before := v.run, v.book.ledger.CurrentVolumeML
	v.run, v.busy = nil, false
	if r.dose == nil || action.Of(r.dose.want) == "" {
		v.shows(c, actionOf(r), actors.Disconnected)
	}
	ml := v.pumps[r.step.pump].ML(ran)
	out, err := v.commit(c, r.id, ml)
	if err != nil {
		c.Log().Error("%v", err)
	}
	v.account(c, r, ml, out.ML, before)
	if why != "" {
		v.failed(c, r.dose, r.step, why)
	}
	if a := v.book.ledger.Alarm; a != "" {
		c.Raise(interrupted, "high", a, false)
	}
	v.save(c, nil)
	v.publish(c)
	if r.step.pause > 0 && ml > 0 && !v.ended {
		v.busy = true
		c.After(r.step.pause, resume{})
	}
}

func (v *vial) commit(c *actors.Context, id string, ml float64) (ledger.Outcome, error) {
	var (
		next ledger.Ledger
		out  ledger.Outcome
		err  error
	)
	if ml > 0 {
		next, out, err = v.book.ledger.Commit(id, ml, c.Now())
	} else {
		next, out, err = v.book.ledger.Abort(id)
	}
	var known *ledger.Duplicate
	if errors.As(err, &known) {
		return known.Outcome, err
	}
	v.book.ledger = next
	return out, err
}

// account tells everybody what moved: ml through the pump, counted by the ledger.
func (v *vial) account(c *actors.Context, r *run, ml, counted, before float64) {
	if ml <= 0 {
		return
	}
	v.drawn(c, r.step.pump, ml, counted)
	if r.step.inflow() {
		v.book.flowed(c.Now(), ml, before)
	}
	source := "owed_waste"
	if d := r.dose; d != nil {
		d.record.count(r.step.pump, counted, before)
		source = d.Source
	} else if !r.step.inflow() {
		v.tellDrained(c, counted)
	}
	if r.step.extra || r.dose == nil {
		ml = counted // the rest is air from above the surface
	}
	if ml > 0 {
		c.Publish(actors.DosingEvent{Event: eventOf[r.step.pump], VolumeML: ml, Source: source})
	}
}

// failed ends the dose of a step that could not be done as it should. Somebody
// should know, unless it was their wish.
func (v *vial) failed(c *actors.Context, d *dose, s step, why string) {
	if !s.inflow() && !s.extra {
		v.owedFrom = c.Mono() + owedRetry
	}
	if d != nil && d.cut != "" || why == shutdown {
		return
	}
	if d != nil {
		d.stop(why)
		why = fmt.Sprintf("Dose %s was cut off at %s: %s.", d.ID, eventOf[s.pump], why)
	} else {
		why = fmt.Sprintf("%.2f mL of waste is owed and could not be removed: %s.", v.book.ledger.OwedWasteML, why)
	}
	c.Raise(interrupted, "high", why, false)
	c.Log().Warning("%s", why)
}
