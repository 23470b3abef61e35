//go:build bench

package main

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/pioactor/pioactor/bridge/web"
)

const (
	echoes = 2000 // of each kind
	turns  = 10   // in which ours and the bare one alternate
	burst  = 500
)

// benchEcho measures from publishing …/set until the new value comes back, for
// a unit and a bare echo on the same broker, or each on its own embedded one.
func benchEcho(b *table, name, broker string) {
	n := prepare(b.t, wholePlan(broker)).up()
	var e *echoer
	if broker == "" {
		e = startBare(b.t)
	} else {
		e = startBare(b.t, broker)
	}
	defer e.stop()
	for _, qos := range []byte{1, 2} {
		ours := dial(b.t, n.broker, base+"stirring/target_rpm", qos)
		raw := dial(b.t, e.addr, "bare/target_rpm", qos)
		benchPair(b, fmt.Sprintf("/set → echo, QoS %d, %s, idle", qos, name), ours, raw)
		if qos == 2 {
			n.pump()
			benchPair(b, fmt.Sprintf("/set → echo, QoS %d, %s, during a dose", qos, name), ours, raw)
			n.mustPump()
		}
		b.row(fmt.Sprintf("burst of %d sets, QoS %d, %s → last one answered", burst, qos, name),
			ms(ours.burst(base+"stirring/$ack", false)), ms(raw.burst(raw.topic, true)), "< 1000 ms")
		ours.close()
		raw.close()
	}
	n.kill()
}

func benchPair(b *table, what string, ours, raw *pinger) {
	var mine, theirs []time.Duration
	for range turns {
		mine = append(mine, ours.ping(echoes/turns)...)
		theirs = append(theirs, raw.ping(echoes/turns)...)
	}
	word := func(all []time.Duration) string {
		return fmt.Sprintf("p50 %.2f p99 %.2f ms", float64(quantile(all, 0.5))/1e6, float64(quantile(all, 0.99))/1e6)
	}
	aim := fmt.Sprintf("p50 ≤ 1.3×, is %.2f×; p99 ≤ +2 ms, is %+.2f ms",
		float64(quantile(mine, 0.5))/float64(quantile(theirs, 0.5)), float64(quantile(mine, 0.99)-quantile(theirs, 0.99))/1e6)
	b.row(what, word(mine), word(theirs), aim)
}

// pump starts a dose that outlasts the measurement.
func (n *process) pump() {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	seconds := 60.0
	if _, err := n.client.Dose(ctx, "remove_waste", web.DoseRequest{DurationS: &seconds}); err != nil {
		n.t.Fatal(err)
	}
	n.mustPump()
}

// mustPump fails the test unless the waste pump runs.
func (n *process) mustPump() {
	n.t.Helper()
	v := &visit{TB: n.t}
	defer v.end()
	n.listen(v, base+"pwms/dc").Expect(base+"pwms/dc", func(s string) bool { return dutyOf(s)[wastePin] > 0 }, soon)
}

// pinger sends commands to one echo.
type pinger struct {
	t      testing.TB
	client paho.Client
	topic  string
	qos    byte
	value  int
	back   chan string
}

func dial(t testing.TB, addr, topic string, qos byte) *pinger {
	t.Helper()
	p := &pinger{t: t, topic: topic, qos: qos, back: make(chan string, 4*burst)}
	p.client = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + addr).SetProtocolVersion(4).SetAutoReconnect(false))
	p.settle(p.client.Connect())
	p.hear(topic)
	return p
}

func (p *pinger) hear(topic string) {
	p.t.Helper()
	p.settle(p.client.Subscribe(topic, p.qos, func(_ paho.Client, m paho.Message) {
		if !m.Retained() {
			p.back <- string(m.Payload())
		}
	}))
}

func (p *pinger) settle(token paho.Token) {
	p.t.Helper()
	if !token.WaitTimeout(soon) {
		p.t.Fatal("the broker does not answer")
	}
	if token.Error() != nil {
		p.t.Fatal(token.Error())
	}
}

func (p *pinger) close() { p.client.Disconnect(0) }

// next is a value unlike the one before, spelled as it comes back.
func (p *pinger) next() string {
	p.value = (p.value + 1) % 100
	return strconv.Itoa(400+p.value) + ".0"
}

// ping sends n commands, each when the one before has come back.
func (p *pinger) ping(n int) []time.Duration {
	p.t.Helper()
	var all []time.Duration
	for range n {
		want := p.next()
		began := time.Now()
		token := p.client.Publish(p.topic+"/set", p.qos, false, want)
		p.await(want)
		all = append(all, time.Since(began))
		p.settle(token)
	}
	return all
}

func (p *pinger) await(want string) {
	p.t.Helper()
	limit := time.NewTimer(soon)
	defer limit.Stop()
	for {
		select {
		case got := <-p.back:
			if got == want {
				return
			}
		case <-limit.C:
			p.t.Fatalf("no echo of %s on %s", want, p.topic)
		}
	}
}

// ahead is how many commands a well-behaved client has under way: mosquitto
// takes no more than 100 with QoS 2 and forgets the rest.
const ahead = 64

// burst sends many commands as fast as the broker takes them and returns after
// how long the last of as many answers on topic has come. A patient one also
// waits for answers: the bare echo has no queue of its own, and mosquitto
// forgets what goes beyond its window.
func (p *pinger) burst(topic string, patient bool) time.Duration {
	p.t.Helper()
	if topic != p.topic {
		p.hear(topic)
		p.settle(p.client.Unsubscribe(p.topic))
	}
	for len(p.back) > 0 {
		<-p.back
	}
	began := time.Now()
	var tokens []paho.Token
	answered := 0
	for i := range burst {
		if i >= ahead {
			p.settle(tokens[i-ahead])
		}
		for ; patient && answered <= i-ahead; answered++ {
			p.answer(topic, answered)
		}
		tokens = append(tokens, p.client.Publish(p.topic+"/set", p.qos, false, p.next()))
	}
	for ; answered < burst; answered++ {
		p.answer(topic, answered)
	}
	return time.Since(began)
}

func (p *pinger) answer(topic string, before int) {
	p.t.Helper()
	select {
	case <-p.back:
	case <-time.After(soon):
		p.t.Fatalf("%d of %d answers on %s", before, burst, topic)
	}
}
