// Package temperature is the actor "temperature": it measures the vial while a
// temperature automation runs, and holds the heater for it. Thermometer and
// heater share a board, so every few minutes the heater rests, the board's
// cooling is followed, and the vial's temperature is inferred from it (room
// inference); whether the heater may heat at all is the device's affair (room
// watch).
//
// It refuses to decide how much to heat: an automation does, with
// actors.Context.SetHeater, as in actors/automation; only after a dose it heats
// for longer, see chill.go. And it refuses to heat for
// anybody who is not there: when the automation sleeps, fails or ends, the
// heater is off before anything else happens, a measurement under way included.
//
//	unit.Node(devices, temperature.Spec(board.Info()), unit.Experiment(cfg))
package temperature

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/temperature/inference"
	"github.com/pioactor/pioactor/hw"
)

// Name is the actor's name.
const Name = "temperature"

// automation is the job that is served, and RoomSetting the setting of it that
// says how warm the room is, in °C; an automation without one is in 22 °C.
const (
	automation  = string(actors.Temperature)
	RoomSetting = "room_temperature_c"
)

const (
	lease      = 40 * time.Second // of the heater
	renewal    = 15 * time.Second // two tries before a lease ends
	retry      = 10 * time.Second // after a fault of the heater
	patience   = 4 * time.Second  // with a device: longer than an OD window and a reading
	reading    = 300 * time.Millisecond
	steady     = 60 * time.Second // of heat before a cool-down: both were recorded after such
	settledC   = 0.1              // between samples: an unheated board that is as warm as its vial
	mostPoured = 3                // measurements in a row given up because of doses: 13 min
	failures   = 3                // measurements in a row, then it is an alarm
)

// alarmUnknown is raised when the vial's temperature is not known for long.
const alarmUnknown = "temperature_unknown"

// Spec is the actor's spec for the unit's tree; info says which vial it is.
func Spec(info hw.Info) actors.Spec {
	plan := inference.For(info.Model, info.Version)
	return actors.Spec{Name: Name, New: func() actors.Job { return &keeper{plan: plan} }}
}

// keeper is the actor.
//
// Takes: SetHeater as a command from the automation; JobState and OwnerGone of
// it; Heater; DoseStarted and DosingEvent; Driven and Cut of the heater, TemperatureRead of the thermometer.
// Sends: Drive, Release, ReadTemperature; publishes VialTemperature and
// HeaterDuty; the alarm temperature_unknown.
// Fails by: nothing the hardware does. Its lease ends with it.
type keeper struct {
	plan       inference.Plan
	serving    bool // the automation is ready
	experiment string
	wanted     float64 // % by the automation
	shown      float64 // % as last published
	heater     actors.Heater
	since      time.Duration // when the heater was last really driven differently
	phase      phase
	gen        uint64 // of the phase: timers and answers of older ones are void
	tag        string // of the last Drive
	lost       bool   // the heater is not ours, against our will
	retry      actors.Timer
	ping       string        // the question to an automation that was there before us
	due        time.Duration // of the next measurement
	series     series
	failed     int // measurements in a row
	poured     int // measurements in a row that a dose spoilt
	chill      chill
	longer     time.Duration // than usual this heating lasts, because of doses
}

// phase is what the heater's rest is used for.
type phase int

const (
	idle      phase = iota // nobody is served
	heating                // or not, as the automation wants it
	quenching              // waiting for the heater to be off
	sampling
)

// Messages of the actor to itself.
type (
	beat   struct{ gen uint64 }
	begin  struct{ gen uint64 }
	sample struct {
		gen uint64
		n   int
	}
	overdue struct {
		gen uint64
		n   int
	}
	done  struct{ gen uint64 }
	again struct{}
)

