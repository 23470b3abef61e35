package actorstest_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// audit watches a house and notes every rule that is broken. It believes the
// twin's true state and what was published, nothing in between.
type audit struct {
	h      *actorstest.House
	broken []string

	sent    map[string]wish          // doses asked for, by command ID
	open    map[string]bool          // doses begun and not ended
	begun   map[string]int           // how often each began
	ended   map[string]int           // and ended
	boot    string                   // of the newest fact
	media   float64                  // highest cumulative media of the ledger
	asleep  map[string]bool          // jobs that were told to sleep and not to wake
	gone    map[string]time.Duration // jobs that crashed while their dose ran
	stopped bool                     // no inflow is allowed
	still   float64                  // inflow that had been moved when it was stopped
	lit     time.Duration            // since when the IR LED shines; −1: dark
	dosed   time.Duration            // end of the automation's last dose
	auto    map[string]bool          // doses of the automation
	on      map[int]time.Time        // pumps that are on, and since when
	runs    [][2]time.Time           // and when they were
	lossy   bool                     // the disk has failed: what ended may be told again
}

// wish is a dose that somebody asked for.
type wish struct {
	dose actors.Dose
	boot string
}

func newAudit(h *actorstest.House) *audit {
	a := &audit{h: h, sent: map[string]wish{}, open: map[string]bool{}, begun: map[string]int{}, ended: map[string]int{},
		asleep: map[string]bool{}, gone: map[string]time.Duration{}, lit: -1, dosed: -time.Hour, auto: map[string]bool{}, on: map[int]time.Time{}}
	h.OnFact(a.fact)
	return a
}

func (a *audit) say(format string, args ...any) {
	if len(a.broken) < 20 {
		a.broken = append(a.broken, a.h.Lived().String()+": "+fmt.Sprintf(format, args...))
	}
}

func (a *audit) fact(f actors.Fact) {
	a.boot = f.About().Boot
	switch f := f.(type) {
	case actors.DoseStarted:
		a.started(f)
	case actors.Dosed:
		a.finished(f)
	case actors.Vial:
		if f.MediaML < a.media-1e-9 {
			a.say("the ledger forgot media: %.3f mL after %.3f mL", f.MediaML, a.media)
		}
		a.media = max(a.media, f.MediaML)
	case actors.JobState:
		if f.State == actors.Ready && f.From == actors.Sleeping && a.asleep[f.Job] {
			a.say("%s woke up by itself", f.Job)
		}
	case protocol.PWMDuty:
		if f.Channel >= 2 && f.Channel <= 4 {
			a.pumped(f)
		}
	case actors.ODReading:
		if f.Quality.Grade == actors.Good && a.pumping(f.At, a.h.Clock.Now()) {
			a.say("a reading with a pump on is called good")
		}
	}
}

// pumped notes when pumps go on and off.
func (a *audit) pumped(f protocol.PWMDuty) {
	since, on := a.on[f.Channel]
	switch {
	case f.Percent > 0 && !on:
		a.on[f.Channel] = f.At
	case f.Percent == 0 && on:
		delete(a.on, f.Channel)
		a.runs = append(a.runs, [2]time.Time{since, f.At})
	}
}

// pumping reports whether a pump was on between from and to.
func (a *audit) pumping(from, to time.Time) bool {
	for _, since := range a.on {
		if since.Before(to) {
			return true
		}
	}
	return slices.ContainsFunc(a.runs, func(r [2]time.Time) bool { return r[0].Before(to) && r[1].After(from) })
}

func (a *audit) started(f actors.DoseStarted) {
	a.begun[f.ID]++
	a.open[f.ID] = true
	if a.begun[f.ID] > 1 {
		a.say("dose %s began %d times", f.ID, a.begun[f.ID])
	}
	if strings.HasPrefix(f.Source, "dosing_automation") {
		a.auto[f.ID] = true
		if s := a.h.State("dosing_automation"); s != actors.Ready {
			a.say("an automation that is %s doses", s)
		}
		if since := a.h.Lived() - a.dosed; since < actors.Settle {
			a.say("the automation dosed again after %v", since)
		}
		return
	}
	if w, known := a.sent[f.ID]; !known || w.boot != a.boot {
		a.say("dose %q began and nobody asked for it in this boot", f.ID)
	}
}

