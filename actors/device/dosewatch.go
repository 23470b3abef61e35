package device

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/check"
)

const (
	doseCheck = "dose_check" // alarm, code of a refusal, and key of the durable state
)

// doseWatch is the vial's eye on its own doses: the optical density must show what
// the books say. The books alone would count air from an empty bottle and never
// notice a blocked waste line.
type doseWatch struct {
	check   check.Check
	verdict check.Verdict // dosing is stopped for; durable
	why     string
	stale   bool // something new to judge by
	shown   actors.DoseCheck
}

// watched is the durable form.
type watched struct {
	Check   check.Memory  `json:"check"`
	Verdict check.Verdict `json:"verdict,omitempty"`
	Why     string        `json:"why,omitempty"`
}

// startWatch takes up what was known. What cannot be read is only experience:
// it is gathered anew.
func (v *vial) startWatch(c *actors.Context) {
	actors.Subscribe[actors.ODReading](c)
	actors.Subscribe[actors.Disturbance](c)
	var kept watched
	if _, err := c.Load(doseCheck, &kept); err != nil {
		c.Log().Warning("what the dose check had learnt is lost: %v", err)
	}
	v.watch.check.Memory, v.watch.verdict, v.watch.why = kept.Check, kept.Verdict, kept.Why
	if kept.Verdict != check.Fine {
		c.Raise(doseCheck, "high", kept.Why, true)
	}
	v.watch.stale = true
	v.look(c, 0)
}

func (v *vial) saveWatch(c *actors.Context) {
	c.Save(doseCheck, watched{v.watch.check.Memory, v.watch.verdict, v.watch.why})
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
		v.watch.stale = v.watch.stale || more
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

// look judges the doses so far, if anything is new. nextML is about to come in.
func (v *vial) look(c *actors.Context, nextML float64) {
	w := &v.watch
	if !w.stale {
		return
	}
	w.stale = false
	if f := w.check.Judge(v.roomML(), nextML); w.verdict == check.Fine && f.Verdict != check.Fine {
		w.verdict, w.why = f.Verdict, verdictText(f)
		c.Raise(doseCheck, "high", w.why, true)
		v.saveWatch(c)
		if v.active != nil {
			v.halt(c, doseCheck)
		}
	}
	v.showCheck(c)
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
func (v *vial) showCheck(c *actors.Context) {
	w := &v.watch
	now := actors.DoseCheck{State: actors.CheckOK, UnverifiedML: w.check.UnverifiedML()}
	switch {
	case w.verdict != check.Fine:
		now.State, now.Verdict, now.Text = actors.CheckFailed, string(w.verdict), w.why
	case now.UnverifiedML+v.cfg.MaxSubdoseML > v.roomML():
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
	v.watch.stale = v.watch.stale || v.watch.check.Open()
	v.look(c, inflowML)
	limit, unseen := v.cfg.Media.MaxUnverifiedML, v.watch.shown.UnverifiedML
	switch {
	case v.watch.verdict != check.Fine:
		return refusal(doseCheck, "dose: %s", v.watch.why)
	case limit > 0 && d.who != "" && unseen+inflowML > limit:
		return refusal("dose_unverified", "dose: %.2f mL after %.2f mL of which OD does not show that the waste left: at most %.2f mL ([media] max_unverified_ml); look at the vial and acknowledge dose_check", inflowML, unseen, limit)
	}
	return nil
}

// forgive starts the check anew: a person has looked at the vial.
func (v *vial) forgive(c *actors.Context) {
	v.watch.check.Forget()
	v.watch.verdict, v.watch.why, v.watch.stale = check.Fine, "", true
	c.Clear(doseCheck)
	v.saveWatch(c)
	v.look(c, 0)
}

// watchEvery is how often the doses are looked at without being asked.
const watchEvery = time.Minute