// Receive implements actors.Job.
func (k *keeper) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		k.start(c)
	case actors.Command:
		return k.command(c, m)
	case actors.Reply:
		k.alive(c, m)
	case actors.JobState:
		k.jobState(c, m)
	case actors.OwnerGone:
		k.gone(c, m.Owner)
	case actors.Heater:
		k.heaterIs(c, m)
	case protocol.Driven:
		k.driven(c, m)
	case protocol.Cut:
		k.cut(c, m)
	case protocol.TemperatureRead:
		k.read(c, m)
	case actors.DoseStarted:
		k.pour(c)
	case actors.DosingEvent:
		k.pour(c)
		k.diluted(c, m)
	case beat:
		k.beat(c, m)
	case begin:
		k.begin(c, m)
	case sample:
		k.ask(c, m)
	case overdue:
		k.late(c, m)
	case done:
		k.done(c, m)
	case again:
		k.again(c)
	case actors.Stopping:
		k.rest(c)
	}
	return nil
}

// start asks an automation that was there before this actor for a sign of life:
// one that has just failed still counts as ready.
func (k *keeper) start(c *actors.Context) {
	actors.Subscribe[actors.JobState](c)
	actors.Subscribe[actors.OwnerGone](c)
	actors.Subscribe[actors.Heater](c)
	actors.Subscribe[actors.DoseStarted](c)
	actors.Subscribe[actors.DosingEvent](c)
	k.heater, _, _ = actors.Latest[actors.Heater](c, "")
	k.since = c.Mono()
	if ready(c) {
		k.ping = c.Ask(automation, actors.Set{})
	}
}

func ready(c *actors.Context) bool {
	s, _, ok := actors.Latest[actors.JobState](c, automation)
	return ok && s.State == actors.Ready
}

// alive goes on with what this actor did before it was restarted.
func (k *keeper) alive(c *actors.Context, r actors.Reply) {
	if r.ID != k.ping || !r.OK || k.serving || !ready(c) {
		return
	}
	s, _, _ := actors.Latest[actors.JobState](c, automation)
	duty, _, _ := actors.Latest[actors.HeaterDuty](c, "")
	k.serving, k.experiment, k.wanted, k.shown = true, s.Experiment, duty.Percent, duty.Percent
	k.heat(c)
}

// command is the automation's.
func (k *keeper) command(c *actors.Context, cmd actors.Command) error {
	set, ok := cmd.Body.(actors.SetHeater)
	switch {
	case !ok:
		return actors.Refuse("unknown_command", "temperature: cannot do %T; want SetHeater", cmd.Body)
	case cmd.Origin.Mouth != "actor" || cmd.Origin.Who != automation || !k.serving:
		return actors.Refuse("not_serving", "heater: only a temperature automation that is ready may heat; start one")
	case !(set.Percent >= 0 && set.Percent <= 100):
		return actors.Refuse("out_of_range", "heater: want 0 to 100 %%, got %v", set.Percent)
	case set.Percent > 0 && !k.heater.Fitted:
		return actors.Refuse("not_fitted", "heater: this unit has none")
	case set.Percent > k.wanted && k.heater.Fault != "":
		return &actors.Refusal{Code: "heater_fault", Reason: "heater: " + k.heater.Fault}
	}
	k.wanted = set.Percent
	k.show(c, k.wanted)
	if k.phase == heating || k.series.cold && k.wanted > 0 {
		k.heat(c)
	}
	return nil
}

// jobState begins and ends with the automation.
func (k *keeper) jobState(c *actors.Context, s actors.JobState) {
	if s.Job != automation {
		return
	}
	k.rest(c)
	if s.State != actors.Ready {
		return
	}
	k.serving, k.experiment = true, s.Experiment
	c.PublishFor(k.experiment, actors.HeaterDuty{})
	k.quench(c, 0) // a first look, before any heat
	k.due = c.Mono() + k.plan.First
}

func (k *keeper) gone(c *actors.Context, owner string) {
	switch owner {
	case automation:
		k.rest(c)
	case protocol.Heater:
		k.cut(c, protocol.Cut{Output: protocol.Heater, Reason: "the heater's actor restarts", Tag: k.tag})
	}
}

