package actors

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
)

// heard is an invoker that notes what it is given.
type heard struct{ got []any }

func (h *heard) InvokeSystemMessage(m any) { h.got = append(h.got, m) }
func (h *heard) InvokeUserMessage(m any)   { h.got = append(h.got, m) }
func (h *heard) EscalateFailure(_, m any)  { h.got = append(h.got, "failed", m) }

func TestMessagesBeforeTheHandlersWait(t *testing.T) {
	c, h := clock.Virtual(time.Unix(0, 0), 1), &heard{}
	m := &mailbox{late: func(any) bool { return false }}
	m.PostUserMessage("early")
	c.Run(time.Second)
	m.RegisterHandlers(h, dispatcher{c})
	m.PostUserMessage("still early")
	c.Run(time.Second)
	m.PostSystemMessage("started")
	c.Run(time.Second)
	if len(h.got) != 3 || h.got[0] != "started" || h.got[1] != "early" {
		t.Errorf("got %v, want started first, then the early ones", h.got)
	}
}
