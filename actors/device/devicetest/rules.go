package devicetest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

// rules watch a rig and list every one that is broken.
type rules struct {
	r       *Rig
	broken  []string
	lossy   bool                   // an actor failed, or state was lost: the books may be on the full side
	asked   map[string]actors.Dose // by ID
	direct  map[string]bool        // asked of the vial itself
	current string                 // the dose between DoseStarted and Dosed
	moved   map[string]float64     // inflow by dose, mL
	stopped map[string]bool        // doses that were stopped
	dosed   map[string]int
	refused map[string]int
	drives  map[string]time.Duration // length of the last Drive of each output
	until   map[string]time.Duration // on Mono: its last lease
	last    time.Duration
}

func newRules(r *Rig) *rules {
	return &rules{r: r, asked: map[string]actors.Dose{}, direct: map[string]bool{}, moved: map[string]float64{}, stopped: map[string]bool{},
		dosed: map[string]int{}, refused: map[string]int{}, drives: map[string]time.Duration{}, until: map[string]time.Duration{}}
}

// Inherit takes over the vial of a rig whose process is no more.
func (k *rules) Inherit(old *Rig) {
	k.r.Board.VolumeML, k.asked, k.lossy = old.Board.VolumeML, old.asked, true
}

// Lossy says that from now on the books may be on the full side.
func (k *rules) Lossy() { k.lossy = true }

// Doses is how many have ended in a Dosed.
func (k *rules) Doses() int { return len(k.dosed) }

func (k *rules) bad(format string, args ...any) {
	if len(k.broken) < 10 {
		k.broken = append(k.broken, fmt.Sprintf("at %v: ", k.r.Clock.Mono())+fmt.Sprintf(format, args...))
	}
}

// wrote is called with every write to the hardware.
func (k *rules) wrote(name string, percent float64) {
	if percent > 0 {
		k.lent(name)
	}
	if percent > 0 && inflow(name) {
		k.inflowBegins(name)
	}
}

