package actorstest_test

import (
	"maps"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// leases are the books of who may drive what, kept beside those of the devices:
// from what was asked and what was answered.
type leases struct {
	asked map[string]time.Duration // length, by output, owner and tag
	live  map[string]lent          // by output
	lamps map[string]lamp          // lights that were asked for, by command ID
	lets  map[string]time.Duration // when an owner last let go
	lit   time.Duration            // since when the IR LED shines; −1: dark
	hush  time.Duration            // end of the window's own light
}

type lent struct {
	owner, tag string
	until      time.Duration // since the vial exists
	percent    float64       // of a light
}

type lamp struct {
	owner string
	set   actors.SetLED
}

func newLeases() leases {
	return leases{asked: map[string]time.Duration{}, live: map[string]lent{}, lamps: map[string]lamp{}, lets: map[string]time.Duration{}, lit: -1}
}

func (l *leases) cut() { *l = newLeases() }

// devices own the outputs whose names begin so.
var devices = map[string]string{"pumps": "pump/", "leds": "led/", "stirrer": "stirrer", "heater": "heater"}

func (l *leases) spy(a *audit, to string, msg any) {
	switch m := msg.(type) {
	case protocol.Drive:
		l.asked[m.Output+"|"+m.Owner+"|"+m.Tag] = m.For
	case protocol.Driven:
		if d, known := l.asked[m.Output+"|"+to+"|"+m.Tag]; known && m.OK {
			l.live[m.Output] = lent{owner: to, tag: m.Tag, until: a.now() + d}
		}
	case protocol.Cut:
		if held := l.live[m.Output]; held.owner == to && held.tag == m.Tag {
			if let, ok := l.lets[to]; m.Reason == "released" && !(ok && let == a.now()) {
				a.say("released", "%s was let go, and not by %s", m.Output, to)
			}
			delete(l.live, m.Output)
		}
	case protocol.Release:
		if devices[to] != "" {
			l.lets[m.Owner] = a.now()
			l.let(m)
			if to == "leds" {
				l.unask(m)
			}
		}
	case actors.OwnerGone:
		if devices[to] != "" { // answers to what it asked for are for nobody
			maps.DeleteFunc(l.asked, func(key string, _ time.Duration) bool {
				return strings.HasPrefix(key, devices[to]) && strings.Contains(key, "|"+m.Owner+"|")
			})
		}
		if to == "leds" {
			l.unask(protocol.Release{Owner: m.Owner})
		}
	case protocol.Hush:
		if to == "leds" {
			l.hush = a.now() + m.Until - a.h.Clock.Mono()
		}
	case protocol.Unhush:
		if to == "leds" {
			l.hush = 0
		}
	case actors.Command:
		if set, ok := m.Body.(actors.SetLED); ok && to == "leds" && m.Origin.Mouth == "actor" {
			l.lamps[m.ID] = lamp{m.Origin.Who, set}
		}
	case actors.Reply:
		if lamp, ok := l.lamps[m.ID]; ok && m.OK && lamp.owner == to {
			l.lamp(a, lamp.owner, lamp.set)
		}
	}
}

// unask drops what an owner asked the LEDs for before they heard that it lets
// go: the answer may arrive later.
func (l *leases) unask(m protocol.Release) {
	maps.DeleteFunc(l.lamps, func(_ string, asked lamp) bool {
		return asked.owner == m.Owner && (m.Output == "" || m.Output == protocol.LEDOutput(asked.set.Channel))
	})
}

func (l *leases) let(m protocol.Release) {
	for output, held := range l.live {
		if held.owner == m.Owner && (m.Output == "" || m.Output == output) && (m.Tag == "" || m.Tag == held.tag) {
			delete(l.live, output)
		}
	}
}

// lamp notes a light that was granted.
func (l *leases) lamp(a *audit, owner string, set actors.SetLED) {
	output := protocol.LEDOutput(set.Channel)
	until := a.now() + set.For
	if set.For == 0 {
		until = a.now() + 1000*time.Hour
	}
	l.live[output] = lent{owner: owner, until: until, percent: set.Percent}
	if set.Percent == 0 {
		delete(l.live, output)
	}
}

func (l *leases) fact(a *audit, f actors.Fact) {
	gone, ok := f.(actors.OwnerGone)
	if !ok {
		return
	}
	if gone.Owner == "leds" || gone.Owner == "window" {
		l.hush = 0
	}
	l.lets[gone.Owner] = a.now()
	l.let(protocol.Release{Owner: gone.Owner})
	for output := range l.live {
		if own := devices[gone.Owner]; own != "" && strings.HasPrefix(output, own) {
			delete(l.live, output) // the device itself failed: all it drove is safe
		}
	}
}

func (l *leases) look(a *audit, t sim.Truth) {
	for _, role := range hw.PumpRoles {
		l.must(a, protocol.PumpOutput(role), t.Pump(role).On)
	}
	l.must(a, protocol.Stirrer, t.StirrerPct > 0)
	l.must(a, protocol.Heater, t.HeaterPct > 0)
	for i, channel := range [...]string{"A", "B", "C", "D"} {
		output := protocol.LEDOutput(channel)
		l.must(a, output, t.LEDPct[i] > 0 && !(i == 0 && a.now() <= l.hush))
		if held, lit := l.live[output]; lit && i > 0 && a.now() > l.hush+time.Second && a.now() < held.until && t.LEDPct[i] != held.percent {
			a.say("light back", "LED %s shines with %g %%, %s set %g %%", channel, t.LEDPct[i], held.owner, held.percent)
		}
	}
	if s := a.h.State("temperature_automation"); t.HeaterPct > 0 && s != actors.Ready {
		a.say("heat off", "the heater is at %g %% with an automation that is %q", t.HeaterPct, s)
	}
	l.light(a, t.LEDPct[0] > 0)
}

func (l *leases) must(a *audit, output string, on bool) {
	held, lives := l.live[output]
	if on && !(lives && a.now() <= held.until) {
		a.say("leased", "%s is on without a lease", output)
	}
	if s := a.state[held.owner]; on && lives && (s == actors.Sleeping || s == actors.Disconnected || s == actors.Lost) {
		a.say("ended", "%s is on for %s, which is %s", output, held.owner, s)
	}
}

// light checks that the IR LED never shines for longer than its window, 2 s.
func (l *leases) light(a *audit, on bool) {
	_, own := l.live["led/A"]
	switch {
	case !on || own:
		l.lit = -1
	case l.lit < 0:
		l.lit = a.now()
	case a.now()-l.lit > 2100*time.Millisecond:
		a.say("dark", "the IR LED has been on for %v", a.now()-l.lit)
		l.lit = a.now()
	}
}
