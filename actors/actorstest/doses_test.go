package actorstest_test

import (
	"math"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// doses are the books of the liquid.
type doses struct {
	wishes map[string]wish // doses asked for, by command ID
	open   map[string]bool // begun and not ended
	begun  map[string]int  // how often each began
	ended  map[string]int  // and ended
	auto   map[string]bool // of the automation
	taken  map[string]bool // accepted, by whoever asked from outside
	barred map[string]bool // stopped: they may not go on
	moved  map[string]float64
	before float64       // inflow that had moved at the last look
	still  float64       // inflow when it was stopped
	halted bool          // no inflow is allowed
	rested time.Duration // end of the automation's last dose
	sums   [3]float64    // of the dosing events: media, alt media, waste
	vial   actors.Vial   // as last published
	fresh  bool          // sums are to be taken from the next Vial
	gone   map[string]time.Duration
	epoch  uint64 // newest obeyed
}

// wish is a dose that somebody asked for.
type wish struct {
	dose actors.Dose
	boot string
}

func newDoses() doses {
	return doses{wishes: map[string]wish{}, open: map[string]bool{}, begun: map[string]int{}, ended: map[string]int{}, auto: map[string]bool{},
		taken: map[string]bool{}, barred: map[string]bool{}, moved: map[string]float64{}, gone: map[string]time.Duration{}, rested: -time.Hour, fresh: true}
}

// inflowML is the most that w may let in.
func (w wish) inflowML(a *audit) float64 {
	switch {
	case w.dose.Pump == "waste":
		return 0
	case w.dose.Continuously || w.dose.Circulate || len(w.dose.Sequence) > 0:
		return math.Inf(1) // until it is stopped, or the vial is full
	}
	return w.dose.MediaML + w.dose.AltMediaML + w.dose.For.Seconds()*a.h.Config.Bioreactor.MediaSlopeMLPerS
}

// spy notes what actors ask the vial for.
func (d *doses) spy(a *audit, to string, msg any) {
	cmd, ok := msg.(actors.Command)
	dose, is := cmd.Body.(actors.Dose)
	if !ok || !is || to != "vial" || cmd.Origin.Mouth != "actor" {
		return
	}
	if _, known := d.wishes[cmd.ID]; !known {
		d.wishes[cmd.ID] = wish{dose, a.h.System.Boot()}
		d.auto[cmd.ID] = true
	}
}

func (d *doses) fact(a *audit, f actors.Fact) {
	switch f := f.(type) {
	case actors.DoseStarted:
		d.started(a, f)
	case actors.Dosed:
		d.finished(a, f)
	case actors.DosingEvent:
		d.sums[map[string]int{"add_media": 0, "add_alt_media": 1, "remove_waste": 2}[f.Event]] += f.VolumeML
	case actors.Vial:
		d.booked(a, f)
	case protocol.PWMDuty:
		if f.Percent > 0 && (f.Channel == 2 || f.Channel == 3) {
			d.flows(a, f.Channel)
		}
	}
}

func (d *doses) started(a *audit, f actors.DoseStarted) {
	d.begun[f.ID]++
	d.open[f.ID] = true
	w, known := d.wishes[f.ID]
	switch {
	case d.begun[f.ID] > 1:
		a.say("begun once", "dose %s began %d times", f.ID, d.begun[f.ID])
	case !known || w.boot != a.boot:
		a.say("asked for", "dose %q began and nobody asked for it in this boot", f.ID)
	case d.barred[f.ID]:
		a.say("stopped", "dose %s began after it was stopped", f.ID)
	case w.inflowML(a) > 0 && a.paused():
		a.say("paused", "dose %s began in a pause", f.ID)
	}
	if d.auto[f.ID] && strings.HasPrefix(f.Source, "dosing_automation") {
		if s := a.h.State("dosing_automation"); s != actors.Ready {
			a.say("ended", "an automation that is %s doses", s)
		}
		if since := a.now() - d.rested; since < actors.Settle && a.steers() {
			a.say("settle", "the automation dosed again after %v", since)
		}
	}
}

func (d *doses) finished(a *audit, f actors.Dosed) {
	delete(d.open, f.ID)
	d.ended[f.ID]++
	if d.ended[f.ID] > 1 && !(a.lossy && f.Cut == "crash") {
		a.say("ended once", "dose %s ended %d times", f.ID, d.ended[f.ID])
	}
	if d.auto[f.ID] && f.Cut != "crash" && f.MediaML+f.AltMediaML > 0 {
		d.rested = a.now()
	}
	w, known := d.wishes[f.ID]
	if wanted := w.inflowML(a); known && f.Cut != "crash" && f.MediaML+f.AltMediaML > 1.02*wanted+0.01 {
		a.say("its size", "dose %s of %.3f mL moved %.3f mL", f.ID, wanted, f.MediaML+f.AltMediaML)
	}
}

// booked compares the ledger with the sum of what it told.
func (d *doses) booked(a *audit, f actors.Vial) {
	if f.Number != d.vial.Number || d.fresh {
		d.sums, d.fresh = [3]float64{f.MediaML, f.AltMediaML, f.WasteML}, false
	}
	d.vial = f
	for i, counted := range [...]float64{f.MediaML, f.AltMediaML} {
		if math.Abs(counted-d.sums[i]) > 1e-6 {
			a.say("ledger", "the ledger counts %.4f mL, the dosing events %.4f mL", counted, d.sums[i])
			d.sums[i] = counted
		}
	}
}

// flows judges an inflow pump that goes on.
func (d *doses) flows(a *audit, channel int) {
	var id string
	for id = range d.open {
		if d.barred[id] {
			a.say("stopped", "a pump goes on for dose %s that was stopped", id)
		}
	}
	mixed := channel == 3 && d.wishes[id].dose.MediaML > 0 // the media of the same dose owes already
	if d.vial.OwedWasteML > 1e-6 && !mixed {
		a.say("owed first", "an inflow pump goes on while %.3f mL of waste is owed", d.vial.OwedWasteML)
	}
	if a.full && a.now()-a.since > 4*time.Second {
		a.say("unwritten", "an inflow pump goes on with a disk that has been full for %v", a.now()-a.since)
	}
	if a.paused() {
		a.say("paused", "an inflow pump goes on in a pause")
	}
}

func (d *doses) look(a *audit, t sim.Truth) {
	if t.OverflowML > 0 || t.VolumeML > 18+1e-6 {
		a.say("room", "the vial holds %.2f mL, %.2f mL went over the brim", t.VolumeML, t.OverflowML)
	}
	if inflowOn(t) && len(d.open) == 0 {
		a.say("reserved", "an inflow pump is on and no dose runs")
	}
	now := inflow(t)
	for id := range d.open {
		if d.moved[id] += now - d.before; d.moved[id] > 1.02*d.wishes[id].inflowML(a)+0.05 {
			a.say("its size", "dose %s let in %.3f mL, wanted were %.3f mL", id, d.moved[id], d.wishes[id].inflowML(a))
			d.moved[id] = -100
		}
		if d.barred[id] && inflowOn(t) {
			a.say("stopped", "an inflow pump is on for dose %s that was stopped", id)
		}
	}
	d.before = now
	if d.halted && now > d.still+0.01 {
		a.say("stopped", "%.3f mL flowed in after the stop", now-d.still)
		d.still = now
	}
	if a.paused() && inflowOn(t) {
		a.say("paused", "an inflow pump is on in a pause")
	}
	d.orphans(a, t)
	if len(d.open) == 0 && d.vial.Number == 0 {
		if moved := t.Pump(hw.Media).MovedML; d.vial.MediaML < moved-0.02 && d.vial.Unit != "" {
			a.say("ledger", "the ledger counts %.3f mL of media, %.3f mL flowed", d.vial.MediaML, moved)
		}
	}
}

// orphans are pumps that run on for an automation that failed.
func (d *doses) orphans(a *audit, t sim.Truth) {
	for job, at := range d.gone {
		if a.now()-at <= 100*time.Millisecond {
			continue
		}
		if t.Pump(hw.Media).On && d.onlyAuto() {
			a.say("owner gone", "the pump of %s runs %v after it failed", job, a.now()-at)
		}
		delete(d.gone, job)
	}
}

// onlyAuto reports that no dose but the automation's runs.
func (d *doses) onlyAuto() bool {
	for id := range d.open {
		if !d.auto[id] {
			return false
		}
	}
	return true
}

// bar forbids every dose so far to go on: they were stopped.
func (d *doses) bar() {
	for id := range d.wishes {
		if d.ended[id] == 0 {
			d.barred[id] = true
		}
	}
}

func (d *doses) cut(a *audit) {
	clear(d.gone)
	d.halted = false
	d.fresh = d.fresh || a.lossy
}

// lostBooks forgets the doses that a full disk could not keep over a power cut.
func (d *doses) lostBooks() {
	for _, known := range []map[string]bool{d.taken, d.open} {
		clear(known)
	}
	for id := range d.begun {
		d.ended[id] = max(d.ended[id], 1)
	}
}

// finish checks that what was taken in came to an end.
func (d *doses) finish(a *audit) {
	for id := range d.begun {
		if d.ended[id] == 0 {
			a.say("ended once", "dose %s began and never ended", id)
		}
	}
	for id := range d.taken {
		if d.ended[id] == 0 && !a.lossy {
			a.say("ended once", "dose %s was accepted and never ended", id)
		}
	}
}
