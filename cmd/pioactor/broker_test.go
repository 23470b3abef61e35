package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// within is how soon after a broker accepts connections the unit is itself again.
const within = 2 * time.Second

func TestBrokerRestartsUnderARunningNode(t *testing.T) {
	t.Parallel()
	restartBrokers(t, 20)
}

// restartBrokers ends a real mosquitto n times, in every way, half of them with
// one that remembers and half with one that does not.
func restartBrokers(t *testing.T, n int) {
	for name, open := range map[string]func(testing.TB) *bridgetest.Proc{
		"that forgets": bridgetest.Mosquitto, "that remembers": bridgetest.PersistentMosquitto,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := open(t)
			node := prepare(t, plan{broker: broker.Addr}).up()
			topics := node.settables()
			slowest := time.Duration(0)
			for i := range n / 2 {
				if i%2 == 0 {
					broker.Stop()
				} else {
					broker.Kill()
				}
				broker.Start()
				slowest = max(slowest, node.mustBeItself(fmt.Sprintf("r%d", i), topics))
			}
			t.Logf("all answers and a true tree at most %v after the broker accepted", slowest.Round(time.Millisecond))
		})
	}
}

// settables is one setting of each running job with a value it takes: its own.
func (n *process) settables() map[string]string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	found := map[string]string{}
	for _, job := range n.jobs {
		info, err := n.client.Job(ctx, job)
		if err != nil {
			n.t.Fatal(err)
		}
		for _, schema := range info.Schemas {
			for _, s := range schema.Settings {
				if s.Settable && s.Value != nil {
					found[stock[job]+job+"/"+s.Name] = fmt.Sprint(s.Value)
				}
			}
		}
	}
	return found
}

// mustBeItself fails the test unless, within 2 s from now, every setting of
// every job answers a command called id and a new client is told the truth.
func (n *process) mustBeItself(id string, topics map[string]string) time.Duration {
	n.t.Helper()
	began := time.Now()
	v := &visit{TB: n.t}
	defer v.end()
	c := n.listen(v, "pioreactor/+/+/+/$ack")
	for topic, value := range topics {
		n.mustAnswer(c, topic, value, id, began)
	}
	return n.mustBeTrue(began, within+slack)
}

// mustAnswer repeats a command that came before the node did, until it is
// answered. A repeated id is obeyed once.
func (n *process) mustAnswer(c *bridgetest.Recorder, topic, value, id string, began time.Time) {
	n.t.Helper()
	ack := topic[:len(topic)-len(lastPart(topic))] + "$ack"
	id += "-" + lastPart(topic)
	for {
		c.Publish(topic+"/set", fmt.Sprintf(`{"value": %q, "id": %q}`, value, id), 1, false)
		for again := time.Now().Add(100 * time.Millisecond); time.Now().Before(again); {
			if n.heard(c, ack, id) {
				return
			}
			<-time.After(time.Millisecond)
		}
		if time.Since(began) > within+slack {
			n.t.Fatalf("%s/set is not answered %v after the broker accepted\n%s", topic, within, n.tail())
		}
	}
}

func (n *process) heard(c *bridgetest.Recorder, topic, id string) bool {
	for _, m := range c.Messages() {
		if m.Topic == topic && answered(id, true)(m.Payload) {
			return true
		}
		if m.Topic == topic && answered(id, false)(m.Payload) {
			n.t.Fatalf("%s: %s", topic, m.Payload)
		}
	}
	return false
}
