package broker

import (
	"math"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// quotaHook keeps the broker from throwing out its best clients. mochi 2.7.9
// counts what a client may still send with QoS 2, keeps both directions of a
// connection in one table by packet ID, and does not give back the count when an
// ID is under way in both: after 1024 of those it ends the connection. MQTT 3
// knows no such limit, and each ID is in the table once, so the count is
// renewed with every packet.
type quotaHook struct{ mochi.HookBase }

// ID names the hook.
func (*quotaHook) ID() string { return "pioactor-quota" }

// Provides lists the hooks in use.
func (*quotaHook) Provides(b byte) bool { return b == mochi.OnPacketProcessed }

// OnPacketProcessed renews the count.
func (*quotaHook) OnPacketProcessed(cl *mochi.Client, _ packets.Packet, _ error) {
	cl.State.Inflight.ResetReceiveQuota(math.MaxUint16)
}

var _ mochi.Hook = (*quotaHook)(nil)
