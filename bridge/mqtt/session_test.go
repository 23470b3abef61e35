package mqtt_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/mqtt"
)

const (
	soon  = 10 * time.Second // for what takes milliseconds, on a slow machine
	state = "pioreactor/unit1/exp 1/stirring/$state"
	rpm   = "pioreactor/unit1/exp 1/stirring/target_rpm"
)

// open starts a session that is closed, at the latest, at the end of the test.
func open(t testing.TB, addr string, change ...func(*mqtt.Config)) *mqtt.Session {
	t.Helper()
	cfg := mqtt.Config{Broker: "tcp://" + addr, ClientID: "unit1", Seed: 1}
	for _, f := range change {
		f(&cfg)
	}
	s, err := mqtt.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Close(ctx) // the broker may be gone; tests that care close themselves
	})
	return s
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func connected(t testing.TB, s *mqtt.Session) {
	t.Helper()
	bridgetest.Eventually(t, soon, "session is connected", func() bool { return s.Stats().Connected })
}

func armed(t testing.TB, s *mqtt.Session, n int) {
	t.Helper()
	bridgetest.Eventually(t, soon, fmt.Sprint(n, " wills armed"), func() bool { return s.Stats().Wills == n })
}

// hear takes what a callback posts, with a deadline.
func hear[T any](t testing.TB, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(soon):
		t.Fatal("heard nothing")
	}
	return v
}

func TestSessionRetainsSendsAndClears(t *testing.T) {
	addr := bridgetest.Broker(t)
	s := open(t, addr)
	must(t, s.Retain(rpm, []byte("500.0"), 2), s.Retain(state, []byte("ready"), 2))
	connected(t, s)
	c := bridgetest.Client(t, addr)
	c.Expect(rpm, bridgetest.Is("500.0"), soon)
	c.Expect(state, bridgetest.Is("ready"), soon)
	must(t, s.Send("pioreactor/unit1/exp 1/dosing_events", []byte("{}"), 2), s.Retain(rpm, nil, 2))
	if m := c.Expect("pioreactor/unit1/exp 1/dosing_events", bridgetest.Is("{}"), soon); m.QoS != 2 {
		t.Errorf("event QoS = %d, want 2", m.QoS)
	}
	c.Expect(rpm, bridgetest.Is(""), soon)
	must(t, s.Close(context.Background()))
	late := bridgetest.Client(t, addr)
	late.Expect(state, bridgetest.Is("ready"), soon)
	if got := late.Payloads(rpm); len(got) != 0 {
		t.Errorf("cleared topic still holds %q", got)
	}
	if err := s.Retain(rpm, nil, 0); err != mqtt.ErrClosed {
		t.Errorf("Retain after Close: %v, want ErrClosed", err)
	}
}

func TestSubscriptionsDeliver(t *testing.T) {
	addr := bridgetest.Broker(t)
	arrived := make(chan mqtt.Message, 10)
	s := open(t, addr, func(c *mqtt.Config) { c.OnMessage = func(m mqtt.Message) { arrived <- m } })
	must(t, s.Subscribe(2, "pioreactor/unit1/+/+/+/set"))
	connected(t, s)
	c := bridgetest.Client(t, addr)
	c.Publish(rpm+"/set", "400", 1, false)
	if m := hear(t, arrived); m.Topic != rpm+"/set" || string(m.Payload) != "400" || m.Retained || m.QoS != 1 {
		t.Errorf("got %+v", m)
	}
	c.Publish("pioreactor/$broadcast/exp 1/stirring/target_rpm/set", "300", 1, true)
	c.Expect("pioreactor/$broadcast/exp 1/stirring/target_rpm/set", bridgetest.Is("300"), soon) // mochi acknowledges first
	must(t, s.Subscribe(1, "pioreactor/$broadcast/+/+/+/set"))                                  // on a live connection
	if m := hear(t, arrived); string(m.Payload) != "300" || !m.Retained {
		t.Errorf("got %+v, want the retained 300", m)
	}
	must(t, s.Unsubscribe("pioreactor/unit1/+/+/+/set"))
	c.Publish(rpm+"/set", "1", 1, false)
	c.Publish("pioreactor/$broadcast/exp 1/stirring/target_rpm/set", "2", 1, false)
	if m := hear(t, arrived); string(m.Payload) != "2" {
		t.Errorf("got %+v after Unsubscribe, want 2 only", m)
	}
}

