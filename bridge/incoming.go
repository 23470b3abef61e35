package bridge

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge/mqtt"
	"github.com/pioactor/pioactor/bridge/wire"
)

// run is the job part of topics that start jobs and actions.
const run = "run"

// wish is one command as it came.
type wish struct {
	topic   wire.Topic // where it was said
	job     string     // whom it concerns
	setting string     // as the answer names it
	id      string     // the sender's, may be empty
	expires time.Time
	target  string // the actor
	body    any
}

// hear takes a message off the session. It only reads and sends: whatever
// takes time happens in the job.
func (b *Bridge) hear(m mqtt.Message) {
	topic, err := wire.ParseTopic(b.cfg.TopicRoot, m.Topic)
	switch {
	case err != nil:
		b.complain("ignored a command: %v", err)
	case m.Retained:
		b.complain("%s: ignored: the command is retained, so nobody knows how old it is; publish it without the retain flag", m.Topic)
	default:
		b.obey(topic, m.Payload)
		runtime.Gosched() // the job goes first, then the broker's receipt
	}
}

func (b *Bridge) obey(topic wire.Topic, payload []byte) {
	w, err := read(topic, payload)
	if err == nil {
		err = b.admit(w)
	}
	if err != nil {
		b.refused(w, refusalOf(err))
		return
	}
	cmd := actors.Command{Origin: actors.Origin{Mouth: "mqtt"}, Target: w.target, Deadline: w.expires, Body: w.body}
	if w.id != "" {
		cmd.ID = "mqtt:" + w.job + ":" + w.id
	}
	b.sys.Do(cmd, func(r actors.Reply) {
		if d, ok := cmd.Body.(actors.Dose); ok && r.OK && d.Continuously && cmd.ID != "" {
			b.sys.Do(actors.Command{Origin: cmd.Origin, Target: "vial", Body: actors.KeepDosing{ID: cmd.ID}}, func(actors.Reply) {})
		}
		switch {
		case r.OK:
			b.answer(w, r)
		case r.Code == "not_running" || r.Code == "no_answer": // the job cannot have logged it
			b.refused(w, r)
		default:
			b.answer(w, r)
		}
	})
}

func refusalOf(err error) actors.Reply {
	var r *actors.Refusal
	if errors.As(err, &r) {
		return actors.Reply{Code: r.Code, Reason: r.Reason}
	}
	return actors.Reply{Code: "invalid", Reason: err.Error()}
}

// read makes a wish of a message. Also with an error it says whom to answer.
func read(topic wire.Topic, payload []byte) (wish, error) {
	if topic.Job == vialTopic && !topic.Set {
		return readVial(topic, payload)
	}
	w := wish{topic: topic, job: topic.Job, setting: topic.Setting}
	isRun := topic.Job == run && !topic.Set
	if isRun {
		w.job, w.setting = topic.Setting, run
	}
	text, err := wire.ParseCommand(payload)
	if err != nil {
		return w, actors.Refuse(payloadCode(err), "%s: %v", w.setting, err)
	}
	if isFlicker(topic) {
		return readFlicker(w, text)
	}
	if isRun {
		return readRun(w, text)
	}
	return readSet(w, text)
}

func payloadCode(err error) string {
	if errors.Is(err, wire.ErrTooLong) {
		return "too_long"
	}
	return "not_text"
}

// readSet reads a value: plain text, or {"value":…,"id":"…","expires":"…"}.
func readSet(w wish, text string) (wish, error) {
	value := text
	if strings.HasPrefix(text, "{") {
		var err error
		if value, err = w.unwrap(text); err != nil {
			return w, err
		}
	}
	// Leading $ are dropped, and "state" is "$state". Source: Pioreactor 26.7.2.
	if w.job == alarms {
		return readAck(w, value)
	}
	name := strings.TrimLeft(w.setting, "$")
	if w.job == "bioreactor" && bottleTopics[name] != "" {
		return readBottle(w, value)
	}
	if name != "state" {
		w.setting = name
		w.target, w.body = w.job, actors.Set{Values: []setting.Pair{{Name: name, Value: value}}}
		return w, nil
	}
	w.setting = wire.StateTopic
	w.target, w.body = w.job, actors.SetState{State: actors.State(value)}
	if !action.Is(w.job) {
		return w, nil
	}
	if value != string(actors.Disconnected) {
		return w, actors.Refuse("invalid_state", "$state: %s can only be set to disconnected, got %.40q", w.job, value)
	}
	w.target, w.body = "vial", actors.StopDosing{Reason: w.job + " was stopped over MQTT", Action: stopped(w.job)}
	return w, nil
}

// alarms is the collection of alarms in the topic tree.
const alarms = "alarms"

// readAck reads what acknowledges an alarm: alarms/<name>/set ← acknowledged.
func readAck(w wish, value string) (wish, error) {
	if value != "acknowledged" {
		return w, actors.Refuse("not_one_of", "%.60s: an alarm can only be set to acknowledged, got %.40q", w.setting, value)
	}
	w.target, w.body = "alarm", actors.Acknowledge{Name: w.setting}
	return w, nil
}

// stopped is the action to stop; a sequence is stopped with whatever runs.
func stopped(job string) string {
	if job == "pumps" {
		return ""
	}
	return job
}

// unwrap reads the long form of a value. An object without a value is text.
func (w *wish) unwrap(text string) (string, error) {
	var long struct {
		Value   json.RawMessage `json:"value"`
		ID      string          `json:"id"`
		Expires *time.Time      `json:"expires"`
	}
	if json.Unmarshal([]byte(text), &long) != nil || long.Value == nil {
		return text, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&long); err != nil {
		return "", actors.Refuse("invalid", "%s: %.100v; want value, id and expires", w.setting, err)
	}
	if err := w.note(long.ID, long.Expires); err != nil {
		return "", err
	}
	return w.scalar(long.Value)
}

// scalar spells a JSON scalar as people would type it.
func (w *wish) scalar(raw json.RawMessage) (string, error) {
	if raw[0] != '"' {
		if raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
			return "", actors.Refuse("wrong_type", "%s: value: want a number, a text, true or false", w.setting)
		}
		return string(raw), nil
	}
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", actors.Refuse("invalid", "%s: value: %.100v", w.setting, err)
	}
	return value, nil
}

// maxID is the longest id of a command, in bytes.
const maxID = 128

func (w *wish) note(id string, expires *time.Time) error {
	if len(id) > maxID {
		return actors.Refuse("too_long", "%s: id: want at most %d bytes", w.setting, maxID)
	}
	w.id = id
	if expires != nil {
		w.expires = *expires
	}
	return nil
}

// readRun reads what starts a job, moves liquid or lights LEDs: an object of
// options, or nothing. "id" and "expires" are the command's own.
func readRun(w wish, text string) (wish, error) {
	options := map[string]any{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &options); err != nil || options == nil {
			return w, actors.Refuse("invalid", `run: want a JSON object of options, such as {"target_rpm": 400}, or nothing`)
		}
	}
	var own struct {
		ID      string     `json:"id"`
		Expires *time.Time `json:"expires"`
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &own); err != nil {
			return w, actors.Refuse("invalid", "run: id or expires: %.100v", err)
		}
	}
	if err := w.note(own.ID, own.Expires); err != nil {
		return w, err
	}
	delete(options, "id")
	delete(options, "expires")
	if action.Is(w.job) {
		return readDose(w, options)
	}
	switch w.job {
	case lights:
		return readLight(w, options)
	case stopDosing:
		return readStop(w, options)
	}
	w.target, w.body = "experiment", actors.StartJob{Job: w.job, Options: pairs(options)}
	return w, nil
}
