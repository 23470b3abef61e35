package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
	"github.com/pioactor/pioactor/bridge/wire"
)

// readings are retained values that change by themselves; both sides carry a
// time, so that a value from before is told from a value of now.
var readings = map[string]func(web.Status) (at time.Time, known bool){
	"od_reading/ods":                          func(s web.Status) (time.Time, bool) { return when(s.OD) },
	"od_reading/od_fused":                     func(s web.Status) (time.Time, bool) { return when(s.ODFused) },
	"growth_rate_calculating/growth_rate":     func(s web.Status) (time.Time, bool) { return when(s.GrowthRate) },
	"growth_rate_calculating/od_filtered":     func(s web.Status) (time.Time, bool) { return when(s.ODFiltered) },
	"stirring/measured_rpm":                   func(s web.Status) (time.Time, bool) { return when(s.Stirring) },
	"temperature_automation/temperature":      func(s web.Status) (time.Time, bool) { return when(s.Temperature) },
	"monitor/voltage_on_pwm_rail":             func(s web.Status) (time.Time, bool) { return when(s.Supply) },
	"monitor/computer_statistics":             func(s web.Status) (time.Time, bool) { return when(s.Computer) },
	"od_reading/relative_intensity_of_ir_led": nil, // every fifth is shown
}

func when[F actors.Fact](f *F) (time.Time, bool) {
	if f == nil {
		return time.Time{}, false
	}
	return (*f).About().At, true
}

// lies compares the retained tree with what the node says of itself. Nothing is
// returned when the tree is true and complete.
func lies(tree map[string]string, s web.Status) []string {
	var all []string
	claim := func(topic, want string, same bool) {
		if got, there := tree[topic]; !there && want != "" || there && !same {
			all = append(all, fmt.Sprintf("%s is %q (retained: %v), the node says %q", topic, got, there, want))
		}
	}
	want := map[string]any{}
	for _, j := range s.Jobs {
		at := base
		if j.Experiment == "" {
			at = common
		}
		want[at+j.Name+"/$state"] = string(j.State)
		for name, v := range j.Settings {
			want[at+j.Name+"/"+name] = v
		}
	}
	if v := s.Vial; v != nil {
		for name, ml := range map[string]float64{
			"alt_media_fraction": v.AltFraction, "efflux_tube_volume_ml": v.EffluxML, "current_volume_ml": v.VolumeML,
			"cumulative_media_added_ml": v.MediaML, "cumulative_alt_media_added_ml": v.AltMediaML,
			"cumulative_waste_removed_ml": v.WasteML, "owed_waste_ml": v.OwedWasteML,
		} {
			want[base+"bioreactor/"+name] = ml
		}
		if slices.ContainsFunc(s.Jobs, func(j web.Job) bool { return j.Name == "dosing_automation" && lives(j.State) }) {
			want[base+"dosing_automation/dilution_rate"] = v.DilutionRatePerH
			want[base+"dosing_automation/generations"] = v.Generations
		}
	}
	for _, a := range s.Actions {
		want[base+a.Action+"/$state"] = string(a.State)
	}
	for name, b := range bottles(s) {
		if b.SizeML > 0 {
			want[base+"bioreactor/"+name+"_bottle_ml"] = b.ML
		}
	}
	for topic, v := range want {
		claim(topic, fmt.Sprint(v), alike(tree[topic], v))
	}
	for topic, payload := range tree {
		if _, claimed := want[topic]; claimed {
			continue
		}
		if why := doubt(topic, payload, s); why != "" {
			all = append(all, fmt.Sprintf("%s is %.200q: %s", topic, payload, why))
		}
	}
	slices.Sort(all)
	return all
}

func lives(s actors.State) bool {
	return s == actors.Init || s == actors.Ready || s == actors.Sleeping
}

// alike compares a payload with a value of the node.
func alike(payload string, v any) bool {
	switch v := v.(type) {
	case float64:
		got, err := strconv.ParseFloat(payload, 64)
		return err == nil && math.Abs(got-v) <= 1e-9*math.Abs(v)
	case bool:
		return payload == wire.FormatBool(v)
	}
	return payload == fmt.Sprint(v)
}

