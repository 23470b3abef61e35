package actorstest_test

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/sim"
)

// dose asks for a dose by hand, under the name id.
func (r *trouble) dose(cmd actors.Command) *question {
	d := cmd.Body.(actors.Dose)
	cmd.Target = "vial"
	r.wishes[cmd.ID] = wish{d, r.h.System.Boot()}
	r.halted = false
	q := r.ask(cmd)
	if q.reply.OK {
		r.taken[cmd.ID] = true
	}
	return q
}

func (r *trouble) doseVolume() {
	d := actors.Dose{MediaML: 0.1 + r.rng.Float64(), WasteML: 1.5}
	switch r.rng.IntN(5) {
	case 0:
		d.AltMediaML = 0.1 + 0.5*r.rng.Float64()
	case 1:
		d = actors.Dose{AltMediaML: 0.1 + r.rng.Float64(), WasteML: 1.2}
	case 2:
		d = actors.Dose{WasteML: 0.2 + r.rng.Float64()}
	case 3:
		d.WasteML = 0
	}
	r.last = r.name("hand")
	r.met("dose")
	r.dose(actors.Command{ID: r.last, Body: d})
}

func (r *trouble) doseTime() {
	r.last = r.name("time")
	r.met("dose")
	r.dose(actors.Command{ID: r.last, Body: actors.Dose{Pump: pick(r, "media", "alt_media", "waste"), For: time.Duration(1 + r.rng.Int64N(int64(6*time.Second)))}})
}

// doseHand is what people do with the pumps: until it is stopped, round and
// round, one after the other.
func (r *trouble) doseHand() {
	some := time.Duration(1 + r.rng.Int64N(int64(5*time.Second)))
	pump := pick(r, "media", "alt_media")
	d := pick(r, actors.Dose{Pump: pump, Continuously: true, For: 3 * some}, actors.Dose{Pump: "waste", Continuously: true},
		actors.Dose{Pump: pump, Circulate: true, For: 2 * some},
		actors.Dose{Sequence: []actors.PumpStep{{Pump: "waste", ML: 0.3}, {Sleep: some}, {Pump: pump, ML: 0.3}}})
	r.last = r.name("hand")
	r.met("dose")
	r.dose(actors.Command{ID: r.last, Body: d})
}

// repeat delivers the last dose another time.
func (r *trouble) repeat() {
	w, known := r.wishes[r.last]
	if !known {
		return
	}
	r.met("repeat")
	halted := r.halted
	boot := w.boot
	r.dose(actors.Command{ID: r.last, Body: w.dose})
	if r.begun[r.last] > 0 || r.ended[r.last] > 0 || boot == r.boot {
		r.halted = halted
	}
}

// late sends a dose whose time is over.
func (r *trouble) late() {
	id := r.name("late")
	q := r.ask(actors.Command{ID: id, Target: "vial", Deadline: r.h.Clock.Now().Add(-time.Millisecond), Body: actors.Dose{MediaML: 0.3, WasteML: 0.3}})
	r.must(q, "expired", "expired")
	job := pick(r, r.jobs()...)
	q = r.ask(actors.Command{Target: job, Deadline: r.h.Clock.Now().Add(-time.Minute), Body: actors.SetState{State: actors.Disconnected}})
	r.must(q, "expired", "expired")
}

// term sends a dose of an epoch, and then one of an older epoch.
func (r *trouble) term() {
	if r.full || r.pause {
		return
	}
	next := r.epoch + 1 + r.rng.Uint64N(3)
	id := r.name("term")
	q := r.dose(actors.Command{ID: id, Epoch: next, Body: actors.Dose{WasteML: 0.1}})
	for range 40 {
		if !q.reply.OK || r.ended[id] > 0 {
			break
		}
		r.run(500 * time.Millisecond)
	}
	if r.ended[id] == 0 || r.begun[id] == 0 || r.barred[id] {
		return
	}
	r.epoch = next
	id = r.name("old")
	r.must(r.dose(actors.Command{ID: id, Epoch: next - 1, Body: actors.Dose{WasteML: 0.1}}), "epoch", map[bool]string{true: "stale_epoch", false: ""}[next > 1])
	delete(r.taken, id)
}

// nonsense is refused, and nothing happens.
func (r *trouble) nonsense() {
	id := r.name("nonsense")
	body := pick(r, actors.Dose{}, actors.Dose{MediaML: -1}, actors.Dose{MediaML: 19}, actors.Dose{Pump: "beer", For: time.Second},
		actors.Dose{MediaML: 1, Pump: "media", For: time.Second}, actors.Dose{Pump: "media", For: time.Hour})
	if q := r.dose(actors.Command{ID: id, Body: body}); q.reply.OK {
		r.say("answered", "%+v was accepted", body)
	}
}

// stop sends the automation to sleep and stops the pumps.
func (r *trouble) stop() {
	r.met("stop")
	asleep := false
	if r.rng.IntN(2) == 0 {
		r.setState("dosing_automation", actors.Sleeping)
		asleep = r.state["dosing_automation"] != actors.Ready && r.state["dosing_automation"] != actors.Init
	}
	if q := r.tell("vial", actors.StopDosing{Reason: "campaign"}); !q.reply.OK {
		return
	}
	r.bar()
	if asleep && r.asleep["dosing_automation"] {
		r.halted, r.still = true, inflow(r.h.Board.Truth())
	}
}

func (r *trouble) pauseVial() {
	r.met("pause")
	for _, job := range []string{"od_reading", "dosing_automation"} {
		r.hit(job, "pause")
	}
	full := r.full
	q := r.tell("bench", actors.PauseVial{})
	for range 120 {
		if q.replies > 0 {
			break
		}
		r.run(250 * time.Millisecond)
	}
	if q.reply.OK && !q.void {
		r.pause, r.kept = true, !full && !r.full
		clear(r.barred) // they are stopped anyway, and told so
	}
}

func (r *trouble) resumeVial() {
	r.met("resume")
	for _, job := range []string{"od_reading", "dosing_automation"} {
		r.hit(job, "resume")
	}
	was, kept := r.pause, r.kept
	r.pause = false
	q := r.tell("bench", actors.ResumeVial{})
	if !q.reply.OK && was {
		r.pause, r.kept = was, kept
	}
}

// bench is what a person tells about the vial. Both the books and the twin learn of it.
func (r *trouble) bench() {
	ml := func(x float64) *float64 { return &x }
	switch r.rng.IntN(4) {
	case 0:
		r.met("correct")
		if err := r.h.Board.Inject(sim.Fault{Kind: sim.Sample, Value: 0.2}); err != nil {
			panic(err)
		}
		r.tell("vial", actors.SampleTaken{ML: 0.2})
	case 1:
		r.met("correct")
		r.tell("vial", actors.SetVial{AltFraction: ml(r.rng.Float64())})
	case 2:
		r.met("swap")
		r.tell("vial", actors.SwapVial{VolumeML: ml(r.h.Board.Truth().VolumeML)})
	case 3:
		r.tell("bench", actors.MarkVial{Cause: "bumped"})
	}
}

// blank sets one, or measures one.
func (r *trouble) blank() {
	if r.rng.IntN(3) == 0 {
		r.tell("experiment", actors.StartJob{Job: "od_blank"})
		return
	}
	experiment := latest[actors.JobState](r.audit, "stirring").Experiment
	means := []actors.ChannelValue{{Channel: 2, Value: 0.0005 * r.rng.Float64()}}
	r.tell("bench", actors.SetBlank{Experiment: experiment, Vial: r.vial.Number, Means: means, Samples: 10})
}
