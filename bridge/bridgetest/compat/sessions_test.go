package compat

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/dosing/action"
	configured "github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // the jobs whose words are tested
	"github.com/pioactor/pioactor/hw/sim"
)

// rig is a whole unit on the twin in virtual time, and what its bridge would say.
type rig struct {
	*actorstest.House
	t     testing.TB
	said  []said
	when  []time.Duration // of each of said
	ended time.Duration   // when a life's end began
	// inferred are the errors of the temperatures so far.
	inferred []float64
	bridge   *bridge.Transcript
}

func open(t testing.TB, configure func(*cmd.Config)) *rig { return openOn(t, "", configure) }

// openOn is open on a modelled HAT of that version; empty is on the twin.
func openOn(t testing.TB, hat string, configure func(*cmd.Config)) *rig {
	t.Helper()
	u := &rig{t: t}
	u.begin()
	u.House = actorstest.Open(t, actorstest.HouseOptions{HAT: hat, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{}
		c.Experiment.Name = "exp1"
		configure(c)
	}})
	for _, f := range u.Facts {
		u.hear(f)
	}
	u.OnFact(u.hear)
	u.Run(2 * time.Second)
	return u
}

// begin is the bridge of a new process.
func (u *rig) begin() { u.bridge = bridge.NewTranscript("pioreactor", "pio1", "exp1") }

func (u *rig) hear(f actors.Fact) {
	u.t.Helper()
	all, err := u.bridge.Of(f)
	if err != nil {
		u.t.Error(err)
	}
	for _, p := range all {
		topic, ok := below(p.Topic)
		if !ok {
			u.t.Errorf("%s: not a topic of a unit", p.Topic)
		}
		u.said = append(u.said, said{topic, string(p.Payload), p.QoS, p.Retain})
		u.when = append(u.when, u.now())
		if topic == "E/temperature_automation/temperature" && len(p.Payload) > 0 {
			u.inferred = append(u.inferred, number(string(p.Payload), "temperature")-u.Truth().VialC)
		}
	}
}

func (u *rig) now() time.Duration {
	if u.House == nil {
		return 0 // what was said while it was opened
	}
	return u.Lived()
}

// start starts a job; options are name, value, name, value ….
func (u *rig) start(job string, options ...any) {
	u.t.Helper()
	var pairs []configured.Pair
	for i := 0; i < len(options); i += 2 {
		pairs = append(pairs, configured.Pair{Name: options[i].(string), Value: options[i+1]})
	}
	u.must(u.Do("experiment", actors.StartJob{Job: job, Options: pairs}))
	u.Run(time.Second)
}

func (u *rig) must(r actors.Reply) {
	u.t.Helper()
	if !r.OK {
		u.t.Errorf("refused: %s", r.Reason)
	}
}

// refuses takes the reply to what has to be refused.
func (u *rig) refuses(r actors.Reply) {
	u.t.Helper()
	if r.OK {
		u.t.Error("accepted, want a refusal")
	}
	u.Run(time.Second)
}

// keeps sets what has to be refused: the value is not said again, and the log
// names the setting.
func (u *rig) keeps(job, name, value string) {
	u.t.Helper()
	before := len(u.said)
	u.refuses(u.Set(job, name, value))
	logged := false
	for _, s := range u.said[before:] {
		if s.topic == "E/"+job+"/"+name {
			u.t.Errorf("%s = %q was refused, and %s", name, value, s)
		}
		logged = logged || strings.HasSuffix(s.topic, "logs/app/warning") && strings.Contains(s.payload, name)
	}
	if !logged {
		u.t.Errorf("%s = %q was refused, and the log does not say so", name, value)
	}
}

func (u *rig) enter(job string, s actors.State) {
	u.t.Helper()
	u.must(u.Do(job, actors.SetState{State: s}))
	u.Run(2 * time.Second)
}

// use puts a recorded calibration or estimator in force.
func (u *rig) use(shelf, device, name string) {
	u.t.Helper()
	text, err := os.ReadFile("../../../hw/calibration/testdata/" + shelf + "/" + device + "/" + name + ".yaml")
	if err != nil {
		u.t.Fatal(err)
	}
	u.must(u.Do("calibrations", actors.ImportCalibration{Shelf: shelf, Device: device, YAML: string(text)}))
	u.must(u.Do("calibrations", actors.UseCalibration{Shelf: shelf, Device: device, Name: name}))
	u.Run(time.Second)
}

func (u *rig) inject(fault string, d time.Duration) {
	u.t.Helper()
	f, err := sim.ParseFault(fault)
	if err == nil {
		err = u.Board.Inject(f)
	}
	if err != nil {
		u.t.Fatal(err)
	}
	u.Run(d)
	if err := u.Board.Clear(f); err != nil {
		u.t.Fatal(err)
	}
	u.Run(d)
}

// The sessions in which jobs begin anew without having ended.
const (
	aFault = "a fault"
	killed = "killed and started again"
)