func (k *rules) inflowBegins(name string) {
	owed := k.r.Vial().OwedWasteML
	if d := k.asked[k.current]; owed > 0 && !(name == "pump/alt_media" && d.MediaML > 0) {
		k.bad("%s on while %.3f mL of waste is owed from before", name, owed)
	}
	if k.stopped[k.current] {
		k.bad("%s on for dose %q that was stopped", name, k.current)
	}
	text, _, err := k.r.Store.Load("vial")
	var s struct {
		Ledger struct {
			Ledger struct{ Open struct{ Pump string } }
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if got := "pump/" + s.Ledger.Ledger.Open.Pump; err != nil || got != name {
		k.bad("%s on with %q reserved on the disk (%v)", name, got, err)
	}
}

// sent is called with every command.
func (k *rules) sent(id, target string, body any) {
	switch body := body.(type) {
	case actors.Dose:
		k.asked[id], k.direct[id] = body, target == "vial"
	case actors.StopDosing:
		for id := range k.asked {
			k.stopped[id] = true
		}
	}
}

// message is called with every message before an actor gets it.
func (k *rules) message(msg any) {
	switch m := msg.(type) {
	case protocol.Drive:
		k.drives[m.Output] = m.For
	case protocol.Driven:
		if m.OK {
			k.lent(m.Output)
		}
	}
}

// lent: a lease began, or was renewed.
func (k *rules) lent(output string) { k.until[output] = k.r.Clock.Mono() + k.drives[output] }

func (k *rules) fact(f actors.Fact) {
	switch f := f.(type) {
	case actors.DoseStarted:
		k.current = f.ID
	case actors.Dosed:
		k.dosed[f.ID]++
		if k.current == f.ID {
			k.current = ""
		}
		if got, want := k.moved[f.ID], f.MediaML+f.AltMediaML; got > want+1e-6 {
			k.bad("dose %s moved %.4f mL in, Dosed says %.4f", f.ID, got, want)
		}
	case actors.DoseRefused:
		k.refused[f.ID]++
	case actors.Vial:
		if f.VolumeML > FullML {
			k.bad("ledger holds %.3f mL of %.3f", f.VolumeML, FullML)
		}
	case actors.OwnerGone:
		if f.Owner == "vial" || f.Owner == "pumps" {
			k.lossy = true
		}
	}
}

// step is called after every turn of any actor.
func (k *rules) step() {
	now := k.r.Clock.Mono()
	for name, o := range k.r.Board.Outs {
		if leased := !strings.HasPrefix(name, "led/"); leased && o.Percent > 0 && now > k.until[name] {
			k.bad("%s on without a lease", name)
		}
	}
	if now > k.last {
		k.flowed(now)
	}
}

// flowed: what came in since last belongs to a dose, and is no more than it wants.
func (k *rules) flowed(now time.Duration) {
	dt := (now - k.last).Seconds()
	k.last = now
	for name, o := range k.r.Board.Outs {
		if !inflow(name) || o.Percent == 0 {
			continue
		}
		d := k.asked[k.current]
		want := d.MediaML + d.AltMediaML + SlopeMLPerS*d.For.Seconds()
		if !k.direct[k.current] {
			want += 2 * unread.MinDoseML // carried forward from earlier doses
		}
		if k.moved[k.current] += SlopeMLPerS * dt; k.current == "" || k.moved[k.current] > want+1e-6 {
			k.bad("%s on: dose %q has %.4f of %.4f mL", name, k.current, k.moved[k.current], want)
		}
		if k.stopped[k.current] {
			k.bad("%s still on for dose %q that was stopped", name, k.current)
		}
	}
	if k.r.Board.VolumeML > FullML {
		k.bad("the vial holds %.3f mL of %.3f", k.r.Board.VolumeML, FullML)
	}
}

// AtEnd fails the test unless every rule has held, and all is at rest by now.
func (k *rules) AtEnd() {
	k.r.T.Helper()
	if broken := k.End(); len(broken) > 0 {
		k.r.T.Error(broken)
	}
}

// End is every rule that was broken, when all should be at rest.
func (k *rules) End() []string {
	for id := range k.asked {
		accepted := k.direct[id] && k.r.answers[id].OK
		if n := k.dosed[id] + k.refused[id]; accepted && k.dosed[id] != 1 || n != 1 {
			k.bad("dose %s (accepted: %v) ended in %d Dosed and %d DoseRefused", id, accepted, k.dosed[id], k.refused[id])
		}
	}
	for name, o := range k.r.Board.Outs {
		if strings.HasPrefix(name, "pump/") && o.Percent > 0 || name == "led/A" && o.Percent > 0 {
			k.bad("%s is still on", name)
		}
	}
	got, want := k.r.Vial().VolumeML, k.r.Board.VolumeML
	if got < want-1e-6 || !k.lossy && math.Abs(got-want) > 1e-6 {
		k.bad("ledger holds %.4f mL, the vial %.4f mL", got, want)
	}
	k.obeyed()
	return k.broken
}

// obeyed: what an OD window kept quiet moves again.
func (k *rules) obeyed() {
	stirrer, light := k.r.Board.Outs["stirrer"], k.r.Board.Outs["led/D"]
	k.r.Tell(OD, "stirrer", protocol.Drive{Output: protocol.Stirrer, Percent: 1, For: time.Second, Owner: OD, Tag: "end"})
	k.r.Do("leds", actors.SetLED{Channel: "D", Percent: 1})
	if slices.Contains([]float64{stirrer.Percent, light.Percent}, 0) {
		k.bad("stirrer at %v %%, LED D at %v %%: still hushed", stirrer.Percent, light.Percent)
	}
	k.r.Tell(OD, "stirrer", protocol.Release{Output: protocol.Stirrer, Owner: OD, Tag: "end"})
	k.r.Do("leds", actors.SetLED{Channel: "D"})
}
