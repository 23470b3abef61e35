package bridge

import (
	"encoding/json"
	"slices"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

// ack is the payload of <job>/$ack, this project's answer to every command.
type ack struct {
	ID      string `json:"id"` // the sender's; empty if it gave none
	Setting string `json:"setting"`
	OK      bool   `json:"ok"`
	Value   any    `json:"value"` // what is true now, whether it was changed or not
	Code    string `json:"code"`
	Reason  string `json:"reason"`
}

// admit refuses what must not reach an actor: commands for jobs that do not
// run in the experiment of the topic, those that are late, and all of them
// once the unit shuts down.
func (b *Bridge) admit(w wish) error {
	b.mu.Lock()
	leaving := b.leaving
	b.mu.Unlock()
	if leaving {
		return actors.Refuse("shutting_down", "%s: this unit is shutting down", w.setting)
	}
	if now := b.sys.Clock().Now(); !w.expires.IsZero() && now.After(w.expires) {
		return actors.Refuse("expired", "%s: came %v after it expired, nothing was done", w.setting, now.Sub(w.expires))
	}
	if w.setting == run {
		return admitRun(w)
	}
	if w.target != w.job || isFlicker(w.topic) || w.job == vialTopic && !w.topic.Set {
		return nil // an action, or what the monitor hears in every experiment
	}
	state, known := actors.LatestOf[actors.JobState](b.sys, w.job)
	if !known && !slices.ContainsFunc(actors.Registered(), func(r actors.Registration) bool { return r.Slot() == w.job }) {
		return actors.Refuse("unknown_job", "%.40q is not a job of this unit; see `pioactor jobs`", w.job)
	}
	if !known || experimentOf(state) != w.topic.Experiment {
		return actors.Refuse("not_running", "%.40s is not running in %.60s; start it by publishing its options to …/run/%.40s", w.job, w.topic.Experiment, w.job)
	}
	return nil
}

// admitRun keeps jobs of an experiment out of $experiment.
func admitRun(w wish) error {
	universal := slices.ContainsFunc(actors.Registered(), func(r actors.Registration) bool { return r.Universal && r.Slot() == w.job })
	if w.topic.Experiment == wire.Universal && !universal {
		return actors.Refuse("wrong_experiment", "%.40s belongs to an experiment; publish to <unit>/<experiment>/run/%.40s", w.job, w.job)
	}
	return nil
}

func experimentOf(f actors.JobState) string {
	if f.Experiment == "" {
		return wire.Universal
	}
	return f.Experiment
}

// refused answers a command and logs why, for those who do not read $ack.
func (b *Bridge) refused(w wish, r actors.Reply) {
	b.sys.Log(b.logged(w), w.job, "warning", "refused: "+r.Reason)
	b.answer(w, r)
}

// logged is the experiment under which a refusal is logged.
func (b *Bridge) logged(w wish) string {
	if w.topic.Experiment == wire.Universal {
		return ""
	}
	return w.topic.Experiment
}

// answer says a on <job>/$ack, after the facts the command caused.
func (b *Bridge) answer(w wish, r actors.Reply) {
	b.later(func() {
		a := ack{ID: w.id, Setting: w.setting, OK: r.OK, Value: b.valueNow(w, r), Code: r.Code, Reason: r.Reason}
		text, err := json.Marshal(a)
		if err != nil {
			b.complain("%s: answer not written: %v", w.job, err)
			return
		}
		topic, err := wire.Topic{Root: b.cfg.TopicRoot, Unit: b.sys.Unit(), Experiment: w.topic.Experiment, Job: w.job, Setting: wire.AckTopic}.Build()
		if err != nil {
			b.complain("answer not published: %v", err)
			return
		}
		b.say.send(topic, text, 1)
	})
}

// valueNow is what the setting holds, or what a job replied.
func (b *Bridge) valueNow(w wish, r actors.Reply) any {
	switch w.body.(type) {
	case actors.Set:
		f, _ := actors.LatestOf[actors.SettingChanged](b.sys, w.job+"/"+w.setting)
		return f.Value
	case actors.SetState:
		f, _ := actors.LatestOf[actors.JobState](b.sys, w.job)
		return f.State
	}
	if r.Value == nil {
		return nil
	}
	return plainValue(r.Value)
}

// plainValue keeps a reply that JSON cannot carry from losing its answer.
func plainValue(v any) any {
	if _, err := json.Marshal(v); err != nil {
		return nil
	}
	return v
}
