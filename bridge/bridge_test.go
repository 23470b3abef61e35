package bridge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/mqtt"
)

func TestRetainedTreeIsTheTruth(t *testing.T) {
	r := newRig(t, nil).hears()
	for topic, payload := range map[string]string{
		base + "stirring/target_rpm":                  "500.0",
		base + "stirring/kicks":                       "0",
		base + "stirring/enable_dodging_od":           "False",
		base + "stirring/mode":                        "slow",
		base + "stirring/period":                      "1.0",
		"pioreactor/unit1/$experiment/monitor/$state": "ready",
	} {
		if m := r.client.Expect(topic, bridgetest.Is(payload), soon); m.QoS != 2 {
			t.Errorf("%s came with QoS %d, want 2", topic, m.QoS)
		}
	}
}

func TestSetIsEchoedThenAcknowledged(t *testing.T) {
	r := newRig(t, nil).hears()
	for i, topic := range []string{
		base + "stirring/target_rpm/set", "pioreactor/$broadcast/exp1/stirring/target_rpm/set", base + "stirring/$target_rpm/set",
	} {
		r.publish(topic, fmt.Sprintf("60%d", i))
		r.client.Expect(base+"stirring/target_rpm", bridgetest.Is(fmt.Sprintf("60%d.0", i)), soon)
		ack := r.acked(base+"stirring/$ack", fmt.Sprintf(`"value":60%d`, i))
		want := fmt.Sprintf(`{"id":"","setting":"target_rpm","ok":true,"value":60%d,"code":"","reason":""}`, i)
		if ack.Payload != want || ack.Retained || ack.QoS != 1 {
			t.Errorf("ack %q QoS %d retained %v, want %q QoS 1", ack.Payload, ack.QoS, ack.Retained, want)
		}
	}
	echoed := false
	for _, m := range r.client.Messages() {
		echoed = echoed || m.Topic == base+"stirring/target_rpm" && m.Payload == "600.0"
		if m.Topic == base+"stirring/$ack" && !echoed {
			t.Error("the first ack came before its echo")
		}
	}
}

func TestStatesAreSet(t *testing.T) {
	r := newRig(t, nil).hears()
	r.publish(base+"stirring/$state/set", "sleeping")
	r.client.Expect(base+"stirring/$state", bridgetest.Is("sleeping"), soon)
	r.publish(base+"stirring/state/set", "ready")
	r.acked(base+"stirring/$ack", `"setting":"$state","ok":true,"value":"ready"`)
	r.publish("pioreactor/unit1/$experiment/monitor/button_down/set", "on")
	r.client.Expect("pioreactor/unit1/$experiment/monitor/button_down", bridgetest.Is("True"), soon)
	r.publish(base+"stirring/$state/set", "disconnected")
	r.client.Expect(base+"stirring/$state", bridgetest.Is("disconnected"), soon)
	r.client.Expect(base+"stirring/target_rpm", bridgetest.Is(""), soon)
	r.publish(base+"stirring/target_rpm/set", "5")
	r.acked(base+"stirring/$ack", `"code":"not_running"`)
	if last, _ := r.client.Last(base + "stirring/label"); last != "blue" {
		t.Errorf("a setting that persists is %q after the end, want blue", last)
	}
}

func TestAlarmIsAcknowledged(t *testing.T) {
	r := newRig(t, nil).hears()
	if err := r.sys.Start(alarm.Spec(nil)); err != nil {
		t.Fatal(err)
	}
	r.sys.Publish("exp1", actors.Alarm{Name: "pump_dry", Priority: "high", Active: true, Latched: true, Over: true, Text: "no step"})
	const topic = "pioreactor/unit1/$experiment/alarms/"
	r.publish(topic+"pump_dry/set", "acknowledged")
	r.acked(topic+"$ack", `"setting":"pump_dry","ok":true`, `"acknowledged":true`)
	r.client.Expect(topic+"pump_dry", func(p string) bool { return strings.Contains(p, `"active":false`) }, soon)
	r.publish(topic+"pump_dri/set", `{"value":"acknowledged","id":"a1"}`)
	r.acked(topic+"$ack", `"id":"a1","setting":"pump_dri","ok":false`, `"code":"unknown_alarm"`)
}

