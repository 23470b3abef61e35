package bridge

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/bridge/wire"
)

// The table: which fact goes where. QoS and retain are Pioreactor 26.7.2's.
//
//	fact                 topic under <root>/<unit>/<experiment>     QoS  retained
//	JobState             <job>/$state                                2    yes, and lost as a will
//	SettingChanged       <job>/<setting>; nil is an empty payload    2    yes
//	ODReading            od_reading/od<channel>, unless bad          2    yes
//	                     od_reading/raw_od<channel>, calibrated_od<channel>, if calibrated  2  yes
//	ODFused              od_reading/od_fused, empty when unavailable  2   yes
//	ODReadings           od_reading/ods, without the bad ones        2    yes
//	RelativeIRIntensity  od_reading/relative_intensity_of_ir_led, every 5th  2  yes
//	GrowthRate           growth_rate_calculating/growth_rate         2    yes
//	ODFiltered           growth_rate_calculating/od_filtered         2    yes
//	StirringRate         stirring/measured_rpm                       2    yes
//	VialTemperature      temperature_automation/temperature          2    yes
//	HeaterDuty           temperature_automation/heater_duty_cycle    2    yes
//	Vial                 bioreactor/<variable>, what changed         2    yes
//	                     dosing_automation/dilution_rate, generations  2  yes, while it lives (ours)
//	VialState            vial/state (ours)                           2    yes
//	Blank                od_blank/means; none is an empty payload    1    yes
//	ActionState          <action>/$state                             2    yes, and lost as a will
//	Bottles              bioreactor/<bottle>_bottle_ml, once declared (ours)  2  yes
//	DoseCheck            bioreactor/dose_check (ours)                2    yes
//	LEDs                 leds/intensity                              0    yes
//	LEDChanged           led_change_events                           0    no
//	PWMDuty              pwms/dc                                     0    yes
//	DosingEvent          dosing_events                               2    no
//	AutomationEvent      <job>/latest_event                          2    yes
//	AutomationSettings   <job>/<job>_settings                        2    no
//	PIDLog               pid_log/<target>                            0    no
//	Log                  logs/<source>/<level>; a person's note      0 (2)  no
//	Alarm                alarms/<name>, always of $experiment (ours) 2    yes
//	                     alarms/<name>/set takes: acknowledged
//	Computer             monitor/computer_statistics                 2    yes
//	RailVoltage          monitor/voltage_on_pwm_rail                 2    yes
//	SelfTestCheck        self_test/<check>: 1, 0; empty until judged 2    yes
//	SelfTest             self_test/all_tests_passed: 1, 0; empty while it runs  2  yes
//	                     self_test/correlations_between_pds_and_leds 2    yes
//	CalibrationActive    calibrations/<device>, of $experiment; empty when none is (ours)  2  yes
//	EstimatorActive      estimators/<device>, as above (ours)        2    yes
//	Procedure            stirring_calibration/percent_progress, of the stirrer's, in _testing_<experiment>  0  no
//	                     stirring_calibration/$state, likewise       2    yes
//
// Not shown: facts that are the house's own affair.

// line is one publication.
type line struct {
	topic  wire.Topic
	value  any // for wire.Value, or a json.RawMessage; nil clears
	qos    byte
	retain bool
}

func (l line) bytes() ([]byte, error) {
	switch v := l.value.(type) {
	case json.RawMessage:
		return v, nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	}
	return wire.Value(l.value)
}

// pins of the PWM channels 1 to 5. Source: Pioreactor 26.7.2, BioreactorDiagram.js.
var pins = [...]int{17, 13, 16, 12, 18}

// table turns facts into lines. It remembers what it needs to say only what is
// new, and to clear what a job leaves behind.
type table struct {
	root, unit  string
	experiment  string // assigned
	states      map[string]actors.JobState
	data        map[string][]wire.Topic // what a job retains beside its settings
	vial        *actors.Vial
	stock       actors.Fact // Bottles
	check       actors.Fact // DoseCheck
	duty        wire.PWMDutyCycles
	intensities int
	sides       map[int]sides // of calibrated photodiodes, by channel
	calibrating string        // what was last said of the stirrer's calibration
}

func newTable(root, unit, experiment string) *table {
	return &table{root: root, unit: unit, experiment: experiment, states: map[string]actors.JobState{},
		data: map[string][]wire.Topic{}, sides: map[int]sides{}, duty: wire.PWMDutyCycles{}}
}

// filters are the commands for experiment. They do not overlap.
func (t *table) filters(experiment string) []string {
	own := t.root + "/" + t.unit + "/" + experiment
	all := []string{own + "/+/+/set", own + "/run/+", t.root + "/" + wire.Broadcast + "/" + experiment + "/+/+/set"}
	if experiment == wire.Universal {
		return append(t.plainFilters(), all...)
	}
	for _, verb := range bench.Verbs {
		all = append(all, own+"/"+vialTopic+"/"+verb)
	}
	return all
}

