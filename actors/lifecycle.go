package actors

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors/setting"
)

// becomes is the graph of a job's life. Nothing leaves Disconnected or Lost:
// a new start is a new life.
var becomes = map[State][]State{
	"":       {Init, Disconnected, Lost},
	Init:     {Ready, Disconnected, Lost},
	Ready:    {Sleeping, Disconnected, Lost},
	Sleeping: {Ready, Disconnected, Lost},
}

func (s State) mayBecome(to State) bool { return slices.Contains(becomes[s], to) }

func levelOf(s State) string {
	if s == Lost {
		return "error"
	}
	if s == Init || s == Sleeping {
		return "debug"
	}
	return "info"
}

func title(s State) string { return strings.ToUpper(string(s[:1])) + string(s[1:]) }

// command answers a Command: settings and states here, all else by the job.
func (h *host) command(cmd Command) {
	if h.ending || h.job == nil {
		h.answer(cmd, notRunning(cmd))
		return
	}
	if r, late := expired(cmd, h.sys.clock.Now()); late {
		h.answer(cmd, r)
		return
	}
	switch body := cmd.Body.(type) {
	case Ping:
		h.conclude(cmd, nil)
	case Set:
		h.conclude(cmd, h.set(body.Values))
	case SetState:
		h.conclude(cmd, h.setState(cmd, body.State))
	default:
		h.conclude(cmd, h.call(cmd))
	}
}

// conclude replies unless the job did or will, and fails on what is no refusal.
func (h *host) conclude(cmd Command, err error) {
	r := Reply{OK: err == nil}
	var refusal *Refusal
	var setRefusal *setting.Refusal
	switch {
	case errors.As(err, &setRefusal):
		r.Code, r.Reason = setRefusal.Code, setRefusal.Reason
	case errors.As(err, &refusal):
		r.Code, r.Reason = refusal.Code, refusal.Reason
	case err != nil:
		r.Code, r.Reason = "failed", err.Error()
	}
	if err != nil || !h.replied && !h.deferred {
		h.showSettings()
		h.answer(cmd, r)
	}
	if r.Code == "failed" {
		h.fail(err)
	}
}

// expired is the reply to a command whose time is over.
func expired(cmd Command, now time.Time) (r Reply, late bool) {
	if cmd.Deadline.IsZero() || !now.After(cmd.Deadline) {
		return Reply{}, false
	}
	return Reply{ID: cmd.ID, Code: "expired", Reason: fmt.Sprintf("%s: came %v after its deadline, nothing was done", cmd.Target, now.Sub(cmd.Deadline))}, true
}

func (h *host) answer(cmd Command, r Reply) {
	h.replied = true
	r.ID = cmd.ID
	if level := "warning"; !r.OK {
		if cmd.Origin.Mouth == "actor" {
			level = "debug" // whoever asked knows what to make of it
		}
		h.sys.logf(h, level, "refused: %s", r.Reason)
	}
	if h.c.ctx.Sender() != nil {
		h.c.ctx.Send(h.c.ctx.Sender(), r)
	}
}

// set changes settings on a copy, validates it, assigns, and lets the job act
// on it; a job that objects gets its old values back.
func (h *host) set(changes []setting.Pair) error {
	old := h.values(changes)
	if err := setting.ChangeAll(h.job, changes); err != nil {
		return err
	}
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Name
	}
	if err := h.call(SettingsChanged{names}); err != nil {
		for _, o := range old {
			if undo := setting.Assign(h.job, o.Name, o.Value); undo != nil {
				return errors.Join(err, undo)
			}
		}
		return err
	}
	h.reshow(names) // on MQTT the republished value is the answer: nothing comes before it
	now := h.values(changes)
	h.life.keep(now)
	h.c.ctx.Send(h.c.ctx.Self(), posted{h.start, accepted{old, now}})
	return nil
}

// accepted are changes that are true and shown: what is left is to note them.
type accepted struct{ old, now []setting.Pair }

// note logs changes and has the parent keep them for the next start. It is a
// turn of its own, so that whoever waits for the new value has it first.
func (h *host) note(a accepted) {
	for i, c := range a.now {
		level, old := "info", a.old[i].Value
		if old == c.Value {
			level = "debug" // shown again, but no news
		}
		h.sys.logf(h, level, "Updated %s from %s to %s%s.", c.Name, short(old), short(c.Value), unitOf(h.job, c.Name))
	}
	h.tellParent(ChildSettings{h.spec.Name, a.now})
}

// short cuts a value for the log. Source: Pioreactor 26.7.2 cuts at 40.
func short(value any) string { return fmt.Sprintf("%.40s", fmt.Sprint(value)) }

// reshow publishes settings that were set, also when they were so before.
func (h *host) reshow(names []string) {
	for i, f := range setting.Of(h.job) {
		if slices.Contains(names, f.Name) && h.shown != nil {
			h.shown[i] = unshown
		}
	}
	h.showSettings()
	if h.sys.clock.IsLive() {
		runtime.Gosched() // whoever carries the value outside is next, not after this turn
	}
}

// unshown is no setting's value.
var unshown = new(int)

// ChildSettings tells a parent that settings of an actor it spawned changed.
type ChildSettings struct {
	Name   string
	Values []setting.Pair
}

func unitOf(job Job, name string) string {
	if f, _ := setting.Find(job, name); f.Unit != "" {
		return " " + f.Unit
	}
	return ""
}

// values reads the settings that changes name.
func (h *host) values(changes []setting.Pair) []setting.Pair {
	var values []setting.Pair
	for _, c := range changes {
		if f, ok := setting.Find(h.job, c.Name); ok {
			values = append(values, setting.Pair{Name: c.Name, Value: f.Value(h.job)})
		}
	}
	return values
}

func (h *host) setState(cmd Command, to State) error {
	switch {
	case h.spec.Slot == "":
		return Refuse("not_a_job", "$state: %s is a part of this unit, not a job: it cannot be stopped or put to sleep", h.spec.Name)
	case to != Ready && to != Sleeping && to != Disconnected:
		return Refuse("invalid_state", "$state: want ready, sleeping or disconnected, got %.40q", string(to))
	case to == h.state:
		return nil
	case !h.state.mayBecome(to) || h.state == Init && to == Ready:
		return Refuse("invalid_transition", "$state: cannot go from %s to %s", h.state, to)
	case to == Disconnected:
		h.life.asked = true
		h.asker = h.c.Later(cmd) // answered when the name is free
		h.end("")
	case to == Sleeping:
		h.sleep()
	case h.held() != "":
		return Refuse("held", "%s: %s", h.spec.Name, h.held())
	default:
		h.enter(Ready)
		h.must(h.call(Entered{Ready, Sleeping}))
	}
	return nil
}

// sleep makes the outputs safe before the job hears of it.
func (h *host) sleep() {
	h.release()
	h.enter(Sleeping)
	h.must(h.call(Entered{Sleeping, Ready}))
}

var frame = regexp.MustCompile(`([^/\s]+/[^/\s]+\.go:\d+)`)

// origin is where a panic came from, as file and line.
func origin(stack []byte) string {
	past := false
	for line := range strings.Lines(string(stack)) {
		if strings.HasPrefix(line, "panic(") {
			past = true
			continue
		}
		if m := frame.FindString(line); past && m != "" && !strings.Contains(line, "runtime/") {
			return m
		}
	}
	return "unknown place"
}
