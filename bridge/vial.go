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
		return w, actors.Refuse(payloadCode(err), "%s: %v", w.setting, err)
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

func (t *table) vialLines(f actors.Vial) []line {
	old := t.vial
	all := old == nil || old.Experiment != f.Experiment
	if all {
		old = &actors.Vial{}
	}
	var lines []line
	for _, v := range []struct {
		name     string
		now, was float64
	}{
		{"alt_media_fraction", f.AltFraction, old.AltFraction},
		{"efflux_tube_volume_ml", f.EffluxML, old.EffluxML},
		{"current_volume_ml", f.VolumeML, old.VolumeML},
		{"cumulative_media_added_ml", f.MediaML, old.MediaML},
		{"cumulative_alt_media_added_ml", f.AltMediaML, old.AltMediaML},
		{"cumulative_waste_removed_ml", f.WasteML, old.WasteML},
		{"owed_waste_ml", f.OwedWasteML, old.OwedWasteML},
	} {
		if all || v.now != v.was {
			lines = append(lines, line{t.shared(f, "bioreactor", v.name), v.now, 2, true})
		}
	}
	derived := all || f.DilutionRatePerH != old.DilutionRatePerH || f.Generations != old.Generations
	t.vial = &f
	if derived && t.lives(string(actors.Dosing)) {
		lines = append(lines, t.dosingLines(f)...)
	}
	return lines
}

// bottles are the levels of those that somebody declared.
func (t *table) bottles(f actors.Bottles) (lines []line) {
	for _, b := range []struct {
		name string
		actors.Bottle
	}{{"media", f.Media}, {"alt_media", f.AltMedia}, {"waste", f.Waste}} {
		if b.SizeML > 0 {
			lines = append(lines, line{t.shared(f, "bioreactor", b.name+"_bottle_ml"), b.ML, 2, true})
		}
	}
	return lines
}

// doseCheck is our own payload: the fact without the house's book-keeping.
func doseCheck(f actors.DoseCheck) json.RawMessage {
	text, err := json.Marshal(struct {
		State        string  `json:"state"`
		Verdict      string  `json:"verdict"`
		UnverifiedML float64 `json:"unverified_ml"`
		Text         string  `json:"text"`
		Timestamp    string  `json:"timestamp"`
	}{f.State, f.Verdict, f.UnverifiedML, f.Text, wire.FormatMilli(f.At)})
	if err != nil {
		return nil // its numbers are finite
	}
	return text
}

// dosingLines is what the ledger knows about the dosing automation, under its name.
func (t *table) dosingLines(f actors.Vial) []line {
	state := t.states[string(actors.Dosing)]
	return append(t.datum(state, state.Job, "dilution_rate", f.DilutionRatePerH),
		t.datum(state, state.Job, "generations", f.Generations)...)
}