// sessions are what was recorded, and what the contract has beside it.
var sessions = map[string]func(*rig){
	"stirring": func(u *rig) {
		u.start("stirring")
		u.Run(40 * time.Second)
		u.must(u.Set("stirring", "target_rpm", "600"))
		for _, bad := range []string{"abc", "", "99999", "nan"} {
			u.keeps("stirring", "target_rpm", bad)
		}
		u.refuses(u.Do("experiment", actors.StartJob{Job: "stirring"}))
		u.keeps("stirring", "measured_rpm", "1")
		u.keeps("stirring", "nope", "1")
		u.must(u.Set("stirring", "duty_cycle", "55.5"))
		u.must(u.Set("stirring", "target_rpm", "400"))
		u.enter("stirring", actors.Sleeping)
		u.refuses(u.Do("stirring", actors.SetState{State: "garbage"}))
		u.enter("stirring", actors.Ready)
		for _, bad := range []actors.State{actors.Init, actors.Lost, "READY"} {
			u.refuses(u.Do("stirring", actors.SetState{State: bad}))
		}
		u.Run(time.Minute)
		u.enter("stirring", actors.Disconnected)
	},
	"monitor": func(u *rig) {
		u.Run(2 * time.Minute)
		u.inject("button_pressed", time.Second)
		u.must(u.Do("monitor", actors.Identify{}))
		u.keeps("monitor", "nope", "1")
		u.Run(5 * time.Second)
	},
	"od and growth": func(u *rig) {
		u.start("stirring")
		u.start("od_reading")
		u.start("growth_rate_calculating")
		u.Run(10 * time.Minute)
		u.enter("growth_rate_calculating", actors.Disconnected)
		u.enter("od_reading", actors.Disconnected)
	},
	"four photodiodes": func(u *rig) {
		u.start("od_reading")
		u.Run(time.Minute)
		u.enter("od_reading", actors.Disconnected)
	},
	"dodging": func(u *rig) {
		u.start("stirring", "enable_dodging_od", true)
		u.start("od_reading")
		u.Run(5 * time.Minute)
		u.must(u.Set("stirring", "enable_dodging_od", "false"))
		u.Run(time.Minute)
		u.enter("stirring", actors.Disconnected)
	},
	"calibrated OD": func(u *rig) {
		u.use(actors.Calibrations, "od90", "irl-data-1")
		u.start("od_reading", "ir_led_intensity", 70)
		u.Run(time.Minute)
		u.must(u.Do("calibrations", actors.UnuseCalibration{Shelf: actors.Calibrations, Device: "od90"}))
		u.Run(time.Minute)
		u.enter("od_reading", actors.Disconnected)
	},
	"calibrating stirring": func(u *rig) {
		u.must(u.Do("procedure", actors.StartProcedure{Device: "stirring", Use: true}))
		u.Run(time.Hour)
	},
	"fused OD": func(u *rig) {
		u.use(actors.Estimators, "od_fused", "od-fused-estimator-2026-01-27")
		u.start("od_reading")
		u.Run(time.Minute)
		u.must(u.Do("calibrations", actors.UnuseCalibration{Shelf: actors.Estimators, Device: "od_fused"}))
		u.Run(time.Minute)
		u.enter("od_reading", actors.Disconnected)
	},
	"a blank": func(u *rig) {
		u.start("stirring")
		u.start("od_blank")
		u.Run(5 * time.Minute)
		u.must(u.Do("bench", actors.SetBlank{Experiment: "exp1"}))
		u.Run(time.Second)
	},
	"chemostat": func(u *rig) {
		u.start("dosing_automation", "automation_name", "chemostat", "duration", 5, "exchange_volume_ml", 0.6)
		u.Run(2 * time.Minute)
		u.must(u.Set("dosing_automation", "exchange_volume_ml", "0.7"))
		u.keeps("dosing_automation", "duration", "-1")
		u.Run(6 * time.Minute)
		u.enter("dosing_automation", actors.Disconnected)
	},
	"pump": func(u *rig) {
		u.start("stirring")
		u.must(u.Do("vial", actors.Dose{MediaML: 0.8, Source: "CLI"}))
		u.Run(time.Minute)
		u.must(u.Do("vial", actors.Dose{AltMediaML: 0.3, WasteML: 1, Source: "CLI"}))
		u.Run(2 * time.Minute)
		u.start("dosing_automation", "automation_name", "chemostat", "duration", 5, "exchange_volume_ml", 0.3)
		u.Run(time.Minute)
		u.enter("dosing_automation", actors.Disconnected)
	},
	"every action of pumps": func(u *rig) {
		u.start("stirring")
		for _, a := range []struct {
			name    string
			options map[string]any
		}{
			{"add_media", map[string]any{"ml": 0.8}}, {"add_alt_media", map[string]any{"ml": 0.3}},
			{"remove_waste", map[string]any{"duration": 3.0}},
			{"circulate_media", map[string]any{"duration": 2.0}}, {"circulate_alt_media", map[string]any{"duration": 2.0}},
		} {
			d, err := action.Dose(a.name, a.options)
			if err != nil {
				u.t.Fatal(err)
			}
			u.must(u.Do("vial", d))
			u.Run(2 * time.Minute)
		}
	},
	"turbidostat": func(u *rig) {
		for _, job := range []string{"stirring", "od_reading", "growth_rate_calculating"} {
			u.start(job)
		}
		u.start("dosing_automation", "automation_name", "turbidostat", "target_biomass", 1.1)
		u.Run(4 * time.Hour)
		u.enter("dosing_automation", actors.Disconnected)
		u.start("dosing_automation", "automation_name", "silent")
		u.enter("dosing_automation", actors.Disconnected)
	},
	"light and dark": func(u *rig) {
		u.start("led_automation", "automation_name", "light_dark_cycle")
		u.Run(time.Minute)
		u.must(u.Set("led_automation", "light_intensity", "5"))
		u.Run(time.Minute)
		u.enter("led_automation", actors.Disconnected)
	},
	"temperature": func(u *rig) {
		u.start("temperature_automation", "automation_name", "thermostat", "target_temperature", 30)
		u.Run(20 * time.Minute)
		u.must(u.Set("temperature_automation", "target_temperature", "32"))
		u.enter("temperature_automation", actors.Disconnected)
		u.start("temperature_automation", "automation_name", "only_record_temperature")
		u.Run(20 * time.Minute)
		u.enter("temperature_automation", actors.Disconnected)
	},
	"other dosing automations": func(u *rig) {
		u.start("stirring")
		u.start("od_reading")
		u.start("growth_rate_calculating")
		u.Run(5 * time.Minute)
		u.start("dosing_automation", "automation_name", "fed_batch", "duration", 5, "dosing_volume_ml", 0.5)
		u.Run(12 * time.Minute)
		u.enter("dosing_automation", actors.Disconnected)
		u.start("dosing_automation", "automation_name", "pid_morbidostat", "duration", 10, "target_normalized_od", 1.0, "target_growth_rate", 0.1)
		u.Run(3 * time.Hour)
		u.enter("dosing_automation", actors.Disconnected)
	},
	"self-test": func(u *rig) {
		u.must(u.Do("experiment", actors.StartJob{Job: "self_test"}))
		u.Run(30 * time.Minute)
	},
	"a note of a person": func(u *rig) {
		u.System.Publish("exp1", actors.Log{Task: "note", Level: "notice", Source: "ui", Message: "vial swapped, 37 °C"})
		u.Run(time.Second)
	},
	aFault: func(u *rig) {
		u.start("stirring")
		u.System.Crash("stirring", "test")
		u.start("dosing_automation", "automation_name", "chemostat", "duration", 5, "exchange_volume_ml", 0.6)
		u.System.Crash("dosing_automation", "test")
		u.inject("rail_voltage:4.5", 3*time.Minute)
	},
	"the unit is shut down": func(u *rig) {
		u.start("stirring")
		u.start("dosing_automation", "automation_name", "silent")
		u.must(u.Do("node", unit.Shutdown{}))
		u.Run(10 * time.Second)
	},
	killed: func(u *rig) {
		u.start("stirring")
		u.start("dosing_automation", "automation_name", "chemostat", "duration", 5, "exchange_volume_ml", 0.6)
		u.Run(time.Minute)
		u.begin()
		u.Kill()
		u.Run(time.Minute)
	},
}