// rest lets go of the heater and of everything under way, at once.
func (k *keeper) rest(c *actors.Context) {
	c.Tell(protocol.Heater, protocol.Release{Output: protocol.Heater, Owner: Name})
	k.enter(idle)
	k.serving, k.wanted, k.lost, k.failed, k.chill = false, 0, false, 0, chill{}
	k.show(c, 0)
	c.Clear(alarmUnknown)
}

func (k *keeper) enter(p phase) {
	k.gen++
	k.phase, k.series, k.longer = p, series{}, 0
}

// show publishes what the automation drives the heater with.
func (k *keeper) show(c *actors.Context, percent float64) {
	if percent != k.shown {
		k.shown = percent
		c.PublishFor(k.experiment, actors.HeaterDuty{Percent: percent})
	}
}

// heaterIs follows what the heater really does.
func (k *keeper) heaterIs(c *actors.Context, h actors.Heater) {
	if h.Percent != k.heater.Percent {
		k.since = c.Mono()
	}
	k.heater = h
}

// heat drives the heater as the automation wants it, and keeps doing so.
func (k *keeper) heat(c *actors.Context) {
	if k.phase != heating {
		k.enter(heating)
		c.After(renewal, beat{k.gen})
		if k.due > c.Mono() {
			c.After(k.due-c.Mono(), begin{k.gen})
		} else {
			k.plans(c, k.plan.First)
		}
	}
	k.drive(c, k.wanted)
}

func (k *keeper) drive(c *actors.Context, percent float64) {
	if percent == 0 && k.phase == heating {
		c.Tell(protocol.Heater, protocol.Release{Output: protocol.Heater, Owner: Name})
		return
	}
	k.tag = c.NewID()
	order := protocol.Drive{Output: protocol.Heater, Percent: percent, For: lease, Owner: Name, Tag: k.tag}
	if !c.Tell(protocol.Heater, order) {
		k.driven(c, protocol.Driven{Output: protocol.Heater, Tag: k.tag, Code: "not_running", Reason: "the heater's actor is not running"})
	}
}

// beat renews the lease.
func (k *keeper) beat(c *actors.Context, b beat) {
	if b.gen != k.gen || k.phase == idle {
		return
	}
	c.After(renewal, b)
	switch {
	case k.lost:
	case k.phase == heating && k.wanted > 0:
		k.drive(c, k.wanted)
	case k.phase == sampling && k.wanted > 0:
		k.drive(c, 0)
	}
}

// driven goes on with a cool-down once the heater is really off: an OD window
// may hold it up.
func (k *keeper) driven(c *actors.Context, d protocol.Driven) {
	if d.Tag != k.tag || k.phase == idle {
		return
	}
	if !d.OK {
		k.cut(c, protocol.Cut{Output: d.Output, Reason: d.Reason, Tag: d.Tag})
		return
	}
	k.lost = false
	if k.phase == quenching {
		k.sampleFrom(c)
	}
}

// cut answers a heater that went off without this actor wishing it: it is
// wanted back, and what was being measured is void.
func (k *keeper) cut(c *actors.Context, cut protocol.Cut) {
	if k.phase == idle || cut.Tag != k.tag || cut.Reason == "released" || k.wanted == 0 {
		return
	}
	if !k.lost {
		c.Log().Warning("The heater was switched off: %s", cut.Reason)
		k.retry.Cancel()
		k.retry = c.After(retry, again{})
	}
	k.lost = true
	if k.phase != heating {
		k.due = c.Mono() + k.plan.First
		k.enter(heating)
		c.After(renewal, beat{k.gen})
		c.After(k.plan.First, begin{k.gen})
	}
}

// again asks for the heater until it is to be had.
func (k *keeper) again(c *actors.Context) {
	if !k.lost || !k.serving {
		return
	}
	k.retry = c.After(retry, again{})
	if k.phase == heating && k.wanted > 0 {
		k.drive(c, k.wanted)
	}
}
