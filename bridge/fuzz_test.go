package bridge

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

// FuzzCommands: whatever is said on whatever topic, it becomes a command or a
// refusal that can be answered, and nothing is echoed at length.
func FuzzCommands(f *testing.F) {
	for topic, payload := range map[string]string{
		base + "stirring/target_rpm/set": "500", base + "stirring/$state/set": "ready", base + "run/stirring": `{"target_rpm":1}`,
		base + "run/add_media": `{"ml":1,"id":"x"}`, base + "stirring/mode/set": `{"value":"fast","expires":"2030-01-01T00:00:00Z"}`,
		base + "add_media/$state/set": "disconnected", "pioreactor/$broadcast/exp 1/a/b/set": "\xff", base + "run/remove_waste": `{"duration":1e308}`,
	} {
		f.Add(topic, []byte(payload))
	}
	f.Fuzz(func(t *testing.T, name string, payload []byte) {
		topic, err := wire.ParseTopic("pioreactor", name)
		if err != nil || topic.Setting == "" {
			return
		}
		w, err := read(topic, payload)
		if err != nil {
			r := refusalOf(err)
			if r.Code == "" || r.Reason == "" || len(r.Reason) > len(name)+600 {
				t.Errorf("%q %q: refused with %+v", name, payload, r)
			}
			return
		}
		if w.target == "" || w.body == nil || w.job == "" || len(w.id) > maxID {
			t.Errorf("%q %q: half a command: %+v", name, payload, w)
		}
		if dose, ok := w.body.(actors.Dose); ok && !(dose.MediaML+dose.AltMediaML+dose.WasteML > 0 || dose.For > 0) {
			t.Errorf("%q %q: an empty dose %+v", name, payload, dose)
		}
		if text, err := json.Marshal(ack{ID: w.id, Setting: w.setting}); err != nil || !utf8.Valid(text) {
			t.Errorf("%q %q: answer %q, %v", name, payload, text, err)
		}
		if _, err := (wire.Topic{Root: "pioreactor", Unit: "unit1", Experiment: topic.Experiment, Job: w.job, Setting: wire.AckTopic}).Build(); err != nil && !strings.Contains(w.job, "/") {
			t.Errorf("%q: no topic for the answer: %v", name, err)
		}
	})
}