// lines is the table.
func (t *table) lines(f actors.Fact) []line {
	m := f.About()
	switch f := f.(type) {
	case actors.JobState:
		return t.jobState(f)
	case actors.SettingChanged:
		return []line{{t.jobTopic(f, f.Job, f.Setting), f.Value, 2, true}}
	case actors.ODReading:
		return t.odReading(f)
	case actors.ODReadings:
		return t.odReadings(f)
	case actors.ODFused:
		if f.Quality.Grade == actors.Bad {
			return t.datum(f, "od_reading", "od_fused", nil)
		}
		return t.datum(f, "od_reading", "od_fused", wire.ODFused{OD: f.Value, Timestamp: m.At})
	case actors.RelativeIRIntensity:
		return t.relativeIntensity(f)
	case actors.GrowthRate:
		return t.datum(f, "growth_rate_calculating", "growth_rate", wire.GrowthRate{PerH: f.PerH, Timestamp: m.At})
	case actors.ODFiltered:
		return t.datum(f, "growth_rate_calculating", "od_filtered", wire.ODFiltered{OD: f.Value, Timestamp: m.At})
	case actors.StirringRate:
		return t.datum(f, "stirring", "measured_rpm", wire.MeasuredRPM{RPM: rpm(f.RPM), Timestamp: m.At})
	case actors.VialTemperature:
		return t.datum(f, string(actors.Temperature), "temperature", wire.Temperature{Timestamp: m.At, C: f.C})
	case actors.HeaterDuty:
		return t.datum(f, string(actors.Temperature), "heater_duty_cycle", f.Percent)
	case actors.Vial:
		return t.vialLines(f)
	case actors.VialState:
		return []line{{t.shared(f, vialTopic, "state"), vialState(f), 2, true}}
	case actors.Blank:
		return t.blank(f)
	case actors.ActionState:
		return []line{{t.shared(f, f.Action, wire.StateTopic), string(f.State), 2, true}}
	case actors.Bottles:
		t.stock = f
		return t.bottles(f)
	case actors.DoseCheck:
		t.check = f
		return []line{{t.shared(f, "bioreactor", "dose_check"), doseCheck(f), 2, true}}
	case actors.LEDs:
		return []line{{t.shared(f, "leds", "intensity"), wire.LEDIntensities{A: f.A, B: f.B, C: f.C, D: f.D}, 0, true}}
	case actors.LEDChanged:
		return []line{{t.shared(f, "led_change_events", ""),
			wire.LEDChangeEvent{Channel: f.Channel, Intensity: f.Percent, Source: f.Source, Timestamp: m.At}, 0, false}}
	case protocol.PWMDuty:
		return t.pwm(f)
	case actors.DosingEvent:
		return []line{{t.shared(f, "dosing_events", ""),
			wire.DosingEvent{VolumeChangeML: f.VolumeML, Event: f.Event, Source: f.Source, Timestamp: m.At}, 2, false}}
	case actors.AutomationEvent:
		return t.automationEvent(f)
	case actors.AutomationSettings:
		return t.automationSettings(f)
	case actors.PIDLog:
		return []line{{t.jobTopic(f, "pid_log", f.Target), pidLog(f), 0, false}}
	case actors.Log:
		return t.log(f)
	case actors.Alarm:
		return []line{{t.topic(wire.Universal, alarms, f.Name), alarmText(f), 2, true}}
	case actors.Computer:
		return t.computer(f)
	case actors.CalibrationActive:
		return t.active(actors.Calibrations, "calibration", f.Device, f.Name, f.Calibration.Kind, f.Calibration.CreatedAt)
	case actors.EstimatorActive:
		return t.active(actors.Estimators, "estimator", f.Device, f.Name, f.Estimator.Kind, f.Estimator.CreatedAt)
	case actors.Procedure:
		return t.procedure(f)
	case actors.RailVoltage:
		return t.datum(f, "monitor", "voltage_on_pwm_rail", wire.Voltage{V: f.Volts, Timestamp: m.At})
	case actors.SelfTestCheck:
		return []line{{t.topic(wire.Universal, selfTest, f.Name), checkValue(f), 2, true}}
	case actors.SelfTest:
		return t.selfTest(f)
	}
	return nil
}

func (t *table) topic(experiment, job, setting string) wire.Topic {
	return wire.Topic{Root: t.root, Unit: t.unit, Experiment: experiment, Job: job, Setting: setting}
}

// jobTopic is where a job's own facts go: those without an experiment are the unit's.
func (t *table) jobTopic(f actors.Fact, job, setting string) wire.Topic {
	experiment := f.About().Experiment
	if experiment == "" {
		experiment = wire.Universal
	}
	return t.topic(experiment, job, setting)
}