// TestBadCommandsAreRefused holds every row of the table of set messages that
// Pioreactor would bend or swallow, and what else is bad.
func TestBadCommandsAreRefused(t *testing.T) {
	flood := strings.Repeat("9", 3000)
	rows := []struct{ topic, payload, code string }{
		{"stirring/nonsense/set", "1", "unknown"},
		{"stirring/duty_cycle/set", "1", "read_only"},
		{"stirring/target_rpm/set", "abc", "not_a_number"},
		{"stirring/target_rpm/set", "", "not_a_number"},
		{"stirring/target_rpm/set", "99999", "out_of_range"},
		{"stirring/target_rpm/set", "-1", "out_of_range"},
		{"stirring/target_rpm/set", "nan", "not_a_number"},
		{"stirring/target_rpm/set", "inf", "not_a_number"},
		{"stirring/target_rpm/set", "1_000", "not_a_number"},
		{"stirring/target_rpm/set", "0x10", "not_a_number"},
		{"stirring/target_rpm/set", "1e999", "not_a_number"},
		{"stirring/target_rpm/set", flood, ""},
		{"stirring/target_rpm/set", strings.Repeat("x", 5000), "too_long"},
		{"stirring/target_rpm/set", "\xff\xfe", "not_text"},
		{"stirring/target_rpm/set", "5\x005", "not_text"},
		{"stirring/target_rpm/set", "13", "unlucky"},
		{"stirring/target_rpm/set", `{"value":[1]}`, "wrong_type"},
		{"stirring/target_rpm/set", `{"value":1,"what":2}`, "invalid"},
		{"stirring/target_rpm/set", `{"val":1}`, "not_a_number"},
		{"stirring/target_rpm/set", `{"value":1,"expires":"2020-01-01T00:00:00Z"}`, "expired"},
		{"stirring/kicks/set", "1.5", "not_a_number"},
		{"stirring/kicks/set", "", "not_a_number"},
		{"stirring/enable_dodging_od/set", "abc", "wrong_type"},
		{"stirring/mode/set", "FAST", "not_one_of"},
		{"stirring/period/set", "0", "out_of_range"},
		{"stirring/$state/set", "READY", "invalid_state"},
		{"stirring/$state/set", "init", "invalid_state"},
		{"stirring/$state/set", "lost", "invalid_state"},
		{"heating/power/set", "1", "unknown_job"},
		{"vial/anything/set", "1", "unknown_job"},
		{"vial/$state/set", "disconnected", "unknown_job"}, // a part of the house is no job
		{"experiment/$state/set", "disconnected", "unknown_job"},
		{"leds/intensity/set", "1", "unknown_job"},
		{"monitor/button_down/set", "1", "not_running"}, // it lives in $experiment
		{"add_media/$state/set", "sleeping", "invalid_state"},
		{"alarms/pump_dry/set", "off", "not_one_of"},
		{"run/heating", "", "unknown_job"},
		{"run/stirring", "", "already_running"},
		{"run/stirring", "[]", "invalid"},
		{"run/stirring", "null", "invalid"},
		{"run/stirring", `{"target_rpm":`, "invalid"},
		{"run/stirring", `{"id":7}`, "invalid"},
		{"run/stirring", `{"target_rpm":-1}`, "out_of_range"},
		{"run/add_media", "", "invalid"},
		{"run/add_media", `{"ml":1,"duration":1}`, "invalid"},
		{"run/add_media", `{"ml":"1"}`, "out_of_range"},
		{"run/add_media", `{"ml":-1}`, "out_of_range"},
		{"run/remove_waste", `{"duration":1e9}`, "out_of_range"},
		{"run/remove_waste", `{"ml":1,"speed":2}`, "unknown"},
		{"vial/sample", "", "invalid"},
		{"vial/sample", `{"ml":"1"}`, "invalid"},
		{"vial/pause", `{"ml":1}`, "invalid"},
		{"vial/set", "{}", "invalid"},
		{"vial/mark", `{"id":"` + strings.Repeat("x", 200) + `"}`, "too_long"},
		{"vial/swap", `{"expires":"2020-01-01T00:00:00Z"}`, "expired"},
		{"vial/pause", "", "not_running"}, // this rig has no bench
		{"run/led_intensity", `{"E":1}`, "unknown"},
		{"run/led_intensity", `{"A":"bright"}`, "not_a_number"},
		{"run/pumps", `{"sequence":[{"beer":1}]}`, "invalid"},
		{"run/circulate_media", `{"ml":1}`, "unknown"},
		{"run/stop_dosing", `{"action":"everything"}`, "unknown_action"},
		{"run/stop_dosing", `{"pump":"media"}`, "unknown"},
		{"bioreactor/media_bottle_ml/set", "full", "wrong_type"},
	}
	r := newRig(t, nil).hears()
	for _, row := range rows {
		r.client.Forget()
		r.publish(base+row.topic, row.payload)
		parts := strings.Split(row.topic, "/")
		job := parts[0]
		if job == "run" {
			job = parts[1]
		}
		ack := r.acked(base+job+"/$ack", `"ok":false`)
		if !strings.Contains(ack.Payload, fmt.Sprintf(`"code":%q`, row.code)) && row.code != "" {
			t.Errorf("%s %.40q: %s, want code %s", row.topic, row.payload, ack.Payload, row.code)
		}
		if strings.Contains(ack.Payload, `"reason":""`) || len(ack.Payload) > 600 {
			t.Errorf("%s %.40q: reason missing or an echo of %d bytes: %.200s", row.topic, row.payload, len(ack.Payload), ack.Payload)
		}
		bridgetest.Eventually(t, soon, "one short line in the log for "+row.topic, func() bool {
			lines := append(r.client.Payloads(base+"logs/app/warning"), r.client.Payloads("pioreactor/unit1/$experiment/logs/app/warning")...)
			return len(lines) == 1 && strings.Contains(lines[0], "refused: ") && len(lines[0]) < 600
		})
	}
	if f, _ := actors.LatestOf[actors.SettingChanged](r.sys, "stirring/target_rpm"); f.Value != 500.0 {
		t.Errorf("target_rpm = %v after refusals only, want 500", f.Value)
	}
}

