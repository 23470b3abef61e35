package bridge

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw/calibration"
)

var update = flag.Bool("update", false, "rewrite testdata/topics.golden")

var at = time.Date(2026, 11, 22, 9, 16, 39, 240_000_000, time.UTC)

func meta() actors.Meta { return actors.Meta{Unit: "unit1", Experiment: "exp1", At: at} }

// device is the meta of facts that belong to nobody's experiment.
func device() actors.Meta { return actors.Meta{Unit: "unit1", At: at} }

func od(channel int, value float64, grade string) actors.ODReading {
	return actors.ODReading{Meta: meta(), Channel: channel, Angle: "90", Value: value, IRPercent: 80, Quality: actors.Quality{Grade: grade}}
}

// story is every kind of fact once or more, in an order that may happen.
func story() []actors.Fact {
	vial := actors.Vial{Meta: device(), VolumeML: 14, EffluxML: 14, AltFraction: 0, OwedWasteML: 0}
	fuller := vial
	fuller.VolumeML, fuller.MediaML, fuller.Generations, fuller.DilutionRatePerH = 14.5, 0.5, 0.05, 0.3
	return []actors.Fact{
		actors.JobState{Meta: device(), Job: "monitor", State: actors.Ready},
		actors.Computer{Meta: device(), DiskFreeGB: 75.16785430908203, CPUTemperatureC: 22},
		actors.RailVoltage{Meta: device(), Volts: 5},
		actors.SelfTest{Meta: device(), Running: true},
		actors.SelfTestCheck{Meta: device(), Name: "test_ambient_light_interference"},
		actors.SelfTestCheck{Meta: device(), Name: "test_ambient_light_interference", Verdict: actors.Passed},
		actors.SelfTestCheck{Meta: device(), Name: "test_detect_heating_pcb", Verdict: actors.Failed},
		actors.SelfTestCheck{Meta: device(), Name: "test_aux_power_is_not_too_high", Verdict: actors.Skipped},
		actors.SelfTest{Meta: device(), Passed: 1, Failed: 1, Skipped: 1, Correlations: []actors.Correlation{{LED: "A", Photodiode: "1", R: 0.99876}, {LED: "A", Photodiode: "2", R: 1}}},
		actors.SelfTest{Meta: device(), Passed: 11},
		actors.JobState{Meta: meta(), Job: "stirring", State: actors.Init},
		actors.SettingChanged{Meta: meta(), Job: "stirring", Setting: "target_rpm", Value: 500.0},
		actors.SettingChanged{Meta: meta(), Job: "stirring", Setting: "enable_dodging_od", Value: false},
		actors.SettingChanged{Meta: meta(), Job: "stirring", Setting: "kicks", Value: int64(3)},
		protocol.PWMDuty{Meta: device(), Channel: 1, Percent: 100},
		protocol.PWMDuty{Meta: device(), Channel: 3, Percent: 12.5},
		protocol.PWMDuty{Meta: device(), Channel: 1, Percent: 0},
		actors.JobState{Meta: meta(), Job: "stirring", State: actors.Ready, From: actors.Init},
		actors.StirringRate{Meta: meta(), RPM: 500},
		actors.StirringRate{Meta: meta(), RPM: 0},
		actors.PIDLog{Meta: meta(), Job: "stirring", Target: "rpm", Setpoint: 400, Lower: -7.5, Upper: 7.5, Kp: 0.007, Proportional: -0.7000000000000001, Input: 500, Output: -0.7000000000000001},
		actors.JobState{Meta: meta(), Job: "od_reading", State: actors.Ready},
		actors.RelativeIRIntensity{Meta: meta(), Value: 0.99},
		od(2, 0.1, actors.Good), od(1, 0.2, actors.Uncertain), od(3, 0.3, actors.Bad), od(4, -0.001, actors.Good),
		actors.ODReadings{Meta: meta(), Readings: []actors.ODReading{od(1, 0.2, actors.Uncertain), od(2, 0.1, actors.Good), od(3, 0.3, actors.Bad)}},
		actors.ODReadings{Meta: meta(), Readings: []actors.ODReading{od(3, 0.3, actors.Bad)}},
		actors.GrowthRate{Meta: meta(), PerH: 0.12, SDPerH: 0.01},
		actors.ODFiltered{Meta: meta(), Value: 1.43},
		vial,
		actors.JobState{Meta: meta(), Job: "temperature_automation", State: actors.Init},
		actors.SettingChanged{Meta: meta(), Job: "temperature_automation", Setting: "target_temperature", Value: 30.0},
		actors.JobState{Meta: meta(), Job: "temperature_automation", State: actors.Ready, From: actors.Init},
		actors.HeaterDuty{Meta: meta(), Percent: 0},
		actors.VialTemperature{Meta: meta(), C: 25.43, BoardC: 25.5},
		actors.PIDLog{Meta: meta(), Job: "temperature_automation", Target: "temperature", Setpoint: 30, Lower: -25, Upper: 25, Kp: 2.6, Kd: 4.6, Proportional: 11.882, Input: 25.43, Output: 11.882},
		actors.HeaterDuty{Meta: meta(), Percent: 11.88},
		actors.Heater{Meta: device(), Fitted: true, Percent: 11.88, MaxC: 78},
		actors.AutomationEvent{Meta: meta(), Job: "temperature_automation", Name: "UpdatedHeaterDC", Message: "delta_dc=11.882",
			Data: json.RawMessage(`{"current_dc":11.88,"delta_dc":11.882,"target_temperature":30,"latest_temperature":25.43}`)},
		actors.AutomationEvent{Meta: meta(), Job: "temperature_automation", Name: "NoEvent", Data: json.RawMessage("null")},
		actors.JobState{Meta: meta(), Job: "temperature_automation", State: actors.Disconnected, From: actors.Ready},
		actors.HeaterDuty{Meta: meta(), Percent: 0},
		actors.JobState{Meta: meta(), Job: "dosing_automation", State: actors.Init},
		actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "automation_name", Value: "chemostat"},
		actors.AutomationSettings{Meta: meta(), Job: "dosing_automation", Automation: "chemostat", StartedAt: at, Settings: json.RawMessage(`{"duration":5,"exchange_volume_ml":0.6}`)},
		actors.AutomationSettings{Meta: meta(), Job: "dosing_automation", Automation: "chemostat", StartedAt: at, EndedAt: at.Add(time.Minute), Settings: json.RawMessage(`{"duration":5,"exchange_volume_ml":0.7}`)},
		actors.AutomationEvent{Meta: meta(), Job: "dosing_automation", Name: "DosingStarted", Data: json.RawMessage(`{"waste_ml":0.6,"media_ml":0.6}`)},
		actors.AutomationEvent{Meta: meta(), Job: "dosing_automation", Name: "DilutionEvent", Message: "exchanged 0.3 mL", Data: json.RawMessage(`[1,2]`)},
		actors.ActionState{Action: "add_media", State: actors.Ready},
		actors.DosingEvent{Meta: device(), Event: "add_media", VolumeML: 0.5, Source: "dosing_automation:chemostat"},
		actors.DosingEvent{Meta: device(), Event: "remove_waste", VolumeML: 0.5},
		fuller, fuller,
		actors.VialState{Meta: device()},
		actors.VialState{Meta: device(), Paused: true, Since: at, Jobs: []string{"dosing_automation", "od_reading"}},
		actors.Held{Meta: device(), Job: "od_reading", Why: "the vial is paused"},
		actors.Blank{Meta: meta(), ID: "a", Means: []actors.ChannelValue{{Channel: 1, Value: 0.02}, {Channel: 2, Value: 0.123}}},
		actors.Blank{Meta: meta(), ID: "b"},
		actors.LEDs{Meta: device(), D: 5},
		actors.AutomationEvent{Meta: meta(), Job: "dosing_automation", Name: "AddMediaEvent", Message: "added 0.7mL", Data: json.RawMessage(`{"dosing_volume_ml":0.7,"volume_actually_moved_ml":0.7}`)},
		actors.AutomationEvent{Meta: meta(), Job: "dosing_automation", Name: "AddAltMediaEvent", Message: "exchanged 1.5mL", Data: json.RawMessage(`{"fraction_of_alt_media_to_add":0.2,"alt_media_ml":0.3,"media_ml":1.2}`)},
		actors.AutomationEvent{Meta: meta(), Job: "led_automation", Name: "ChangedLedIntensity", Message: "16.0 h: LEDs at 0 %"},
		actors.LEDChanged{Meta: device(), Channel: "D", Percent: 5, Source: "led_automation:light_dark_cycle"},
		actors.Log{Meta: meta(), Task: "stirring", Level: "info", Source: "app", Message: "Ready."},
		actors.Log{Meta: meta(), Task: "note", Level: "notice", Source: "ui", Message: "vial swapped, 37 °C"},
		actors.Log{Meta: device(), Task: "vial", Level: "warning", Source: "app", Message: "low"},
		actors.Alarm{Meta: meta(), Name: "stirring_stalled", Priority: "high", Active: true, Latched: true, Since: at, Text: "no rotation"},
		actors.CalibrationActive{Meta: device(), Device: "media_pump", Name: "pump-1",
			Calibration: calibration.Calibration{Kind: calibration.Pump, Name: "pump-1", CreatedAt: at}},
		actors.CalibrationActive{Meta: device(), Device: "media_pump", Problem: "broken"},
		actors.EstimatorActive{Meta: device(), Device: "od_fused", Name: "fused-1",
			Estimator: calibration.Estimator{Kind: calibration.ODFused, Name: "fused-1", CreatedAt: at}},
		actors.Procedure{Meta: device(), ID: "1", Device: "stirring", State: actors.ProcedureWorks},
		actors.Procedure{Meta: device(), ID: "1", Device: "stirring", State: actors.ProcedureWorks, Done: 50},
		actors.Procedure{Meta: device(), ID: "1", Device: "stirring", State: actors.ProcedureEnded, Done: 100},
		actors.Procedure{Meta: device(), ID: "2", Device: "media_pump", State: actors.ProcedureAsks},
		actors.OwnerGone{Meta: meta(), Owner: "stirring"},
		actors.Dosed{Meta: meta(), ID: "1"},
		actors.JobState{Meta: meta(), Job: "dosing_automation", State: actors.Disconnected},
		actors.SettingChanged{Meta: meta(), Job: "dosing_automation", Setting: "automation_name"},
		actors.JobState{Meta: meta(), Job: "od_reading", State: actors.Lost},
		od(2, 0.1, actors.Good),
		actors.JobState{Meta: meta(), Job: "stirring", State: actors.Disconnected},
		actors.SettingChanged{Meta: meta(), Job: "stirring", Setting: "target_rpm"},
	}
}