// shared is where facts of devices go: those are nobody's, and shown in the
// experiment the unit is assigned to.
func (t *table) shared(f actors.Fact, collection, setting string) wire.Topic {
	experiment := f.About().Experiment
	if experiment == "" {
		experiment = t.experiment
	}
	return t.topic(experiment, collection, setting)
}

func (t *table) lives(job string) bool {
	switch t.states[job].State {
	case actors.Init, actors.Ready, actors.Sleeping:
		return true
	}
	return false
}

func (t *table) jobState(f actors.JobState) []line {
	began := !t.lives(f.Job)
	t.states[f.Job] = f
	lines := append([]line{{t.jobTopic(f, f.Job, wire.StateTopic), string(f.State), 2, true}}, t.assign(f.Experiment)...)
	switch {
	case !t.lives(f.Job):
		return append(lines, t.clear(f.Job)...)
	case began && strings.HasSuffix(f.Job, "_automation"):
		lines = append(lines, t.datum(f, f.Job, "latest_event", nil)...)
	}
	if began && f.Job == string(actors.Dosing) && t.vial != nil {
		lines = append(lines, t.dosingLines(*t.vial)...)
	}
	return lines
}

// assign notes which experiment a job belongs to; the vial comes along.
func (t *table) assign(experiment string) []line {
	if experiment == "" || experiment == t.experiment {
		return nil
	}
	t.experiment = experiment
	var lines []line
	for _, f := range []actors.Fact{t.stock, t.check} {
		if f != nil {
			lines = append(lines, t.lines(f)...)
		}
	}
	if t.vial == nil {
		return lines
	}
	vial := *t.vial
	t.vial = nil
	return append(lines, t.vialLines(vial)...)
}

// datum is a value that its job retains while it lives.
func (t *table) datum(f actors.Fact, job, name string, value any) []line {
	if _, known := t.states[job]; known && !t.lives(job) {
		return nil // the last word of a job that is gone
	}
	topic := t.jobTopic(f, job, name)
	if !slices.Contains(t.data[job], topic) {
		t.data[job] = append(t.data[job], topic)
	}
	return []line{{topic, value, 2, true}}
}

// clear empties what job leaves behind.
func (t *table) clear(job string) []line {
	var lines []line
	for _, topic := range t.data[job] {
		lines = append(lines, line{topic, nil, 2, true})
	}
	delete(t.data, job)
	return lines
}

// rpm is a float while stirring and the integer 0 at rest, as Pioreactor's.
func rpm(v float64) wire.Number {
	if v == 0 {
		return wire.Int(0)
	}
	return wire.Float(v)
}

func (t *table) pwm(f protocol.PWMDuty) []line {
	if f.Channel < 1 || f.Channel > len(pins) {
		return nil
	}
	duty := maps.Clone(t.duty) // the last one may still be waiting to be said
	duty[pins[f.Channel-1]] = f.Percent
	t.duty = duty
	return []line{{t.shared(f, "pwms", "dc"), duty, 0, true}}
}

func (t *table) log(f actors.Log) []line {
	l := wire.Log{Source: f.Source, Task: f.Task, Message: f.Message, Level: strings.ToUpper(f.Level), Timestamp: f.At}
	qos := byte(0)
	if f.Source == "ui" {
		l.Note, qos = true, 2
	}
	return []line{{t.jobTopic(f, "logs", l.LogTopic()), l, qos, false}}
}

// alarmText is our own payload: the fact without the house's book-keeping.
func alarmText(f actors.Alarm) json.RawMessage {
	text, err := json.Marshal(struct {
		Name         string `json:"name"`
		Priority     string `json:"priority"`
		Active       bool   `json:"active"`
		Latched      bool   `json:"latched"`
		Acknowledged bool   `json:"acknowledged"`
		Over         bool   `json:"over"`
		Since        string `json:"since"`
		Text         string `json:"text"`
		HiddenBy     string `json:"hidden_by"`
		Action       string `json:"action"`
		Timestamp    string `json:"timestamp"`
	}{f.Name, f.Priority, f.Active, f.Latched, f.Acked, f.Over, wire.FormatMilli(f.Since), f.Text, f.HiddenBy, f.Action, wire.FormatMilli(f.At)})
	if err != nil {
		return nil // strings and bools always marshal
	}
	return text
}

func (t *table) computer(f actors.Computer) []line {
	if f.DiskFreeGB == 0 {
		return nil // not measured
	}
	return t.datum(f, "monitor", "computer_statistics",
		wire.ComputerStatistics{AvailableDiskGB: f.DiskFreeGB, CPUTemperatureC: wire.Float(f.CPUTemperatureC), Timestamp: f.At})
}