func TestRetainedCommandIsIgnored(t *testing.T) {
	addr := bridgetest.Broker(t)
	early := bridgetest.Client(t, addr) // a log line is said once
	bridgetest.Client(t, addr, "nothing").Publish(base+"stirring/target_rpm/set", "700", 1, true)
	early.Expect(base+"stirring/target_rpm/set", bridgetest.Is("700"), soon) // else the unit may hear it live
	r := newRig(t, &Config{Broker: "tcp://" + addr, TopicRoot: "pioreactor"}).hears()
	early.Expect("pioreactor/unit1/$experiment/logs/app/warning", func(p string) bool { return strings.Contains(p, "retained") }, soon)
	r.publish(base+"stirring/kicks/set", "2")
	r.acked(base+"stirring/$ack", `"setting":"kicks","ok":true`)
	if f, _ := actors.LatestOf[actors.SettingChanged](r.sys, "stirring/target_rpm"); f.Value != 500.0 {
		t.Errorf("target_rpm = %v, a retained command was obeyed", f.Value)
	}
}

func TestLongFormCarriesAnID(t *testing.T) {
	r := newRig(t, nil).hears()
	r.publish(base+"stirring/target_rpm/set", `{"value": 321.5, "id": "a-7", "expires": "2099-01-01T00:00:00Z"}`)
	r.acked(base+"stirring/$ack", `{"id":"a-7","setting":"target_rpm","ok":true,"value":321.5`)
	r.publish(base+"stirring/label/set", `{"value": "{braces}"}`)
	r.client.Expect(base+"stirring/label", bridgetest.Is("{braces}"), soon)
	r.publish(base+"stirring/label/set", `{just text}`)
	r.client.Expect(base+"stirring/label", bridgetest.Is("{just text}"), soon)
	r.client.Forget()
	r.publish(base+"stirring/target_rpm/set", "400")
	r.acked(base+"stirring/$ack", `"value":400`)
	r.publish(base+"stirring/target_rpm/set", `{"value": 321.5, "id": "a-7"}`)
	r.acked(base+"stirring/$ack", `"id":"a-7"`, `"ok":true,"value":400`) // answered from memory, not done again
}

