package broker_test

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/pioactor/pioactor/bridge/broker"
)

// wire is a client that says and hears packet by packet.
type wire struct {
	t    *testing.T
	conn net.Conn
}

func dial(t *testing.T, b *broker.Broker, id string, clean bool) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed already by most tests
	w := &wire{t: t, conn: conn}
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.ClientIdentifier, hello.CleanSession = "MQTT", 4, id, clean
	w.say(hello)
	if got := w.hear().(*packets.ConnackPacket); got.ReturnCode != 0 {
		t.Fatalf("refused: %v", got)
	}
	return w
}

func (w *wire) say(p packets.ControlPacket) {
	w.t.Helper()
	if err := p.Write(w.conn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) hear() packets.ControlPacket {
	w.t.Helper()
	if err := w.conn.SetReadDeadline(time.Now().Add(soon)); err != nil {
		w.t.Fatal(err)
	}
	p, err := packets.ReadPacket(w.conn)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// expect hears packets until it has heard these, in any order: type, ID, and
// what a publish or a subscription's answer says.
func (w *wire) expect(want ...string) {
	w.t.Helper()
	for len(want) > 0 {
		p := w.hear()
		said := fmt.Sprint(packets.PacketNames[typeOf(p)], " ", p.Details().MessageID)
		switch p := p.(type) {
		case *packets.PublishPacket:
			said += " " + string(p.Payload)
		case *packets.SubackPacket:
			said += fmt.Sprint(" ", p.ReturnCodes)
		}
		i := slices.Index(want, said)
		if i < 0 {
			w.t.Fatalf("heard %q, want %q", said, want)
		}
		want = slices.Delete(want, i, i+1)
	}
}

func typeOf(p packets.ControlPacket) byte {
	switch p.(type) {
	case *packets.PublishPacket:
		return packets.Publish
	case *packets.PubackPacket:
		return packets.Puback
	case *packets.PubrecPacket:
		return packets.Pubrec
	case *packets.PubrelPacket:
		return packets.Pubrel
	case *packets.PubcompPacket:
		return packets.Pubcomp
	case *packets.SubackPacket:
		return packets.Suback
	case *packets.UnsubackPacket:
		return packets.Unsuback
	}
	return 0
}

func subscribe(id uint16, filter string, qos byte) packets.ControlPacket {
	p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	p.MessageID, p.Topics, p.Qoss = id, []string{filter}, []byte{qos}
	return p
}

func unsubscribe(id uint16, filter string) packets.ControlPacket {
	p := packets.NewControlPacket(packets.Unsubscribe).(*packets.UnsubscribePacket)
	p.MessageID, p.Topics = id, []string{filter}
	return p
}

func publish(id uint16, topic, payload string, qos byte) *packets.PublishPacket {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.MessageID, p.TopicName, p.Payload, p.Qos = id, topic, []byte(payload), qos
	return p
}

func release(id uint16) packets.ControlPacket {
	p := packets.NewControlPacket(packets.Pubrel).(*packets.PubrelPacket)
	p.MessageID = id
	return p
}

// TestAClientAndTheBrokerMayUseOnePacketID: with messages of every ID from 1 on
// under way to a client, all that the client says with those IDs is done.
func TestAClientAndTheBrokerMayUseOnePacketID(t *testing.T) {
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	other := mustConnect(t, b.Addr(), "", "")
	say := func(topic, payload string) {
		t.Helper()
		if err := done(other.Publish(topic, 1, false, payload)); err != nil {
			t.Fatal(err)
		}
	}
	w := dial(t, b, "", true)
	w.say(subscribe(9, "a", 1))
	w.expect("SUBACK 9 [1]")
	first := w.underway(say, "a", "x") // never acknowledged
	for id := first; id < first+4; id++ {
		w.underway(say, "a", "x")
	}
	w.say(subscribe(first, "b", 1))
	w.expect(fmt.Sprintf("SUBACK %d [1]", first))
	w.say(unsubscribe(first+1, "b"))
	w.expect(fmt.Sprint("UNSUBACK ", first+1))
	say("b", "nobody hears this any more")
	w.say(publish(first+2, "c", "1", 1))
	w.expect(fmt.Sprint("PUBACK ", first+2))
	for _, repeated := range []bool{false, true} {
		p := publish(first+3, "c", "2", 2)
		p.Dup = repeated
		w.say(p)
		w.expect(fmt.Sprint("PUBREC ", first+3))
	}
	for range 2 { // the answer to the first may have been lost
		w.say(release(first + 3))
		w.expect(fmt.Sprint("PUBCOMP ", first+3))
	}
}

// underway publishes payload to w, which does not acknowledge it, and returns its ID.
func (w *wire) underway(say func(topic, payload string), topic, payload string) uint16 {
	w.t.Helper()
	say(topic, payload)
	p, ok := w.hear().(*packets.PublishPacket)
	if !ok || string(p.Payload) != payload {
		w.t.Fatalf("heard %v, want %s", p, payload)
	}
	return p.MessageID
}

// TestAMessageOutlivesAPublishOfItsID: what a client has not acknowledged comes
// again in its next connection, and what it had not finished goes on there.
func TestAMessageOutlivesAPublishOfItsID(t *testing.T) {
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	other := mustConnect(t, b.Addr(), "", "")
	w := dial(t, b, "lasting", false)
	w.say(subscribe(1, "a", 1))
	w.expect("SUBACK 1 [1]")
	if err := done(other.Publish("a", 1, false, "x")); err != nil {
		t.Fatal(err)
	}
	id := w.hear().Details().MessageID
	w.say(publish(id, "c", "1", 1))
	w.expect(fmt.Sprint("PUBACK ", id))
	w.say(publish(id+1, "c", "2", 2))
	w.expect(fmt.Sprint("PUBREC ", id+1))

	w = dial(t, b, "lasting", false)
	w.expect(fmt.Sprintf("PUBLISH %d x", id), fmt.Sprint("PUBREC ", id+1))
	w.say(release(id + 1))
	w.expect(fmt.Sprint("PUBCOMP ", id+1))

	w = dial(t, b, "lasting", true)
	w.say(release(id + 1))
	w.expect(fmt.Sprint("PUBCOMP ", id+1))
	w.say(subscribe(id, "a", 1))
	w.expect(fmt.Sprintf("SUBACK %d [1]", id))
}