// doubt says what is wrong with a retained payload that is no setting.
func doubt(topic, payload string, s web.Status) string {
	t, err := wire.ParseTopic("pioreactor", topic)
	if err != nil {
		return err.Error()
	}
	switch name := t.Job + "/" + t.Setting; {
	case t.Job == "leds":
		want := wire.LEDIntensities{}
		if s.LEDs != nil {
			want = wire.LEDIntensities{A: s.LEDs.A, B: s.LEDs.B, C: s.LEDs.C, D: s.LEDs.D}
		}
		return differs(payload, want)
	case t.Job == "pwms":
		return "" // the API does not show duties
	case t.Job == "vial":
		return unlike(payload, s.VialState, "paused")
	case t.Job == "alarms":
		i := slices.IndexFunc(s.Alarms, func(b actors.Alarm) bool { return b.Name == t.Setting })
		if i < 0 {
			return unlike(payload, &actors.Alarm{}, "active")
		}
		return unlike(payload, &s.Alarms[i], "active", "priority", "text")
	case action.Is(t.Job) && t.Setting == wire.StateTopic: // of a process before: the node has not run it since
		if payload != string(actors.Lost) && payload != string(actors.Disconnected) {
			return "the node runs no such action"
		}
		return ""
	case t.Setting == "latest_event":
		i := slices.IndexFunc(s.Events, func(e actors.AutomationEvent) bool { return e.Job == t.Job })
		if i < 0 {
			return "the node knows of no event"
		}
		return unlike(payload, &s.Events[i], "event_name")
	case name == "bioreactor/dose_check":
		return unlike(payload, s.DoseCheck, "state", "unverified_ml")
	case name == "temperature_automation/heater_duty_cycle":
		if s.HeaterDuty == nil || !alike(payload, s.HeaterDuty.Percent) {
			return fmt.Sprintf("the node says %+v", s.HeaterDuty)
		}
		return ""
	case t.Job == "calibrations" || t.Job == "estimators":
		if want := inForce(t.Job, t.Setting, s); want == "" || !strings.Contains(payload, strconv.Quote(want)) {
			return fmt.Sprintf("the node says %q", want)
		}
		return ""
	case name == "od_blank/means":
		return unlikeBlank(payload, s.Blank)
	case name == "self_test/all_tests_passed":
		if passed := s.SelfTest != nil && !s.SelfTest.Running && s.SelfTest.Failed+s.SelfTest.Skipped == 0; passed != (payload == "1") {
			return fmt.Sprintf("the node says %+v", s.SelfTest)
		}
		return ""
	case t.Job == "self_test":
		if s.SelfTest == nil {
			return "the node knows of no self-test"
		}
		return ""
	}
	name := t.Job + "/" + t.Setting
	if t.Job == "od_reading" && channelled.MatchString(t.Setting) {
		name = "od_reading/ods"
	}
	at, known := readings[name]
	switch {
	case !known:
		return "the node knows nothing of it"
	case at == nil:
		return ""
	}
	return stale(payload, at, s)
}

// channelled are the readings of one photodiode.
var channelled = regexp.MustCompile(`^(od|raw_od|calibrated_od)[1-4]$`)

// inForce is the name of what is active on device, empty for nothing.
func inForce(shelf, device string, s web.Status) string {
	for _, c := range s.Calibrations {
		if shelf == "calibrations" && c.Device == device {
			return c.Name
		}
	}
	for _, e := range s.Estimators {
		if shelf == "estimators" && e.Device == device {
			return e.Name
		}
	}
	return ""
}

// bottles are those of the node, by their name on the wire.
func bottles(s web.Status) map[string]actors.Bottle {
	if s.Bottles == nil {
		return nil
	}
	return map[string]actors.Bottle{"media": s.Bottles.Media, "alt_media": s.Bottles.AltMedia, "waste": s.Bottles.Waste}
}

// unlike says in which of fields a JSON payload is not the node's fact.
func unlike[F any](payload string, fact *F, fields ...string) string {
	if fact == nil {
		return "the node knows nothing of it"
	}
	text, err := json.Marshal(fact)
	if err != nil {
		return err.Error()
	}
	var got, want map[string]any
	if err := errors.Join(json.Unmarshal([]byte(payload), &got), json.Unmarshal(text, &want)); err != nil {
		return err.Error()
	}
	for _, f := range fields {
		if want[f] == nil {
			return fmt.Sprintf("the node has no %s", f)
		}
		if got[f] != want[f] {
			return fmt.Sprintf("the node says %s = %v", f, want[f])
		}
	}
	return ""
}