func TestRunStartsJobsAndDoses(t *testing.T) {
	r := newRig(t, nil).hears()
	r.publish(base+"stirring/$state/set", "disconnected")
	r.client.Expect(base+"stirring/$state", bridgetest.Is("disconnected"), soon)
	r.publish(base+"run/stirring", `{"target_rpm": 250, "id": "s1"}`)
	r.acked(base+"stirring/$ack", `{"id":"s1","setting":"run","ok":true`)
	r.client.Expect(base+"stirring/target_rpm", bridgetest.Is("250.0"), soon)
	r.publish(base+"run/add_media", `{"ml": 1.5, "id": "d1"}`)
	r.acked(base+"add_media/$ack", `"id":"d1"`, `"ok":true`, `"media_ml":1.5`)
	r.publish(base+"run/remove_waste", `{"duration": 2.5}`)
	r.acked(base+"remove_waste/$ack", `"ok":true`, `"pump":"waste","for":2500000000`)
	r.publish(base+"run/led_intensity", `{"B": 10, "D": 0, "id": "l1"}`)
	r.acked(base+"led_intensity/$ack", `"id":"l1"`, `"ok":true`, `"value":{"B":10,"D":0,"source":"mqtt"}`)
	r.publish(base+"add_alt_media/$state/set", "disconnected")
	r.acked(base+"add_alt_media/$ack", `"setting":"$state","ok":true`)
	r.publish("pioreactor/unit1/$experiment/run/stirring", "")
	r.acked("pioreactor/unit1/$experiment/stirring/$ack", `"code":"wrong_experiment"`)
	r.publish("pioreactor/unit1/$experiment/run/monitor", "")
	r.acked("pioreactor/unit1/$experiment/monitor/$ack", `"code":"already_running"`)
}

func TestBurstIsAnsweredWithinASecond(t *testing.T) {
	r := newRig(t, nil).hears()
	began := time.Now()
	for i := range 500 {
		r.client.Publish(base+"stirring/target_rpm/set", fmt.Sprint(1000+i), 0, false)
	}
	bridgetest.Eventually(t, soon, "500 acks", func() bool { return len(r.client.Payloads(base+"stirring/$ack")) == 500 })
	took := time.Since(began)
	r.client.Expect(base+"stirring/target_rpm", bridgetest.Is("1499.0"), soon)
	t.Logf("500 sets answered in %v", took)
	if took > 3*time.Second { // the requirement is 1 s; a shared machine gets three
		t.Errorf("500 sets answered in %v", took)
	}
}

func TestReconnectTellsTheTruthAgain(t *testing.T) {
	addr := bridgetest.Broker(t)
	cable := bridgetest.Proxy(t, addr)
	r := newRig(t, &Config{Broker: "tcp://" + cable.Addr, TopicRoot: "pioreactor"})
	r.client = bridgetest.Client(t, addr)
	r.client.Expect(base+"stirring/$state", bridgetest.Is("ready"), soon)
	bridgetest.Eventually(t, soon, "two wills", func() bool { return r.bridge.Stats().Wills == 2 })
	for round := range 3 {
		r.client.Forget()
		cable.Cut()
		r.client.Expect(base+"stirring/$state", bridgetest.Is("lost"), soon) // the will
		bridgetest.Eventually(t, soon, "ready again", func() bool {
			last, _ := r.client.Last(base + "stirring/$state")
			now := r.bridge.Stats() // while the cable is being cut, the old connection may say it too
			return last == "ready" && now.Connected && now.Reconnects > int64(round)
		})
		r.publish(base+"stirring/target_rpm/set", fmt.Sprint(800+round))
		r.client.Expect(base+"stirring/target_rpm", bridgetest.Is(fmt.Sprintf("%d.0", 800+round)), soon)
		bridgetest.Eventually(t, soon, "two wills", func() bool { return r.bridge.Stats().Wills == 2 })
	}
}

func TestCloseSaysTheLastStates(t *testing.T) {
	addr := bridgetest.Broker(t)
	r := newRig(t, &Config{Broker: "tcp://" + addr, TopicRoot: "pioreactor"}).hears()
	bridgetest.Eventually(t, soon, "two wills", func() bool { return r.bridge.Stats().Wills == 2 })
	r.sys.Stop("stirring")
	bridgetest.Eventually(t, soon, "stirring is gone", func() bool { return !r.sys.Running("stirring") })
	r.mustClose()
	later := bridgetest.Client(t, addr)
	later.Expect(base+"stirring/$state", bridgetest.Is("disconnected"), soon)
	for _, m := range later.Messages() {
		persists := m.Topic == base+"stirring/$state" || m.Topic == base+"stirring/label"
		if strings.HasPrefix(m.Topic, base+"stirring/") && !persists {
			t.Errorf("left behind: %s = %q", m.Topic, m.Payload)
		}
	}
	if got := later.Payloads("pioreactor/unit1/$experiment/monitor/$state"); len(got) > 0 && got[0] == "lost" {
		t.Error("a clean goodbye fired a will")
	}
}

