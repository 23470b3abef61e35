package device

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// checker watches a rig and lists every broken rule.
type checker struct {
	r       *rig
	broken  []string
	current string             // the dose between DoseStarted and Dosed
	moved   map[string]float64 // inflow by dose, mL
	stopped map[string]bool    // doses that were stopped
	dosed   map[string]int
	refused map[string]int
	last    time.Duration
	crashed bool // an actor failed, or state was lost: the books may be on the full side
}

func newChecker(r *rig) *checker {
	return &checker{r: r, moved: map[string]float64{}, stopped: map[string]bool{}, dosed: map[string]int{}, refused: map[string]int{}}
}

func (k *checker) bad(format string, args ...any) {
	if len(k.broken) < 10 {
		k.broken = append(k.broken, fmt.Sprintf("at %v: ", k.r.clk.Mono())+fmt.Sprintf(format, args...))
	}
}

func isInflow(name string) bool { return name == "pump/media" || name == "pump/alt_media" }

// wrote is called with every write to the hardware.
func (k *checker) wrote(name string, percent float64) {
	if percent > 0 && isInflow(name) {
		k.inflowBegins(name)
	}
}

func (k *checker) inflowBegins(name string) {
	owed := k.r.vial().OwedWasteML
	if d := k.r.asked[k.current]; owed > 0 && !(name == "pump/alt_media" && d.MediaML > 0) {
		k.bad("%s on while %.3f mL of waste is owed from before", name, owed)
	}
	if k.stopped[k.current] {
		k.bad("%s on for dose %q that was stopped", name, k.current)
	}
	text, _, err := k.r.store.Load(vialKey)
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

// stopping is called when StopDosing is sent.
func (k *checker) stopping() {
	for id := range k.r.asked {
		k.stopped[id] = true
	}
}

func (k *checker) fact(f actors.Fact) {
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
		if f.VolumeML > full {
			k.bad("ledger holds %.3f mL of %.3f", f.VolumeML, full)
		}
	case actors.OwnerGone:
		if f.Owner == vialName || f.Owner == pumpsName {
			k.crashed = true
		}
	}
}

// step is called after every turn of any actor.
func (k *checker) step() {
	now := k.r.clk.Mono()
	for _, name := range []string{ledsName, pumpsName, stirrerName} {
		if b := k.r.bank(name); b != nil {
			for _, p := range b.parts {
				k.leased(b, p, now)
			}
		}
	}
	if now > k.last {
		k.flowed(now)
	}
}

// leased: an output is on under a living lease, or in the light of a window.
func (k *checker) leased(b *bank, p *part, now time.Duration) {
	on := k.r.board.outs[p.name].value
	if on == 0 {
		return
	}
	if b.hush != nil && b.hush.forced[p.name] > 0 {
		return
	}
	out, _ := b.table.Output(p.name)
	if until, held := out.Deadline(); !held || now > until {
		k.bad("%s on without a lease", p.name)
	}
}

// flowed: what came in since last belongs to a dose, and is no more than it wants.
func (k *checker) flowed(now time.Duration) {
	dt := (now - k.last).Seconds()
	k.last = now
	for name, o := range k.r.board.outs {
		if !isInflow(name) || o.value == 0 {
			continue
		}
		d := k.r.asked[k.current]
		want := d.MediaML + d.AltMediaML + slope*d.For.Seconds()
		if !k.r.direct[k.current] {
			want += 2 * DefaultConfig().MinDoseML // carried forward from earlier doses
		}
		if k.moved[k.current] += slope * dt; k.current == "" || k.moved[k.current] > want+1e-6 {
			k.bad("%s on: dose %q has %.4f of %.4f mL", name, k.current, k.moved[k.current], want)
		}
		if k.stopped[k.current] {
			k.bad("%s still on for dose %q that was stopped", name, k.current)
		}
	}
	if k.r.board.volumeML > full {
		k.bad("the vial holds %.3f mL of %.3f", k.r.board.volumeML, full)
	}
}

// end is called when everything should be at rest.
func (k *checker) end() []string {
	for id := range k.r.asked {
		accepted := k.r.direct[id] && k.r.answer[id].OK
		if n := k.dosed[id] + k.refused[id]; accepted && k.dosed[id] != 1 || n != 1 {
			k.bad("dose %s (accepted: %v) ended in %d Dosed and %d DoseRefused", id, accepted, k.dosed[id], k.refused[id])
		}
	}
	for _, name := range []string{ledsName, pumpsName, stirrerName} {
		b := k.r.bank(name)
		if b == nil || b.hush != nil || len(b.queue) > 0 {
			k.bad("%s is still hushed", name)
		}
	}
	for name, o := range k.r.board.outs {
		if strings.HasPrefix(name, "pump/") && o.value > 0 || name == "led/A" && o.value > 0 {
			k.bad("%s is still on", name)
		}
	}
	got, want := k.r.vial().VolumeML, k.r.board.volumeML
	if got < want-1e-6 || !k.crashed && math.Abs(got-want) > 1e-6 {
		k.bad("ledger holds %.4f mL, the vial %.4f mL", got, want)
	}
	return k.broken
}
