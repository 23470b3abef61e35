package bridge

import (
	"encoding/json"
	"strconv"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
	"github.com/pioactor/pioactor/bridge/wire"
)

// vialTopic is the job part of topics about the vial: <unit>/<experiment>/vial/<verb>
// takes a JSON object or nothing, vial/state says whether it is paused, and
// vial/$ack answers. This project's own.
const vialTopic = "vial"

// readVial reads what a person did at the vial, or is about to.
func readVial(topic wire.Topic, payload []byte) (wish, error) {
	w := wish{topic: topic, job: vialTopic, setting: topic.Setting}
	text, err := wire.ParseCommand(payload)
	if err != nil {
		return w, refuse(payloadCode(err), "%s: %v", w.setting, err)
	}
	r, cmd, err := bench.Parse(topic.Setting, topic.Experiment, text)
	w.id, w.expires, w.target, w.body = r.ID, cmd.Deadline, cmd.Target, cmd.Body
	return w, err
}

// vialState is our own payload: the fact without the house's book-keeping.
func vialState(f actors.VialState) json.RawMessage {
	jobs, since := f.Jobs, ""
	if jobs == nil {
		jobs = []string{}
	}
	if !f.Since.IsZero() {
		since = wire.FormatMilli(f.Since)
	}
	text, err := json.Marshal(struct {
		Paused    bool     `json:"paused"`
		Since     string   `json:"since"`
		Jobs      []string `json:"jobs"`
		Timestamp string   `json:"timestamp"`
	}{f.Paused, since, jobs, wire.FormatMilli(f.At)})
	if err != nil {
		return nil // strings and bools always marshal
	}
	return text
}

// blank is {"2":0.123}, as Pioreactor 26.7.2 has it; nothing when there is none.
func (t *table) blank(f actors.Blank) []line {
	topic := t.topic(f.Experiment, "od_blank", "means")
	if len(f.Means) == 0 {
		return []line{{topic, nil, 1, true}}
	}
	means := wire.BlankMeans{}
	for _, m := range f.Means {
		means[strconv.Itoa(m.Channel)] = m.Value
	}
	return []line{{topic, means, 1, true}}
}
