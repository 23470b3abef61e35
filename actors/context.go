package actors

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/hw"
)

// Context is what a job can do. It belongs to one job and is valid only inside
// its Receive; it must not be used from another goroutine. Nothing in it blocks.
type Context struct {
	h   *host
	ctx actor.Context
}

// Now is the time, in UTC, by the house clock.
func (c *Context) Now() time.Time { return c.h.sys.clock.Now() }

// Mono is the time since the boot; use it for intervals.
func (c *Context) Mono() time.Duration { return c.h.sys.clock.Mono() }

// Unit is this unit's name.
func (c *Context) Unit() string { return c.h.sys.unit }

// Experiment is the experiment this job belongs to; empty for the unit's own.
func (c *Context) Experiment() string { return c.h.spec.Experiment }

// Name is the job's name, such as "dosing_automation".
func (c *Context) Name() string { return c.h.spec.Name }

// State is the job's state.
func (c *Context) State() State { return c.h.state }

// System is the system the job lives in, for those who build parts of the house.
func (c *Context) System() *System { return c.h.sys }

// HoldInit keeps the job in Init after Started, until it calls Ready.
func (c *Context) HoldInit() { c.h.holds = true }

// Ready ends Init after HoldInit.
func (c *Context) Ready() { c.h.ready() }

// Refuse ends a job that is still in Init, after HoldInit: its start cannot
// succeed after all, and whoever asked for it hears why.
func (c *Context) Refuse(r *Refusal) {
	if c.h.state == Init {
		c.h.refuse(r)
	}
}

// Sleep pauses the job, outputs safe, as $state/set sleeping does.
func (c *Context) Sleep() {
	if c.h.state == Ready {
		c.h.sleep()
	}
}

// End ends this job: an action that is done, or with a reason one that cannot
// be. Return from Receive afterwards.
func (c *Context) End(reason string) { c.h.end(reason) }

// Held is why this actor has to rest, with the next step; empty if it need not.
// A job that is held falls asleep by itself; see Held.
func (c *Context) Held() string { return c.h.held() }

// StartsAsleep reports, during the start, whether this job goes to sleep as soon
// as it is ready: it is held, or it slept when it failed. Such a start should
// need nothing and disturb nobody; what it left out comes when it is woken.
func (c *Context) StartsAsleep() bool { return c.h.startsAsleep() }

// Every sends Tick every d from now on, in step with the first even when a
// turn comes late. Calling it again replaces the old rhythm; d ≤ 0 ends it.
func (c *Context) Every(d time.Duration) { c.EveryFrom(c.Mono()+d, d) }

// EveryFrom is Every with the instant of the first Tick, on Mono.
func (c *Context) EveryFrom(first, d time.Duration) {
	h := c.h
	if h.tick != nil {
		h.tick.Stop()
		h.tick = nil
	}
	h.rhythm++
	if d > 0 {
		h.nextTick(max(first, c.Mono()), d)
	}
}

// nextTick posts a Tick at the instant at and plans the next; overrun ticks
// are skipped, not piled up.
func (h *host) nextTick(at, d time.Duration) {
	h.tick = h.after(at-h.sys.clock.Mono(), due{at, d, h.rhythm})
}

// due is a Tick with its rhythm; once that was replaced, it is void.
type due struct {
	at, every time.Duration
	rhythm    uint64
}

// ticked plans the next Tick and delivers this one.
func (h *host) ticked(t due) {
	if t.rhythm != h.rhythm {
		return
	}
	late := h.sys.clock.Mono() - t.at
	h.nextTick(t.at+t.every*(late/t.every+1), t.every)
	h.deliver(Tick{})
}

// After sends msg to this job once d has passed, unless it fails or stops first.
func (c *Context) After(d time.Duration, msg any) Timer {
	t := c.h.after(d, msg)
	c.h.timers = append(c.h.timers, t)
	if len(c.h.timers) > 64 {
		c.h.timers = c.h.timers[len(c.h.timers)-32:]
	}
	return Timer{t}
}

// Timer is a message to come. The zero Timer is none.
type Timer struct{ t *clock.Timer }

// Cancel takes the message back, if it has not been sent.
func (t Timer) Cancel() {
	if t.t != nil {
		t.t.Stop()
	}
}

