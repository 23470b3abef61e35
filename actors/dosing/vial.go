package dosing

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

const (
	interrupted = "dose_interrupted" // alarm
	notSaved    = "vial_not_saved"   // alarm
	vialKey     = "vial"             // of the durable state

	vialName  = "vial"  // of this actor
	pumpsName = "pumps" // of the one it drives
)

// vial is the actor "vial": the books of the vial and the only client of the
// pumps. One dose runs at a time; nothing flows in that is not reserved on the
// disk, and waste that is owed goes out before anything comes in.
//
// Takes: Command{actors.Dose, StopDosing, SetVial, SampleTaken, SwapVial,
// WasteSeen, Acknowledge}; protocol.Driven, Cut; actors.OwnerGone, Alarm.
// Sends: protocol.Drive, Release to "pumps"; publishes actors.Vial, DoseStarted,
// DosingEvent, Dosed, DoseRefused, PumpsStopped, Disturbance and the alarms dose_interrupted,
// vial_not_saved and dose_check. Every dose it accepts ends in one Dosed.
// Fails by: only a bug. A dose cut off by it is never begun again: it counts at
// its worst, and the waste it owes goes out.
type vial struct {
	cfg    Config
	limits ledger.Limits
	pumps  map[hw.PumpRole]ledger.Pump // those that are fitted
	memory *memory

	book   book
	active *dose
	queue  []*dose
	busy   bool // a step is being saved, run or followed by its pause
	run    *run
	ended  bool

	started  bool // start has taken up the books
	saves    int  // asked for
	saved    int  // answered
	then     map[int]func(*actors.Context, error)
	owedFrom time.Duration // on Mono: no attempt to drain owed waste before it
	shown    float64       // dilution rate as published
	watch    doseWatch
	curves   curves
	eye      int // photodiode that the dose check looks through; 0 before the first reading
}

// memory outlives a restart of the actor, as the disk may be full: the doses
// that have not ended.
type memory struct {
	alive   bool
	pending []record
}

// Spec is the actor "vial" on board, with the pumps that are fitted. It fails by
// a config that is wrong, or suits no such board.
func Spec(board hw.Board, cfg Config) (actors.Spec, error) {
	if err := cfg.Validate(); err != nil {
		return actors.Spec{}, fmt.Errorf("dosing: %w", err)
	}
	info, pumps := board.Info(), map[hw.PumpRole]ledger.Pump{}
	for role, pump := range cfg.slopes() {
		if _, err := board.Pump(role); err == nil {
			pumps[role] = pump
		}
	}
	fresh, limits, err := cfg.books(info)
	if err != nil {
		return actors.Spec{}, err
	}
	kept := &memory{}
	return actors.Spec{Name: vialName, New: func() actors.Job {
		return &vial{cfg: cfg, limits: limits, pumps: pumps, memory: kept, book: book{ledger: fresh}, then: map[int]func(*actors.Context, error){}}
	}}, nil
}

// Receive implements actors.Job.
func (v *vial) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		v.start(c)
	case actors.Command:
		return v.command(c, m)
	case actors.Saved:
		if m.Key == vialKey {
			v.written(c, m.Err)
		}
	case actors.Rewritten:
		if m.Key == vialKey {
			c.Clear(notSaved)
		}
	case actors.CalibrationActive:
		v.curves.news = true
	case actors.ODReading:
		v.saw(c, m)
	case actors.Disturbance:
		v.disturbed(c)
	case actors.Tick:
		v.watchful(c)
	case protocol.Driven:
		v.driven(c, m)
	case protocol.Cut:
		v.cut(c, m)
	case overdue:
		v.overdue(c, m.tag)
	case resume:
		v.busy = false
	case actors.OwnerGone:
		v.gone(c, m)
	case actors.Alarm:
		v.alarm(c, m)
	case actors.Stopping:
		v.stopping(c)
	}
	v.advance(c)
	v.showDilution(c)
	return nil
}

// start takes up the books and closes what was cut off.
func (v *vial) start(c *actors.Context) {
	v.started = true
	actors.Subscribe[actors.OwnerGone](c)
	actors.Subscribe[actors.Alarm](c)
	actors.Subscribe[actors.CalibrationActive](c)
	v.curves.news = true
	v.adopt(c)
	c.Every(watchEvery)
	c.Tell(pumpsName, protocol.Release{Owner: vialName})
	v.load(c)
	cut := v.book.pending
	if v.memory.alive {
		cut = v.memory.pending
	}
	cut = v.recover(c, cut)
	for _, r := range cut {
		if v.memory.alive && !r.accepted {
			v.refuse(c, &dose{record: r}, actors.Refuse("crash", "dose: it was being taken in when the vial's actor failed; send a new one"))
			continue
		}
		v.publishDosed(c, r, "crash")
	}
	v.memory.alive = true
	if l := v.book.ledger; l.Alarm != "" {
		c.Raise(interrupted, "high", l.Alarm, false)
	} else if len(cut) > 0 {
		c.Raise(interrupted, "high", fmt.Sprintf("%d doses were cut off before anything moved; they are not begun again", len(cut)), false)
	}
	v.save(c, nil)
	v.publish(c)
	v.startBottles(c)
	v.startWatch(c)
	for _, r := range cut {
		v.tell(c, r)
	}
}

// load reads the books. Broken ones are not trusted: somebody must look.
func (v *vial) load(c *actors.Context) {
	var s stored
	ok, err := c.Load(vialKey, &s)
	if err == nil && ok {
		var kept book
		if kept, err = s.book(); err == nil {
			v.book = kept
		}
	}
	if err != nil {
		c.Log().Error("the books of the vial cannot be read: %v", err)
		v.book.ledger.NeedsHuman = true
		v.book.ledger.Alarm = "the books of the vial cannot be read; look at the vial, set its volume and acknowledge"
	}
}

