package bench

import (
	"errors"
	"reflect"
	"testing"

	"github.com/pioactor/pioactor/actors"
)

func ml(x float64) *float64 { return &x }

func TestParseMakesOneCommandOfAVerb(t *testing.T) {
	for name, test := range map[string]struct {
		verb, text, target string
		body               any
	}{
		"pause":      {"pause", "", "bench", actors.PauseVial{}},
		"resume":     {"resume", "{}", "bench", actors.ResumeVial{}},
		"sample":     {"sample", `{"ml": 1}`, "vial", actors.SampleTaken{ML: 1}},
		"swap":       {"swap", `{"current_volume_ml": 0}`, "vial", actors.SwapVial{VolumeML: ml(0)}},
		"set":        {"set", `{"alt_media_fraction": 0.5}`, "vial", actors.SetVial{AltFraction: ml(0.5)}},
		"mark":       {"mark", `{"cause": "bumped"}`, "bench", actors.MarkVial{Cause: "bumped"}},
		"waste_seen": {"waste_seen", "", "vial", actors.WasteSeen{}},
		"unblank":    {"unblank", "", "bench", actors.SetBlank{Experiment: "exp1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, cmd, err := Parse(test.verb, "exp1", test.text)
			if err != nil || cmd.Target != test.target || !reflect.DeepEqual(cmd.Body, test.body) {
				t.Errorf("command %+v, %v, want %+v to %s", cmd, err, test.body, test.target)
			}
		})
	}
}

func TestParseRefusesWhatItWouldIgnore(t *testing.T) {
	for text, want := range map[[2]string]string{
		{"pause", `{"ml": 1}`}:             "invalid",
		{"sample", `{}`}:                   "invalid",
		{"sample", `{"ml": 1} 2`}:          "invalid",
		{"sample", `{"mL": 1, "dose": 2}`}: "invalid",
		{"set", ``}:                        "invalid",
		{"drink", ``}:                      "unknown_action",
	} {
		_, _, err := Parse(text[0], "exp1", text[1])
		var no *actors.Refusal
		if !errors.As(err, &no) || no.Code != want {
			t.Errorf("%s %s: %v, want a refusal with code %s", text[0], text[1], err, want)
		}
	}
}
