package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
)

func (s *Server) status(*http.Request) (any, error) {
	experiment := ""
	if s.o.Experiment != nil {
		experiment = s.o.Experiment()
	}
	st := Overview(s.sys, experiment)
	st.Version, st.UptimeS = s.o.Version, time.Since(s.began).Seconds()
	if s.o.MQTT != nil {
		url, connected := s.o.MQTT.Broker()
		st.Broker = &Broker{URL: url, Connected: connected}
	}
	return st, nil
}

// Overview is what a unit says of itself, in the experiment it is assigned to.
func Overview(sys *actors.System, experiment string) Status {
	facts := sys.Retained()
	st := Status{
		Unit: sys.Unit(), Experiment: experiment, Boot: sys.Boot(), Now: sys.Clock().Now(), Clock: "virtual",
		Jobs: jobsIn(facts), Alarms: raisedIn(facts),
		Events: []actors.AutomationEvent{}, Actions: []actors.ActionState{}, Held: []actors.Held{},
		Calibrations: []actors.CalibrationActive{}, Estimators: []actors.EstimatorActive{},
	}
	if sys.Clock().IsLive() {
		st.Clock = "live"
	}
	for _, f := range facts {
		st.note(f)
		st.noteRare(f)
	}
	if !st.Lives(string(actors.Temperature)) {
		st.Temperature, st.HeaterDuty = nil, nil // nobody measures
	}
	return st
}

// Lives reports whether job is at work or asleep.
func (st *Status) Lives(job string) bool {
	return slices.ContainsFunc(st.Jobs, func(j Job) bool {
		return j.Name == job && (j.State == actors.Init || j.State == actors.Ready || j.State == actors.Sleeping)
	})
}

// note keeps the readings that belong on the overview.
func (st *Status) note(f actors.Retained) {
	switch f := f.(type) {
	case actors.ODReadings:
		st.OD = &f
	case actors.GrowthRate:
		st.GrowthRate = &f
	case actors.ODFiltered:
		st.ODFiltered = &f
	case actors.ODFused:
		st.ODFused = &f
	case actors.StirringRate:
		st.Stirring = &f
	case actors.VialTemperature:
		st.Temperature = &f
	case actors.HeaterDuty:
		st.HeaterDuty = &f
	case actors.Heater:
		st.Heater = &f
	case actors.LEDs:
		st.LEDs = &f
	case actors.RailVoltage:
		st.Supply = &f
	case actors.Computer:
		st.Computer = &f
	}
}

// noteRare keeps what else belongs there: what people do, and what has happened.
func (st *Status) noteRare(f actors.Retained) {
	switch f := f.(type) {
	case actors.Vial:
		st.Vial = &f
	case actors.VialState:
		st.VialState = &f
	case actors.Bottles:
		st.Bottles = &f
	case actors.DoseCheck:
		st.DoseCheck = &f
	case actors.Blank:
		if f.Experiment == st.Experiment && f.ID != "" {
			st.Blank = &f
		}
	case actors.ActionState:
		st.Actions = append(st.Actions, f)
	case actors.Held:
		if f.Why != "" {
			st.Held = append(st.Held, f)
		}
	case actors.SelfTest:
		st.SelfTest = &f
	case actors.CalibrationActive:
		if f.Name != "" {
			st.Calibrations = append(st.Calibrations, f)
		}
	case actors.EstimatorActive:
		if f.Name != "" {
			st.Estimators = append(st.Estimators, f)
		}
	case actors.AutomationEvent:
		st.Events = append(st.Events, f)
	}
}

func (s *Server) jobs(*http.Request) (any, error) { return jobsIn(s.sys.Retained()), nil }

