package dosing

import (
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/check"
)

// doseCheck is an alarm, the code of a refusal, and the key of the durable state.
const doseCheck = "dose_check"

// doseWatch is the vial's eye on its own doses: the optical density must show what
// the books say. The books alone would count air from an empty bottle and never
// notice a blocked waste line.
type doseWatch struct {
	check   check.Check
	verdict check.Verdict // dosing is stopped for; durable
	why     string
	trusted bool          // the waste was seen to leave, by the light or a person; durable
	knownML float64       // cumulative waste of the books when the volume was last known; durable
	stale   bool          // something new to judge by
	read    bool          // a reading came since the last look
	heldML  float64       // the dose that is held back, because nothing shows that the waste leaves
	heldAt  time.Duration // on Mono: since when
	shown   actors.DoseCheck
}

// watched is the durable form.
type watched struct {
	Check   check.Memory  `json:"check"`
	Verdict check.Verdict `json:"verdict,omitempty"`
	Why     string        `json:"why,omitempty"`
	Trusted bool          `json:"trusted,omitempty"`
	KnownML float64       `json:"known_ml,omitempty"`
	Vial    uint64        `json:"vial_number,omitempty"` // of which this is known
}

// startWatch takes up what was known. What cannot be read is only experience:
// it is gathered anew.
func (v *vial) startWatch(c *actors.Context) {
	actors.Subscribe[actors.ODReading](c)
	actors.Subscribe[actors.Disturbance](c)
	var kept watched
	known, err := c.Load(doseCheck, &kept)
	if err != nil {
		c.Log().Warning("what the dose check had learnt is lost: %v", err)
	} else if !known && v.cfg.WasteSeen {
		kept.Trusted, kept.Vial = true, v.book.ledger.Vial
		c.Log().Info("the waste of the vial was seen to leave: dosing waits for nothing")
	}
	if kept.Vial != v.book.ledger.Vial {
		kept.Trusted, kept.KnownML = false, 0 // swapped right before a power cut
	}
	w := &v.watch
	w.check.Memory, w.verdict, w.why, w.trusted, w.knownML = kept.Check, kept.Verdict, kept.Why, kept.Trusted, kept.KnownML
	if kept.Verdict != check.Fine {
		c.Raise(doseCheck, "high", kept.Why, true)
	}
	w.stale = true
	v.look(c)
}

func (v *vial) saveWatch(c *actors.Context) {
	w := &v.watch
	c.Save(doseCheck, watched{w.check.Memory, w.verdict, w.why, w.trusted, w.knownML, v.book.ledger.Vial})
}

// saw takes a reading that may be believed. With several photodiodes the first
// that speaks is listened to.
func (v *vial) saw(c *actors.Context, r actors.ODReading) {
	if r.Quality.Grade != actors.Good || r.PumpOn || v.run != nil {
		return
	}
	if v.eye == 0 || r.Channel < v.eye {
		v.eye = r.Channel
		v.watch.check.Disturbed(c.Mono() - check.Settle) // another diode, another level
	}
	if r.Channel == v.eye {
		more := v.watch.check.Read(c.Mono(), r.Value)
		v.watch.stale, v.watch.read = v.watch.stale || more, true
	}
}

// disturbed: the light changed by itself.
func (v *vial) disturbed(c *actors.Context) { v.watch.check.Disturbed(c.Mono()) }

// tell notes a dose, once it is over.
func (v *vial) tell(c *actors.Context, r record) {
	v.watch.check.Ended(c.Mono(), check.Dose{InflowML: r.MediaML + r.AltMediaML, WasteML: r.WasteML, LnStep: r.LnStep})
	v.watch.stale = true
	v.saveWatch(c)
}

// tellDrained notes owed waste that left with no dose.
func (v *vial) tellDrained(c *actors.Context, ml float64) {
	v.watch.check.Drained(ml)
	v.watch.stale = true
	v.saveWatch(c)
}

// roomML is what the vial can take above its efflux tube.
func (v *vial) roomML() float64 {
	l := v.book.ledger
	return max(0, v.limits.CapacityML-max(l.EffluxTubeVolumeML, 0))
}

