package device

import (
	"slices"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

// hush is a device's part in an OD window: nothing changes until it is over,
// except for safety.
type hush struct {
	tag       uint64
	forced    map[string]float64 // the window's own light, by output
	setting   bool               // it is being put on or off: not a disturbance
	disturbed bool
	pumped    bool
}

// hushOver ends a hush whose window has not ended it.
type hushOver struct{ tag uint64 }

// quieten begins a hush, or confirms it.
func (b *bank) quieten(c *actors.Context, h protocol.Hush) {
	b.lapse(c)
	if b.hush != nil && b.hush.tag != h.Tag {
		b.loosen(c)
	}
	if left := h.Until - c.Mono(); left > 0 && b.hush == nil {
		b.hush = &hush{tag: h.Tag, setting: true, pumped: b.pumpOn()}
		if b.flash != nil {
			b.hush.forced = b.flash(h)
		}
		b.applyAll(c)
		b.hush.setting = false
		c.After(left, hushOver{h.Tag})
	}
	c.Answer(b.said(c, h.Tag))
}

// said is what the window hears about the hush called tag.
func (b *bank) said(c *actors.Context, tag uint64) protocol.Hushed {
	switch {
	case b.hush != nil && b.hush.tag == tag:
		return protocol.Hushed{Tag: tag, Device: b.device, PumpOn: b.hush.pumped, Changed: b.hush.disturbed, Ends: b.pumpEnds(c)}
	case b.past.Tag == tag:
		return b.past
	}
	return protocol.Hushed{Tag: tag, Device: b.device, PumpOn: b.pumpOn(), Changed: true}
}

func (b *bank) unhush(c *actors.Context, tag uint64) {
	if b.hush != nil && b.hush.tag == tag {
		b.lapse(c)
		b.loosen(c)
	}
	c.Answer(b.said(c, tag))
}

// over is the hush's own deadline.
func (b *bank) over(c *actors.Context, tag uint64) {
	if b.hush != nil && b.hush.tag == tag {
		b.lapse(c)
		b.loosen(c)
		b.past.Changed = true // the window did not last as long as it was needed
	}
}

// loosen ends the hush: the leases rule again, then what waited is done.
func (b *bank) loosen(c *actors.Context) {
	b.past = b.said(c, b.hush.tag)
	b.hush.forced, b.hush.setting = nil, true
	b.applyAll(c)
	b.hush = nil
	waiting := b.queue
	b.queue = nil
	for _, o := range waiting {
		b.obey(c, o)
	}
}

// applyAll drives every output as it should be; who does not obey is cut. A light
// that a chip shows by mistake must not be measured: all are written then.
func (b *bank) applyAll(c *actors.Context) {
	for _, p := range b.parts {
		apply := b.apply
		if b.lasting {
			apply = b.again
		}
		if err := apply(c, p); err != nil && p.owner != "" && !b.lasting {
			b.cut(c, p, "hardware: "+err.Error())
		}
	}
}

// pumpOn reports a pump that runs, or may: one that could not be halted.
func (b *bank) pumpOn() bool {
	return b.device == pumpsName && slices.ContainsFunc(b.parts, func(p *part) bool { return p.value > 0 || p.stuck })
}

// wait queues an order until the hush is over. The last of an owner for one
// output wins; it answers for those before it.
func (b *bank) wait(o *order) {
	for i, old := range b.queue {
		if old.Output == o.Output && old.Owner == o.Owner {
			o.replies = append(old.replies, o.replies...)
			b.queue[i] = o
			return
		}
	}
	b.queue = append(b.queue, o)
}

// unqueue drops the orders that a Release takes back, and reports whether there
// was the one with its tag.
func (b *bank) unqueue(c *actors.Context, r protocol.Release) (found bool) {
	b.queue = slices.DeleteFunc(b.queue, func(o *order) bool {
		if o.Owner != r.Owner || r.Output != "" && o.Output != r.Output || r.Tag != "" && o.Tag != r.Tag {
			return false
		}
		o.answer(c, protocol.Driven{Code: "released", Reason: "released before it began"})
		if r.Tag != "" {
			c.Answer(protocol.Cut{Output: o.Output, Owner: o.Owner, Reason: "released", Tag: o.Tag})
			found = true
		}
		return true
	})
	return found
}

// gone makes safe what an owner held that is no more.
func (b *bank) gone(c *actors.Context, owner string) {
	if owner == windowName && b.hush != nil {
		b.lapse(c)
		b.loosen(c)
		return
	}
	b.release(c, protocol.Release{Owner: owner})
}
