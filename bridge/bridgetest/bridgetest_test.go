package bridgetest_test

import (
	"net"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
)

const soon = 10 * time.Second

func TestClientRemembersInOrder(t *testing.T) {
	addr := bridgetest.Broker(t)
	c := bridgetest.Client(t, addr)
	c.Publish("a", "1", 1, true)
	c.Publish("a", "2", 2, false)
	if m := c.Expect("a", bridgetest.Is("2"), soon); m.QoS != 2 || m.Retained {
		t.Errorf("got %+v, want QoS 2, live", m)
	}
	if got := c.Payloads("a"); len(got) != 2 || got[0] != "1" {
		t.Errorf("payloads = %q, want 1 and 2", got)
	}
	if m := bridgetest.Client(t, addr, "a").Expect("a", bridgetest.Any, soon); m.Payload != "1" || !m.Retained {
		t.Errorf("a newcomer hears %+v, want the retained 1", m)
	}
	if c.Forget(); len(c.Messages()) != 0 {
		t.Error("Forget keeps messages")
	}
}

func TestCableCutsAndStalls(t *testing.T) {
	cable := bridgetest.Proxy(t, bridgetest.Broker(t))
	bridgetest.Client(t, cable.Addr).Publish("a", "1", 1, false)
	cable.Stall(true)
	conn, err := net.Dial("tcp", cable.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	bridgetest.Eventually(t, soon, "the second connection is accepted", func() bool { return cable.Knocks() == 2 })
	cable.Stall(false)
	if err := conn.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a stalled connection survives the end of the stall")
	}
	bridgetest.Client(t, cable.Addr).Publish("a", "2", 1, false)
}

func TestMosquittoKeepsItsPort(t *testing.T) {
	p := bridgetest.Mosquitto(t)
	addr := p.Addr
	for _, end := range []func(){p.Stop, p.Kill} {
		bridgetest.Client(t, addr).Publish("a", "1", 1, false)
		end()
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Error("still accepting after its end")
		}
		p.Start()
	}
}
