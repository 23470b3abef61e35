package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// TestRestartsOfARealBroker stops and kills mosquitto under a running unit:
// soon after it accepts again, every job answers and every topic is true.
func TestRestartsOfARealBroker(t *testing.T) {
	const rounds = 6
	broker := bridgetest.Mosquitto(t)
	r := newRig(t, &Config{Broker: "tcp://" + broker.Addr, TopicRoot: "pioreactor"}).hears()
	var slowest time.Duration
	for round := range rounds {
		if round%2 == 0 {
			broker.Stop()
		} else {
			broker.Kill()
		}
		if reply := r.do("stirring", set("kicks", round)); !reply.OK {
			t.Fatalf("without a broker: %s", reply.Reason)
		}
		broker.Start()
		accepting := time.Now()
		r.client = bridgetest.Client(t, broker.Addr)
		for topic, payload := range map[string]string{
			"stirring/$state": "ready", "stirring/kicks": fmt.Sprint(round), "stirring/mode": "slow", "stirring/label": "blue",
		} {
			bridgetest.Eventually(t, soon, topic+" is true", func() bool { last, _ := r.client.Last(base + topic); return last == payload })
		}
		r.publish(base+"stirring/target_rpm/set", fmt.Sprint(700+round))
		r.acked(base+"stirring/$ack", fmt.Sprintf(`"ok":true,"value":%d`, 700+round))
		r.publish("pioreactor/unit1/$experiment/monitor/button_down/set", fmt.Sprint(round%2))
		r.acked("pioreactor/unit1/$experiment/monitor/$ack", `"ok":true`)
		slowest = max(slowest, time.Since(accepting))
	}
	t.Logf("slowest of %d restarts: true again after %v", rounds, slowest)
	if slowest > 4*time.Second { // the requirement is 2 s; a shared machine gets four
		t.Errorf("true again after %v", slowest)
	}
}

// BenchmarkEcho is the time from a /set to its echo, on the embedded broker.
func BenchmarkEcho(b *testing.B) {
	r := newRig(b, nil).hears()
	for i := range b.N {
		r.client.Forget()
		want := fmt.Sprintf("%d.0", 1000+i%1000)
		r.client.Publish(base+"stirring/target_rpm/set", strings.TrimSuffix(want, ".0"), 0, false)
		r.client.Expect(base+"stirring/target_rpm", bridgetest.Is(want), soon)
	}
}

// BenchmarkBareEcho is the same way through the broker and back, twice, with
// the same QoS and nothing between: the limit of BenchmarkEcho.
func BenchmarkBareEcho(b *testing.B) {
	addr := bridgetest.Broker(b)
	there, back := bridgetest.Client(b, addr), bridgetest.Client(b, addr)
	for i := range b.N {
		there.Forget()
		back.Forget()
		want := fmt.Sprint(i)
		there.Publish("set", want, 0, false)
		back.Expect("set", bridgetest.Is(want), soon)
		back.Publish("echo", want, 2, true)
		there.Expect("echo", bridgetest.Is(want), soon)
	}
}