// watchful looks at the doses without being asked, and calls somebody when more
// readings do not help a dose that is held back.
func (v *vial) watchful(c *actors.Context) {
	w := &v.watch
	w.stale = w.stale || w.heldML > 0 && w.read
	v.look(c)
	if w.heldML > 0 && w.verdict == check.Fine && c.Mono()-w.heldAt >= callAfter {
		c.Raise(doseCheck, "high", fmt.Sprintf("Dosing is held back: OD does not show that the last %.1f mL of waste have left. Look at the vial: if you see it leave, or the vial is no fuller than up to the tip of the waste tube, say `pioactor vial waste_seen`, and dosing goes on. It may be said before the first dose too.", v.unseenML()), false)
	}
}

// proven reports whether nothing waits to be seen: the waste was seen to leave,
// and nobody wants each dose verified. Readings too noisy to tell stop no culture
// at night.
func (v *vial) proven() bool { return v.watch.trusted && v.cfg.Media.MaxUnverifiedML == 0 }

// unseenML is how much waste may still be in the vial. Before the first proof all
// of it counts, by the books: what OD makes likely dose by dose is not sure enough
// for a line that may never have been connected.
func (v *vial) unseenML() float64 {
	if v.cfg.Media.MaxUnverifiedML > 0 {
		return v.watch.check.SinceML
	}
	return max(0, v.book.ledger.CumulativeWasteRemovedML-v.watch.knownML)
}

// leewayML is how much may stand above the efflux tube unseen: what fits below
// the brim with a pump 15 % too fast, unless somebody set it.
func (v *vial) leewayML() float64 {
	if ml := v.cfg.Media.MaxUnverifiedML; ml > 0 {
		return ml
	}
	return v.roomML() / check.PumpError
}

// tooMuch reports whether ml more could run over, if what OD did not show to
// leave is still in the vial.
func (v *vial) tooMuch(ml float64) bool {
	l := v.book.ledger
	return !v.proven() && l.CurrentVolumeML-l.EffluxTubeVolumeML+v.unseenML()+ml > v.leewayML()+1e-9
}

// wasteSeen believes a person who saw the waste leave, before the first dose too.
func (v *vial) wasteSeen(c *actors.Context) error {
	w := &v.watch
	if w.verdict != check.Fine {
		return actors.Refuse(doseCheck, "vial: %s", w.why)
	}
	w.check.Trust()
	w.trusted, w.stale, w.heldML = true, true, 0
	c.Clear(doseCheck)
	v.saveWatch(c)
	v.look(c)
	return nil
}

// look judges the doses so far, if anything is new.
func (v *vial) look(c *actors.Context) {
	w := &v.watch
	if !w.stale {
		return
	}
	w.stale, w.read = false, false
	f := w.check.Judge(v.roomML())
	if f.Leaves && f.Verdict == check.Fine && !w.trusted {
		w.trusted = true
		v.saveWatch(c)
	}
	if w.verdict == check.Fine && f.Verdict != check.Fine {
		w.verdict, w.why = f.Verdict, verdictText(f)
		c.Raise(doseCheck, "high", w.why, true)
		v.saveWatch(c)
		if v.active != nil {
			v.halt(c, doseCheck)
		}
	}
	if w.heldML > 0 && !v.tooMuch(w.heldML) {
		w.heldML = 0
		if w.verdict == check.Fine {
			c.Clear(doseCheck)
		}
	}
	v.showCheck(c, f.UnverifiedML)
}

func verdictText(f check.Finding) string {
	what := map[check.Verdict]string{
		check.NoStep:   "The last %d doses made no step in OD: the bottle is empty, the pump does not turn, or its tube is off",
		check.Filling:  "The steps of the last %d doses in OD shrink as in a vial that fills: the waste line is blocked or its pump does not turn",
		check.TooLarge: "The last %d doses made too large a step in OD: more comes in than is counted, or the vial holds less",
	}[f.Verdict]
	return fmt.Sprintf(what+". Dosing is stopped; look at the vial, then acknowledge the alarm dose_check, and say `pioactor vial waste_seen` if its waste leaves.", f.Doses)
}

