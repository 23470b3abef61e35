package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/lease"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// bank is a set of outputs on leases: all that pumps, LEDs and the stirrer have
// in common. Every method runs in the turn of the actor it belongs to.
type bank struct {
	device string
	table  *lease.Table
	parts  []*part // sorted by name
	hush   *hush
	past   protocol.Hushed // what is to be said of the last hush
	queue  []*order
	// flash is what a hush forces on outputs, by name; nil for nothing.
	flash func(protocol.Hush) map[string]float64
	// permit cuts what a lease asks for down to what is safe now; nil for all of it.
	permit func(c *actors.Context, percent float64) float64
	// lasting is of outputs that a chip on the bus keeps: it may lose them, and a
	// write may go wrong on the way. They are driven again now and then, and a lease
	// outlives a failure, as their owners do not ask twice.
	lasting bool
	// changed is told of every output that is really driven differently now.
	changed func(*actors.Context, *part)
}

// part is one output, and the lease it runs under.
type part struct {
	name  string
	out   hw.Output
	value float64 // driven now, %
	since time.Duration
	ran   time.Duration // driven under this lease, up to since
	owner string
	peer  actors.Peer // who gets Cut
	tag   string
	timer actors.Timer
	stuck bool          // could not even be halted
	pause time.Duration // before the next attempt to halt it
	ill   bool          // its alarm is on
}

// Messages of a device to itself.
type (
	expired struct{ output string } // a lease's deadline has come
	rehalt  struct{ output string } // try again to halt
)

// Pauses between attempts to halt what does not obey: on a bus, which others
// need, they double; a pump is tried every second.
const (
	rehaltAfter  = time.Second
	rehaltSeldom = 16 * time.Second
)

