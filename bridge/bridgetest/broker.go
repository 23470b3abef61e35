package bridgetest

import (
	"testing"

	"github.com/pioactor/pioactor/bridge/broker"
)

// Broker starts an embedded broker for the length of the test and returns its
// host:port.
func Broker(t testing.TB) string {
	t.Helper()
	b, err := broker.Start(broker.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatalf("bridgetest: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("bridgetest: close broker: %v", err)
		}
	})
	return b.Addr()
}
