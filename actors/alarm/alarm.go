// Package alarm is the actor "alarm", which knows every alarm of the unit, keeps
// over a power cut what must not be forgotten, hides what another alarm explains
// and lets people acknowledge; and below it "conditions", which raises the alarms
// that are declared in the config file and does what they ask for.
//
// It refuses to answer an alarm with an alarm: actors raise and clear conditions
// with actors.Context, and the state of an alarm follows from that alone.
//
//	c.Raise("heater_over_temperature", "high", "71 °C at the heater", true) // in some actor
//	c.Ask("alarm", actors.Acknowledge{Name: "heater_over_temperature"})     // for a person
package alarm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// stateKey is where alarms are kept.
const stateKey = "alarms"

// Spec is the actor's spec for the unit's tree.
func Spec(declared Config) actors.Spec {
	return actors.Spec{Name: "alarm", New: func() actors.Job {
		return &keeper{declared: declared, active: map[string]actors.Alarm{}}
	}}
}

// keeper mirrors the active alarms.
//
// Takes: Alarm facts; Acknowledge and ListAlarms as commands.
// Sends: Alarm, when one is acknowledged, hidden or shown again or, once after
// a start, restored.
// Fails by: kept alarms that cannot be read. Alarms that cannot be kept are an
// error in the log: they are still shown.
type keeper struct {
	declared Config
	active   map[string]actors.Alarm
	kept     []actors.Alarm // as last saved
}

// Receive implements actors.Job.
func (k *keeper) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return k.start(c)
	case actors.Alarm:
		k.note(c, msg)
	case actors.Command:
		return k.command(c, msg)
	case actors.Saved:
		if msg.Err != nil {
			c.Log().Error("alarms are not kept, a restart would forget them: %v", msg.Err)
		}
	}
	return nil
}

// start takes in what is raised already, raises what was before, and only then
// has the declared conditions judged.
func (k *keeper) start(c *actors.Context) error {
	actors.Subscribe[actors.Alarm](c)
	var kept []actors.Alarm
	if _, err := c.Load(stateKey, &kept); err != nil {
		return fmt.Errorf("alarm: %w", err)
	}
	k.kept = kept
	for _, f := range c.System().Retained() {
		if a, ok := f.(actors.Alarm); ok && a.Active {
			k.active[a.Name] = a
		}
	}
	for _, a := range kept {
		k.restore(c, a)
	}
	k.explain(c)
	k.keep(c)
	if len(k.declared) == 0 {
		return nil
	}
	return c.Spawn(actors.Spec{Name: "conditions", New: func() actors.Job { return &conditions{declared: k.declared} }})
}

// restore raises an alarm from before the restart. A declared one stands until
// its condition is judged. Of another nobody knows yet whether it still holds:
// until it is raised again it counts as over.
func (k *keeper) restore(c *actors.Context, a actors.Alarm) {
	judged := k.declared[a.Name].Enabled
	if !judged && !a.Latched {
		return // declared no more
	}
	now := c.EditAlarm(a.Name, func(known actors.Alarm) actors.Alarm {
		if known.Name != "" {
			return known
		}
		a.Over = a.Over || !judged
		return a
	})
	if now.Active {
		k.active[a.Name] = now
	}
}

func (k *keeper) note(c *actors.Context, a actors.Alarm) {
	if a.Active {
		k.active[a.Name] = a
	} else {
		delete(k.active, a.Name)
	}
	k.explain(c)
	k.keep(c)
}

// explain has each alarm say what is behind it, and what is not any more.
func (k *keeper) explain(c *actors.Context) {
	causes := k.declared.causes(k.active)
	for _, a := range k.list() {
		if cause := causes[a.Name]; cause != a.HiddenBy {
			now := c.EditAlarm(a.Name, func(old actors.Alarm) actors.Alarm {
				if old.Active {
					old.HiddenBy = cause
				}
				return old
			})
			if now.Active {
				k.active[a.Name] = now
			}
		}
	}
}

// keep saves what must outlive a power cut: declared alarms, and latched ones
// without a note. Of the others, one that was acknowledged is raised again by
// its condition, if that still holds.
func (k *keeper) keep(c *actors.Context) {
	kept := slices.DeleteFunc(k.list(), func(a actors.Alarm) bool {
		return !k.declared[a.Name].Enabled && (!a.Latched || a.Acked)
	})
	if !slices.Equal(kept, k.kept) {
		k.kept = kept
		c.Save(stateKey, kept)
	}
}

func (k *keeper) command(c *actors.Context, cmd actors.Command) error {
	switch body := cmd.Body.(type) {
	case actors.ListAlarms:
		c.Reply(cmd, k.list())
		return nil
	case actors.Acknowledge:
		if body.All && body.Name == "" {
			k.acknowledgeAll(c, cmd)
			return nil
		}
		return k.acknowledge(c, cmd, body.Name)
	}
	return actors.Refuse("unknown_command", "alarm: cannot %T", cmd.Body)
}

func (k *keeper) acknowledge(c *actors.Context, cmd actors.Command, name string) error {
	now, known := k.take(c, cmd, name)
	if !known {
		return actors.Refuse("unknown_alarm", "alarm: %.60q is not active; %s", name, k.names())
	}
	c.Reply(cmd, now)
	return nil
}

// acknowledgeAll takes note of what has none yet.
func (k *keeper) acknowledgeAll(c *actors.Context, cmd actors.Command) {
	taken := []actors.Alarm{}
	for _, a := range k.list() {
		if a.Acked {
			continue
		}
		if now, known := k.take(c, cmd, a.Name); known {
			taken = append(taken, now)
		}
	}
	c.Reply(cmd, taken)
}

// names says which alarms are active.
func (k *keeper) names() string {
	if len(k.active) == 0 {
		return "no alarm is"
	}
	return "there are " + strings.Join(slices.Sorted(maps.Keys(k.active)), ", ")
}

// take takes note of one alarm; known is false if it is not active.
func (k *keeper) take(c *actors.Context, cmd actors.Command, name string) (now actors.Alarm, known bool) {
	now = c.EditAlarm(name, func(old actors.Alarm) actors.Alarm {
		known = old.Active
		return old.Acknowledged()
	})
	if known {
		c.Log().Notice("Alarm %s acknowledged by %s.", name, cmp.Or(cmd.Origin.Who, cmd.Origin.Mouth, "somebody"))
	}
	return now, known
}

var urgency = map[string]int{"high": 0, "medium": 1, "low": 2}

// list is every active alarm, the most urgent first, then the oldest.
func (k *keeper) list() []actors.Alarm {
	return slices.SortedFunc(maps.Values(k.active), func(a, b actors.Alarm) int {
		return cmp.Or(cmp.Compare(urgency[a.Priority], urgency[b.Priority]), a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
}
