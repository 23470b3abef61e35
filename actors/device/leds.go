package device

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

const (
	longestLight = 366 * 24 * time.Hour // a light set by hand stays until it is changed
	manual       = "manual"             // owns what people set
	odJob        = "od_reading"         // owns the IR LED while it lives
)

var ledChannels = [...]string{"A", "B", "C", "D"}

// leds is the actor "leds".
//
// Takes: what outputs take, Command{actors.SetLED, SetLEDs}, actors.JobState.
// A light set by an actor is that actor's, dark too, and goes out with it. One
// set by a person stays, and yields to an actor. The IR LED is od_reading's
// while that job lives: only its windows light it.
// Sends: what outputs send; publishes actors.LEDs with what is really lit, and
// actors.LEDChanged for every deliberate change, the flashes of an OD window
// not among them.
// Fails by: as outputs.
type leds struct {
	*bank
	ir     string             // channel of the IR LED; empty for none
	lit    bool               // LEDs is to be published
	wanted map[string]float64 // as last published in LEDChanged
	source map[string]string  // who set it
}

func ledSpec(board hw.Board, cfg Config) (actors.Spec, error) {
	outs := map[string]hw.Output{}
	for _, channel := range ledChannels {
		out, err := board.LED(channel)
		if errors.Is(err, hw.ErrAbsent) {
			continue
		}
		if err != nil {
			return actors.Spec{}, fmt.Errorf("devices: LED %s: %w", channel, err)
		}
		outs[protocol.LEDOutput(channel)] = out
	}
	_, err := newBank(ledsName, longestLight, outs)
	return actors.Spec{Name: ledsName, New: func() actors.Job { return newLEDs(outs, cfg.IRChannel) }}, err
}

func newLEDs(outs map[string]hw.Output, ir string) *leds {
	bank, err := newBank(ledsName, longestLight, outs)
	if err != nil {
		panic(err) // ledSpec has made one like it
	}
	l := &leds{bank: bank, ir: ir, wanted: map[string]float64{}, source: map[string]string{}}
	bank.lasting = true
	bank.changed = func(*actors.Context, *part) { l.lit = true }
	bank.flash = func(h protocol.Hush) map[string]float64 { return flash(outs, ir, h) }
	return l
}

// flash is the light of an OD window.
func flash(outs map[string]hw.Output, ir string, h protocol.Hush) map[string]float64 {
	forced := map[string]float64{}
	for name := range outs {
		if !h.KeepLEDs {
			forced[name] = 0
		}
		if name == protocol.LEDOutput(ir) {
			forced[name] = h.IRPercent
		}
	}
	return forced
}

// Receive implements actors.Job.
func (l *leds) Receive(c *actors.Context, msg any) error {
	defer l.show(c)
	switch m := msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.JobState](c)
		c.After(refreshEvery, refresh{})
	case actors.JobState:
		l.claim(c, m)
	case actors.Command:
		return l.command(c, m)
	case protocol.Drive:
		l.source[m.Output] = m.Owner
	}
	return l.receive(c, msg)
}

func (l *leds) command(c *actors.Context, cmd actors.Command) error {
	switch s := cmd.Body.(type) {
	case actors.SetLED:
		return l.light(c, cmd, []actors.SetLED{s})
	case actors.SetLEDs:
		return l.light(c, cmd, each(s))
	}
	return actors.Refuse("unknown_command", "leds: cannot do %T; want SetLED or SetLEDs", cmd.Body)
}

// each is s as one wish for each LED.
func each(s actors.SetLEDs) (wishes []actors.SetLED) {
	for i, percent := range [...]*float64{s.A, s.B, s.C, s.D} {
		if percent != nil {
			wishes = append(wishes, actors.SetLED{Channel: ledChannels[i], Percent: *percent, Source: s.Source})
		}
	}
	return wishes
}

