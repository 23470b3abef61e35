package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
	"github.com/pioactor/pioactor/bridge/wire"
)

// readings are retained values that change by themselves; both sides carry a
// time, so that a value from before is told from a value of now.
var readings = map[string]func(web.Status) (at time.Time, known bool){
	"od_reading/ods":                          func(s web.Status) (time.Time, bool) { return when(s.OD) },
	"growth_rate_calculating/growth_rate":     func(s web.Status) (time.Time, bool) { return when(s.GrowthRate) },
	"growth_rate_calculating/od_filtered":     func(s web.Status) (time.Time, bool) { return when(s.ODFiltered) },
	"stirring/measured_rpm":                   func(s web.Status) (time.Time, bool) { return when(s.Stirring) },
	"monitor/voltage_on_pwm_rail":             nil, // the API does not show it
	"monitor/computer_statistics":             func(s web.Status) (time.Time, bool) { return when(s.Computer) },
	"od_reading/relative_intensity_of_ir_led": nil, // every fifth is shown
	"dosing_automation/latest_event":          nil, // carries no time
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
	switch t.Job {
	case "leds":
		want := wire.LEDIntensities{}
		if s.LEDs != nil {
			want = wire.LEDIntensities{A: s.LEDs.A, B: s.LEDs.B, C: s.LEDs.C, D: s.LEDs.D}
		}
		return differs(payload, want)
	case "pwms":
		return "" // the API does not show duties
	case "vial":
		var v struct{ Paused bool }
		if err := json.Unmarshal([]byte(payload), &v); err != nil {
			return err.Error()
		}
		if s.VialState == nil || v.Paused != s.VialState.Paused {
			return fmt.Sprintf("the node says %+v", s.VialState)
		}
		return ""
	case "alarms":
		var a struct{ Active bool }
		if err := json.Unmarshal([]byte(payload), &a); err != nil {
			return err.Error()
		}
		if a.Active != slices.ContainsFunc(s.Alarms, func(b actors.Alarm) bool { return b.Name == t.Setting }) {
			return "the node's alarms are others"
		}
		return ""
	}
	name := t.Job + "/" + t.Setting
	if t.Job == "od_reading" && strings.HasPrefix(t.Setting, "od") {
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
	case last == "$ack" || last == "set" || last == "dosing_automation_settings":
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
		Vial: &actors.Vial{VolumeML: 15},
	}
	honest := func() map[string]string {
		tree := map[string]string{
			base + "stirring/$state": "ready", base + "stirring/target_rpm": "500.0", base + "stirring/enabled": "True",
			common + "monitor/$state": "disconnected", base + "leds/intensity": `{"A":0.0,"B":0.0,"C":0.0,"D":0.0}`,
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
		"another value":         func(m map[string]string) { m[base+"stirring/target_rpm"] = "600.0" },
		"a value missing":       func(m map[string]string) { delete(m, base+"stirring/enabled") },
		"another state":         func(m map[string]string) { m[common+"monitor/$state"] = "ready" },
		"a setting of nobody":   func(m map[string]string) { m[common+"monitor/button_down"] = "True" },
		"a light that is off":   func(m map[string]string) { m[base+"leds/intensity"] = `{"A":80.0,"B":0.0,"C":0.0,"D":0.0}` },
		"a volume missing":      func(m map[string]string) { delete(m, base+"bioreactor/current_volume_ml") },
		"an alarm that is over": func(m map[string]string) { m[common+"alarms/hot"] = `{"active":true}` },
		"a reading of the past": func(m map[string]string) { m[base+"stirring/measured_rpm"] = `{"measured_rpm":500.0}` },
	} {
		m := honest()
		lie(m)
		if lies(m, status) == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}
