package alarm

import (
	"fmt"
	"slices"

	"github.com/pioactor/pioactor/actors"
)

// sleepers are the jobs that an action puts to sleep. Their outputs go safe
// with that: pumps, heater and lamps. Stirring and OD go on, and a person may
// still dose by hand.
var sleepers = map[string][]string{
	pause:     {string(actors.Dosing)},
	safeState: {string(actors.Dosing), string(actors.Temperature), string(actors.LED)},
}

// act does what w asks for, before anybody is told.
func (s *conditions) act(c *actors.Context, w *watched) {
	for _, job := range sleepers[w.Action] {
		state, _, known := actors.Latest[actors.JobState](c, job)
		if known && state.State == actors.Ready {
			s.sleep(c, job, w)
		}
		if w.Action == safeState {
			delete(s.slept, job) // a person wakes it
		}
	}
	if w.Action == safeState {
		darken(c, w.name)
	}
}

func (s *conditions) sleep(c *actors.Context, job string, w *watched) {
	c.Log().Warning("%s sleeps because of the alarm %s.", job, w.name)
	c.Ask(job, actors.SetState{State: actors.Sleeping})
	if w.Action == pause {
		s.slept[job] = true
	}
}

// darken ends what was switched on by hand.
func darken(c *actors.Context, alarm string) {
	c.Ask("vial", actors.StopDosing{Reason: fmt.Sprintf("the alarm %s asks for the safe state", alarm)})
	leds, _, _ := actors.Latest[actors.LEDs](c, "")
	for i, percent := range []float64{leds.A, leds.B, leds.C, leds.D} {
		if percent > 0 {
			c.Ask("leds", actors.SetLED{Channel: string(rune('A' + i)), Source: "alarm"})
		}
	}
}

// holder is an active alarm that wants job asleep.
func (s *conditions) holder(c *actors.Context, job string) *watched {
	for _, w := range s.watched {
		a, _, _ := actors.Latest[actors.Alarm](c, w.name)
		if a.Active && slices.Contains(sleepers[w.Action], job) {
			return w
		}
	}
	return nil
}

// jobState keeps asleep what starts while an alarm holds it, such as after a
// power cut. Whoever wakes a sleeping job by hand knows of the alarm and may.
func (s *conditions) jobState(c *actors.Context, j actors.JobState) {
	s.hear(c, j)
	s.keepAsleep(c, j)
}

func (s *conditions) keepAsleep(c *actors.Context, j actors.JobState) {
	if j.State != actors.Ready {
		return
	}
	w := s.holder(c, j.Job)
	switch {
	case w != nil && j.From == actors.Init:
		s.sleep(c, j.Job, w)
	default:
		delete(s.slept, j.Job)
	}
}

// ended wakes what only the alarm a kept asleep.
func (s *conditions) ended(c *actors.Context, a actors.Alarm) {
	if a.Active {
		return
	}
	for _, job := range sleepers[pause] {
		if s.slept[job] && s.holder(c, job) == nil {
			delete(s.slept, job)
			c.Log().Notice("%s goes on: the alarm %s is over.", job, a.Name)
			c.Ask(job, actors.SetState{State: actors.Ready})
		}
	}
}