// jobsIn lists the jobs that run or ran, by name, with what they show.
func jobsIn(facts []actors.Retained) []Job {
	byName := map[string]*Job{}
	jobOf := func(name string) *Job {
		if byName[name] == nil {
			byName[name] = &Job{Name: name, Settings: map[string]any{}}
		}
		return byName[name]
	}
	for _, f := range facts {
		switch f := f.(type) {
		case actors.JobState:
			j := jobOf(f.Job)
			j.State, j.Reason, j.Experiment = f.State, f.Reason, f.Experiment
		case actors.SettingChanged:
			if name, ok := f.Value.(string); ok && f.Setting == "automation_name" {
				jobOf(f.Job).Automation = name
			}
			if f.Value != nil {
				jobOf(f.Job).Settings[f.Setting] = f.Value
			}
		}
	}
	all := []Job{}
	for _, j := range byName {
		all = append(all, *j)
	}
	slices.SortFunc(all, func(a, b Job) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// knows reports whether job is one, registered or seen.
func (s *Server) knows(job string) bool {
	_, seen := actors.LatestOf[actors.JobState](s.sys, job)
	return seen || slices.ContainsFunc(actors.Registered(), func(r actors.Registration) bool { return r.Slot() == job })
}

func unknownJob(job string) *Error {
	return &Error{Status: http.StatusNotFound, Code: "unknown_job",
		Reason: fmt.Sprintf("%.40q is not a job; see `pioactor jobs`", job)}
}

func (s *Server) job(r *http.Request) (any, error) {
	name := r.PathValue("job")
	if !s.knows(name) {
		return nil, unknownJob(name)
	}
	info := JobInfo{Job: Job{Name: name, Settings: map[string]any{}}, Schemas: []Schema{}}
	for _, j := range jobsIn(s.sys.Retained()) {
		if j.Name == name {
			info.Job = j
		}
	}
	for _, reg := range actors.Registered() {
		if reg.Slot() == name {
			info.Schemas = append(info.Schemas, schemaOf(reg, info.Job))
		}
	}
	return info, nil
}

// schemaOf describes a registered job's settings, with j's values where they apply.
func schemaOf(reg actors.Registration, j Job) Schema {
	s := Schema{Name: reg.Name, Settings: []Setting{}}
	fresh := reg.New()
	applies := reg.Family == actors.Own || j.Automation == reg.Name
	for _, f := range setting.Of(fresh) {
		d := Setting{
			Name: f.Name, Kind: f.Kind, Unit: f.Unit, Help: f.Help, Range: f.Range(), Min: finite(f.Min), Max: finite(f.Max),
			Above: f.Above, OneOf: f.OneOf, Settable: f.Settable, Persist: f.Persist,
			ReadOnly: f.Shown && !f.Settable,
		}
		if !d.ReadOnly {
			d.Default = defaultOf(f, fresh)
		}
		if applies {
			d.Value = j.Settings[f.Name]
		}
		s.Settings = append(s.Settings, d)
	}
	return s
}

func finite(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

// defaultOf is f's default. A number outside of the setting's own range says
// that there is none, or that it follows from others.
func defaultOf(f setting.Field, fresh any) any {
	v := f.Value(fresh)
	if x, ok := v.(float64); ok && (finite(x) == nil || x < f.Min || x > f.Max || f.Above && x == f.Min) {
		return nil
	}
	return v
}

func (s *Server) alarms(*http.Request) (any, error) { return raisedIn(s.sys.Retained()), nil }

// raisedIn lists what somebody should know of.
func raisedIn(facts []actors.Retained) []actors.Alarm {
	all := []actors.Alarm{}
	for _, f := range facts {
		if a, ok := f.(actors.Alarm); ok && a.Active {
			all = append(all, a)
		}
	}
	return all
}

func (s *Server) acknowledgeAll(r *http.Request) (any, error) {
	if err := read(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.command(r, actors.Command{Target: "alarm", Body: actors.Acknowledge{All: true}})
}

// testDelivery sends a test to one target or to all, and answers with an
// []actors.Delivery.
func (s *Server) testDelivery(r *http.Request) (any, error) {
	var body actors.TestDelivery
	if err := read(r, &body); err != nil {
		return nil, err
	}
	answer, err := s.command(r, actors.Command{Target: "delivery", Body: body})
	if err != nil {
		return nil, err
	}
	return answer.(Answer).Value, nil
}

func (s *Server) acknowledge(r *http.Request) (any, error) {
	if err := read(r, &struct{}{}); err != nil {
		return nil, err
	}
	name := r.PathValue("alarm")
	if _, ok := actors.LatestOf[actors.Alarm](s.sys, name); !ok {
		return nil, &Error{Status: http.StatusNotFound, Code: "unknown_alarm", Reason: fmt.Sprintf("there is no alarm %.60q; see `pioactor alarms`", name)}
	}
	return s.command(r, actors.Command{Target: "alarm", Body: actors.Acknowledge{Name: name}})
}
