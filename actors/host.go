package actors

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/pioactor/pioactor/actors/clock"
)

// host is the one proto.actor actor of the house: it carries a Job through its
// life. A restart makes a new host around a new Job; what must stay is in life.
//
// Takes: engine lifecycle, Command, facts, posted (timers and edges).
// Sends: JobState, SettingChanged, Reply, ChildState to its parent.
// Fails by: whatever the job returns or panics with, outputs released first.
type host struct {
	sys  *System
	life *life
	spec *Spec
	job  Job
	c    Context

	state    State
	holds    bool // the job will say itself when it is ready
	ending   bool
	from     State  // it had before it ended
	why      string // it ended
	asker    Peer   // who asked it to end
	start    uint64
	shown    []any // settings as last published
	timers   []*clock.Timer
	tick     *clock.Timer
	rhythm   uint64 // counts calls of Every
	dosing   *doseGuard
	dodge    *dodger
	auto     *record
	lights   lights
	replied  bool
	deferred bool
}

// posted is a message from a timer or an edge; it is void after a restart.
type posted struct {
	start uint64
	msg   any
}

// failure carries a job's error through the engine to the supervisor.
type failure struct{ error }

func newHost(s *System, l *life) *host {
	h := &host{sys: s, life: l, spec: &l.spec, start: s.starts.Add(1)}
	h.c.h = h
	return h
}

// Receive implements actor.Actor.
func (h *host) Receive(ctx actor.Context) {
	h.c.ctx = ctx
	if !h.ending {
		defer h.guard()
	}
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		h.begin()
	case *actor.Restarting:
		h.silence()
	case *actor.Stopping:
		h.stopping()
	case *actor.Stopped:
		h.stopped()
	case *actor.Terminated:
		h.childEnded(msg.Who.Id)
	case *actor.PoisonPill:
	default:
		h.receive(msg)
	}
	h.showSettings()
	h.c.ctx = nil
}

// guard fails the job for a panic outside of it too, such as in a set.
func (h *host) guard() {
	switch p := recover().(type) {
	case nil:
	case failure:
		panic(p)
	default:
		h.fail(fmt.Errorf("broken outside its job: %v at %s", p, origin(debug.Stack())))
	}
}

// receive takes a message of the house, or what interference makes of it.
func (h *host) receive(msg any) {
	if h.sys.interfere == nil {
		h.take(msg)
		return
	}
	p, own := msg.(posted)
	if own {
		msg = p.msg
	}
	for _, m := range h.sys.interfere(h.spec.Name, msg) {
		if own {
			m = posted{p.start, m}
		}
		h.take(m)
	}
}

func (h *host) take(msg any) {
	h.replied, h.deferred = false, false
	switch msg := msg.(type) {
	case posted:
		h.posted(msg)
	case Command:
		h.command(msg)
	case Fact:
		h.fact(msg)
	case Reply:
		h.replyCame(msg)
	case Crash:
		h.fail(errors.New(msg.Reason))
	default:
		h.deliver(msg)
	}
}

// begin starts an incarnation.
func (h *host) begin() {
	h.life.mu.Lock()
	changed := slices.Clone(h.life.changed)
	h.life.mu.Unlock()
	job, err := h.spec.make(changed)
	if err == nil && h.spec.Family == Dosing {
		err = geometry(h.sys)
	}
	if err != nil {
		h.refuse(err)
		return
	}
	h.job = job
	h.enter(Init)
	h.subscribeFamily()
	h.startRecord()
	h.showSettings()
	err = h.call(Started{})
	h.showSettings()
	var r *Refusal
	switch {
	case errors.As(err, &r):
		h.refuse(err)
	case err != nil:
		h.fail(err)
	case !h.holds:
		h.ready()
	}
}

func (h *host) ready() {
	if h.state != Init {
		return
	}
	h.enter(Ready)
	h.sys.editAlarm(h.spec.Experiment, lostAlarm(h.spec.Name), Alarm.cleared)
	if h.startsAsleep() { // and has nothing to switch on before
		h.sleep()
		return
	}
	h.must(h.call(Entered{Ready, Init}))
}

// startsAsleep reports whether this actor goes to sleep once it is ready.
func (h *host) startsAsleep() bool {
	h.life.mu.Lock()
	sleeps := h.life.sleeps
	h.life.mu.Unlock()
	return sleeps || h.spec.Slot != "" && h.held() != ""
}