// recover counts a dose that a crash cut off at its worst, and returns what was
// cut off with it counted.
func (v *vial) recover(c *actors.Context, cut []record) []record {
	open, before := v.book.ledger.Open, v.book.ledger.CurrentVolumeML
	next, err := v.book.ledger.Recover(c.Now(), v.limits)
	if err != nil {
		c.Log().Error("%v", err)
		return cut
	}
	v.book.ledger = next
	if open.ID == "" {
		return cut
	}
	if ml := next.CurrentVolumeML - before; ml > 0 {
		v.book.flowed(c.Now(), ml, before)
		who := record{Source: "recovery"}
		if len(cut) > 0 {
			cut[0].count(open.Pump, ml, before)
			who = cut[0]
		}
		c.Publish(actors.DosingEvent{Event: eventOf[open.Pump], VolumeML: ml, Source: who.Source})
	}
	return cut
}

// written answers the oldest save that waits.
func (v *vial) written(c *actors.Context, err error) {
	v.saved++
	if err != nil {
		c.Raise(notSaved, "high", fmt.Sprintf("The books of the vial cannot be written: %v. Nothing flows in until they can.", err), false)
	} else {
		c.Clear(notSaved)
	}
	then := v.then[v.saved]
	delete(v.then, v.saved)
	if then != nil {
		then(c, err)
	}
}

// save writes the books; then, if any, is called once they are on the disk or
// cannot be.
func (v *vial) save(c *actors.Context, then func(*actors.Context, error)) {
	v.remember()
	s, err := v.book.stored()
	if err != nil {
		panic(err) // a ledger that contradicts itself
	}
	v.saves++
	v.then[v.saves] = then
	c.Save(vialKey, s)
}

// remember notes which doses have not ended.
func (v *vial) remember() {
	v.book.pending = nil
	if v.active != nil {
		v.book.pending = append(v.book.pending, v.active.record)
	}
	for _, d := range v.queue {
		v.book.pending = append(v.book.pending, d.record)
	}
	v.memory.pending = v.book.pending
}

// alarm lets go once a person has taken note.
func (v *vial) alarm(c *actors.Context, a actors.Alarm) {
	switch {
	case a.Name == interrupted && a.Acked && v.book.ledger.Alarm != "":
		v.acknowledge(c)
	case a.Name == doseCheck && a.Acked:
		v.forgive(c)
	}
}

func (v *vial) acknowledge(c *actors.Context) {
	v.book.ledger = v.book.ledger.Acknowledge()
	c.Clear(interrupted)
	v.save(c, nil)
}

// publish says what the vial holds.
func (v *vial) publish(c *actors.Context) actors.Fact {
	l := v.book.ledger
	v.shown = v.book.dilution(c.Now())
	return c.Publish(actors.Vial{
		Number: l.Vial, VolumeML: l.CurrentVolumeML, EffluxML: l.EffluxTubeVolumeML, AltFraction: l.AltMediaFraction,
		MediaML: l.CumulativeMediaAddedML, AltMediaML: l.CumulativeAltMediaAddedML, WasteML: l.CumulativeWasteRemovedML,
		OwedWasteML: l.OwedWasteML, Generations: l.Generations, DilutionRatePerH: v.shown, LastDose: l.LastDoseAt,
		MaxFillML: v.limits.MaxFillML, LargestDoseML: v.cfg.MaxSubdoseML,
	})
}

// showDilution publishes the dilution rate as old doses leave its hour.
func (v *vial) showDilution(c *actors.Context) {
	if !v.ended && v.book.dilution(c.Now()) != v.shown {
		v.publish(c)
	}
}

// stopping closes the books in order: what runs is counted, nothing is begun.
func (v *vial) stopping(c *actors.Context) {
	if !v.started || v.ended {
		return
	}
	if v.active != nil {
		v.active.stop(shutdown)
	}
	if r := v.run; r != nil {
		v.finish(c, r.elapsed(c.Mono()), shutdown)
	} else if id := v.book.ledger.Open.ID; id != "" {
		v.abort(c, id)
	}
	if v.active != nil {
		v.conclude(c, v.active)
	}
	v.dismiss(c, shutdown, func(*dose) bool { return true })
	v.ended = true
	v.save(c, nil)
}

// command answers people and automations.
func (v *vial) command(c *actors.Context, cmd actors.Command) error {
	var err error
	switch body := cmd.Body.(type) {
	case actors.Dose:
		err = v.ask(c, cmd, body)
	case actors.StopDosing:
		v.stopAll(c, body)
	case actors.SetVial:
		err = v.correct(c, cmd, "", func(l ledger.Ledger) (ledger.Ledger, error) { return v.corrected(l, body) })
	case actors.SampleTaken:
		err = v.correct(c, cmd, "sample", func(l ledger.Ledger) (ledger.Ledger, error) { return l.Sample(body.ML) })
	case actors.SwapVial:
		err = v.correct(c, cmd, "swap", func(l ledger.Ledger) (ledger.Ledger, error) { return v.swapped(c, l, body) })
	case actors.KeepDosing:
		if d := v.find(body.ID); d != nil {
			d.renew(c.Mono())
		}
	case actors.WasteSeen:
		err = v.wasteSeen(c)
	case actors.SetBottle:
		err = v.setBottle(c, cmd, body)
	case actors.Acknowledge:
		v.acknowledge(c)
		v.forgive(c)
	default:
		err = actors.Refuse("unknown_command", "vial: cannot do %T", cmd.Body)
	}
	v.advance(c)
	return err
}

var _ actors.Job = (*vial)(nil)
