package device

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/temperature/watch"
	"github.com/pioactor/pioactor/hw"
)

const (
	longestHeat = time.Minute     // whoever heats renews its lease several times a minute
	silence     = 2 * time.Second // of the thermometer: it answers within 0.3 s, or 0.6 s behind another reading
	heaterKey   = "heater"        // where the watch's memory is kept
)

// The heater's alarms. All but alarmReading and alarmUnsaved latch.
const (
	alarmHot      = "heater_over_temperature"
	alarmNoGain   = "heater_no_gain"
	alarmReading  = "heater_reading"
	alarmRepeated = "heater_reading_repeated"
	alarmUnsaved  = "heater_state_not_saved"
)

// heater is the actor "heater": an output with a watch of its own, which no job
// can talk out of it. While somebody holds the heater it reads the thermometer
// every few seconds, unless others do; without a plausible reading there is no
// heat, whatever the lease says.
//
// Takes: what outputs take; protocol.TemperatureRead; actors.Alarm, when a
// person has acknowledged one of its own.
// Sends: what outputs send, Driven with the code "fault" among it; ReadTemperature;
// publishes actors.Heater.
// Fails by: as outputs. A memory that cannot be read latches a fault.
type heater struct {
	*outputs
	info   hw.Info
	fitted bool // heater and thermometer
	watch  watch.Watch
	saved  watch.Memory
	asking uint64 // which question to the thermometer is open; 0: none
	asked  uint64
	due    time.Duration // of the next question
	timer  actors.Timer
	shown  actors.Heater
}

// Messages of the heater to itself.
type (
	lookNow   struct{}
	noReading struct{ question uint64 }
)

func heaterSpec(board hw.Board, cfg Config) (actors.Spec, error) {
	outs := map[string]hw.Output{}
	out, err := board.Heater()
	switch {
	case err == nil:
		outs[protocol.Heater] = out
	case !errors.Is(err, hw.ErrAbsent):
		return actors.Spec{}, fmt.Errorf("devices: heater: %w", err)
	}
	_, absent := board.Thermometer()
	_, err = newBank(heaterName, longestHeat, outs)
	pwm := map[string]int{protocol.Heater: cfg.PWM["heating"]}
	return actors.Spec{Name: heaterName, New: func() actors.Job {
		h := &heater{outputs: newOutputs(heaterName, longestHeat, outs, pwm), info: board.Info(), fitted: len(outs) > 0 && absent == nil}
		h.permit, h.changed = h.permitted, h.driven
		return h
	}}, err
}

// Receive implements actors.Job.
func (h *heater) Receive(c *actors.Context, msg any) error {
	defer h.tend(c)
	switch m := msg.(type) {
	case actors.Started:
		h.start(c)
		return nil
	case protocol.Drive:
		h.ordered(c, m)
		return nil
	case protocol.TemperatureRead:
		h.asking = 0
		h.judge(c, watch.Reading{At: m.At, C: m.TemperatureC, Err: m.Err})
		return nil
	case lookNow:
		h.look(c)
		return nil
	case noReading:
		if m.question == h.asking {
			h.asking = 0
			h.judge(c, watch.Reading{Err: fmt.Errorf("no answer within %v", silence)})
		}
		return nil
	case actors.Alarm:
		h.acknowledged(c, m)
		return nil
	case actors.Saved:
		h.kept(c, m)
		return nil
	case actors.Rewritten:
		c.Clear(alarmUnsaved)
		return nil
	}
	return h.receive(c, msg)
}

func (h *heater) start(c *actors.Context) {
	var m watch.Memory
	if _, err := c.Load(heaterKey, &m); err != nil {
		c.Log().Error("%v", err)
		m = watch.Memory{Fault: watch.Unreadable, Latched: true, Text: "What was wrong with the heater before the restart cannot be read: look at it before it heats."}
	}
	h.watch, h.saved = watch.New(h.info.Heat, m), m
	actors.Subscribe[actors.Alarm](c)
	h.alarm(c, "")
	h.due = -1
	h.outputs.start(c)
}

// ordered refuses what nobody may have while there is a fault.
func (h *heater) ordered(c *actors.Context, d protocol.Drive) {
	if fault, _, text := h.watch.Fault(); fault != watch.None && d.Percent > 0 {
		c.Answer(protocol.Driven{Output: d.Output, Code: "fault", Reason: text, Tag: d.Tag})
		return
	}
	h.outputs.ordered(c, d)
}