// held is why somebody keeps this actor at rest.
func (h *host) held() string {
	f, _ := latest[Held](h.sys, h.spec.Name)
	return f.Why
}

// enter enters a state of an actor that lives on; the strict transitions are in
// lifecycle.go.
func (h *host) enter(to State) {
	from := h.state
	if !from.mayBecome(to) {
		return
	}
	h.state = to
	h.tell(from)
	if to != Init {
		h.tellParent(ChildState{Name: h.spec.Name, State: to})
	}
}

// tell publishes the state, and why it is not from any more.
func (h *host) tell(from State) {
	if h.spec.Slot == "" {
		return
	}
	h.sys.publish(h.spec.Experiment, JobState{Job: h.spec.Slot, State: h.state, From: from, Reason: h.why})
	h.sys.logf(h, levelOf(h.state), "%s%s", title(h.state), because(h.why))
}

func because(reason string) string {
	if reason == "" {
		return "."
	}
	return ": " + reason
}

func (h *host) tellParent(m any) {
	if parent := h.parent(); parent != nil {
		h.c.ctx.Send(parent, m)
	}
}

// parent is the actor of the house that spawned this one; nil at the root.
func (h *host) parent() *actor.PID {
	if parent := h.c.ctx.Parent(); parent != nil && h.sys.life(parent.Id) != nil {
		return parent
	}
	return nil
}

func (h *host) posted(p posted) {
	if p.start != h.start || h.ending {
		return
	}
	switch msg := p.msg.(type) {
	case due:
		h.ticked(msg)
	case accepted:
		h.note(msg)
	case renewLights:
		h.renewLights()
	case dodgeDue:
		h.dodgeNext(msg)
	case dodgeWord:
		h.heardDodge(msg)
	case edgePanic:
		h.fail(fmt.Errorf("panic at the edge: %v", msg.reason))
	default:
		h.deliver(msg)
	}
}

// fact delivers f, unless the job sleeps; what it says about doses counts even
// then, or a dose that ends meanwhile would hold readings back for ever.
func (h *host) fact(f Fact) {
	if od, ok := f.(ODRhythm); ok && h.dodge != nil {
		h.follow(od)
	}
	admitted := h.dosing == nil || h.dosing.admits(h, f)
	if admitted && h.auto != nil {
		f, admitted = steering(f)
	}
	if admitted && h.state != Sleeping {
		h.deliver(f)
	}
}

// deliver hands msg to the job and deals with what it returns.
func (h *host) deliver(msg any) {
	if h.job == nil || h.ending {
		return
	}
	if _, tick := msg.(Tick); tick && h.state == Sleeping {
		return
	}
	h.must(h.call(msg))
}

// must reports a refusal and fails on any other error.
func (h *host) must(err error) {
	if err == nil {
		return // before r: its address escapes, and this is every message
	}
	var r *Refusal
	switch {
	case errors.As(err, &r):
		h.sys.logf(h, "warning", "%s", r.Reason)
		h.noEvent(r)
	default:
		h.fail(err)
	}
}

// call runs the job; a panic is an error like any other.
func (h *host) call(msg any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v at %s", p, origin(debug.Stack()))
		}
	}()
	return h.job.Receive(&h.c, msg)
}

// fail makes the outputs safe and hands the error to the supervisor.
func (h *host) fail(err error) {
	if job, ok := h.job.(Halter); ok {
		err = errors.Join(err, job.Halt())
	}
	h.release()
	h.life.mu.Lock()
	h.life.sleeps = h.state == Sleeping || h.state == Init && h.life.sleeps
	h.life.mu.Unlock()
	h.sys.logf(h, "error", "%v", err)
	if h.auto != nil {
		h.sys.publish(h.spec.Experiment, AutomationEvent{Job: h.spec.Slot, Name: "ErrorOccurred", Message: err.Error()})
	}
	panic(failure{err})
}

// after posts msg to this incarnation once d has passed.
func (h *host) after(d time.Duration, msg any) *clock.Timer {
	pid, p := h.life.pid, posted{h.start, msg}
	return h.sys.clock.AfterFunc(d, func() { h.sys.engine.Root.Send(pid, p) })
}