// showCheck publishes what the light says, when that has changed.
func (v *vial) showCheck(c *actors.Context, unverifiedML float64) {
	w := &v.watch
	now := actors.DoseCheck{State: actors.CheckOK, UnverifiedML: unverifiedML}
	switch {
	case w.verdict != check.Fine:
		now.State, now.Verdict, now.Text = actors.CheckFailed, string(w.verdict), w.why
	case w.heldML > 0 || now.UnverifiedML+v.cfg.MaxSubdoseML > v.roomML() || v.tooMuch(v.cfg.MaxSubdoseML):
		now.State = actors.CheckUnknown
		now.Text = fmt.Sprintf("The steps of doses cannot be seen well enough in OD to know that the waste leaves: %.1f mL should have left since that was sure. Larger exchanges or calmer readings help.", now.UnverifiedML)
		if !w.trusted {
			now.Text += fmt.Sprintf(" It was never seen to leave: above %.1f mL dosing waits. If you see it drip, say `pioactor vial waste_seen`.", v.leewayML())
		}
	}
	if now.State == w.shown.State && now.Verdict == w.shown.Verdict && now.UnverifiedML == w.shown.UnverifiedML {
		return
	}
	if now.State == actors.CheckUnknown && w.shown.State == actors.CheckOK {
		c.Log().Warning("%s", now.Text)
	}
	w.shown = now
	c.Publish(now)
}

// unwatched is why the check refuses more inflow; nil when it does not.
func (v *vial) unwatched(c *actors.Context, d *dose, inflowML float64) *actors.Refusal {
	w := &v.watch
	w.stale = w.stale || w.read
	v.look(c)
	limit := v.cfg.Media.MaxUnverifiedML
	switch {
	case w.verdict != check.Fine:
		return actors.Refuse(doseCheck, "dose: %s", w.why)
	case d.who == "" || !v.tooMuch(inflowML):
		return nil
	case limit > 0 && inflowML > limit+1e-9:
		return actors.Refuse("dose_unverified", "dose: %.2f mL at once: at most %.2f mL may come in before OD shows that the waste left ([media] max_unverified_ml); want smaller exchanges", inflowML, limit)
	}
	if w.heldML == 0 {
		w.heldAt = c.Mono()
	}
	w.heldML = inflowML
	return actors.Refuse("dose_unverified", "dose: %.2f mL after %.2f mL of waste that OD does not show to have left: at most %.2f mL may; look at the vial, and say `pioactor vial waste_seen` if its waste leaves", inflowML, v.unseenML(), v.leewayML())
}

// pulseML is up to which volume the doses of an automation that may wait are
// given together, to make a step that can be seen; 0 when there is no need, or
// nobody asked for it: a rhythm is kept.
func (v *vial) pulseML() float64 {
	limit, unseen := v.cfg.Media.MaxUnverifiedML, v.watch.shown.UnverifiedML
	if limit == 0 || limit > v.roomML() {
		return 0
	}
	pulse := math.Min(limit/2, v.watch.check.PulseML(v.roomML()))
	left := limit - unseen
	if unseen > limit/5 {
		pulse = math.Max(pulse, math.Min(left, math.Max(left/2, limit/3)))
	}
	return math.Min(pulse, left)
}

// forgive lets go of a verdict: a person has looked at the vial. Whether its waste
// line works by now, nobody has said.
func (v *vial) forgive(c *actors.Context) {
	if v.watch.verdict != check.Fine {
		v.watch.trusted = false
		v.relearn(c)
	}
}

// relearn starts the check anew, at a volume that is known.
func (v *vial) relearn(c *actors.Context) {
	w := &v.watch
	w.check.Forget()
	w.verdict, w.why, w.stale, w.heldML = check.Fine, "", true, 0
	w.knownML = v.book.ledger.CumulativeWasteRemovedML
	c.Clear(doseCheck)
	v.saveWatch(c)
	v.look(c)
}

// callAfter is how long a dose is held back before somebody is called: as
// readings average out, the last step may become clear.
const callAfter = 15 * time.Minute

// watchEvery is how often the doses are looked at without being asked.
const watchEvery = time.Minute