// Do runs work at the edge of the house: a bus, a file, a long computation.
// Its message comes back to this job, no earlier than the duration it gives.
// work must not touch the job. A panic in it fails the job.
func (c *Context) Do(work func() (msg any, took time.Duration)) {
	h, pid := c.h, c.h.life.pid
	p := posted{start: h.start}
	h.sys.clock.Do(func() (took time.Duration) {
		defer func() {
			if r := recover(); r != nil {
				p.msg = edgePanic{r}
			}
		}()
		p.msg, took = work()
		return took
	}, func() { h.sys.engine.Root.Send(pid, p) })
}

// I2C is the bus of this unit's board, for a device of your own on it. Use it in
// Do: it waits for others. The error is hw.ErrAbsent on a board that lends
// none, such as the simulated one.
func (c *Context) I2C() (hw.I2C, error) {
	if c.h.sys.i2c == nil {
		return nil, fmt.Errorf("I2C bus of this unit's board: %w", hw.ErrAbsent)
	}
	return c.h.sys.i2c, nil
}

type edgePanic struct{ reason any }

// Tell sends msg to the actor called name and reports whether there is one.
func (c *Context) Tell(name string, msg any) bool {
	l := c.h.sys.named(name)
	if l == nil {
		return false
	}
	c.ctx.Request(l.pid, msg)
	return true
}

// Ask sends body as a Command to the actor called name. The answer comes as a
// Reply with the ID that Ask returns, also when there is no such actor.
func (c *Context) Ask(name string, body any) string {
	cmd := Command{ID: c.NewID(), Origin: Origin{Mouth: "actor", Who: c.h.spec.Name}, Target: name, Body: body}
	if !c.Tell(name, cmd) {
		c.ctx.Send(c.ctx.Self(), notRunning(cmd))
	}
	return cmd.ID
}

// NewID is a word that no actor was ever given, nor will be: for commands, and
// for tags, so that no answer to a predecessor is taken for one's own. It is the
// same in every run of one seed.
func (c *Context) NewID() string {
	s := c.h.sys
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return fmt.Sprintf("%s-%s-%d", s.boot, c.h.spec.Name, s.asked)
}

// Peer is the address of whoever sent a message, for answering later.
type Peer struct {
	pid *actor.PID
	id  string
}

// Name is the name of the actor behind p; empty for somebody who is not one.
func (p Peer) Name() string {
	if p.pid == nil || strings.HasPrefix(p.pid.Id, "inbox-") {
		return ""
	}
	return p.pid.Id[strings.LastIndexByte(p.pid.Id, '/')+1:]
}

// Sender is who sent the current message.
func (c *Context) Sender() Peer { return Peer{pid: c.ctx.Sender()} }

// Answer sends msg to the sender of the current message.
func (c *Context) Answer(msg any) { c.AnswerTo(c.Sender(), msg) }

// AnswerTo sends msg to a remembered sender.
func (c *Context) AnswerTo(p Peer, msg any) {
	if p.pid == nil {
		return
	}
	if r, ok := msg.(Reply); ok && p.id != "" {
		r.ID = p.id
		msg = r
	}
	c.ctx.Request(p.pid, msg)
}

// Later says that the current Command will be answered later, with AnswerTo
// and a Reply to the peer it returns.
func (c *Context) Later(cmd Command) Peer {
	c.h.deferred = true
	return Peer{c.ctx.Sender(), cmd.ID}
}

// Reply answers the current Command with a value.
func (c *Context) Reply(cmd Command, value any) {
	c.h.answer(cmd, Reply{OK: true, Value: value})
}

// Publish publishes a fact for this job's experiment.
func (c *Context) Publish(f Fact) Fact { return c.h.sys.publish(c.h.spec.Experiment, f) }

// PublishFor publishes a fact for another experiment.
func (c *Context) PublishFor(experiment string, f Fact) Fact { return c.h.sys.publish(experiment, f) }

// Subscribe delivers facts of type T to this job from now on.
func Subscribe[T Fact](c *Context) {
	c.h.sys.bus.subscribe(reflect.TypeFor[T](), c.h.life.pid)
}

// Latest is the newest fact of type T with key, and how old it is.
func Latest[T Retained](c *Context, key string) (f T, age time.Duration, ok bool) {
	f, ok = latest[T](c.h.sys, key)
	return f, c.h.sys.age(f), ok
}

// Spawn starts an actor below this one. When it has ended, this job gets
// ChildState: its name is free by then.
func (c *Context) Spawn(spec Spec) error {
	return c.h.sys.spawn(spec, c.ctx.SpawnNamed, c.ctx.Self().Id)
}