func TestABurstEndsWithTheLastValueAndLosesNoEvent(t *testing.T) {
	const n = 2000
	addr := bridgetest.Broker(t)
	s := open(t, addr)
	connected(t, s)
	c := bridgetest.Client(t, addr)
	for i := range n {
		must(t, s.Retain(rpm, []byte(fmt.Sprint(i)), 1), s.Send("e", []byte(fmt.Sprint(i)), 1))
	}
	c.Expect(rpm, bridgetest.Is(fmt.Sprint(n-1)), soon)
	c.Expect("e", bridgetest.Is(fmt.Sprint(n-1)), soon)
	events := c.Payloads("e")
	for i := range n {
		if len(events) != n || events[i] != fmt.Sprint(i) {
			t.Fatalf("%d events, the %d. is %s, want %d in order", len(events), i, events[min(i, len(events)-1)], n)
		}
	}
	t.Logf("%d declarations of one topic were said %d times", n, len(c.Payloads(rpm)))
}

func TestWillFiresOnACutAndTruthComesBack(t *testing.T) {
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	s := open(t, cable.Addr)
	must(t, s.SetWill(state, []byte("lost")), s.Retain(state, []byte("ready"), 2))
	armed(t, s, 1)
	c := bridgetest.Client(t, addr)
	c.Expect(state, bridgetest.Is("ready"), soon)
	c.Forget()
	cable.Cut()
	c.Expect(state, bridgetest.Is("lost"), soon)
	bridgetest.Eventually(t, soon, "state is ready again", func() bool {
		last, _ := c.Last(state)
		return last == "ready"
	})
	bridgetest.Eventually(t, soon, "the reconnect is counted", func() bool { return s.Stats().Reconnects > 0 })
}

func TestADroppedWillDoesNotFire(t *testing.T) {
	addr := bridgetest.Broker(t)
	s := open(t, addr)
	const other = "pioreactor/unit1/exp 1/od_reading/$state"
	must(t, s.SetWill(state, []byte("lost")), s.SetWill(other, []byte("lost")))
	armed(t, s, 2)
	c := bridgetest.Client(t, addr)
	must(t, s.Retain(state, []byte("disconnected"), 2), s.DropWill(state))
	armed(t, s, 1)
	must(t, s.SetWill(state, []byte("lost"))) // and again, at once
	armed(t, s, 2)
	must(t, s.DropWill(state), s.SetWill(state, []byte("lost")), s.DropWill(state))
	armed(t, s, 1)
	must(t, s.Close(context.Background()))
	c.Publish("end", "", 2, false)
	c.Expect("end", bridgetest.Any, soon)
	for _, topic := range []string{state, other} {
		if slices.Contains(c.Payloads(topic), "lost") {
			t.Errorf("will on %s fired; heard:\n%s", topic, c)
		}
	}
}

func TestALateWillIsRepaired(t *testing.T) {
	addr := bridgetest.Broker(t)
	s := open(t, addr)
	must(t, s.SetWill(state, []byte("lost")), s.Retain(state, []byte("ready"), 2))
	armed(t, s, 1)
	c := bridgetest.Client(t, addr, state)
	c.Expect(state, bridgetest.Is("ready"), soon)
	c.Forget()
	c.Publish(state, "lost", 2, true) // as the broker does for an earlier process
	c.Expect(state, bridgetest.Is("lost"), soon)
	c.Expect(state, bridgetest.Is("ready"), soon)
	bridgetest.Eventually(t, soon, "the repair is counted", func() bool { return s.Stats().Repairs == 1 })
}

func TestARestartedProcessEndsTrue(t *testing.T) {
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	first := open(t, cable.Addr)
	must(t, first.SetWill(state, []byte("lost")), first.Retain(state, []byte("sleeping"), 2))
	armed(t, first, 1)
	c := bridgetest.Client(t, addr, state)
	c.Expect(state, bridgetest.Is("sleeping"), soon)
	// The next process starts while the broker still believes in the first one.
	second := open(t, addr)
	must(t, second.SetWill(state, []byte("lost")), second.Retain(state, []byte("ready"), 2))
	c.Expect(state, bridgetest.Is("ready"), soon)
	cable.Stall(true) // the first one is dead and stays dead
	cable.Cut()
	armed(t, second, 1)
	bridgetest.Eventually(t, soon, "state settles on ready", func() bool {
		late := bridgetest.Client(t, addr, state)
		return late.Expect(state, bridgetest.Any, soon).Payload == "ready"
	})
}

