package device

import (
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/check"
)

const (
	doseCheck   = "dose_check"   // alarm, code of a refusal, and key of the durable state
	wasteUnseen = "waste_unseen" // alarm
)

// doseWatch is the vial's eye on its own doses: the optical density must show what
// the books say. The books alone would count air from an empty bottle and never
// notice a blocked waste line.
type doseWatch struct {
	check   check.Check
	verdict check.Verdict // dosing is stopped for; durable
	why     string
	trusted bool          // the waste was once seen to leave, or a person said so; durable
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
	}
	v.watch.check.Memory, v.watch.verdict, v.watch.why, v.watch.trusted = kept.Check, kept.Verdict, kept.Why, kept.Trusted
	if !known && err == nil {
		v.watch.check.SinceML = v.book.ledger.AboveEffluxML()
	}
	if kept.Verdict != check.Fine {
		c.Raise(doseCheck, "high", kept.Why, true)
	}
	v.watch.stale = true
	v.look(c)
}

func (v *vial) saveWatch(c *actors.Context) {
	c.Save(doseCheck, watched{v.watch.check.Memory, v.watch.verdict, v.watch.why, v.watch.trusted})
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
	v.watch.check.Ended(c.Mono(), check.Dose{InflowML: r.MediaML + r.AltMediaML, LnStep: r.LnStep})
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
		c.Raise(doseCheck, "high", fmt.Sprintf("Dosing is held back: OD does not show that the waste of the last %.1f mL has left. Look at the vial, then acknowledge the alarm dose_check.", w.shown.UnverifiedML), false)
	}
}

// mostUnverifiedML is what may come in unseen: all of it, unless somebody wants
// it strict. Readings too noisy to tell stop no culture: at night that would cost
// more of them than it saves.
func (v *vial) mostUnverifiedML() float64 {
	if ml := v.cfg.Media.MaxUnverifiedML; ml > 0 {
		return ml
	}
	return math.MaxFloat64
}

// commission calls somebody, once, when more came in than fits above the efflux
// tube, with a pump 15 % too fast, and the waste was never seen to leave: a waste
// line that was never connected is the likeliest to be blocked.
func (v *vial) commission(c *actors.Context, unseenML float64) {
	if v.watch.trusted {
		c.Clear(wasteUnseen)
	} else if unseenML > v.roomML()/check.PumpError {
		c.Raise(wasteUnseen, "high", fmt.Sprintf("%.1f mL came in, and OD cannot tell yet whether the waste leaves. Look at the vial once, then acknowledge this alarm; dosing goes on.", unseenML), false)
	}
}

// attest notes that a person saw the waste leave.
func (v *vial) attest(c *actors.Context) {
	v.watch.trusted = true
	c.Clear(wasteUnseen)
	v.saveWatch(c)
}

// look judges the doses so far, if anything is new.
func (v *vial) look(c *actors.Context) {
	w := &v.watch
	if !w.stale {
		return
	}
	w.stale, w.read = false, false
	before := w.check.SinceML
	f := w.check.Judge(v.roomML())
	if f.UnverifiedML < before && f.Verdict == check.Fine && !w.trusted {
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
	if w.heldML > 0 && f.UnverifiedML+w.heldML <= v.mostUnverifiedML() {
		w.heldML = 0
		if w.verdict == check.Fine {
			c.Clear(doseCheck)
		}
	}
	v.commission(c, f.UnverifiedML)
	v.showCheck(c, f.UnverifiedML)
}

func verdictText(f check.Finding) string {
	what := map[check.Verdict]string{
		check.NoStep:   "The last %d doses made no step in OD: the bottle is empty, the pump does not turn, or its tube is off",
		check.Filling:  "The steps of the last %d doses in OD shrink as in a vial that fills: the waste line is blocked or its pump does not turn",
		check.TooLarge: "The last %d doses made too large a step in OD: more comes in than is counted, or the vial holds less",
	}[f.Verdict]
	return fmt.Sprintf(what+". Dosing is stopped; look at the vial, then acknowledge the alarm dose_check.", f.Doses)
}

// showCheck publishes what the light says, when that has changed.
func (v *vial) showCheck(c *actors.Context, unverifiedML float64) {
	w := &v.watch
	now := actors.DoseCheck{State: actors.CheckOK, UnverifiedML: unverifiedML}
	switch {
	case w.verdict != check.Fine:
		now.State, now.Verdict, now.Text = actors.CheckFailed, string(w.verdict), w.why
	case w.heldML > 0 || now.UnverifiedML+v.cfg.MaxSubdoseML > min(v.mostUnverifiedML(), v.roomML()):
		now.State = actors.CheckUnknown
		now.Text = fmt.Sprintf("The steps of doses cannot be seen well enough in OD to know that the waste leaves: %.1f mL came in since that was sure. Larger exchanges or calmer readings help.", now.UnverifiedML)
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
	limit, unseen := v.mostUnverifiedML(), w.shown.UnverifiedML
	switch {
	case v.watch.verdict != check.Fine:
		return refusal(doseCheck, "dose: %s", v.watch.why)
	case d.who != "" && inflowML > limit+1e-9:
		return refusal("dose_unverified", "dose: %.2f mL at once: at most %.2f mL may come in before OD shows that the waste left ([media] max_unverified_ml); want smaller exchanges", inflowML, limit)
	case d.who != "" && unseen+inflowML > limit+1e-9:
		if w.heldML == 0 {
			w.heldAt = c.Mono()
		}
		w.heldML = inflowML
		why := fmt.Sprintf("%.2f mL after %.2f mL of which OD does not show that the waste left: at most %.2f mL ([media] max_unverified_ml); look at the vial, then acknowledge the alarm dose_check", inflowML, unseen, limit)
		return refusal("dose_unverified", "dose: %s", why)
	}
	return nil
}

// pulseML is up to which volume the doses of an automation that may wait are
// given together, to make a step that can be seen; 0 when there is no need, or
// nobody asked for strictness.
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

// forgive starts the check anew: a person has looked at the vial.
func (v *vial) forgive(c *actors.Context) {
	if w := &v.watch; w.heldML > 0 && w.verdict == check.Fine {
		w.check.Trust()
		w.trusted = true
	} else {
		w.check.Forget()
		w.trusted = false
	}
	v.watch.check.SinceML = v.book.ledger.AboveEffluxML()
	v.watch.verdict, v.watch.why, v.watch.stale, v.watch.heldML = check.Fine, "", true, 0
	c.Clear(doseCheck)
	v.saveWatch(c)
	v.look(c)
}

// callAfter is how long a dose is held back before somebody is called: as
// readings average out, the last step may become clear.
const callAfter = 15 * time.Minute

// watchEvery is how often the doses are looked at without being asked.
const watchEvery = time.Minute
