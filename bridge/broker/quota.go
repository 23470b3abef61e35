package broker

import (
	"math"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// quotaHook keeps the broker from throwing out its best clients. mochi 2.7.9
// ends the connection of a client that publishes while 1024 messages with QoS 2
// are half handed over, in either direction. MQTT 3 knows no such limit: the
// count is renewed with every packet.
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
