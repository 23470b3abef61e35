package actorstest_test

import (
	"maps"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// lives are the books of the jobs: what each is, and what it may become.
type lives struct {
	state      map[string]actors.State
	failed     map[string]bool   // it may begin anew
	asleep     map[string]bool   // by a person's wish
	wanted     map[string]bool   // it should run; absent: nobody knows
	automation map[string]string // by family
	anew       map[string]bool   // their parent failed: they are started as after a power cut
	lost       map[string]time.Duration
	alarms     map[string]actors.Alarm
	pause      bool // told so, and not resumed since
	kept       bool // the pause is on the disk
}

func newLives() lives {
	return lives{state: map[string]actors.State{}, failed: map[string]bool{}, asleep: map[string]bool{}, wanted: map[string]bool{},
		automation: map[string]string{}, anew: map[string]bool{}, lost: map[string]time.Duration{}, alarms: map[string]actors.Alarm{}}
}

// paused reports that nothing may move because a person works at the vial.
func (l *lives) paused() bool { return l.pause }

// cut starts all jobs anew; what was wanted still is.
func (l *lives) cut() {
	wanted, pause, kept := l.wanted, l.pause && l.kept, l.kept
	*l = newLives()
	l.wanted, l.pause, l.kept = wanted, pause, kept
}

// may is the graph of a job's life, as the manual draws it.
var may = map[actors.State][]actors.State{
	"":              {actors.Init, actors.Disconnected, actors.Lost},
	actors.Init:     {actors.Ready, actors.Disconnected, actors.Lost},
	actors.Ready:    {actors.Sleeping, actors.Disconnected, actors.Lost},
	actors.Sleeping: {actors.Ready, actors.Disconnected, actors.Lost},
}

func runs(s actors.State) bool { return s == actors.Init || s == actors.Ready || s == actors.Sleeping }

func (l *lives) fact(a *audit, f actors.Fact) {
	switch f := f.(type) {
	case actors.JobState:
		l.became(a, f)
	case actors.OwnerGone:
		l.failed[f.Owner] = true
		if f.Owner == "experiment" {
			for job := range l.state {
				l.anew[job] = true
			}
		}
	case actors.SettingChanged:
		if s := l.state[f.Job]; f.Value != nil && !runs(s) {
			a.say("ended", "%s is %q and shows %s", f.Job, s, f.Setting)
		}
	case actors.AutomationEvent:
		if s := l.state[f.Job]; !runs(s) {
			a.say("ended", "%s is %q and acts: %s", f.Job, s, f.Name)
		}
	case actors.AutomationSettings:
		l.automation[f.Job] = f.Automation
	case actors.Alarm:
		if old := l.alarms[f.Name]; old.Active && old.Latched && !old.Acked && !f.Active && !f.Acked {
			a.say("alarm", "%s is latched and left by itself", f.Name)
		}
		l.alarms[f.Name] = f
	}
}

func (l *lives) became(a *audit, f actors.JobState) {
	before := l.state[f.Job]
	l.state[f.Job] = f.State
	begins := f.From == ""
	switch {
	case begins && runs(before) && !l.failed[f.Job]:
		a.say("doubled", "%s is %s and starts another time", f.Job, before)
	case f.From == f.State && f.State == before: // said once more: somebody asked for a sign
		return
	case !begins && f.From != before:
		a.say("lifecycle", "%s was %q and says it was %q", f.Job, before, f.From)
	case !slices.Contains(may[f.From], f.State):
		a.say("lifecycle", "%s goes from %q to %s", f.Job, f.From, f.State)
	}
	cover.moves.count(orNone(before), string(f.State))
	switch f.State {
	case actors.Ready:
		if f.From == actors.Sleeping && l.asleep[f.Job] {
			a.say("awake", "%s woke up by itself", f.Job)
		}
		delete(l.failed, f.Job)
	case actors.Lost:
		l.lost[f.Job] = a.now()
	case actors.Init:
		delete(l.lost, f.Job)
		if l.anew[f.Job] {
			delete(l.anew, f.Job)
			delete(l.asleep, f.Job)
			a.halted = a.halted && f.Job != "dosing_automation"
		}
	}
}

// steers reports that dosing is by OD: its automation waits for settled readings.
func (a *audit) steers() bool {
	name := a.automation["dosing_automation"]
	return name == "hungry" || name == "turbidostat"
}

func (l *lives) look(a *audit) {
	for job, s := range l.state {
		if held := latest[actors.Held](a, job); held.Why != "" && s == actors.Ready {
			a.say("held", "%s is ready while it is held: %s", job, held.Why)
		}
	}
	for job := range l.lost {
		if alarm := latest[actors.Alarm](a, job+"_lost"); !alarm.Active {
			a.say("lost", "%s is lost and no alarm says so", job)
		}
		delete(l.lost, job)
	}
}

// running are the jobs that should run and do.
func (l *lives) running() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.wanted)), func(job string) bool { return !l.wanted[job] })
}
