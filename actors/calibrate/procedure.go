package calibrate

import (
	"fmt"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/calibrate/guide"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// ProcedureName is the address of the actor that makes calibrations.
const ProcedureName = "procedure"

// idleTime is how long a question waits for its answer.
const idleTime = 15 * time.Minute

// ProcedureConfig says what the procedures need to know of the unit.
type ProcedureConfig struct {
	StirringDuty float64 // that stirs at about 500 rpm, %, above 0; default 30
}

// ProcedureSpec is the spec of the actor "procedure", which makes calibrations
// step by step; what to ask and do is decided in actors/calibrate/guide.
func ProcedureSpec(cfg ProcedureConfig) actors.Spec {
	if cfg.StirringDuty <= 0 {
		cfg.StirringDuty = 30 // Pioreactor 26.7.2
	}
	return actors.Spec{Name: ProcedureName, New: func() actors.Job { return &procedure{cfg: cfg, supplyV: unmeasured} }}
}

// unmeasured is the voltage of a rail that nobody read. Source: Pioreactor 26.7.2.
const unmeasured = -1

// procedure carries out one guide at a time, on outputs that it holds by lease.
//
// Takes: StartProcedure, AnswerProcedure, UndoProcedure, RedoProcedure and
// StopProcedure as commands; Driven and Cut; EdgesRead, RailRead; Reply of
// "calibrations"; OwnerGone, PumpsStopped.
// Sends: Drive and Release to "pumps" and "stirrer", ReadEdges, ReadRail,
// ImportCalibration and UseCalibration to "calibrations"; publishes Procedure
// and, for each run of a pump, a DosingEvent of the source "pump_calibration",
// which the vial's books do not count: the water does not reach the vial.
// Fails by: only a bug; the devices make safe what it held, and the procedure is
// ended: what was weighed is lost.
type procedure struct {
	cfg     ProcedureConfig
	supplyV float64 // of the PWM rail; unmeasured until it answers

	guide guide.Guide       // nil: none is under way
	shown actors.Procedure  // as published
	count int               // of procedures since the boot
	act   act               // the action under way
	acts  int               // begun by this actor
	flow  map[string]flowed // runs whose end has not been reported, by tag
	idle  actors.Timer
}

// outOfTime ends a procedure that nobody answers.
type outOfTime struct {
	id   string
	turn int
}

// Receive implements actors.Job.
func (p *procedure) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		p.start(c)
	case actors.Command:
		return p.command(c, m)
	case protocol.Driven, protocol.Cut, protocol.EdgesRead, actors.Reply, actors.OwnerGone, actors.PumpsStopped, waited, silent:
		p.heard(c, msg)
	case protocol.RailRead:
		if v := m.Supply.Volts; m.Err == nil && v > 0 && v < 1000 {
			p.supplyV = v
		}
	case outOfTime:
		if p.guide != nil && m.id == p.shown.ID && m.turn == p.shown.Turn {
			p.end(c, "Nobody answered for 15 minutes; it was ended, and nothing was saved.", true)
		}
	case actors.Stopping:
		if p.guide != nil {
			p.end(c, "The unit shuts down; it was ended, and nothing was saved.", true)
		}
	}
	return nil
}

// start ends what the incarnation before left open; the devices have made its
// outputs safe.
func (p *procedure) start(c *actors.Context) {
	actors.Subscribe[actors.OwnerGone](c)
	actors.Subscribe[actors.PumpsStopped](c)
	p.flow = map[string]flowed{}
	last, _, _ := actors.Latest[actors.Procedure](c, "")
	p.shown = last
	if last.ID != "" && last.State != actors.ProcedureEnded {
		p.end(c, "It failed and was ended, outputs are off, and nothing was saved. Begin anew.", true)
	}
}

func (p *procedure) command(c *actors.Context, cmd actors.Command) error {
	var err error
	switch b := cmd.Body.(type) {
	case actors.StartProcedure:
		err = p.begin(c, b)
	case actors.AnswerProcedure:
		err = p.answer(c, b.ID, b.Turn, guide.Answer{Value: b.Value})
	case actors.UndoProcedure:
		err = p.answer(c, b.ID, b.Turn, guide.Undo{})
	case actors.RedoProcedure:
		err = p.answer(c, b.ID, b.Turn, guide.Redo{})
	case actors.StopProcedure:
		if err = p.known(b.ID); err == nil {
			p.end(c, "It was stopped, and nothing was saved.", true)
		}
	default:
		err = actors.Refuse("unknown_command", "procedure: cannot %T", cmd.Body)
	}
	if err == nil {
		c.Reply(cmd, p.shown)
	}
	return err
}

// begin starts a procedure, or goes on with the one that is under way.
func (p *procedure) begin(c *actors.Context, b actors.StartProcedure) error {
	if p.guide != nil && b.Device == p.shown.Device {
		return nil
	}
	if p.guide != nil {
		return refuse("busy", "%s is being calibrated; end that first with `pioactor calibrations run %s` and quit", p.shown.Device, p.shown.Device)
	}
	g, err := p.guideOf(c, b)
	if err != nil {
		return err
	}
	if err := inTheWay(c, b.Device); err != nil {
		return err
	}
	p.count++
	p.shown = actors.Procedure{ID: fmt.Sprintf("%s-%d-%d", c.System().Boot(), c.Mono().Milliseconds(), p.count), Device: b.Device}
	c.Tell("rail", protocol.ReadRail{})
	c.Log().Notice("The calibration of %s begins.", b.Device)
	g, action := g.Begin()
	p.take(c, g, action, "")
	return nil
}

