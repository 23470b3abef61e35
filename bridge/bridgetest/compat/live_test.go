package compat

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/cmd"
)

const (
	root = "pioreactor/pio1/exp1/"
	soon = 20 * time.Second
	done = "done" // said by a client to itself
)

// client is one who knows a Pioreactor, at a real broker.
type client struct {
	*bridgetest.Recorder
	addr string
}

// live starts a unit as `pioactor up` does, with a cable to a broker.
func live(t testing.TB) (client, *bridgetest.Cable, *cmd.Unit) {
	t.Helper()
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	cfg := bridge.DefaultConfig()
	cfg.Broker = "tcp://" + cable.Addr
	b, err := bridge.New(cfg, "exp1")
	if err != nil {
		t.Fatal(err)
	}
	c := client{bridgetest.Client(t, addr), addr}
	config := cmd.DefaultConfig()
	config.Unit.Name, config.Experiment.Name, config.Sim.Start = "pio1", "exp1", []string{}
	u, err := cmd.NewUnit(cmd.UnitOptions{Config: config, Clock: clock.Live(), Bridge: b})
	if err == nil {
		err = u.Start()
	}
	if err == nil {
		err = b.Open(u.System)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c, cable, u
}

func (c client) expect(topic, payload string) { c.Expect(topic, bridgetest.Is(payload), soon) }

// acked waits for an answer about one setting that says ok or not.
func (c client) acked(job, setting, ok string) {
	c.Expect(root+job+"/$ack", func(p string) bool {
		return strings.Contains(p, `"setting":"`+setting+`"`) && strings.Contains(p, `"ok":`+ok)
	}, soon)
}

func (c client) set(topic, payload string) { c.Publish(root+topic, payload, 1, false) }

// heard are the messages so far, as said; the flag of a message that is
// delivered at once tells nothing, so it is the row's.
func (c client) heard(t *testing.T) (all []said) {
	for _, m := range c.Messages() {
		topic, ok := below(m.Topic)
		if m.Topic == done || strings.HasSuffix(topic, "/set") || strings.HasPrefix(topic, "E/run/") {
			continue // what the client said itself
		}
		if !ok || !strings.HasPrefix(m.Topic, "pioreactor/pio1/") {
			t.Errorf("%s: not a topic of this unit", m.Topic)
			continue
		}
		s := said{topic, m.Payload, m.QoS, false}
		if found := of(s); len(found) == 1 {
			s.retain = rows[found[0]].retain
		}
		all = append(all, s)
	}
	return all
}

// session is what was recorded with the real software, played with a client.
func (c client) session() {
	c.expect("pioreactor/pio1/$experiment/monitor/$state", "ready")
	c.Expect("pioreactor/pio1/$experiment/monitor/computer_statistics", bridgetest.Any, soon)
	c.set("run/stirring", `{"target_rpm": 500}`)
	c.expect(root+"stirring/$state", "ready")
	c.set("stirring/target_rpm/set", "600")
	c.expect(root+"stirring/target_rpm", "600.0")
	c.acked("stirring", "target_rpm", "true")
	c.set("stirring/target_rpm/set", "abc")
	c.acked("stirring", "target_rpm", "false")
	c.Publish("pioreactor/$broadcast/exp1/stirring/target_rpm/set", "400", 1, false)
	c.expect(root+"stirring/target_rpm", "400.0")
	c.set("stirring/$state/set", "sleeping")
	c.expect(root+"stirring/$state", "sleeping")
	c.set("stirring/$state/set", "ready")
	c.acked("stirring", "$state", "true")
	c.Publish("pioreactor/pio1/$experiment/monitor/nope/set", "1", 1, false)
	c.Expect("pioreactor/pio1/$experiment/monitor/$ack", bridgetest.Any, soon)
	c.set("run/add_media", `{"ml": 0.1}`)
	c.Expect(root+"dosing_events", bridgetest.Any, soon)
}

// overBroker plays a session over a real broker and returns what a client
// heard: what stays is what the rows say stays, a dead unit's jobs are lost, and
// a false state is put right.
func overBroker(t *testing.T) (all []said) {
	c, cable, u := live(t)
	c.session()
	c.staysOnly(t)
	all = c.heard(t)
	c.Forget()
	c.Publish(root+"stirring/$state", "lost", 2, true)
	c.expect(root+"stirring/$state", "ready")
	c.Forget()
	cable.Cut()
	c.expect(root+"stirring/$state", "lost")
	c.expect(root+"stirring/$state", "ready")
	c.Forget()
	c.set("stirring/$state/set", "disconnected")
	c.expect(root+"stirring/$state", "disconnected")
	for _, setting := range []string{"target_rpm", "duty_cycle", "enable_dodging_od", "currently_dodging_od"} {
		c.expect(root+"stirring/"+setting, "")
	}
	u.Shutdown(func(actors.Reply) {})
	c.expect("pioreactor/pio1/$experiment/monitor/$state", "disconnected")
	c.expect("pioreactor/pio1/$experiment/monitor/computer_statistics", "")
	return append(all, c.heard(t)...)
}

// staysOnly asks as one who comes later: everything that is retained is of a
// row that says so, and all that was said on such rows and not taken back is there.
func (c client) staysOnly(t *testing.T) {
	t.Helper()
	want := map[string]bool{}
	for _, s := range c.heard(t) {
		if s.retain {
			want[s.topic] = s.payload != ""
		}
	}
	later := bridgetest.Client(t, c.addr)
	later.Expect(root+"stirring/$state", bridgetest.Any, soon)
	later.Publish(done, "", 1, false) // after what was retained
	later.Expect(done, bridgetest.Any, soon)
	for _, m := range later.Messages() {
		topic, ok := below(m.Topic)
		if !ok || !m.Retained {
			continue
		}
		s := said{topic, m.Payload, m.QoS, true}
		if _, err := check(s); err != nil {
			t.Errorf("retained: %v", err)
		}
		delete(want, topic)
	}
	for topic, there := range want {
		if there {
			t.Errorf("%s is not retained", topic)
		}
	}
}
