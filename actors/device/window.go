package device

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

// hushPatience: a device answers in microseconds, or not at all.
const hushPatience = 100 * time.Millisecond

// window is the actor "window": it opens one OD window at a time.
//
// Takes: protocol.AskQuiet, EndQuiet, Hushed; actors.OwnerGone.
// Sends: protocol.Hush, Unhush to the devices; Quiet, QuietEnded to who asked.
// Fails by: only a bug; the devices then end the hush by themselves.
type window struct {
	devices []string
	phase   phase
	tag     uint64
	owner   string
	peer    actors.Peer
	ask     protocol.AskQuiet
	until   time.Duration   // on Mono
	silent  map[string]bool // devices yet to answer
	refused string          // why the window is not granted
	told    bool            // whoever asked waits for QuietEnded
	ended   protocol.QuietEnded
}

type phase int

const (
	closed phase = iota
	hushing
	open
	unhushing
)

// Messages of the window to itself, void for any other window.
type (
	unanswered struct {
		tag   uint64
		phase phase
	}
	elapsed struct{ tag uint64 }
)

func windowSpec(cfg Config) actors.Spec {
	return actors.Spec{Name: windowName, New: func() actors.Job { return &window{devices: cfg.Hush} }}
}

// Receive implements actors.Job.
func (w *window) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		w.tag = uint64(c.Mono()) << 8 // no earlier window had a tag above it
		actors.Subscribe[actors.OwnerGone](c)
	case protocol.AskQuiet:
		w.asked(c, m)
	case protocol.EndQuiet:
		w.endAsked(c)
	case protocol.Hushed:
		w.answered(c, m)
	case actors.OwnerGone:
		w.gone(c, m.Owner)
	case unanswered:
		w.late(c, m)
	case elapsed:
		if m.tag == w.tag && (w.phase == hushing || w.phase == open) {
			w.elapsed(c)
		}
	}
	return nil
}

func (w *window) asked(c *actors.Context, m protocol.AskQuiet) {
	switch {
	case !(m.For > 0 && m.For <= protocol.LongestQuiet) || !(m.IRPercent >= 0 && m.IRPercent <= 100):
		c.Answer(protocol.Quiet{Reason: fmt.Sprintf("window: want 0 to 100 %% IR for up to %v, got %v %% for %v", protocol.LongestQuiet, m.IRPercent, m.For)})
	case w.phase != closed:
		c.Answer(protocol.Quiet{Reason: fmt.Sprintf("window: one is open for %s", w.owner)})
	default:
		w.hush(c, m)
	}
}

func (w *window) hush(c *actors.Context, m protocol.AskQuiet) {
	w.tag++
	w.phase, w.ask, w.peer, w.owner = hushing, m, c.Sender(), c.Sender().Name()
	w.until, w.refused, w.told, w.ended = c.Mono()+m.For, "", false, protocol.QuietEnded{}
	w.silent = map[string]bool{}
	for _, d := range w.devices {
		w.silent[d] = true
		if !w.tellHush(c, d) {
			w.refused = fmt.Sprintf("window: %s is not running", d)
		}
	}
	c.After(m.For, elapsed{w.tag})
	c.After(hushPatience, unanswered{w.tag, hushing})
	if w.refused != "" {
		w.unhush(c)
		return
	}
	w.granted(c)
}

func (w *window) tellHush(c *actors.Context, device string) bool {
	return c.Tell(device, protocol.Hush{Tag: w.tag, Until: w.until, IRPercent: w.ask.IRPercent, KeepLEDs: w.ask.KeepLEDs})
}

func (w *window) answered(c *actors.Context, m protocol.Hushed) {
	if m.Tag != w.tag || w.phase == closed {
		return
	}
	delete(w.silent, m.Device)
	w.ended.PumpOn = w.ended.PumpOn || m.PumpOn
	w.ended.Disturbed = w.ended.Disturbed || m.Changed
	switch w.phase {
	case hushing:
		if left := m.Ends - c.Mono(); m.Ends > 0 && left < w.ask.Takes {
			w.refused = fmt.Sprintf("window: a pump of %s stops in %v, in the middle of it", m.Device, left.Round(time.Millisecond))
			w.unhush(c)
			return
		}
		w.granted(c)
	case unhushing:
		w.closed(c)
	}
}

// granted opens the window once nobody is silent.
func (w *window) granted(c *actors.Context) {
	if len(w.silent) > 0 {
		return
	}
	w.phase = open
	c.AnswerTo(w.peer, protocol.Quiet{OK: true, PumpOn: w.ended.PumpOn})
}

// endAsked obeys EndQuiet of the owner; anybody else's window is over already.
func (w *window) endAsked(c *actors.Context) {
	if w.phase == closed || c.Sender().Name() != w.owner {
		c.Answer(protocol.QuietEnded{Disturbed: true})
		return
	}
	w.told, w.peer = true, c.Sender()
	if w.phase != unhushing {
		w.unhush(c)
	}
}

// elapsed closes a window that lasted too long.
func (w *window) elapsed(c *actors.Context) {
	if w.phase == hushing {
		w.refused = fmt.Sprintf("window: %v is over before every device has answered", w.ask.For)
	}
	w.ended.Disturbed = true
	w.unhush(c)
}

func (w *window) unhush(c *actors.Context) {
	w.phase = unhushing
	w.silent = map[string]bool{}
	for _, d := range w.devices {
		if c.Tell(d, protocol.Unhush{Tag: w.tag}) {
			w.silent[d] = true
		}
	}
	c.After(hushPatience, unanswered{w.tag, unhushing})
	w.closed(c)
}

// closed ends the window once nobody is silent.
func (w *window) closed(c *actors.Context) {
	if len(w.silent) > 0 {
		return
	}
	w.phase = closed
	if w.refused != "" {
		c.AnswerTo(w.peer, protocol.Quiet{Reason: w.refused})
	}
	if w.told {
		c.AnswerTo(w.peer, w.ended)
	}
}

// late gives up devices that did not answer.
func (w *window) late(c *actors.Context, m unanswered) {
	if m.tag != w.tag || m.phase != w.phase {
		return
	}
	var names []string
	for _, d := range w.devices {
		if w.silent[d] {
			names = append(names, d)
		}
	}
	why := fmt.Sprintf("window: %s did not answer within %v", strings.Join(names, ", "), hushPatience)
	c.Log().Warning("%s", why)
	if w.phase == hushing {
		w.refused = why
		w.unhush(c)
		return
	}
	w.ended.Disturbed = true // by a device that may have changed
	w.silent = nil
	w.closed(c)
}

// gone closes the window of an owner that is no more. A device that fails is
// hushed again when it comes back, and the window counts as disturbed.
func (w *window) gone(c *actors.Context, name string) {
	if w.phase != hushing && w.phase != open {
		return
	}
	switch {
	case name == w.owner:
		w.ended.Disturbed = true
		w.unhush(c)
	case slices.Contains(w.devices, name):
		w.ended.Disturbed = true
		w.tellHush(c, name)
	}
}

var _ actors.Job = (*window)(nil)