func TestLeftoversOfAnEarlierProcess(t *testing.T) {
	addr := bridgetest.Broker(t)
	before := bridgetest.Client(t, addr, "nothing")
	for topic, payload := range map[string]string{
		"pioreactor/unit1/old/stirring/$state":               "ready",
		"pioreactor/unit1/old/stirring/target_rpm":           "700.0",
		"pioreactor/unit1/old/stirring/label":                "mine",
		"pioreactor/unit1/old/pwms/dc":                       `{"17": 15.0}`,
		"pioreactor/unit1/old/bioreactor/current_volume_ml":  "14.0",
		"pioreactor/unit1/old/plugin_job/value":              "1",
		"pioreactor/unit1/$experiment/alarms/stirring_stall": "{}",
		"pioreactor/unit1/exp1/stirring/kicks":               "9",
	} {
		before.Publish(topic, payload, 1, true)
	}
	r := newRig(t, &Config{Broker: "tcp://" + addr, TopicRoot: "pioreactor"}).hears()
	old := "pioreactor/unit1/old/"
	r.client.Expect(old+"stirring/$state", bridgetest.Is("lost"), soon)
	for _, topic := range []string{old + "stirring/target_rpm", old + "pwms/dc", "pioreactor/unit1/$experiment/alarms/stirring_stall"} {
		bridgetest.Eventually(t, soon, topic+" is empty", func() bool { last, _ := r.client.Last(topic); return last == "" })
	}
	r.client.Expect(base+"stirring/kicks", bridgetest.Is("0"), soon)
	for topic, want := range map[string]string{old + "stirring/label": "mine", old + "bioreactor/current_volume_ml": "14.0", old + "plugin_job/value": "1"} {
		if got, _ := r.client.Last(topic); got != want {
			t.Errorf("%s = %q, want %q as it was", topic, got, want)
		}
	}
}

func TestClosedIntakeRefusesCommands(t *testing.T) {
	r := newRig(t, nil).hears()
	r.bridge.CloseIntake()
	r.publish(base+"stirring/target_rpm/set", "600")
	r.acked(base+"stirring/$ack", `"value":500,"code":"shutting_down"`)
	r.publish(base+"run/add_media", `{"ml":1}`)
	r.acked(base+"add_media/$ack", `"code":"shutting_down"`)
}

func TestListenHears(t *testing.T) {
	r := newRig(t, nil).hears()
	heard := make(chan mqtt.Message, 64)
	stop, err := r.bridge.Listen("pioreactor/unit1/exp1/stirring/#", func(m mqtt.Message) {
		select {
		case heard <- m:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for {
		select {
		case m := <-heard:
			if m.Topic == base+"stirring/$state" && string(m.Payload) == "ready" {
				return
			}
		case <-time.After(soon):
			t.Fatal("nothing heard")
		}
	}
}

func TestVirtualClockKeepsTheNetworkOut(t *testing.T) {
	clk := clock.Virtual(time.Unix(0, 0), 1)
	sys, err := actors.NewSystem(actors.Options{Unit: "unit1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	b, err := New(cfg, "exp1")
	if err != nil {
		t.Fatal(err)
	}
	if err := sys.Start(b.Spec()); err != nil {
		t.Fatal(err)
	}
	clk.Run(time.Hour)
	if err := b.Open(sys); err != errVirtual {
		t.Errorf("open in virtual time: %v, want %v", err, errVirtual)
	}
	clk.GoLive()
	if err := b.Open(sys); err != nil {
		t.Errorf("open once live: %v", err)
	}
	if err := b.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := b.Open(sys); err != errClosed {
		t.Errorf("open after close: %v, want %v", err, errClosed)
	}
}

func TestTakenPortIsSaidAtOnce(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen = bridgetest.Broker(t)
	b, err := New(cfg, "exp1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Open(newSystem(t)); err == nil || !strings.Contains(err.Error(), cfg.Listen) {
		t.Errorf("open on a taken port: %v", err)
	}
}