type said struct {
	topic, payload string
	qos            byte
	retain         bool
}

func (s said) String() string {
	flag := " "
	if s.retain {
		flag = "r"
	}
	return fmt.Sprintf("%d%s %s %s", s.qos, flag, s.topic, s.payload)
}

func tell(t *testing.T, facts []actors.Fact) (all []said) {
	t.Helper()
	table := newTable("pioreactor", "unit1", "exp1")
	for _, f := range facts {
		for _, l := range table.lines(f) {
			topic, err := l.topic.Build()
			if err != nil {
				t.Fatalf("%T: %v", f, err)
			}
			payload, err := l.bytes()
			if err != nil {
				t.Fatalf("%T on %s: %v", f, topic, err)
			}
			all = append(all, said{topic, string(payload), l.qos, l.retain})
		}
	}
	return all
}

func TestFactsGoToTheirTopics(t *testing.T) {
	var got strings.Builder
	for _, s := range tell(t, story()) {
		got.WriteString(strings.TrimRight(s.String(), " ") + "\n")
	}
	const golden = "testdata/topics.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestEveryFifthRelativeIntensityIsShown(t *testing.T) {
	var facts []actors.Fact
	for i := range 11 {
		facts = append(facts, actors.RelativeIRIntensity{Meta: meta(), Value: float64(i)})
	}
	if got := tell(t, facts); len(got) != 3 {
		t.Errorf("%d shown of 11, want 3: %v", len(got), got)
	}
}

func TestVialMovesWithTheExperiment(t *testing.T) {
	got := tell(t, []actors.Fact{
		actors.Vial{Meta: device(), VolumeML: 14},
		actors.JobState{Meta: actors.Meta{Experiment: "exp 2", At: at}, Job: "stirring", State: actors.Init},
	})
	want := "pioreactor/unit1/exp 2/bioreactor/current_volume_ml"
	for _, s := range got {
		if s.topic == want && s.payload == "14.0" {
			return
		}
	}
	t.Errorf("nothing on %s in %v", want, got)
}

func TestNumbersThatAreNoneAreNotSaid(t *testing.T) {
	table := newTable("pioreactor", "unit1", "exp1")
	zero := 0.0
	for _, l := range table.lines(actors.SettingChanged{Meta: meta(), Job: "stirring", Setting: "target_rpm", Value: zero / zero}) {
		if payload, err := l.bytes(); err == nil {
			t.Errorf("NaN became %q", payload)
		}
	}
}