// light obeys all wishes or none, and answers once all of them are.
func (l *leds) light(c *actors.Context, cmd actors.Command, wishes []actors.SetLED) error {
	owner := manual
	if cmd.Origin.Mouth == "actor" {
		owner = cmd.Origin.Who
	}
	if len(wishes) == 0 {
		return actors.Refuse("invalid", "leds: want at least one LED")
	}
	for _, w := range wishes {
		if no := l.check(c, w, owner); no != nil {
			return no
		}
	}
	peer, left, answer := c.Later(cmd), len(wishes), actors.Reply{OK: true}
	for _, w := range wishes {
		l.set(c, w, owner, cmp.Or(w.Source, cmd.Origin.Name()), func(c *actors.Context, d protocol.Driven) {
			if left--; !d.OK && answer.OK {
				answer = actors.Reply{Code: d.Code, Reason: d.Reason}
			}
			if left == 0 {
				c.AnswerTo(peer, answer)
			}
		})
	}
	return nil
}

// check is every reason to refuse a wish of owner.
func (l *leds) check(c *actors.Context, w actors.SetLED, owner string) *actors.Refusal {
	p := l.part(protocol.LEDOutput(w.Channel))
	switch {
	case p == nil:
		return actors.Refuse("invalid", "leds: no LED %.20q; want %s", w.Channel, l.channels())
	case w.For < 0 || !(w.Percent >= 0 && w.Percent <= 100):
		return actors.Refuse("out_of_range", "LED %s: want 0 to 100 %% for 0 s or more, got %v %% for %v", w.Channel, w.Percent, w.For)
	case w.Channel == l.ir && odLives(c):
		return actors.Refuse("held", "LED %s is the IR LED of %s, which is running: stop it first, or use another channel", w.Channel, odJob)
	case p.owner != "" && p.owner != manual && p.owner != owner:
		return actors.Refuse("held", "LED %s is held by %s: stop that, or change its settings", w.Channel, p.owner)
	}
	return nil
}

func odLives(c *actors.Context) bool {
	od, _, _ := actors.Latest[actors.JobState](c, odJob)
	return od.State == actors.Init || od.State == actors.Ready || od.State == actors.Sleeping
}

// claim puts out what shines on the IR LED when od_reading begins.
func (l *leds) claim(c *actors.Context, s actors.JobState) {
	if p := l.part(protocol.LEDOutput(l.ir)); s.Job == odJob && s.State == actors.Init && p != nil && p.owner != "" {
		l.source[p.name] = odJob
		l.release(c, protocol.Release{Output: p.name, Owner: p.owner})
	}
}

// set obeys a wish that check let through: 0 lets go of what a person set, and
// an actor takes over from a person.
func (l *leds) set(c *actors.Context, w actors.SetLED, owner, source string, done func(*actors.Context, protocol.Driven)) {
	d := protocol.Drive{Output: protocol.LEDOutput(w.Channel), Percent: w.Percent, For: w.For, Owner: owner}
	if d.For == 0 {
		d.For = longestLight
	}
	if owner != manual || d.Percent == 0 {
		l.source[d.Output] = source
		l.release(c, protocol.Release{Output: d.Output, Owner: manual})
	}
	if owner == manual && d.Percent == 0 {
		done(c, protocol.Driven{OK: true})
		return
	}
	l.obey(c, &order{Drive: d, replies: []func(*actors.Context, protocol.Driven){
		func(c *actors.Context, r protocol.Driven) {
			if r.OK {
				l.source[d.Output] = source
			}
			done(c, r)
		}}})
}

func (l *leds) channels() string {
	var names []string
	for _, p := range l.parts {
		names = append(names, strings.TrimPrefix(p.name, "led/"))
	}
	return strings.Join(names, ", ")
}

// show publishes what changed in this turn.
func (l *leds) show(c *actors.Context) {
	var now actors.LEDs
	for _, p := range l.parts {
		channel := strings.TrimPrefix(p.name, "led/")
		*level(&now, channel) = p.value
		out, _ := l.table.Output(p.name)
		if want := out.Value(c.Mono()); want != l.wanted[p.name] {
			l.wanted[p.name] = want
			c.Publish(actors.LEDChanged{Channel: channel, Percent: want, Source: l.source[p.name]})
		}
	}
	if l.lit {
		l.lit = false
		c.Publish(now)
	}
}

// level is where the facts about a channel stand in all.
func level(all *actors.LEDs, channel string) *float64 {
	switch channel {
	case "A":
		return &all.A
	case "B":
		return &all.B
	case "C":
		return &all.C
	}
	return &all.D
}

var _ actors.Job = (*leds)(nil)
