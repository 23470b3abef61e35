package calibrate

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/calibrate/guide"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/calibration"
)

// act is the action under way: one message out, and what must come back.
type act struct {
	wants   guide.Action // nil: none
	tag     string
	asked   string // ID of the command to "calibrations"
	reading bool   // the tachometer was asked
	timing  bool   // a speed is being measured
	from    hw.Edges
	guard   actors.Timer
}

// flowed is a run of a pump whose end has not been reported.
type flowed struct {
	event  string
	mlPerS float64
}

// waited goes on with an action; silent gives it up.
type (
	waited struct{ tag string }
	silent struct{ tag string }
)

const (
	patience = time.Minute     // beyond what an action takes: an OD window may hold it up, a disk be slow
	stirRoom = 5 * time.Second // what the stirrer's lease outlasts a measurement by
	cutShort = 0.9             // a run of less than this share of its time is not weighed
)

// events are what a run of a pump is called. Source: Pioreactor 26.7.2.
var events = map[hw.PumpRole]string{hw.Media: "add_media", hw.AltMedia: "add_alt_media", hw.Waste: "remove_waste"}

// do begins an action.
func (p *procedure) do(c *actors.Context, action guide.Action) {
	p.acts++
	p.act = act{wants: action, tag: fmt.Sprintf("%s/%d", p.shown.ID, p.acts)}
	switch a := action.(type) {
	case guide.Run:
		p.run(c, a)
	case guide.Stir:
		p.drive(c, "stirrer", protocol.Drive{Output: protocol.Stirrer, Percent: a.Percent, For: a.Settle + a.Window + stirRoom})
	case guide.Keep:
		p.keep(c, a.Calibration)
	case guide.Use:
		p.ask(c, actors.UseCalibration{Shelf: actors.Calibrations, Device: p.shown.Device, Name: a.Name})
	}
}

// run drives the pump, unless it is wanted for the culture by now.
func (p *procedure) run(c *actors.Context, a guide.Run) {
	if err := inTheWay(c, p.shown.Device); err != nil {
		p.went(c, guide.Failed{Reason: err.Error()})
		return
	}
	role := pumps[p.shown.Device]
	p.flow[p.act.tag] = flowed{events[role], a.ML / a.For.Seconds()}
	p.drive(c, "pumps", protocol.Drive{Output: protocol.PumpOutput(role), Percent: 100, For: a.For})
}

func (p *procedure) drive(c *actors.Context, device string, d protocol.Drive) {
	d.Owner, d.Tag = c.Name(), p.act.tag
	p.act.guard = c.After(d.For+patience, silent{d.Tag})
	if !c.Tell(device, d) {
		p.went(c, guide.Failed{Reason: device + " is not running; see `pioactor alarms`"})
	}
}

// keep writes the calibration as Pioreactor does and hands it in.
func (p *procedure) keep(c *actors.Context, cal calibration.Calibration) {
	cal.CreatedAt, cal.SupplyV = c.Now(), p.supplyV
	text, err := calibration.Format(cal)
	if err != nil {
		p.went(c, guide.Failed{Reason: err.Error()})
		return
	}
	p.ask(c, actors.ImportCalibration{Shelf: actors.Calibrations, Device: p.shown.Device, YAML: string(text)})
}

func (p *procedure) ask(c *actors.Context, body any) {
	p.act.guard = c.After(patience, silent{p.act.tag})
	p.act.asked = c.Ask(Name, body)
}

// heard is what devices and timers say.
func (p *procedure) heard(c *actors.Context, msg any) {
	if m, ok := msg.(protocol.Cut); ok {
		p.report(c, m)
	}
	if p.act.wants == nil {
		return
	}
	switch m := msg.(type) {
	case protocol.Driven:
		p.driven(c, m)
	case protocol.Cut:
		p.cut(c, m)
	case protocol.EdgesRead:
		p.edges(c, m)
	case actors.Reply:
		p.replied(c, m)
	case waited:
		if m.tag == p.act.tag {
			p.settled(c)
		}
	case silent:
		if m.tag == p.act.tag {
			p.fail(c, "a device does not answer; it was made safe")
		}
	case actors.OwnerGone:
		p.gone(c, m.Owner)
	case actors.PumpsStopped:
		_, runs := p.act.wants.(guide.Run)
		if runs && (m.Action == "" || m.Action == events[pumps[p.shown.Device]]) {
			p.fail(c, "the pumps were told to stop: "+m.Reason+". Empty the vessel and run it again")
		}
	}
}