// permitted is what is driven of percent.
func (h *heater) permitted(c *actors.Context, percent float64) float64 {
	return percent * h.watch.Share(c.Mono())
}

func (h *heater) driven(c *actors.Context, p *part) {
	h.watch = h.watch.Driven(c.Mono(), p.value)
	h.show(c, p)
}

// judge takes a reading in; the output goes safe before anybody is told.
func (h *heater) judge(c *actors.Context, r watch.Reading) {
	before := h.alarmName()
	h.watch = h.watch.Read(c.Mono(), c.Now(), r)
	h.obeyWatch(c)
	h.alarm(c, before)
	if m := h.watch.Memory(); !m.Equal(h.saved) {
		h.saved = m
		c.Save(heaterKey, m)
	}
}

// obeyWatch drives what is permitted now, and ends the lease under a fault.
func (h *heater) obeyWatch(c *actors.Context) {
	fault, _, text := h.watch.Fault()
	for _, p := range h.parts {
		err := h.apply(c, p)
		switch {
		case p.owner == "":
		case fault != watch.None:
			h.cut(c, p, "fault: "+text)
		case err != nil:
			h.cut(c, p, "hardware: "+err.Error())
		}
	}
}

// alarm raises and clears what has changed since the alarm called before.
func (h *heater) alarm(c *actors.Context, before string) {
	name := h.alarmName()
	if name != "" {
		_, latched, text := h.watch.Fault()
		c.Raise(name, "high", text, latched)
	}
	if before != "" && before != name {
		c.Clear(before)
	}
}

// alarmName is the alarm of the fault there is; "" without one.
func (h *heater) alarmName() string {
	switch fault, latched, _ := h.watch.Fault(); {
	case fault == watch.None:
		return ""
	case fault == watch.OverTemperature:
		return alarmHot
	case fault == watch.NoGain:
		return alarmNoGain
	case latched:
		return alarmRepeated // another name: a note taken of the single ones does not count for it
	}
	return alarmReading
}

// acknowledged ends a latched fault once a person has taken note of its alarm.
func (h *heater) acknowledged(c *actors.Context, a actors.Alarm) {
	if _, latched, _ := h.watch.Fault(); !latched || a.Name != h.alarmName() || !a.Acked {
		return
	}
	h.watch = h.watch.Acknowledge()
	h.saved = h.watch.Memory()
	c.Save(heaterKey, h.saved)
	c.Clear(a.Name)
}

func (h *heater) kept(c *actors.Context, s actors.Saved) {
	if s.Err != nil {
		c.Raise(alarmUnsaved, "high", fmt.Sprintf("A restart would forget that the heater is faulty: %v.", s.Err), false)
		return
	}
	c.Clear(alarmUnsaved)
}

// tend keeps readings coming while they matter, and tells what there is.
func (h *heater) tend(c *actors.Context) {
	h.publish(c)
	if !h.watched() {
		h.timer.Cancel()
		h.due = -1
		return
	}
	if next := h.watch.Next(c.Mono()); h.asking == 0 && next != h.due {
		h.due = next
		h.timer.Cancel()
		h.timer = c.After(max(0, next-c.Mono()), lookNow{})
	}
}

// watched reports whether readings matter: somebody holds the heater, or a
// fault is to end by itself.
func (h *heater) watched() bool {
	fault, latched, _ := h.watch.Fault()
	for _, p := range h.parts {
		if p.owner != "" || p.stuck {
			return true
		}
	}
	return fault != watch.None && !latched
}

// look asks for a reading, if nobody else has by now.
func (h *heater) look(c *actors.Context) {
	h.due = -1
	if h.watch.Next(c.Mono()) > c.Mono() {
		return
	}
	h.asked++
	h.asking = h.asked
	if !c.Tell(thermometerName, protocol.ReadTemperature{}) {
		h.asking = 0
		h.judge(c, watch.Reading{Err: errors.New("the thermometer's actor is not running")})
		return
	}
	c.After(silence, noReading{h.asking})
}

// publish tells what the heater does, when that is news.
func (h *heater) publish(c *actors.Context) {
	_, latched, text := h.watch.Fault()
	now := actors.Heater{Fitted: h.fitted, MaxC: h.info.Heat.ReduceC, Fault: text, Latched: latched}
	for _, p := range h.parts {
		now.Percent = p.value
	}
	if now != h.shown {
		h.shown = now
		c.Publish(now)
	}
}

var _ actors.Job = (*heater)(nil)
