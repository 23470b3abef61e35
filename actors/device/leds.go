package device

import (
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
)

var ledChannels = [...]string{"A", "B", "C", "D"}

// leds is the actor "leds".
//
// Takes: what outputs take, and Command{actors.SetLED}. A light set by an actor
// goes out with it. One set by a person stays, and yields to an actor.
// Sends: what outputs send; publishes actors.LEDs with what is really lit, and
// actors.LEDChanged for every deliberate change, the flashes of an OD window
// not among them.
// Fails by: as outputs.
type leds struct {
	*bank
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
	l := &leds{bank: bank, wanted: map[string]float64{}, source: map[string]string{}}
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
	return l.guard(func() error {
		defer l.show(c)
		if cmd, ok := msg.(actors.Command); ok {
			return l.command(c, cmd)
		}
		if d, ok := msg.(protocol.Drive); ok {
			l.source[d.Output] = d.Owner
		}
		return l.receive(c, msg)
	})
}

func (l *leds) command(c *actors.Context, cmd actors.Command) error {
	s, ok := cmd.Body.(actors.SetLED)
	if !ok {
		return &actors.Refusal{Code: "unknown_command", Reason: fmt.Sprintf("leds: cannot do %T; want SetLED", cmd.Body)}
	}
	d := protocol.Drive{Output: protocol.LEDOutput(s.Channel), Percent: s.Percent, For: s.For, Owner: manual}
	p := l.part(d.Output)
	if p == nil {
		return &actors.Refusal{Code: "invalid", Reason: fmt.Sprintf("leds: no LED %.20q; want %s", s.Channel, l.channels())}
	}
	if s.For < 0 || !(s.Percent >= 0 && s.Percent <= 100) {
		return &actors.Refusal{Code: "out_of_range", Reason: fmt.Sprintf("LED %s: want 0 to 100 %% for 0 s or more, got %v %% for %v", s.Channel, s.Percent, s.For)}
	}
	if cmd.Origin.Mouth == "actor" {
		d.Owner = cmd.Origin.Who
	}
	if d.For == 0 {
		d.For = longestLight
	}
	return l.light(c, cmd, p, d, s.Source)
}

// light obeys a SetLED: 0 lets go, and an actor takes over what a person set.
func (l *leds) light(c *actors.Context, cmd actors.Command, p *part, d protocol.Drive, source string) error {
	if p.owner == manual && d.Owner != manual {
		l.release(c, protocol.Release{Output: p.name, Owner: manual})
	}
	if d.Percent == 0 && (p.owner == "" || p.owner == d.Owner) {
		l.source[p.name] = sourceOf(source, cmd)
		l.release(c, protocol.Release{Output: p.name, Owner: d.Owner})
		return nil
	}
	peer := c.Later(cmd)
	l.obey(c, &order{Drive: d, replies: []func(*actors.Context, protocol.Driven){
		func(c *actors.Context, r protocol.Driven) {
			if r.OK {
				l.source[p.name] = sourceOf(source, cmd)
			}
			c.AnswerTo(peer, actors.Reply{OK: r.OK, Code: r.Code, Reason: r.Reason})
		}}})
	return nil
}

func sourceOf(source string, cmd actors.Command) string {
	for _, s := range []string{source, cmd.Origin.Who, cmd.Origin.Mouth} {
		if s != "" {
			return s
		}
	}
	return manual
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
	field := map[string]*float64{"A": &now.A, "B": &now.B, "C": &now.C, "D": &now.D}
	for _, p := range l.parts {
		channel := strings.TrimPrefix(p.name, "led/")
		*field[channel] = p.value
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

var _ actors.Job = (*leds)(nil)