// fail lets go of the outputs and tells the guide that nothing came of it.
func (p *procedure) fail(c *actors.Context, reason string) {
	for _, device := range []string{"pumps", "stirrer"} {
		c.Tell(device, protocol.Release{Owner: c.Name()})
	}
	p.went(c, guide.Failed{Reason: reason})
}

// report says what a pump has moved, by what is known of it so far.
func (p *procedure) report(c *actors.Context, m protocol.Cut) {
	f, ok := p.flow[m.Tag]
	delete(p.flow, m.Tag)
	if ok && m.Ran > 0 {
		c.Publish(actors.DosingEvent{Event: f.event, VolumeML: f.mlPerS * m.Ran.Seconds(), Source: "pump_calibration"})
	}
}

func (p *procedure) driven(c *actors.Context, m protocol.Driven) {
	switch stir, stirs := p.act.wants.(guide.Stir); {
	case m.Tag != p.act.tag:
	case !m.OK:
		delete(p.flow, m.Tag)
		p.went(c, guide.Failed{Reason: m.Output + " cannot be driven: " + m.Reason})
	case stirs:
		c.After(stir.Settle, waited{m.Tag})
	}
}

// cut ends a run of the pump; anything else that is cut was lost.
func (p *procedure) cut(c *actors.Context, m protocol.Cut) {
	if m.Tag != p.act.tag {
		return
	}
	run, runs := p.act.wants.(guide.Run)
	switch {
	case runs && m.Ran >= time.Duration(cutShort*float64(run.For)):
		p.went(c, guide.Ran{For: m.Ran})
	case runs:
		p.went(c, guide.Failed{Reason: fmt.Sprintf("the pump ran for %.2f of %.2f s: %s. Empty the vessel and run it again", m.Ran.Seconds(), run.For.Seconds(), m.Reason)})
	default:
		p.fail(c, "the stirrer was stopped: "+m.Reason)
	}
}

// settled begins the measurement, ends it, or ends a step without one.
func (p *procedure) settled(c *actors.Context) {
	if stir, ok := p.act.wants.(guide.Stir); ok && stir.Window == 0 {
		p.went(c, guide.Ran{For: stir.Settle})
		return
	}
	p.act.reading = true
	if !c.Tell("tachometer", protocol.ReadEdges{}) {
		p.fail(c, "the tachometer is not running; see `pioactor alarms`")
	}
}

func (p *procedure) edges(c *actors.Context, m protocol.EdgesRead) {
	stir, ok := p.act.wants.(guide.Stir)
	switch asked := p.act.reading; {
	case !ok || !asked:
		return
	case m.Err != nil:
		p.fail(c, "the speed cannot be measured: "+m.Err.Error())
	case !p.act.timing:
		p.act.reading, p.act.timing, p.act.from = false, true, m.Edges
		c.After(stir.Window, waited{p.act.tag})
	default:
		p.went(c, guide.Measured{RPM: m.Edges.RPM(p.act.from)})
	}
}

func (p *procedure) replied(c *actors.Context, r actors.Reply) {
	switch {
	case r.ID != p.act.asked:
	case r.OK:
		p.went(c, guide.Kept{})
	default:
		p.went(c, guide.Failed{Reason: r.Reason})
	}
}

// gone takes note of a device whose actor failed: its outputs are off.
func (p *procedure) gone(c *actors.Context, owner string) {
	_, runs := p.act.wants.(guide.Run)
	_, stirs := p.act.wants.(guide.Stir)
	if runs && owner == "pumps" || stirs && (owner == "stirrer" || owner == "tachometer") {
		delete(p.flow, p.act.tag)
		p.fail(c, "the actor "+owner+" failed and is started anew, outputs off. Empty the vessel and run it again")
	}
}