func newBank(device string, longest time.Duration, outs map[string]hw.Output) (*bank, error) {
	b := &bank{device: device}
	var specs []lease.Spec
	for name, out := range outs {
		specs = append(specs, lease.Spec{Name: name, Max: 100, MaxLease: longest})
		b.parts = append(b.parts, &part{name: name, out: out})
	}
	slices.SortFunc(b.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	var err error
	b.table, err = lease.NewTable(specs...)
	return b, err
}

func (b *bank) part(name string) *part {
	for _, p := range b.parts {
		if p.name == name {
			return p
		}
	}
	return nil
}

// start makes everything safe and listens for owners that go. An output that does
// not obey is told and tried again: its chip may not be awake yet.
func (b *bank) start(c *actors.Context) {
	actors.Subscribe[actors.OwnerGone](c)
	for _, p := range b.parts {
		p.value = 0
		if err := set(p.out, 0); err != nil {
			b.failed(c, p, 0, err)
		}
		b.changed(c, p)
	}
}

// set is the only place where an output of the board is driven.
func set(out hw.Output, percent float64) error {
	if percent == 0 {
		return out.Halt()
	}
	return out.Set(percent)
}

// order is a Drive and how to answer it.
type order struct {
	protocol.Drive
	peer    actors.Peer
	replies []func(*actors.Context, protocol.Driven)
}

func (o *order) answer(c *actors.Context, d protocol.Driven) {
	d.Output, d.Tag = o.Output, o.Tag
	for _, reply := range o.replies {
		reply(c, d)
	}
}

func (b *bank) ordered(c *actors.Context, d protocol.Drive) {
	peer := c.Sender()
	b.obey(c, &order{Drive: d, peer: peer, replies: []func(*actors.Context, protocol.Driven){
		func(c *actors.Context, d protocol.Driven) { c.AnswerTo(peer, d) }}})
}

// obey grants an order now, or at the end of the hush, or refuses it.
func (b *bank) obey(c *actors.Context, o *order) {
	b.lapse(c)
	l := lease.Lease{Owner: o.Owner, Value: o.Percent, Until: c.Mono() + o.For, Epoch: o.Epoch}
	out, known := b.table.Output(o.Output)
	if !known {
		o.answer(c, protocol.Driven{Code: "invalid", Reason: fmt.Sprintf("%s: no output %q", b.device, o.Output)})
		return
	}
	if _, err := out.Grant(c.Mono(), l); err != nil {
		o.answer(c, protocol.Driven{Code: codeOf(err), Reason: err.Error()})
		return
	}
	if b.hush != nil && out.Value(c.Mono()) != o.Percent {
		b.wait(o)
		return
	}
	b.begin(c, o)
}

func (b *bank) grant(c *actors.Context, o *order) {
	l := lease.Lease{Owner: o.Owner, Value: o.Percent, Until: c.Mono() + o.For, Epoch: o.Epoch}
	if _, err := b.table.Grant(c.Mono(), o.Output, l); err != nil {
		o.answer(c, protocol.Driven{Code: codeOf(err), Reason: err.Error()})
		return
	}
	p := b.part(o.Output)
	ran := p.owner != ""
	if !ran {
		p.ran, p.since = 0, c.Mono()
	}
	if err := b.apply(c, p); err != nil {
		if ran {
			b.cut(c, p, "hardware: "+err.Error())
		}
		b.free(c, p)
		o.answer(c, protocol.Driven{Code: "hardware", Reason: err.Error()})
		return
	}
	if full := p.since + o.For; !ran && full > l.Until { // a busy computer takes nothing off a dose
		l.Until = full
		if _, err := b.table.Grant(c.Mono(), o.Output, l); err != nil {
			c.Log().Error("%v", err) // never: the lease is ours, and no longer than it was asked for
		}
	}
	p.timer.Cancel()
	p.timer = c.After(l.Until-c.Mono(), expired{p.name})
	p.owner, p.peer, p.tag = o.Owner, o.peer, o.Tag
	o.answer(c, protocol.Driven{OK: true})
}

func codeOf(err error) string {
	var held *lease.Held
	switch {
	case errors.As(err, &held):
		return "held"
	case errors.Is(err, lease.ErrStale):
		return "old_epoch"
	}
	return "invalid"
}

// apply drives p as its lease or the hush wants it. On an error p is halted.
func (b *bank) apply(c *actors.Context, p *part) error {
	want := b.wanted(c, p)
	if want == p.value && !p.stuck {
		return nil
	}
	return b.drive(c, p, want)
}

// wanted is what p should be driven with now.
func (b *bank) wanted(c *actors.Context, p *part) float64 {
	out, _ := b.table.Output(p.name)
	want := out.Value(c.Mono())
	if b.permit != nil {
		want = b.permit(c, want)
	}
	if b.hush != nil {
		if forced, ok := b.hush.forced[p.name]; ok {
			want = forced
		} else if !b.hush.setting {
			want = min(want, p.value) // less is safety; more waits for the window's end
		}
	}
	return want
}

func (b *bank) drive(c *actors.Context, p *part, want float64) error {
	if p.value > 0 {
		p.ran += c.Mono() - p.since
	}
	p.since = c.Mono()
	before := p.value
	err := set(p.out, want)
	if err != nil {
		b.failed(c, p, want, err)
		want = 0
	} else if p.ill && (want > 0 || p.stuck || b.lasting) {
		if p.stuck && b.device == pumpsName {
			c.Publish(actors.Disturbance{Cause: p.name + " could not be halted and may have run"})
		}
		p.ill, p.stuck, p.pause = false, false, 0
		c.Clear(alarmOf(p.name))
		c.Tell(devicesName, obeys{p.name, true})
	}
	b.noted(p, want)
	if want != before || err != nil || !b.lasting {
		b.changed(c, p)
	}
	return err
}

// noted keeps what p is driven with now.
func (b *bank) noted(p *part, value float64) {
	if b.hush != nil && !b.hush.setting && value != p.value {
		b.hush.disturbed = true
	}
	p.value = value
}

// failed halts an output that does not do what it is told, and says so.
func (b *bank) failed(c *actors.Context, p *part, want float64, err error) {
	if b.hush != nil {
		b.hush.disturbed = true
	}
	text := fmt.Sprintf("%s cannot be set to %g %%: %v", p.name, want, err)
	if halted := p.out.Halt(); halted != nil {
		p.stuck = true
		text += fmt.Sprintf("; and cannot be halted: %v; cut its power", halted)
		if p.pause = max(2*p.pause, rehaltAfter); !b.lasting {
			p.pause = rehaltAfter
		}
		p.pause = min(p.pause, rehaltSeldom)
		c.After(p.pause, rehalt{p.name})
		c.Tell(devicesName, obeys{p.name, false})
	}
	if !p.ill {
		c.Log().Error("%s", text)
	}
	p.ill = true
	c.Raise(alarmOf(p.name), "high", text, false)
}

func alarmOf(output string) string { return strings.ReplaceAll(output, "/", "_") + "_failed" }

func (b *bank) rehalt(c *actors.Context, name string) {
	p := b.part(name)
	if !p.stuck {
		return
	}
	if err := b.apply(c, p); err == nil {
		c.Log().Notice("%s obeys again", name)
	}
}

// lapse makes safe whatever lease has ended by now.
func (b *bank) lapse(c *actors.Context) {
	ended, _, _ := b.table.Expire(c.Mono())
	for _, d := range ended {
		b.cut(c, b.part(d.Output), "expired")
	}
}

// cut makes p safe, now that its lease is gone, and tells the owner.
func (b *bank) cut(c *actors.Context, p *part, reason string) {
	if err := b.apply(c, p); err != nil {
		reason = "hardware: " + err.Error()
	}
	if p.value > 0 { // the hush's light
		p.ran += c.Mono() - p.since
		p.since = c.Mono()
	}
	if p.owner != "" {
		c.AnswerTo(p.peer, protocol.Cut{Output: p.name, Owner: p.owner, Ran: p.ran, Reason: reason, Tag: p.tag})
	}
	b.free(c, p)
}

// free forgets p's lease.
func (b *bank) free(c *actors.Context, p *part) {
	out, _ := b.table.Output(p.name)
	if l, held := out.Lease(c.Mono()); held {
		if _, err := b.table.Release(c.Mono(), p.name, l.Owner); err != nil {
			c.Log().Error("%v", err)
		}
	}
	p.timer.Cancel()
	p.owner, p.peer, p.tag, p.ran = "", actors.Peer{}, "", 0
}

// release obeys Release; an owner that is gone releases all.
func (b *bank) release(c *actors.Context, r protocol.Release) {
	b.lapse(c)
	found := b.unqueue(c, r)
	for _, p := range b.parts {
		if p.owner == "" || p.owner != r.Owner || r.Output != "" && r.Output != p.name || r.Tag != "" && r.Tag != p.tag {
			continue
		}
		if _, err := b.table.Release(c.Mono(), p.name, p.owner); err == nil {
			b.cut(c, p, "released")
			found = true
		}
	}
	if !found && r.Tag != "" {
		c.Answer(protocol.Cut{Output: r.Output, Owner: r.Owner, Reason: "not held", Tag: r.Tag})
	}
}