// pumps by the name of their calibration.
var pumps = map[string]hw.PumpRole{"media_pump": hw.Media, "alt_media_pump": hw.AltMedia, "waste_pump": hw.Waste}

func (p *procedure) guideOf(c *actors.Context, b actors.StartProcedure) (guide.Guide, error) {
	s := guide.Subject{Device: b.Device, Unit: c.Unit(), Stamp: c.Now().Format("2006-01-02-1504"), Use: b.Use, Duty: p.cfg.StirringDuty}
	switch {
	case pumps[b.Device] != "":
		return guide.NewPump(s), nil
	case b.Device == "stirring":
		return guide.NewStirring(s), nil
	}
	return nil, refuse("unknown_device", "device: want one of media_pump, alt_media_pump, waste_pump, stirring, got %.40q", b.Device)
}

// rivals are the jobs that must not live while a device is calibrated.
func rivals(device string) []string {
	if device == "stirring" {
		return []string{"stirring", "self_test"}
	}
	return []string{string(actors.Dosing)}
}

// inTheWay refuses while a job wants the device for the culture, or somebody
// works at the vial.
func inTheWay(c *actors.Context, device string) error {
	if vial, _, _ := actors.Latest[actors.VialState](c, ""); vial.Paused {
		return refuse("paused", "%s: the vial is paused; first `pioactor vial resume`", device)
	}
	for _, job := range rivals(device) {
		s, _, _ := actors.Latest[actors.JobState](c, job)
		switch s.State {
		case actors.Init, actors.Ready, actors.Sleeping:
			return refuse("busy", "%s: %s is %s; stop it first: `pioactor jobs stop %s`", device, job, s.State, job)
		}
	}
	return nil
}

// known refuses what is meant for another procedure than the one under way.
func (p *procedure) known(id string) error {
	if p.guide == nil || id != p.shown.ID {
		return refuse("no_procedure", "no procedure %.60q is under way; begin one with `pioactor calibrations run DEVICE`", id)
	}
	return nil
}

// answer hands a person's input to the guide.
func (p *procedure) answer(c *actors.Context, id string, turn int, in guide.Input) error {
	if err := p.known(id); err != nil {
		return err
	}
	if turn != p.shown.Turn {
		return refuse("stale_turn", "turn %d is over, it is at %d; look at what it asks now", turn, p.shown.Turn)
	}
	g, action, err := p.guide.Step(in)
	if err != nil {
		return &actors.Refusal{Code: "invalid", Reason: err.Error()}
	}
	p.take(c, g, action, "")
	return nil
}

// went hands the outcome of the action under way to the guide.
func (p *procedure) went(c *actors.Context, in guide.Input) {
	problem := ""
	if f, failed := in.(guide.Failed); failed {
		problem = strings.TrimPrefix(f.Reason, "calibrations: ")
	}
	g, action, err := p.guide.Step(in)
	if err != nil { // an action that its own guide did not ask for
		p.end(c, "It went wrong and was ended: "+err.Error(), true)
		return
	}
	p.take(c, g, action, problem)
}

// take goes on to what the guide wants next.
func (p *procedure) take(c *actors.Context, g guide.Guide, action guide.Action, problem string) {
	p.guide = g
	p.idle.Cancel()
	p.act.guard.Cancel()
	p.act = act{}
	switch a := action.(type) {
	case guide.Finish:
		p.end(c, a.Text, false)
	case guide.Abort:
		p.end(c, "Nothing was saved: "+a.Reason, true)
	case nil:
		p.show(c, actors.ProcedureAsks, problem)
		p.idle = c.After(idleTime, outOfTime{p.shown.ID, p.shown.Turn})
	default:
		p.show(c, actors.ProcedureWorks, problem)
		p.do(c, action)
	}
}

// show publishes where the procedure stands.
func (p *procedure) show(c *actors.Context, state actors.ProcedureState, problem string) {
	q := p.guide.Prompt()
	p.shown = actors.Procedure{ID: p.shown.ID, Device: p.shown.Device, Turn: p.shown.Turn + 1, State: state,
		Title: q.Title, Text: q.Text, Undo: q.Undo, Redo: q.Redo, Done: q.Percent, Warnings: q.Warnings, Problem: problem, Points: p.guide.Points()}
	if state == actors.ProcedureAsks {
		p.shown.Field = actors.ProcedureField{Name: q.Field.Name, Unit: q.Field.Unit, Default: q.Field.Default, OneOf: q.Field.OneOf}
	}
	c.Publish(p.shown)
}

// end makes the outputs safe before anybody hears of it.
func (p *procedure) end(c *actors.Context, text string, failed bool) {
	for _, device := range []string{"pumps", "stirrer"} {
		c.Tell(device, protocol.Release{Owner: c.Name()})
	}
	p.idle.Cancel()
	p.act.guard.Cancel()
	p.act = act{}
	last := p.shown
	p.shown = actors.Procedure{ID: last.ID, Device: last.Device, Turn: last.Turn + 1, State: actors.ProcedureEnded, Text: text,
		Failed: failed, Done: last.Done, Warnings: last.Warnings, Points: last.Points}
	if p.guide != nil {
		p.shown.Points = p.guide.Points()
	}
	if !failed {
		p.shown.Done = 100
	}
	p.guide = nil
	c.Publish(p.shown)
	c.Log().Notice("The calibration of %s has ended: %s", p.shown.Device, text)
}

var _ actors.Job = (*procedure)(nil)
