package broker_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/pioactor/pioactor/bridge/broker"
)

// A client that commands and listens with QoS 2, each of its packet IDs one
// behind the broker's, as the one retained message at its start makes it.
func TestALongConversationWithQoS2IsNotCutOff(t *testing.T) {
	const commands = 1500 // mochi 2.7.9 alone gives up at 1024
	addr := start(t, broker.Config{Listen: "127.0.0.1:0"}).Addr()
	echo, client := mustConnect(t, addr, "", ""), mustConnect(t, addr, "", "")
	if err := done(echo.Publish("rpm", 2, true, "-1")); err != nil {
		t.Fatal(err)
	}
	if err := done(echo.Subscribe("rpm/set", 2, func(c paho.Client, m paho.Message) { c.Publish("rpm", 2, true, m.Payload()) })); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, commands)
	if err := done(client.Subscribe("rpm", 2, func(_ paho.Client, m paho.Message) { heard <- string(m.Payload()) })); err != nil {
		t.Fatal(err)
	}
	for i := -1; i < commands; i++ {
		if i >= 0 {
			client.Publish("rpm/set", 2, false, strconv.Itoa(i))
		}
		select {
		case got := <-heard:
			if got != strconv.Itoa(i) {
				t.Fatalf("echo %q, want %d", got, i)
			}
		case <-time.After(soon):
			t.Fatalf("no echo of command %d, connected: %v", i, client.IsConnectionOpen())
		}
	}
}

// A client that takes many messages at once may publish before it has finished
// the last of them.
func TestAClientMayPublishAmidManyMessages(t *testing.T) {
	const messages = 1100 // mochi 2.7.9 alone gives up at 1024
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	other, w := mustConnect(t, b.Addr(), "", ""), dial(t, b, "", true)
	w.say(subscribe(1, "a", 2))
	w.expect("SUBACK 1 [2]")
	for range messages {
		if err := done(other.Publish("a", 2, false, "x")); err != nil {
			t.Fatal(err)
		}
		received := packets.NewControlPacket(packets.Pubrec).(*packets.PubrecPacket)
		received.MessageID = w.hear().Details().MessageID
		w.say(received)
		w.expect(fmt.Sprint("PUBREL ", received.MessageID)) // never completed
	}
	w.say(publish(2, "b", "y", 1))
	w.expect("PUBACK 2")
}