// StopChild stops an actor that this one spawned.
func (c *Context) StopChild(name string) {
	if l := c.h.sys.named(name); l != nil {
		c.ctx.Stop(l.pid)
	}
}

// Save keeps v under key over restarts. Saved comes back once it is on the disk
// or was refused. What was refused is what Load returns all the same, and is
// written again every minute: Rewritten comes once it is on the disk after all.
// An actor that goes back to what it was saves that too.
func (c *Context) Save(key string, v any) {
	h, pid := c.h, c.h.life.pid
	start := h.start
	done := func(err error) { h.sys.engine.Root.Send(pid, posted{start, Saved{key, err}}) }
	text, err := json.Marshal(v)
	if err != nil {
		done(fmt.Errorf("actors: save %s: %w", key, err))
		return
	}
	rewritten := func() { h.sys.engine.Root.Send(pid, Rewritten{key}) }
	h.sys.state.save(key, value{text, rewritten}, done)
}

// Load reads what was saved under key into v; ok is false if nothing was. It
// reads a small file and is meant for Started.
func (c *Context) Load(key string, v any) (ok bool, err error) {
	value, ok, err := c.h.sys.state.load(key)
	if err != nil || !ok {
		return false, err
	}
	if err := json.Unmarshal(value, v); err != nil {
		return false, fmt.Errorf("actors: load %s: %w", key, err)
	}
	return true, nil
}

// Exchange adds ml of media and then removes as much waste, keeping the
// volume: the dose of a turbidostat or chemostat. Dosed or DoseRefused tells
// what came of it. An error means a wrong argument or state.
func (c *Context) Exchange(ml float64) error { return c.dose(Dose{MediaML: ml, WasteML: ml}) }

// AddMedia adds ml of media.
func (c *Context) AddMedia(ml float64) error { return c.dose(Dose{MediaML: ml}) }

// AddAltMedia adds ml of alternative media.
func (c *Context) AddAltMedia(ml float64) error { return c.dose(Dose{AltMediaML: ml}) }

// RemoveWaste removes ml of waste.
func (c *Context) RemoveWaste(ml float64) error { return c.dose(Dose{WasteML: ml}) }

// Dose is the general form: media and alt media in, waste out.
func (c *Context) Dose(d Dose) error { return c.dose(d) }

func (c *Context) dose(d Dose) error {
	total := d.MediaML + d.AltMediaML + d.WasteML
	if !(total > 0) || d.MediaML < 0 || d.AltMediaML < 0 || d.WasteML < 0 || total > 1000 {
		return fmt.Errorf("actors: dose of %.3g, %.3g, %.3g mL: want volumes of 0 or more, and some volume", d.MediaML, d.AltMediaML, d.WasteML)
	}
	if c.h.state != Ready {
		return Refuse("not_ready", "%s: no dose while %s", c.h.spec.Name, c.h.state)
	}
	d.Source = c.h.source()
	id := c.Ask("vial", d)
	if c.h.dosing != nil {
		c.h.dosing.own[id] = d
	}
	return nil
}

// SetHeater drives the heater with percent of full power until it is set again
// or this job fails, sleeps or stops; only a temperature automation may. While
// the vial is measured the heater rests, and goes on with the new value. An
// actors.Reply says why, when it is refused.
func (c *Context) SetHeater(percent float64) error {
	if !(percent >= 0 && percent <= 100) {
		return fmt.Errorf("actors: heat of %v %%: want 0 to 100", percent)
	}
	if c.h.state != Ready {
		return Refuse("not_ready", "%s: no heat while %s", c.h.spec.Name, c.h.state)
	}
	c.Ask("temperature", SetHeater{Percent: percent})
	return nil
}

// SetStirring asks the stirring job for a speed.
func (c *Context) SetStirring(rpm float64) error {
	c.Ask("stirring", Set{pair("target_rpm", rpm)})
	return nil
}

// SetTemperature asks the temperature automation for a target in °C.
func (c *Context) SetTemperature(celsius float64) error {
	c.Ask(string(Temperature), Set{pair("target_temperature", celsius)})
	return nil
}

// Event records what an automation did or decided; data is anything that JSON can carry.
func (c *Context) Event(name, message string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		c.Log().Error("event %s: %v", name, err)
		return
	}
	c.Publish(AutomationEvent{Job: c.h.spec.Slot, Name: name, Message: message, Data: text})
}
