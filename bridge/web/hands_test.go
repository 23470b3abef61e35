package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
)

// TestHandsOverHTTP sends every command of a person's hands; whoever gets it
// answers with its body.
func TestHandsOverHTTP(t *testing.T) {
	s, _ := serve(t)
	for _, name := range []string{"bench", "monitor", "delivery"} {
		if err := s.sys.Start(actors.Spec{Name: name, New: func() actors.Job { return echo{} }}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ path, body, heard string }{
		{"/api/run/add_media", `{"continuously":true,"duration":6}`, `{"pump":"media","for":6000000000,"continuously":true,"source":"http"}`},
		{"/api/run/circulate_media", `{"duration":5}`, `{"pump":"media","for":5000000000,"circulate":true,"source":"http"}`},
		{"/api/run/circulate_alt_media", `{"duration":5}`, `{"pump":"alt_media","for":5000000000,"circulate":true,"source":"http"}`},
		{"/api/run/pumps", `{"sequence":[{"media":2},{"sleep":5},{"waste":2}]}`,
			`{"sequence":[{"pump":"media","ml":2},{"sleep":5000000000},{"pump":"waste","ml":2}],"source":"http"}`},
		{"/api/run/stop_dosing", ``, `{"reason":"by http"}`},
		{"/api/run/stop_dosing", `{"action":"pumps"}`, `{"reason":"by http","action":"pumps"}`},
		{"/api/jobs/add_media/stop", ``, `{"reason":"by http","action":"add_media"}`},
		{"/api/run/led_intensity", `{"B":10,"D":0}`, `{"B":10,"D":0,"source":"http"}`},
		{"/api/bottles/media", `{"ml":500}`, `{"bottle":"media","ml":500}`},
		{"/api/bottles/waste", `{"ml":0,"size_ml":1000}`, `{"bottle":"waste","ml":0,"size_ml":1000}`},
		{"/api/vial/pause", ``, `{}`},
		{"/api/vial/resume", `{}`, `{}`},
		{"/api/vial/sample", `{"ml":1.5}`, `{"ml":1.5}`},
		{"/api/vial/set", `{"current_volume_ml":14}`, `{"current_volume_ml":14}`},
		{"/api/vial/swap", ``, `{}`},
		{"/api/vial/mark", `{"cause":"bumped"}`, `{"cause":"bumped"}`},
		{"/api/alarms/pump_dry/ack", ``, `{"name":"pump_dry"}`},
		{"/api/alarms/ack", ``, `{"name":"","all":true}`},
		{"/api/alarms/test", `{"target":"phone"}`, `{"target":"phone"}`},
		{"/api/identify", ``, `{}`},
	} {
		got := ask(s, "POST", row.path, row.body)
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"body":`+row.heard+`,`) {
			t.Errorf("%s %s: %d %s, want the body %s", row.path, row.body, got.Code, got.Body, row.heard)
		}
	}
}

func TestHandsAreRefusedOverHTTP(t *testing.T) {
	s, _ := serve(t)
	for _, row := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"/api/run/add_media", `{"ml":1,"continuously":true}`, 400, "invalid"},
		{"/api/run/circulate_media", `{"ml":1}`, 400, "unknown"},
		{"/api/run/circulate_media", `{}`, 400, "invalid"},
		{"/api/run/pumps", `{"sequence":[]}`, 400, "invalid"},
		{"/api/run/pumps", `{"sequence":[{"beer":1}]}`, 400, "invalid"},
		{"/api/run/stop_dosing", `{"action":"everything"}`, 400, "unknown_action"},
		{"/api/run/led_intensity", `{"A":101}`, 422, "out_of_range"},
		{"/api/run/led_intensity", `{}`, 400, "empty"},
		{"/api/bottles/media", `{}`, 400, "invalid"},
		{"/api/vial/drink", ``, 404, "unknown_action"},
		{"/api/alarms/nothing/ack", ``, 404, "unknown_alarm"},
		{"/api/alarms/test", ``, 409, "not_running"}, // nobody delivers here
		{"/api/identify", ``, 409, "not_running"},
		{"/api/jobs/vial/stop", ``, 404, "unknown_job"},
		{"/api/jobs/experiment/set", `{"values":{"$state":"disconnected"}}`, 404, "unknown_job"},
	} {
		got := ask(s, "POST", row.path, row.body)
		if got.Code != row.status || !strings.Contains(got.Body.String(), `{"code":"`+row.code+`","reason":"`) || strings.Contains(got.Body.String(), `"reason":""`) {
			t.Errorf("%s %s: %d %s, want %d %s", row.path, row.body, got.Code, got.Body, row.status, row.code)
		}
	}
}

func TestOverviewForgetsATemperatureThatNobodyMeasures(t *testing.T) {
	s, c := serve(t)
	s.sys.Publish("exp1", actors.VialTemperature{C: 37})
	s.sys.Publish("exp1", actors.HeaterDuty{Percent: 25})
	s.sys.Publish("", actors.Heater{Fitted: true, Percent: 25})
	s.sys.Publish("exp2", actors.Blank{ID: "another"})
	s.sys.Publish("exp1", actors.Blank{ID: "ours"})
	s.sys.Publish("", actors.Held{Job: "dosing_automation", Why: "the vial is paused"})
	s.sys.Publish("", actors.Held{Job: "od_reading"})
	for _, state := range []actors.State{actors.Ready, actors.Disconnected} {
		s.sys.Publish("exp1", actors.JobState{Job: string(actors.Temperature), State: state})
		st, err := c.Status(patient(t))
		if err != nil {
			t.Fatal(err)
		}
		if lives := state == actors.Ready; (st.Temperature != nil) != lives || (st.HeaterDuty != nil) != lives || st.Heater == nil {
			t.Errorf("%s: temperature %+v, duty %+v, heater %+v", state, st.Temperature, st.HeaterDuty, st.Heater)
		}
		if st.Blank == nil || st.Blank.ID != "ours" || len(st.Held) != 1 || st.Held[0].Why == "" {
			t.Errorf("blank %+v, held %+v", st.Blank, st.Held)
		}
	}
}

func TestSchemaTellsWhatCannotBeSet(t *testing.T) {
	_, c := serve(t)
	info, err := c.Job(patient(t), "stirring")
	if err != nil || len(info.Schemas) != 1 || len(info.Schemas[0].Settings) != 3 {
		t.Fatalf("%+v, %v", info, err)
	}
	target, duty := info.Schemas[0].Settings[0], info.Schemas[0].Settings[2]
	if target.ReadOnly || target.Default != 500.0 || !duty.ReadOnly || duty.Default != nil {
		t.Errorf("target_rpm %+v, duty_cycle %+v", target, duty)
	}
}
