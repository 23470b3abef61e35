package device

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/rhythm"
)

// clearOf is how far from an OD reading a pump's run ends: the window opens a
// little late, and a reading may last its whole second.
var clearOf = rhythm.Dodge{Before: 50 * time.Millisecond, After: 150 * time.Millisecond}

// tidyFrom is the interval of readings from which on a run can be placed so that
// neither end falls into one: the gaps must be longer than the windows.
const tidyFrom = 3 * time.Second

// tidied ends the wait of an order.
type tidied struct{ o *order }

// untidy is how long an order has to wait so that its lease does not end inside
// an OD window, where nothing may change. It is about pumps: what they drive ends
// with its lease, everything else is renewed. What is on already is not touched.
func (b *bank) untidy(c *actors.Context, o *order) time.Duration {
	if b.device != pumpsName || o.Percent == 0 || b.part(o.Output).value > 0 {
		return 0
	}
	od, _, _ := actors.Latest[actors.ODRhythm](c, "")
	if od.Paused || od.Interval < tidyFrom || !c.System().Running(od.Job) {
		return 0
	}
	return clearOf.Busy(rhythm.Rhythm{First: od.First, Interval: od.Interval}, c.Mono()+o.For)
}

// begin grants an order at the next instant from which it ends outside of an OD
// window.
func (b *bank) begin(c *actors.Context, o *order) {
	wait := b.untidy(c, o)
	if wait == 0 {
		b.absorb(o)
		b.grant(c, o)
		return
	}
	b.wait(o)
	c.After(wait, tidied{o})
}

// tidy takes up an order that has waited, unless it was taken back meanwhile.
func (b *bank) tidy(c *actors.Context, o *order) {
	for i, waiting := range b.queue {
		if waiting == o && b.hush == nil {
			b.queue = append(b.queue[:i:i], b.queue[i+1:]...)
			b.obey(c, o)
			return
		}
	}
}

// absorb drops the waiting order that o replaces, and answers for it.
func (b *bank) absorb(o *order) {
	for i, old := range b.queue {
		if old.Output == o.Output && old.Owner == o.Owner {
			o.replies = append(old.replies, o.replies...)
			b.queue = append(b.queue[:i:i], b.queue[i+1:]...)
			return
		}
	}
}

// pumpEnds is when the first pump that runs will stop; 0 for none.
func (b *bank) pumpEnds(c *actors.Context) (first time.Duration) {
	if b.device != pumpsName {
		return 0
	}
	for _, p := range b.parts {
		out, _ := b.table.Output(p.name)
		if l, held := out.Lease(c.Mono()); held && p.value > 0 && (first == 0 || l.Until < first) {
			first = l.Until
		}
	}
	return first
}
