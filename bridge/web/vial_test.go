package web

import (
	"net/http"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
)

func TestVialOverHTTP(t *testing.T) {
	s, c := serve(t)
	s.sys.Publish("", actors.Vial{Number: 3, VolumeML: 14})
	s.sys.Publish("exp1", actors.Blank{ID: "a", Means: []actors.ChannelValue{{Channel: 2, Value: 0.1}}})
	v, err := c.Vial(patient(t))
	if err != nil || v.Vial.Number != 3 || v.State.Paused || v.Blank == nil || v.Blank.ID != "a" {
		t.Errorf("vial %+v, %v", v, err)
	}
	ml := 1.5
	answer, err := c.AtVial(patient(t), "sample", bench.Request{ML: &ml})
	body, _ := answer.Value.(map[string]any)["body"].(map[string]any)
	if err != nil || body["ml"] != 1.5 {
		t.Errorf("sample: %+v, %v", answer, err)
	}
	for verb, status := range map[string]int{"drink": http.StatusNotFound, "sample": http.StatusBadRequest, "pause": http.StatusConflict} {
		_, err := c.AtVial(patient(t), verb, bench.Request{}) // nobody is the bench here
		if failed, ok := err.(*Error); !ok || failed.Status != status || failed.Reason == "" {
			t.Errorf("%s: %v, want status %d and a reason", verb, err, status)
		}
	}
	if _, err := c.MeasureBlank(patient(t), BlankRequest{Samples: 5}); err == nil {
		t.Error("od_blank starts although nobody registered it here")
	}
}