func (a *audit) finished(f actors.Dosed) {
	delete(a.open, f.ID)
	a.ended[f.ID]++
	if a.ended[f.ID] > 1 && !(a.lossy && f.Cut == "crash") {
		a.say("dose %s ended %d times", f.ID, a.ended[f.ID])
	}
	if a.auto[f.ID] && f.Cut != "crash" {
		a.dosed = a.h.Lived()
	}
	if w, known := a.sent[f.ID]; known && f.Cut != "crash" && f.MediaML > 1.02*w.dose.MediaML+0.01 {
		a.say("dose %s of %.3f mL moved %.3f mL", f.ID, w.dose.MediaML, f.MediaML)
	}
}

// onlyAuto reports that no dose but the automation's runs.
func (a *audit) onlyAuto() bool {
	for id := range a.open {
		if !a.auto[id] {
			return false
		}
	}
	return true
}

func (a *audit) inflow() float64 {
	t := a.h.Board.Truth()
	return t.Pump(hw.Media).MovedML + t.Pump(hw.AltMedia).MovedML
}

// look checks what must hold at every instant.
func (a *audit) look() {
	t := a.h.Board.Truth()
	if t.OverflowML > 0 || t.VolumeML > 18+1e-6 {
		a.say("the vial holds %.2f mL, %.2f mL went over the brim", t.VolumeML, t.OverflowML)
	}
	if (t.Pump(hw.Media).On || t.Pump(hw.AltMedia).On) && len(a.open) == 0 {
		a.say("an inflow pump is on and no dose runs")
	}
	if a.stopped && a.inflow() > a.still+0.01 {
		a.say("%.3f mL flowed in after the stop", a.inflow()-a.still)
		a.still = a.inflow()
	}
	for job, at := range a.gone {
		if a.h.Lived()-at > 100*time.Millisecond {
			if t.Pump(hw.Media).On && a.onlyAuto() {
				a.say("the pump of %s runs %v after it failed", job, a.h.Lived()-at)
			}
			delete(a.gone, job)
		}
	}
	a.light(t.LEDPct[0] > 0)
	// What the ledger counts is never less than what flowed, but for what flows now.
	if v, ok := actors.LatestOf[actors.Vial](a.h.System, ""); ok && len(a.open) == 0 {
		if moved := t.Pump(hw.Media).MovedML; v.MediaML < moved-0.02 {
			a.say("the ledger counts %.3f mL of media, %.3f mL flowed", v.MediaML, moved)
		}
	}
}

// light checks that the IR LED never shines for longer than its lease, 2 s.
func (a *audit) light(on bool) {
	switch {
	case !on:
		a.lit = -1
	case a.lit < 0:
		a.lit = a.h.Lived()
	case a.h.Lived()-a.lit > 2100*time.Millisecond: // the longest lease of a window
		a.say("the IR LED has been on for %v", a.h.Lived()-a.lit)
		a.lit = a.h.Lived()
	}
}

// run lets d pass, looking often.
func (a *audit) run(d time.Duration) {
	for ; d > 0; d -= 100 * time.Millisecond {
		a.h.Run(min(d, 100*time.Millisecond))
		a.look()
	}
}

// end checks what must hold once everything has come to rest: nothing broken
// is left, and what was set is what is true.
func (a *audit) end(target float64) {
	before := len(actorstest.Collect[actors.ODReadings](a.h))
	a.run(2 * time.Minute)
	for job, asleep := range a.asleep {
		delete(a.asleep, job)
		if asleep && !a.h.Do(job, actors.SetState{State: actors.Ready}).OK {
			a.say("%s cannot be woken", job)
		}
	}
	a.run(2 * time.Minute)
	for _, job := range jobs {
		if s := a.h.State(job); s != actors.Ready {
			a.say("%s is %s in the end", job, s)
		}
	}
	if n := len(actorstest.Collect[actors.ODReadings](a.h)) - before; n < 20 {
		a.say("%d OD readings in the last 4 min", n)
	}
	if s, _ := actors.LatestOf[actors.SettingChanged](a.h.System, "stirring/target_rpm"); s.Value != target {
		a.say("target_rpm is %v, set was %v", s.Value, target)
	}
	if rpm := a.h.Board.Truth().RPM; math.Abs(rpm-target) > 30 {
		a.say("the bar turns at %.0f rpm, wanted is %.0f", rpm, target)
	}
	a.h.Do("dosing_automation", actors.SetState{State: actors.Disconnected})
	a.run(2 * time.Minute)
	for id := range a.begun {
		if a.ended[id] == 0 {
			a.say("dose %s never ended", id)
		}
	}
}