func TestAuditReportsWhatAnEarlierProcessLeft(t *testing.T) {
	addr := bridgetest.Broker(t)
	c := bridgetest.Client(t, addr)
	const stale = "pioreactor/unit1/old/stirring/$state"
	c.Publish(stale, "ready", 1, true)
	c.Publish(rpm, "1.0", 1, true)
	c.Publish("pioreactor/unit2/old/stirring/$state", "ready", 1, true)
	var mu sync.Mutex
	var found []string
	var s *mqtt.Session
	ready := make(chan struct{})
	s = open(t, addr, func(cfg *mqtt.Config) {
		cfg.Audit = "pioreactor/unit1/#"
		cfg.OnRetained = func(topic string, payload []byte) {
			<-ready
			mu.Lock()
			defer mu.Unlock()
			found = append(found, topic+"="+string(payload))
			if err := s.Retain(topic, []byte("disconnected"), 2); err != nil {
				t.Error(err)
			}
		}
	})
	must(t, s.Retain(rpm, []byte("500.0"), 2))
	close(ready)
	c.Expect(stale, bridgetest.Is("disconnected"), soon)
	c.Expect(rpm, bridgetest.Is("500.0"), soon)
	mu.Lock()
	defer mu.Unlock()
	if len(found) != 1 || found[0] != stale+"=ready" {
		t.Errorf("audit found %q, want %s=ready only", found, stale)
	}
}

func TestABrokerThatAcceptsButDoesNotAnswer(t *testing.T) {
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	cable.Stall(true)
	s := open(t, cable.Addr)
	done := make(chan struct{})
	go func() { // no call waits for the broker
		defer close(done)
		must(t, s.Retain(state, []byte("ready"), 2), s.SetWill(state, []byte("lost")), s.Subscribe(1, "a/+"))
	}()
	select {
	case <-done:
	case <-time.After(soon):
		t.Fatal("a call blocked")
	}
	bridgetest.Eventually(t, soon, "silence is given up and tried again", func() bool { return cable.Knocks() >= 2 })
	if s.Stats().Connected {
		t.Error("connected to a silent broker")
	}
	cable.Stall(false)
	c := bridgetest.Client(t, addr)
	c.Expect(state, bridgetest.Is("ready"), soon)
}

func TestOfflineQueueIsBoundedAndEventsSurvive(t *testing.T) {
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	cable.Stall(true)
	s := open(t, cable.Addr, func(c *mqtt.Config) { c.MaxTelemetry, c.MaxEvents = 5, 7 })
	for i := range 20 {
		must(t, s.Send("telemetry", []byte(fmt.Sprint(i)), 0))
		if err := s.Send("event", []byte(fmt.Sprint(i)), 2); (err == mqtt.ErrFull) != (i >= 7) {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	if st := s.Stats(); st.Dropped != 15 || st.Refused != 13 || st.Queued != 12 {
		t.Errorf("stats = %+v, want 15 dropped, 13 refused, 12 queued", st)
	}
	c := bridgetest.Client(t, addr)
	cable.Stall(false)
	c.Expect("event", bridgetest.Is("6"), soon)
	c.Expect("telemetry", bridgetest.Is("19"), soon)
	if got := strings.Join(c.Payloads("event"), " "); got != "0 1 2 3 4 5 6" {
		t.Errorf("events %s, want 0 to 6 in order", got)
	}
}

func TestCloseDrainsAndSaysWhatItCouldNot(t *testing.T) {
	addr := bridgetest.Broker(t)
	c := bridgetest.Client(t, addr)
	s := open(t, addr)
	connected(t, s)
	for i := range 500 {
		must(t, s.Send("e", []byte(fmt.Sprint(i)), 2))
	}
	must(t, s.Close(context.Background()))
	c.Expect("e", bridgetest.Is("499"), soon)

	dead := open(t, "127.0.0.1:1") // nobody is there
	must(t, dead.Send("e", nil, 1))
	began := time.Now()
	if err := dead.Close(context.Background()); err == nil || !strings.Contains(err.Error(), "1 messages unsaid") {
		t.Errorf("close without broker: %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("close without broker took %v", took)
	}
}

func TestStatusIsReported(t *testing.T) {
	cable := bridgetest.Proxy(t, bridgetest.Broker(t))
	states := make(chan bool, 10)
	open(t, cable.Addr, func(c *mqtt.Config) { c.OnStatus = func(up bool) { states <- up } })
	for i, want := range []bool{true, false, true} {
		if got := hear(t, states); got != want {
			t.Fatalf("status %d = %v, want %v", i, got, want)
		}
		if i == 0 {
			cable.Cut()
		}
	}
}
