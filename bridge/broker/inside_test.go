package broker

import (
	"net"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"golang.org/x/net/nettest"
)

func TestAnInsideConnectionIsAConnection(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := newInside()
		return a, b, func() { _, _ = a.Close(), b.Close() }, nil
	})
}

func TestOnlyTheProcessItselfNeedsNoPassword(t *testing.T) {
	a := &auth{users: map[string]hash{}, turn: make(chan struct{}, 1), verdicts: map[[32]byte]bool{}}
	near, far := newInside()
	defer near.Close()
	socket, peer := net.Pipe()
	defer socket.Close()
	defer peer.Close()
	for name, c := range map[string]struct {
		conn net.Conn
		want bool
	}{
		"inside": {impatient{far}, true},
		"socket": {impatient{socket}, false},
		"other":  {socket, false},
	} {
		cl := &mochi.Client{Net: mochi.ClientConnection{Conn: c.conn}}
		if got := a.OnConnectAuthenticate(cl, packets.Packet{}); got != c.want {
			t.Errorf("%s: let in without a password: %v, want %v", name, got, c.want)
		}
	}
}

func TestDialReachesTheBrokerUntilItCloses(t *testing.T) {
	b, err := Start(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := b.Dial()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from a closed broker, want an end", n)
	}
	if _, err := b.Dial(); err == nil {
		t.Error("a closed broker was dialled")
	}
}