// configurations are what a session needs beside the defaults.
var configurations = map[string]func(*cmd.Config){
	"fused OD": func(c *cmd.Config) {
		c.Unit.Model = "pioreactor_20ml_XR"
		c.Photodiodes = map[string]string{"1": "REF", "2": "90", "3": "135", "4": "45"}
	},
	"every action of pumps": func(c *cmd.Config) { c.Media.MediaML, c.Media.AltMediaML, c.Media.WasteML = 500, 500, 2000 },
	"four photodiodes": func(c *cmd.Config) {
		c.Photodiodes = map[string]string{"1": "45", "2": "90", "3": "135", "4": "90"}
	},
}

var (
	once sync.Once
	all  []said
	each = map[string][]said{}
)

// ours are the messages of all sessions, and of the one with a real client.
func ours(t *testing.T) []said {
	t.Helper()
	once.Do(func() {
		for name, play := range sessions {
			t.Run(name, func(t *testing.T) {
				configure := configurations[name]
				if configure == nil {
					configure = func(*cmd.Config) {}
				}
				u := open(t, configure)
				play(u)
				each[name] = u.said
				all = append(all, u.said...)
			})
		}
		t.Run("over a broker", func(t *testing.T) { all = append(all, overBroker(t)...) })
	})
	return all
}
