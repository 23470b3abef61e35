package bridge

import (
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

func TestFlickerTopicsAreCommandsOfTheMonitor(t *testing.T) {
	for payload, want := range map[string]any{"3": actors.BlinkError{Code: 3}, "9": actors.BlinkError{Code: 9}, "three": nil, "": nil} {
		topic := wire.Topic{Root: "pioreactor", Unit: "unit1", Experiment: "any", Job: "monitor", Setting: flickerCode}
		w, err := read(topic, []byte(payload))
		if (err == nil) != (want != nil) || err == nil && (w.body != want || w.target != "monitor") {
			t.Errorf("%q: %+v, %v, want %+v", payload, w, err, want)
		}
	}
}

// The session subscribes to them in every experiment, and identify by broadcast too.
func TestFlickerTopicsAreHeard(t *testing.T) {
	r := newRig(t, nil).hears()
	ack := func(experiment string) string { return "pioreactor/unit1/" + experiment + "/monitor/$ack" }
	r.publish("pioreactor/$broadcast/exp1/monitor/"+flickerOkay, "1")
	r.acked(ack("exp1"), `"setting":"flicker_led_response_okay","ok":true`)
	r.publish("pioreactor/unit1/$experiment/monitor/"+flickerOkay, "")
	r.acked(ack("$experiment"), `"ok":true`)
	r.publish("pioreactor/unit1/other experiment/monitor/"+flickerCode, "4")
	r.acked(ack("other experiment"), `"setting":"flicker_led_with_error_code","ok":true`)
	r.publish("pioreactor/unit1/other experiment/monitor/"+flickerCode, "soon")
	r.acked(ack("other experiment"), `"ok":false`, "want an error code of 1 to 8")
}
