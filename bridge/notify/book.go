package notify

import "slices"

// maxWaiting bounds what waits for one target.
const maxWaiting = 200

// book is what has been said and what waits to be said; it is kept over
// restarts.
type book struct {
	Told   map[string]Message   `json:"told"`   // by alarm: raised, and not cleared since
	Queues map[string][]Message `json:"queues"` // by target, oldest first
}

// add puts m at the end of target's queue. With busy its head is on the way and
// stays as it is. Of an alarm that comes and goes while nobody can be reached,
// one message waits, which says how often.
func (b *book) add(target string, m Message, busy bool) {
	q, first := b.Queues[target], 0
	if busy {
		first = min(1, len(q))
	}
	last := lastOf(q[first:], m.Alarm, "")
	if m.Event == raised && last >= 0 && q[first+last].Event == cleared {
		if before := lastOf(q[first:], m.Alarm, raised); before >= 0 {
			old := q[first+before]
			m.Key, m.Since, m.Times, m.Dropped = old.Key, old.Since, old.Times+m.Times, old.Dropped
			q[first+before] = m
			b.Queues[target] = slices.Delete(q, first+last, first+last+1)
			return
		}
	}
	b.Queues[target] = shortened(append(q, m), first)
}

// lastOf is the last message in q about alarm, with an event if one is given.
func lastOf(q []Message, alarm, event string) int {
	for i, m := range slices.Backward(q) {
		if m.Alarm == alarm && (event == "" || m.Event == event) {
			return i
		}
	}
	return -1
}

// shortened drops the least urgent, oldest message from first on if q is too
// long; the one behind it says so.
func shortened(q []Message, first int) []Message {
	if len(q) <= maxWaiting {
		return q
	}
	least := first
	for i := first; i < len(q)-1; i++ { // never the newest
		if urgency[q[i].Priority] < urgency[q[least].Priority] {
			least = i
		}
	}
	q[least+1].Dropped += q[least].Dropped + 1
	return slices.Delete(q, least, least+1)
}
