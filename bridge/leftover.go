package bridge

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge/wire"
)

// found takes a retained message that an earlier process left on the broker.
func (b *Bridge) found(topic string, payload []byte) {
	b.later(func() { b.say.leftover(topic, string(payload)) })
}

// leftover makes the broker true: jobs that died with their process are lost,
// and their values are no longer so. What is not ours, a plug-in's topics or
// another experiment's volumes, stays.
func (s *speaker) leftover(name, payload string) {
	topic, err := wire.ParseTopic(s.table.root, name)
	if err != nil || topic.Unit != s.table.unit || topic.Set || s.held[name] {
		return
	}
	switch verdict(topic) {
	case keep:
		return
	case isState:
		if payload == string(actors.Disconnected) || payload == string(actors.Lost) {
			return
		}
		s.line(line{topic, string(actors.Lost), 2, true})
	case clear:
		s.line(line{topic, nil, 2, true})
	}
}

// What becomes of a leftover.
const (
	keep = iota
	isState
	clear
)

func verdict(topic wire.Topic) int {
	switch topic.Job {
	case "leds", "pwms", "alarms":
		return clear
	}
	if topic.Setting == "" {
		return keep
	}
	known := action.Is(topic.Job)
	for _, r := range actors.Registered() {
		if r.Slot() != topic.Job {
			continue
		}
		known = true
		if f, ok := setting.Find(r.New(), topic.Setting); ok && f.Persist {
			return keep
		}
	}
	switch {
	case !known:
		return keep
	case topic.Setting == wire.StateTopic:
		return isState
	}
	return clear
}
