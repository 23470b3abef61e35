package bridge

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/mqtt"
	"github.com/pioactor/pioactor/bridge/wire"
)

// pump is the one goroutine that publishes: facts in their order, then what
// was waiting for them, such as the answer to the command behind a fact.
func (b *Bridge) pump() {
	defer close(b.done)
	for {
		select {
		case <-b.tap.Ready():
		case <-b.wake:
		case <-b.quit:
			b.turn()
			return
		}
		b.turn()
	}
}

func (b *Bridge) turn() {
	b.mu.Lock()
	tasks := b.tasks
	b.tasks = nil
	b.mu.Unlock()
	facts, gap := b.tap.Take() // after the tasks: what they answer is in it
	if gap > 0 {
		b.complain("MQTT fell behind: %d readings were not published", gap)
	}
	for _, f := range facts {
		b.say.fact(f)
	}
	for _, task := range tasks {
		task()
	}
}

// later has the pump run task after the facts published so far.
func (b *Bridge) later(task func()) {
	b.mu.Lock()
	b.tasks = append(b.tasks, task)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // awake already
	}
}

// speaker says lines, and keeps wills and subscriptions in step with them. It
// belongs to the pump.
type speaker struct {
	session  *mqtt.Session
	table    *table
	complain func(format string, args ...any)
	held     map[string]bool // retained topics that are ours
	full     bool            // events are being refused
	assigned string          // whose commands are subscribed to
}

func newSpeaker(s *mqtt.Session, t *table, complain func(string, ...any)) *speaker {
	sp := &speaker{session: s, table: t, complain: complain, held: map[string]bool{}}
	sp.try(s.Subscribe(2, t.filters(wire.Universal)...))
	sp.assign()
	return sp
}

// assign subscribes to the commands of the experiment the unit is assigned to.
func (s *speaker) assign() {
	if s.assigned == s.table.experiment {
		return
	}
	if s.assigned != "" {
		s.try(s.session.Unsubscribe(s.table.filters(s.assigned)...))
	}
	s.assigned = s.table.experiment
	s.try(s.session.Subscribe(2, s.table.filters(s.assigned)...))
}

func (s *speaker) try(err error) {
	if err != nil {
		s.complain("%v", err)
	}
}

// fact publishes f and keeps its job's will.
func (s *speaker) fact(f actors.Fact) {
	lines := s.table.lines(f)
	for _, l := range lines {
		s.line(l)
	}
	if len(lines) == 0 {
		return
	}
	switch f := f.(type) {
	case actors.JobState:
		s.assign()
		s.will(s.table.jobTopic(f, f.Job, wire.StateTopic), f.State)
	case actors.ActionState:
		s.will(s.table.shared(f, f.Action, wire.StateTopic), f.State)
	}
}

// will has the broker say lost if this process dies while a job or action lives.
func (s *speaker) will(at wire.Topic, state actors.State) {
	topic := at.String()
	switch state {
	case actors.Init, actors.Ready, actors.Sleeping:
		s.try(s.session.SetWill(topic, []byte(wire.Lost)))
	case actors.Disconnected, actors.Lost:
		s.try(s.session.DropWill(topic))
	}
}

func (s *speaker) line(l line) {
	topic, err := l.topic.Build()
	if err != nil {
		s.complain("not published: %v", err)
		return
	}
	payload, err := l.bytes()
	if err != nil {
		s.complain("%s not published: %v", topic, err)
		return
	}
	if l.retain {
		s.held[topic] = true
		s.try(s.session.Retain(topic, payload, l.qos))
		return
	}
	s.send(topic, payload, l.qos)
}

// send says an event. A queue that has filled up is mentioned once.
func (s *speaker) send(topic string, payload []byte, qos byte) {
	err := s.session.Send(topic, payload, qos)
	if err != nil && !s.full {
		s.complain("%s not published: %v", topic, err)
	}
	s.full = err != nil
}
