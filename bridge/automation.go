package bridge

import (
	"encoding/json"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge/wire"
)

func (t *table) automationEvent(f actors.AutomationEvent) []line {
	e := wire.AutomationEvent{Name: f.Name, Message: f.Message}
	if len(f.Data) > 0 {
		if err := json.Unmarshal(f.Data, &e.Data); err != nil {
			e.Data = wire.Object{{Name: "json", Value: string(f.Data)}} // not an object of plain values
		}
	}
	for i, d := range e.Data { // amounts and the like: none of Pioreactor's data counts
		if n, isNumber := d.Value.(wire.Number); isNumber {
			e.Data[i].Value = wire.Float(n.Float64())
		}
	}
	return t.datum(f, f.Job, "latest_event", e)
}

func (t *table) automationSettings(f actors.AutomationSettings) []line {
	s := wire.AutomationSettings{Unit: t.unit, Experiment: f.Experiment, StartedAt: f.StartedAt, EndedAt: f.EndedAt, Name: f.Automation}
	if err := json.Unmarshal(f.Settings, &s.Settings); err != nil {
		s.Settings = wire.Object{{Name: "json", Value: string(f.Settings)}}
	}
	floats(s.Settings, f.Job, f.Automation)
	s.Settings = append(s.Settings, wire.Field{Name: "state", Value: string(t.states[f.Job].State)})
	return []line{{t.jobTopic(f, f.Job, f.Job+"_settings"), s, 2, false}}
}

// floats spells the whole numbers of settings that are floats as Python does.
func floats(o wire.Object, job, automation string) {
	r, err := actors.Lookup(job, automation)
	if err != nil {
		return // not a registered one: its numbers stay as they are
	}
	schema := r.New()
	for i := range o {
		n, isNumber := o[i].Value.(wire.Number)
		f, known := setting.Find(schema, o[i].Name)
		if isNumber && known && (f.Kind == setting.Float || f.Kind == setting.Duration) {
			o[i].Value = wire.Float(n.Float64())
		}
	}
}

func pidLog(f actors.PIDLog) wire.PIDLog {
	return wire.PIDLog{
		Setpoint: wire.Float(f.Setpoint), OutputLowerEdge: wire.Float(f.Lower), OutputUpperEdge: wire.Float(f.Upper),
		Kd: wire.Float(f.Kd), Ki: wire.Float(f.Ki), Kp: wire.Float(f.Kp),
		Integral: wire.Float(f.Integral), Proportional: wire.Float(f.Proportional), Derivative: wire.Float(f.Derivative),
		LatestInput: wire.Float(f.Input), LatestOutput: wire.Float(f.Output), Job: f.Job, Target: f.Target,
	}
}
