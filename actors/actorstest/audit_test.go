package actorstest_test

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// rules are what must hold in a house whatever happens to it, each with the
// sentence it guards.
var rules = map[string]string{
	"leased":     "Every energy-carrying output is leased: value, deadline, owner. An expired lease means the safe value.",
	"dark":       "Safe is 0 for pumps, heater, IR and UV: the IR LED never shines for longer than a window.",
	"begun once": "A restart never causes a dose; a repeated dose ID is answered from memory, a late one is refused.",
	"ended once": "Every accepted dose ends in exactly one Dosed.",
	"asked for":  "No dose begins that nobody asked for in this boot.",
	"its size":   "A pump's lease is never longer than its dose.",
	"reserved":   "No inflow without a dose: nothing flows in that is not reserved on the disk.",
	"stopped":    "Stop is stop: no inflow after it.",
	"owed first": "Owed waste is finished before any inflow.",
	"unwritten":  "If state cannot be written, inflow is refused.",
	"room":       "The true volume is never above the vial's capacity.",
	"ledger":     "The ledger is the sum of the dosing events, and never less than what flowed.",
	"settle":     "The host withholds OD readings while dosing and for 30 s afterwards: no double dose on one bubble.",
	"paused":     "Pause stops dosing and OD, whatever crashes meanwhile.",
	"held":       "What is held sleeps, whoever wants it awake.",
	"window":     "No duty change inside an OD window, or the reading is flagged.",
	"flagged":    "Samples taken with a pump on are flagged and never used for control.",
	"lifecycle":  "Every transition of a job is one that its life allows.",
	"awake":      "A sleeper is woken by nobody but who asks for it.",
	"ended":      "A stopped job has no mailbox: no queued command, timer or late answer revives it or its outputs.",
	"doubled":    "One job of a name by construction, since a job's name is its address.",
	"lost":       "A spent budget ends in lost and an alarm.",
	"alarm":      "A latched alarm stays until somebody acknowledges it.",
	"answered":   "Every command gets exactly one reply, and a late one is refused.",
	"epoch":      "Actuator commands carry an epoch; an older one is refused.",
	"expired":    "A late command is refused, and nothing happens.",
	"settings":   "A change that was accepted is true and survives crash and power cut; a refused one changes nothing.",
	"survives":   "State survives: ledger, owed waste, pause, blank and the jobs that run are what they were before the power cut.",
	"retained":   "What is retained is true: duties, lights, states and the vial are what the twin and the actors are.",
	"observed":   "Vital facts never drop, and come in order; a full observer holds back only new doses.",
	"owner gone": "A failing job's outputs go safe first, before it is started again.",
	"light back": "After a window every light is what its owner set.",
	"released":   "Only its owner lets an output go.",
	"heat off":   "The heater is off when nobody who is awake wants heat, an inference under way included.",
	"goes on":    "A failed job is restarted with its settings, and the culture goes on.",
}

// finding is one broken rule.
type finding struct {
	rule, text string
	at         time.Duration
}

func (f finding) String() string { return fmt.Sprintf("%v [%s] %s", f.at, f.rule, f.text) }

// audit watches a house and notes every rule that is broken. It believes the
// twin's true state, what was published and what was asked, nothing in between.
type audit struct {
	h      *actorstest.House
	broken []finding
	boot   string
	faulty map[sim.FaultKind]bool // that were ever injected
	full   bool                   // the disk
	since  time.Duration          // of full
	lossy  bool                   // the disk has failed in this boot: books and wishes may be older than they were
	jumped time.Duration          // when the wall clock was last set; −1 never

	leases
	doses
	windows
	lives
	keeps
	answers
}

func newAudit() *audit {
	return &audit{faulty: map[sim.FaultKind]bool{}, jumped: -1, leases: newLeases(), doses: newDoses(), windows: newWindows(),
		lives: newLives(), keeps: newKeeps(), answers: newAnswers()}
}

func (a *audit) say(rule, format string, args ...any) {
	if rules[rule] == "" {
		panic("no rule " + rule)
	}
	if len(a.broken) < 20 {
		a.broken = append(a.broken, finding{rule, fmt.Sprintf(format, args...), a.now()})
	}
}

// now is the time since the vial exists, over all boots.
func (a *audit) now() time.Duration {
	if a.h == nil {
		return 0
	}
	return a.h.Lived()
}

// spy sees every message as it was sent, before a planted defect touches it.
func (a *audit) spy(to string, msg any) {
	a.leases.spy(a, to, msg)
	a.doses.spy(a, to, msg)
	a.windows.spy(a, to, msg)
	a.answers.spy(a, to, msg)
}

func (a *audit) fact(f actors.Fact) {
	a.boot = f.About().Boot
	a.leases.fact(a, f)
	a.doses.fact(a, f)
	a.windows.fact(a, f)
	a.lives.fact(a, f)
	a.keeps.fact(a, f)
	a.answers.fact(f)
}

// look checks what must hold at every instant.
func (a *audit) look() {
	t := a.h.Board.Truth()
	a.leases.look(a, t)
	a.doses.look(a, t)
	a.lives.look(a)
}

// cut is a power cut: what was in the air is gone.
func (a *audit) cut() {
	a.leases.cut()
	a.doses.cut(a)
	a.windows.cut()
	a.lives.cut()
	a.answers.cut()
}

// run lets d pass, looking often.
func (a *audit) run(d time.Duration) {
	const often = 250 * time.Millisecond
	for ; d > 0; d -= often {
		a.h.Run(min(d, often))
		a.look()
	}
}

func inflow(t sim.Truth) float64 {
	return t.Pump(hw.Media).MovedML + t.Pump(hw.AltMedia).MovedML
}

func inflowOn(t sim.Truth) bool { return t.Pump(hw.Media).On || t.Pump(hw.AltMedia).On }

// latest is the retained fact of type T with key, or the zero one.
func latest[T actors.Retained](a *audit, key string) T {
	f, _ := actors.LatestOf[T](a.h.System, key)
	return f
}
