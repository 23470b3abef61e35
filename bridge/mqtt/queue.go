package mqtt

import (
	"cmp"
	"container/list"
	"slices"
)

// maxMoves is how often a topic that changes again and again may lose its place
// in the queue; after that it keeps it, so that it cannot starve.
const maxMoves = 8

// maxCleared bounds the topics remembered as cleared. They are cleared again on
// every reconnect: a broker restored from an older file still holds them.
const maxCleared = 1024

// fact is the truth of one retained topic.
type fact struct {
	topic   string
	payload []byte
	qos     byte
	order   int64         // of the last declaration
	queued  *list.Element // nil: said, or not connected
	moves   int
}

// entry is one thing to publish: a fact, which is read when its turn comes, or
// an event.
type entry struct {
	fact    *fact
	topic   string
	payload []byte
	qos     byte
}

// outbox is everything still to be said, in order, and everything that is true.
// It belongs to whoever holds the session's lock.
type outbox struct {
	maxTelemetry, maxEvents int

	truth     map[string]*fact
	declared  int64
	cleared   []string // topics whose truth is empty, oldest first
	queue     list.List
	telemetry list.List // the *list.Elements of queue that hold QoS 0 events
	events    int       // queued and unacknowledged events of QoS 1 and 2
	flying    []entry   // published, not yet acknowledged, in order

	dropped, refused int64
}

func newOutbox(maxTelemetry, maxEvents int) *outbox {
	return &outbox{maxTelemetry: maxTelemetry, maxEvents: maxEvents, truth: map[string]*fact{}}
}

// retain declares what topic holds from now on. A declaration that is still
// waiting is replaced, and moves behind whatever was said since.
func (o *outbox) retain(topic string, payload []byte, qos byte, live bool) {
	f, known := o.truth[topic]
	if !known {
		f = &fact{topic: topic}
		o.truth[topic] = f
	}
	wasCleared := known && len(f.payload) == 0
	o.declared++
	f.payload, f.qos, f.order = payload, qos, o.declared
	o.noteCleared(topic, wasCleared, len(payload) == 0)
	if live {
		o.enqueue(f)
	}
}

// enqueue puts f at the end of the queue, once.
func (o *outbox) enqueue(f *fact) {
	switch {
	case f.queued == nil:
		f.moves = 0
		f.queued = o.queue.PushBack(entry{fact: f})
	case f.moves < maxMoves:
		f.moves++
		o.queue.MoveToBack(f.queued)
	}
}

// noteCleared keeps the bounded list of cleared topics.
func (o *outbox) noteCleared(topic string, before, now bool) {
	if before == now {
		return
	}
	if before {
		o.cleared = slices.DeleteFunc(o.cleared, func(t string) bool { return t == topic })
		return
	}
	o.cleared = append(o.cleared, topic)
	for i := 0; len(o.cleared) > maxCleared && i < len(o.cleared); i++ {
		if f := o.truth[o.cleared[i]]; f.queued == nil {
			delete(o.truth, f.topic)
			o.cleared = slices.Delete(o.cleared, i, i+1)
			return
		}
	}
}

// send queues an event. Telemetry pushes out the oldest telemetry, events are
// refused once there are too many.
func (o *outbox) send(topic string, payload []byte, qos byte) error {
	e := entry{topic: topic, payload: payload, qos: qos}
	if qos > 0 {
		if o.events >= o.maxEvents {
			o.refused++
			return ErrFull
		}
		o.events++
		o.queue.PushBack(e)
		return nil
	}
	for o.telemetry.Len() > 0 && o.telemetry.Len() >= o.maxTelemetry {
		oldest := o.telemetry.Remove(o.telemetry.Front()).(*list.Element)
		o.queue.Remove(oldest)
		o.dropped++
	}
	if o.maxTelemetry == 0 {
		o.dropped++
		return nil
	}
	o.telemetry.PushBack(o.queue.PushBack(e))
	return nil
}

// next takes the next thing to publish; it stays in flying until acknowledged.
func (o *outbox) next() (entry, bool) {
	front := o.queue.Front()
	if front == nil {
		return entry{}, false
	}
	e := o.queue.Remove(front).(entry)
	if f := e.fact; f != nil {
		f.queued = nil
		e.topic, e.payload, e.qos = f.topic, f.payload, f.qos
	} else if e.qos == 0 {
		o.telemetry.Remove(o.telemetry.Front()) // the oldest telemetry is the first in the queue
	}
	o.flying = append(o.flying, e)
	return e, true
}

// landed takes the oldest publish out of the air.
func (o *outbox) landed() {
	e := o.flying[0]
	o.flying[0] = entry{}
	o.flying = o.flying[1:]
	if e.fact == nil && e.qos > 0 {
		o.events--
	}
}

// restart prepares for a new connection: the whole truth in the order it was
// declared, then the events whose fate is unknown, then the waiting ones.
func (o *outbox) restart() {
	var events []entry
	for _, e := range o.flying {
		if e.fact == nil && e.qos > 0 {
			events = append(events, e)
		}
	}
	for el := o.queue.Front(); el != nil; el = el.Next() {
		if e := el.Value.(entry); e.fact == nil {
			events = append(events, e)
		}
	}
	o.flying = nil
	o.queue.Init()
	o.telemetry.Init()
	for _, f := range o.facts() {
		f.queued = nil
		o.enqueue(f)
	}
	for _, e := range events {
		el := o.queue.PushBack(e)
		if e.qos == 0 {
			o.telemetry.PushBack(el)
		}
	}
}

// facts lists the truth in the order of its last declaration.
func (o *outbox) facts() []*fact {
	all := make([]*fact, 0, len(o.truth))
	for _, f := range o.truth {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *fact) int { return cmp.Compare(a.order, b.order) })
	return all
}

// idle reports whether everything has been said and acknowledged.
func (o *outbox) idle() bool { return o.queue.Len() == 0 && len(o.flying) == 0 }

// left counts what has not been said for certain.
func (o *outbox) left() int { return o.queue.Len() + len(o.flying) }
