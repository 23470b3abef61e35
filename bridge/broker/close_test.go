package broker_test

import (
	"fmt"
	"net"
	"net/url"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/pioactor/pioactor/bridge/broker"
)

// What the process says last, all a client's callbacks still hear.
func TestLastWordsAreDelivered(t *testing.T) {
	for round := range 20 {
		b := start(t, broker.Config{Listen: "127.0.0.1:0"})
		listener := mustConnect(t, b.Addr(), "", "")
		const words = 50
		heard := make(chan string, words)
		if err := done(listener.Subscribe("unit/#", 2, func(_ paho.Client, m paho.Message) { heard <- string(m.Payload()) })); err != nil {
			t.Fatal(err)
		}
		own, err := connect(b.Addr(), "", "", func(o *paho.ClientOptions) {
			o.SetCustomOpenConnectionFn(func(_ *url.URL, _ paho.ClientOptions) (net.Conn, error) { return b.Dial() })
		})
		if err != nil {
			t.Fatal(err)
		}
		var last paho.Token
		for i := range words {
			last = own.Publish("unit/state", 2, true, fmt.Sprint(i))
		}
		if err := done(last); err != nil {
			t.Fatal(err)
		}
		own.Disconnect(100)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if n := len(heard); n != words {
			t.Fatalf("round %d: heard %d of %d last words", round, n, words)
		}
	}
}