func unlikeBlank(payload string, b *actors.Blank) string {
	var got map[string]float64
	if err := json.Unmarshal([]byte(payload), &got); err != nil {
		return err.Error()
	}
	if b == nil || len(b.Means) != len(got) {
		return fmt.Sprintf("the node says %+v", b)
	}
	for _, m := range b.Means {
		if got[strconv.Itoa(m.Channel)] != m.Value {
			return fmt.Sprintf("the node says %+v", b.Means)
		}
	}
	return ""
}

func differs(payload string, v wire.Payload) string {
	want, err := wire.Encode(v)
	if err != nil {
		return err.Error()
	}
	if payload != string(want) {
		return "the node says " + string(want)
	}
	return ""
}

// stale reports a reading that is not the node's latest. One that the client
// knows and the API did not yet is as true.
func stale(payload string, at func(web.Status) (time.Time, bool), s web.Status) string {
	latest, known := at(s)
	if !known {
		return "the node has no such reading"
	}
	var p struct{ Timestamp string }
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		return err.Error()
	}
	got, err := time.Parse(time.RFC3339, p.Timestamp)
	switch {
	case err != nil:
		return err.Error()
	case got.Before(latest.Truncate(time.Millisecond)):
		return "the node's latest is of " + latest.String()
	}
	return ""
}

// tree is what a client that came when c did has been told to be retained.
func tree(c *bridgetest.Recorder) map[string]string {
	retained := map[string]string{}
	for _, m := range c.Messages() {
		if isEvent(m.Topic) {
			continue
		}
		if retained[m.Topic] = m.Payload; m.Payload == "" {
			delete(retained, m.Topic)
		}
	}
	return retained
}

// isEvent reports topics on which nothing is ever retained.
func isEvent(topic string) bool {
	part := strings.Split(topic, "/")
	last := part[len(part)-1]
	switch {
	case last == "$ack" || last == "set" || strings.HasSuffix(last, "_automation_settings"):
		return true
	case len(part) > 3:
		return slices.Contains([]string{"logs", "run", "dosing_events", "led_change_events", "pid_log"}, part[3])
	}
	return false
}

// visit ends what was opened for it before the test does.
type visit struct {
	testing.TB
	last []func()
}

// Cleanup implements testing.TB.
func (v *visit) Cleanup(f func()) { v.last = append(v.last, f) }

func (v *visit) end() {
	for _, f := range v.last {
		f()
	}
}

