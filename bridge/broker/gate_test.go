package broker

import (
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// free reports whether a retained publish, and whether a subscription, may enter.
func (g *gate) free() (publish, subscribe bool) {
	if publish = g.mu.TryLock(); publish {
		g.mu.Unlock()
	}
	if subscribe = g.mu.TryRLock(); subscribe {
		g.mu.RUnlock()
	}
	return publish, subscribe
}

func TestGateKeepsRetainedPublishesAndSubscriptionsApart(t *testing.T) {
	h := &gateHook{}
	expect := func(when string, publish, subscribe bool) {
		t.Helper()
		if p, s := h.gate.free(); p != publish || s != subscribe {
			t.Errorf("%s: publish may enter = %v, subscription = %v, want %v and %v", when, p, s, publish, subscribe)
		}
	}
	plain, retained := packets.Packet{}, packets.Packet{FixedHeader: packets.FixedHeader{Retain: true}}
	subscribe := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Subscribe}}
	for _, step := range []struct {
		when               string
		do                 func() error
		publish, subscribe bool
	}{
		{"plain publish", func() error { _, err := h.OnPublish(nil, plain); return err }, true, true},
		{"retained publish", func() error { _, err := h.OnPublish(nil, retained); return err }, false, false},
		{"it is retained", func() error { h.OnRetainMessage(nil, retained, 1); return nil }, true, true},
		{"retained by someone who never entered", func() error { h.OnRetainMessage(nil, retained, 1); return nil }, true, true},
		{"retained will", func() error { _, err := h.OnWill(nil, mochi.Will{Retain: true}); return err }, false, false},
		{"it is said", func() error { h.OnRetainMessage(nil, retained, 1); return nil }, true, true},
		{"plain will", func() error { _, err := h.OnWill(nil, mochi.Will{}); return err }, true, true},
		{"subscription", func() error { h.OnSubscribed(nil, subscribe, nil); return nil }, false, true},
		{"other packet done", func() error { h.OnPacketProcessed(nil, plain, nil); return nil }, false, true},
		{"subscription done", func() error { h.OnPacketProcessed(nil, subscribe, nil); return nil }, true, true},
	} {
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.when, err)
		}
		expect(step.when, step.publish, step.subscribe)
	}
	cl := &mochi.Client{}
	cl.Properties.Will.WillDelayInterval = 9
	if h.OnSessionEstablish(cl, plain); cl.Properties.Will.WillDelayInterval != 0 {
		t.Error("a delayed will would bypass the gate")
	}
	for _, id := range []byte{mochi.OnSessionEstablish, mochi.OnPublish, mochi.OnWill, mochi.OnRetainMessage, mochi.OnSubscribed, mochi.OnPacketProcessed} {
		if !h.Provides(id) {
			t.Errorf("hook %d is not provided", id)
		}
	}
}
