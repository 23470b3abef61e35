package broker

import (
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// idsHook keeps the packet IDs that a client gives apart from those that the
// broker gives: MQTT 3.1.1, section 2.3.1, lets both use the same at the same
// time. mochi 2.7.9 has one table for both; with a message under way to the
// client, a SUBSCRIBE of the same ID is refused and a PUBLISH of it has the
// message forgotten. Within the server, a client's ID is one that the broker
// has given it; on the wire it is the client's own.
type idsHook struct {
	mochi.HookBase
	mu       sync.Mutex
	sessions map[string]*idTable // by client ID
}

func newIDsHook() *idsHook { return &idsHook{sessions: map[string]*idTable{}} }

// idTable is what one session's own IDs are within the server, and back.
type idTable struct {
	client *mochi.Client // that has the session now
	inside map[uint16]uint16
	own    map[uint16]uint16
}

// ID names the hook.
func (*idsHook) ID() string { return "pioactor-ids" }

// Provides lists the hooks in use.
func (*idsHook) Provides(b byte) bool {
	switch b {
	case mochi.OnSessionEstablish, mochi.OnPacketRead, mochi.OnPacketEncode, mochi.OnDisconnect, mochi.OnClientExpired:
		return true
	}
	return false
}

// OnSessionEstablish keeps the table of a session that goes on: of what is still
// under way.
func (h *idsHook) OnSessionEstablish(cl *mochi.Client, pk packets.Packet) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.sessions[cl.ID]
	if t == nil || pk.Connect.Clean || t.client.Properties.Clean {
		t = &idTable{client: cl, inside: map[uint16]uint16{}, own: map[uint16]uint16{}}
		h.sessions[cl.ID] = t
	}
	for own, inside := range t.inside {
		if _, underway := t.client.State.Inflight.Get(inside); !underway {
			delete(t.inside, own)
			delete(t.own, inside)
		}
	}
	t.client = cl
}

// OnDisconnect ends the table of a session that ends with its connection.
func (h *idsHook) OnDisconnect(cl *mochi.Client, _ error, expires bool) {
	if expires {
		h.OnClientExpired(cl)
	}
}

// OnClientExpired ends the table of a session.
func (h *idsHook) OnClientExpired(cl *mochi.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of(cl) != nil {
		delete(h.sessions, cl.ID)
	}
}

// of is the table of cl, nil when another connection has taken the session
// over. The lock is held.
func (h *idsHook) of(cl *mochi.Client) *idTable {
	if t := h.sessions[cl.ID]; t != nil && t.client == cl {
		return t
	}
	return nil
}

// OnPacketRead comes before the server sees a packet of cl.
func (h *idsHook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	repeats := false // what began with an earlier packet
	switch pk.FixedHeader.Type {
	case packets.Publish:
		if pk.FixedHeader.Qos == 0 {
			return pk, nil
		}
		repeats = pk.FixedHeader.Qos == 2
	case packets.Pubrel:
		repeats = true
	case packets.Subscribe, packets.Unsubscribe:
	default:
		return pk, nil // an answer to the broker, with the broker's ID
	}
	if pk.PacketID == 0 {
		return pk, nil // for the server to refuse
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.of(cl); t != nil {
		pk.PacketID = t.enter(pk.PacketID, repeats)
	}
	return pk, nil
}

// enter is what the client's own ID is within the server.
func (t *idTable) enter(own uint16, repeats bool) uint16 {
	inside, known := t.inside[own]
	if known && repeats {
		return inside
	}
	next, err := t.client.NextPacketID()
	if err != nil { // 65535 messages are under way
		return own
	}
	delete(t.own, inside)
	t.inside[own], t.own[uint16(next)] = uint16(next), own
	return uint16(next)
}

// OnPacketEncode comes before a packet to cl is written.
func (h *idsHook) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	switch pk.FixedHeader.Type {
	case packets.Puback, packets.Pubrec, packets.Pubcomp, packets.Suback, packets.Unsuback:
	default:
		return pk
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.of(cl); t != nil {
		pk.PacketID = t.leave(pk.PacketID, pk.FixedHeader.Type != packets.Pubrec)
	}
	return pk
}

// leave is the client's own ID of one within the server.
func (t *idTable) leave(inside uint16, last bool) uint16 {
	own, known := t.own[inside]
	if !known {
		return inside
	}
	if last {
		delete(t.own, inside)
		delete(t.inside, own)
	}
	return own
}

var _ mochi.Hook = (*idsHook)(nil)