// mustBeTrue waits until a new client is told the truth, and returns how long
// after since that was.
func (n *process) mustBeTrue(since time.Time, limit time.Duration) time.Duration {
	n.t.Helper()
	v := &visit{TB: n.t}
	defer v.end()
	c := n.listen(v, "pioreactor/#")
	var wrong []string
	for {
		if wrong = lies(tree(c), n.status()); wrong == nil {
			return time.Since(since)
		}
		n.alive()
		if time.Since(since) > limit {
			n.t.Fatalf("the broker's retained tree is not true %v later:\n%s", limit, strings.Join(wrong, "\n"))
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestLiesAreSeen(t *testing.T) {
	status := web.Status{
		Jobs: []web.Job{
			{Name: "stirring", State: actors.Ready, Experiment: exp, Settings: map[string]any{"target_rpm": 500.0, "enabled": true}},
			{Name: "monitor", State: actors.Disconnected, Settings: map[string]any{}},
		},
		Vial:         &actors.Vial{VolumeML: 15},
		VialState:    &actors.VialState{},
		DoseCheck:    &actors.DoseCheck{State: actors.CheckOK},
		HeaterDuty:   &actors.HeaterDuty{Percent: 25},
		Bottles:      &actors.Bottles{Media: actors.Bottle{SizeML: 500, ML: 400}},
		Actions:      []actors.ActionState{{Action: "add_media", State: actors.Disconnected}},
		Events:       []actors.AutomationEvent{{Job: "dosing_automation", Name: "DilutionEvent"}},
		Blank:        &actors.Blank{ID: "b", Means: []actors.ChannelValue{{Channel: 2, Value: 0.125}}},
		SelfTest:     &actors.SelfTest{Passed: 11},
		Calibrations: []actors.CalibrationActive{{Device: "media_pump", Name: "june"}},
		Alarms:       []actors.Alarm{{Name: "cold", Active: true, Priority: "high", Text: "cold"}},
	}
	honest := func() map[string]string {
		tree := map[string]string{
			base + "stirring/$state": "ready", base + "stirring/target_rpm": "500.0", base + "stirring/enabled": "True",
			common + "monitor/$state": "disconnected", base + "leds/intensity": `{"A":0.0,"B":0.0,"C":0.0,"D":0.0}`,
			base + "vial/state": `{"paused":false}`, base + "bioreactor/dose_check": `{"state":"ok","unverified_ml":0}`,
			base + "temperature_automation/heater_duty_cycle": "25.0", base + "bioreactor/media_bottle_ml": "400.0",
			base + "add_media/$state": "disconnected", base + "remove_waste/$state": "lost", base + "dosing_automation/latest_event": `{"event_name":"DilutionEvent"}`,
			base + "od_blank/means": `{"2":0.125}`, common + "self_test/all_tests_passed": "1",
			common + "calibrations/media_pump": `{"calibration_name":"june"}`,
			common + "alarms/cold":             `{"active":true,"priority":"high","text":"cold"}`, common + "alarms/warm": `{"active":false}`,
		}
		for _, name := range []string{"alt_media_fraction", "efflux_tube_volume_ml", "cumulative_media_added_ml",
			"cumulative_alt_media_added_ml", "cumulative_waste_removed_ml", "owed_waste_ml"} {
			tree[base+"bioreactor/"+name] = "0.0"
		}
		tree[base+"bioreactor/current_volume_ml"] = "15.0"
		return tree
	}
	if wrong := lies(honest(), status); wrong != nil {
		t.Fatalf("an honest tree is called a lie: %q", wrong)
	}
	for name, lie := range map[string]func(map[string]string){
		"another value":          func(m map[string]string) { m[base+"stirring/target_rpm"] = "600.0" },
		"a value missing":        func(m map[string]string) { delete(m, base+"stirring/enabled") },
		"another state":          func(m map[string]string) { m[common+"monitor/$state"] = "ready" },
		"a setting of nobody":    func(m map[string]string) { m[common+"monitor/button_down"] = "True" },
		"a light that is off":    func(m map[string]string) { m[base+"leds/intensity"] = `{"A":80.0,"B":0.0,"C":0.0,"D":0.0}` },
		"a volume missing":       func(m map[string]string) { delete(m, base+"bioreactor/current_volume_ml") },
		"a pause that is over":   func(m map[string]string) { m[base+"vial/state"] = `{"paused":true}` },
		"another dose check":     func(m map[string]string) { m[base+"bioreactor/dose_check"] = `{"state":"failed","unverified_ml":0}` },
		"a heater that is off":   func(m map[string]string) { m[base+"temperature_automation/heater_duty_cycle"] = "30.0" },
		"a temperature of old":   func(m map[string]string) { m[base+"temperature_automation/temperature"] = `{"temperature":37.0}` },
		"a bottle refilled":      func(m map[string]string) { m[base+"bioreactor/media_bottle_ml"] = "500.0" },
		"a bottle of nobody":     func(m map[string]string) { m[base+"bioreactor/waste_bottle_ml"] = "0.0" },
		"a pump that has ended":  func(m map[string]string) { m[base+"add_media/$state"] = "ready" },
		"a pump of nobody":       func(m map[string]string) { m[base+"remove_waste/$state"] = "ready" },
		"an action missing":      func(m map[string]string) { delete(m, base+"add_media/$state") },
		"another event":          func(m map[string]string) { m[base+"dosing_automation/latest_event"] = `{"event_name":"NoEvent"}` },
		"an event of nobody":     func(m map[string]string) { m[base+"led_automation/latest_event"] = `{"event_name":"NoEvent"}` },
		"another calibration":    func(m map[string]string) { m[common+"calibrations/media_pump"] = `{"calibration_name":"may"}` },
		"a calibration unused":   func(m map[string]string) { m[common+"calibrations/waste_pump"] = `{"calibration_name":"june"}` },
		"another blank":          func(m map[string]string) { m[base+"od_blank/means"] = `{"2":0.25}` },
		"a test that passed":     func(m map[string]string) { m[common+"self_test/all_tests_passed"] = "0" },
		"an alarm of other text": func(m map[string]string) { m[common+"alarms/cold"] = `{"active":true,"priority":"high","text":"hot"}` },
		"an alarm that is over":  func(m map[string]string) { m[common+"alarms/hot"] = `{"active":true}` },
		"a reading of the past":  func(m map[string]string) { m[base+"stirring/measured_rpm"] = `{"measured_rpm":500.0}` },
	} {
		m := honest()
		lie(m)
		if lies(m, status) == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}
