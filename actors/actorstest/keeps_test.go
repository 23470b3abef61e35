package actorstest_test

import (
	"math"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// keeps are the books of what outlives a crash and a power cut.
type keeps struct {
	took   map[string]accepted // settings, by job and name
	before kept                // the newest power cut
}

// accepted is a setting that somebody changed.
type accepted struct {
	value any
	at    time.Duration
}

// kept is what the house knew.
type kept struct {
	vial    actors.Vial
	blank   actors.Blank
	pause   actors.VialState
	resting bool // no dose was open
}

func newKeeps() keeps { return keeps{took: map[string]accepted{}} }

func (k *keeps) fact(a *audit, f actors.Fact) {
	if s, ok := f.(actors.JobState); ok && s.State == actors.Disconnected {
		k.forget(s.Job)
	}
}

// forget drops what was set: the job may start with other settings.
func (k *keeps) forget(job string) {
	for name := range k.took {
		if strings.HasPrefix(name, job+"/") {
			delete(k.took, name)
		}
	}
}

// accept notes a setting that a job took, and checks that it took that one.
func (k *keeps) accept(a *audit, job, name string, value any) {
	shown := latest[actors.SettingChanged](a, job+"/"+name).Value
	want, number := value.(float64)
	if got, ok := shown.(float64); number && ok && math.Abs(got-want) > 1e-9*math.Abs(want) {
		a.say("settings", "%s/%s is %v after %v was accepted", job, name, got, want)
	}
	if shown == nil { // hidden while nothing is dodged, and shown when that begins
		shown = value
	}
	k.took[job+"/"+name] = accepted{shown, a.now()}
}

// check compares what is true with what was accepted.
func (k *keeps) check(a *audit) {
	for name, want := range k.took {
		got := latest[actors.SettingChanged](a, name).Value
		if got == nil && strings.HasSuffix(name, "_od_reading") {
			continue // such speeds are hidden while nothing is dodged
		}
		if got != want.value {
			a.say("settings", "%s is %v, accepted was %v", name, got, want.value)
			delete(k.took, name)
		}
	}
}

// remember is called just before a power cut.
func (k *keeps) remember(a *audit) {
	for name, s := range k.took {
		if a.lossy || a.now()-s.at < 200*time.Millisecond {
			delete(k.took, name) // it had no time to reach the disk
		}
	}
	experiment := latest[actors.JobState](a, "stirring").Experiment
	k.before = kept{latest[actors.Vial](a, ""), latest[actors.Blank](a, experiment), latest[actors.VialState](a, ""), len(a.open) == 0}
}

// recall compares what the house knows after a power cut with what it knew.
func (k *keeps) recall(a *audit, lossy bool) {
	now := latest[actors.Vial](a, "")
	was := k.before.vial
	if lossy || was.Unit == "" {
		return
	}
	if now.Number != was.Number || now.MediaML < was.MediaML-1e-6 || now.AltMediaML < was.AltMediaML-1e-6 || now.WasteML < was.WasteML-1e-6 || now.EffluxML != was.EffluxML {
		a.say("survives", "the ledger was %+v before the power cut and is %+v", was, now)
	}
	if owed := now.OwedWasteML; k.before.resting && owed < was.OwedWasteML-1e-6 && now.WasteML < was.WasteML+was.OwedWasteML-owed-1e-3 {
		a.say("survives", "%.3f mL of waste was owed before the power cut, %.3f mL is", was.OwedWasteML, owed)
	}
	if b := latest[actors.Blank](a, k.before.blank.Experiment); k.before.blank.ID != "" && b.ID != k.before.blank.ID {
		a.say("survives", "blank %q was in force before the power cut, %q is", k.before.blank.ID, b.ID)
	}
	if p := latest[actors.VialState](a, ""); p.Paused != k.before.pause.Paused {
		a.say("survives", "the vial was paused: %v before the power cut, is: %v", k.before.pause.Paused, p.Paused)
	}
	for job, want := range a.wanted {
		if s := a.h.State(job); want != runs(s) && s != actors.Lost {
			a.say("survives", "%s should run: %v, and is %q after the power cut", job, want, s)
		}
	}
	k.check(a)
}

// finish compares what is retained with what is true.
func (k *keeps) finish(a *audit) {
	k.check(a)
	t := a.h.Board.Truth()
	pumps := [...]hw.PumpRole{hw.Media, hw.AltMedia, hw.Waste}
	for i, role := range pumps {
		if d := latest[protocol.PWMDuty](a, string(rune('2'+i))); (d.Percent > 0) != t.Pump(role).On {
			a.say("retained", "pump %s is on: %v, published are %g %%", role, t.Pump(role).On, d.Percent)
		}
	}
	if d := latest[protocol.PWMDuty](a, "1"); d.Percent != t.StirrerPct {
		a.say("retained", "the stirrer is at %g %%, published are %g %%", t.StirrerPct, d.Percent)
	}
	l := latest[actors.LEDs](a, "")
	for i, percent := range [...]float64{l.A, l.B, l.C, l.D} {
		if percent != t.LEDPct[i] {
			a.say("retained", "LED %d is at %g %%, published are %g %%", i, t.LEDPct[i], percent)
		}
	}
	for job, s := range a.state {
		if up := a.h.System.Running(job); up != runs(s) {
			a.say("retained", "%s runs: %v, published is %q", job, up, s)
		}
		if got := a.h.State(job); got != s {
			a.say("retained", "%s was last said to be %q, retained is %q", job, s, got)
		}
	}
}
