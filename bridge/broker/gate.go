package broker

import (
	"sync"
	"sync/atomic"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// gate keeps retained messages apart from subscriptions. mochi 2.7.9 changes a
// topic's retained path under one lock and scans it for a new subscriber under
// none: a torn read can end the process, and a subscriber can be given an old
// value after a newer one. A retained publish passes alone, from its first hook
// to its last; subscriptions pass together, from their registration until
// everything retained is queued.
type gate struct {
	mu    sync.RWMutex
	alone atomic.Bool // a retained publish is inside
}

// enter lets a retained publish in.
func (g *gate) enter() {
	g.mu.Lock()
	g.alone.Store(true)
}

// leave lets it out; a publish that never entered changes nothing.
func (g *gate) leave() {
	if g.alone.CompareAndSwap(true, false) {
		g.mu.Unlock()
	}
}

// gateHook hangs the gate into the server.
type gateHook struct {
	mochi.HookBase
	gate gate
}

// ID names the hook.
func (h *gateHook) ID() string { return "pioactor-gate" }

// Provides lists the hooks in use.
func (h *gateHook) Provides(b byte) bool {
	switch b {
	case mochi.OnSessionEstablish, mochi.OnPublish, mochi.OnWill, mochi.OnRetainMessage,
		mochi.OnSubscribed, mochi.OnPacketProcessed:
		return true
	}
	return false
}

// OnSessionEstablish has wills fire at once: a delayed one bypasses OnWill's gate.
func (h *gateHook) OnSessionEstablish(cl *mochi.Client, _ packets.Packet) {
	cl.Properties.Will.WillDelayInterval = 0
}

// OnPublish is followed by OnRetainMessage, with nothing in between that can
// fail, if and only if the packet is retained. It must stay the last such hook.
func (h *gateHook) OnPublish(_ *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Retain {
		h.gate.enter()
	}
	return pk, nil
}

// OnWill is followed by OnRetainMessage in the same way.
func (h *gateHook) OnWill(_ *mochi.Client, will mochi.Will) (mochi.Will, error) {
	if will.Retain {
		h.gate.enter()
	}
	return will, nil
}

// OnRetainMessage comes right after the topic index was changed.
func (h *gateHook) OnRetainMessage(*mochi.Client, packets.Packet, int64) { h.gate.leave() }

// OnSubscribed comes before the topic index is scanned.
func (h *gateHook) OnSubscribed(*mochi.Client, packets.Packet, []byte) { h.gate.mu.RLock() }

// OnPacketProcessed comes after it, whatever happened: writing the
// acknowledgement in between can fail, within writeTime.
func (h *gateHook) OnPacketProcessed(_ *mochi.Client, pk packets.Packet, _ error) {
	if pk.FixedHeader.Type == packets.Subscribe {
		h.gate.mu.RUnlock()
	}
}

var _ mochi.Hook = (*gateHook)(nil)
