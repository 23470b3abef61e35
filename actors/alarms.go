package actors

import (
	"fmt"
	"time"
)

// Raise raises the alarm called name, or changes its text; Clear ends it. A
// latched alarm stays until somebody acknowledges it. Raising what is raised
// already costs nothing, so a job may do it at every look.
func (c *Context) Raise(name, priority, text string, latched bool) {
	c.EditAlarm(name, func(old Alarm) Alarm { return old.Raised(name, priority, text, latched, c.Now()) })
}

// Clear says that the condition behind the alarm called name is over. A latched
// alarm that nobody acknowledged stays active, and is Over.
func (c *Context) Clear(name string) { c.EditAlarm(name, Alarm.cleared) }

// EditAlarm replaces the alarm called name by what edit makes of it, as one
// step however many actors do so at once, and returns it. edit gets the zero
// Alarm for an unknown name; what it returns unchanged is not published again.
// Raise, Clear and the actor "alarm" are made of it.
func (c *Context) EditAlarm(name string, edit func(Alarm) Alarm) Alarm {
	return c.h.sys.editAlarm(c.h.spec.Experiment, name, edit)
}

// editAlarm publishes a change for the experiment the alarm was raised for; a
// new one goes to experiment.
func (s *System) editAlarm(experiment, name string, edit func(Alarm) Alarm) Alarm {
	s.alarms.Lock()
	defer s.alarms.Unlock()
	old, known := latest[Alarm](s, name)
	meta := old.Meta
	old.Meta = Meta{Experiment: meta.Experiment}
	next := edit(old)
	if next == old {
		next.Meta = meta
		return next
	}
	if known && old.Active {
		experiment = old.Experiment
	} else if next.Experiment != "" {
		experiment = next.Experiment
	}
	next.Meta = Meta{}
	return s.publish(experiment, next).(Alarm)
}

// Raised is a with its condition true. What was over and comes back is news: it
// wants to be acknowledged again.
func (a Alarm) Raised(name, priority, text string, latched bool, now time.Time) Alarm {
	if !a.Active {
		a = Alarm{Since: now}
	}
	return Alarm{Meta: a.Meta, Name: name, Priority: priority, Active: true, Latched: latched || a.Latched,
		Acked: !a.Over && a.Acked, Since: a.Since, Text: text, HiddenBy: a.HiddenBy, Action: a.Action}
}

// cleared is a with its condition over.
func (a Alarm) cleared() Alarm {
	switch {
	case !a.Active:
	case a.Latched && !a.Acked:
		a.Over = true
	default:
		a.Active, a.Over, a.HiddenBy = false, true, ""
	}
	return a
}

// Acknowledged is a with a person's note taken of it; it leaves if its
// condition is over.
func (a Alarm) Acknowledged() Alarm {
	if a.Active {
		a.Acked, a.Active = true, !a.Over
	}
	if !a.Active {
		a.HiddenBy = ""
	}
	return a
}

// lostAlarm is the alarm of a job that its supervisor gave up.
func lostAlarm(job string) string { return job + "_lost" }

func (h *host) raiseLost() {
	h.sys.editAlarm(h.spec.Experiment, lostAlarm(h.spec.Name), func(old Alarm) Alarm {
		return old.Raised(lostAlarm(h.spec.Name), "high", fmt.Sprintf("%s is lost: it %s", h.spec.Name, h.why), false, h.sys.clock.Now())
	})
}
