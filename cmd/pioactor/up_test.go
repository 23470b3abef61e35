package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// answer is the payload of $ack.
type answer struct {
	ID, Setting, Code, Reason string
	OK                        bool
	Value                     any
}

// answered accepts an answer to the command called id.
func answered(id string, ok bool) func(string) bool {
	return func(payload string) bool {
		var a answer
		return json.Unmarshal([]byte(payload), &a) == nil && a.ID == id && a.OK == ok
	}
}

func TestUpRunsAUnitThatAnybodyCanWatchAndSteer(t *testing.T) {
	t.Parallel()
	n := prepare(t, plan{}).start()
	c := n.listen(t)
	for job, at := range stock {
		c.Expect(at+job+"/$state", bridgetest.Is("ready"), slow)
	}
	c.Expect(base+"od_reading/od2", func(payload string) bool {
		var od struct {
			OD    float64
			Angle string
		}
		return json.Unmarshal([]byte(payload), &od) == nil && od.OD > 0 && od.Angle == "90"
	}, slow)

	c.Publish(base+"stirring/target_rpm/set", "600", 1, false)
	c.Expect(base+"stirring/target_rpm", bridgetest.Is("600.0"), soon)

	c.Publish(base+"stirring/target_rpm/set", `{"value": "99999", "id": "bad"}`, 1, false)
	m := c.Expect(base+"stirring/$ack", answered("bad", false), soon)
	var a answer
	if err := json.Unmarshal([]byte(m.Payload), &a); err != nil {
		t.Fatal(err)
	}
	if a.Setting != "target_rpm" || a.Code == "" || !strings.Contains(a.Reason, "5000") || a.Value != 600.0 {
		t.Errorf("the refusal says %+v, want a code, the limit of 5000 and the value of 600", a)
	}
	newcomer := n.listen(t, base+"stirring/target_rpm")
	if m := newcomer.Expect(base+"stirring/target_rpm", bridgetest.Any, soon); m.Payload != "600.0" || !m.Retained {
		t.Errorf("after a refusal %+v is retained, want 600.0", m)
	}
	c.Expect(base+"stirring/measured_rpm", near(600, 30), slow)
	n.reach().mustBeTrue(time.Now(), soon)
	n.mustLeaveInOrder(c)
}

// near accepts a measured speed.
func near(rpm, tolerance float64) func(string) bool {
	return func(payload string) bool {
		var m struct {
			RPM float64 `json:"measured_rpm"`
		}
		return json.Unmarshal([]byte(payload), &m) == nil && m.RPM > rpm-tolerance && m.RPM < rpm+tolerance
	}
}

// mustLeaveInOrder presses Ctrl-C: what c hears last is that every job is
// disconnected, and no value outlives its job.
func (n *process) mustLeaveInOrder(c *bridgetest.Recorder) {
	t := n.t
	t.Helper()
	code, took := n.interrupt()
	if code != 0 || took > 8*time.Second {
		t.Errorf("exit code %d after %v, want 0 within 8 s\n%s", code, took, n.out)
	}
	for job, at := range stock {
		c.Expect(at+job+"/$state", bridgetest.Is("disconnected"), soon)
	}
	for topic, payload := range tree(c) {
		part := strings.Split(topic, "/")
		if at, ok := stock[part[3]]; ok && strings.HasPrefix(topic, at) && part[4] != "$state" {
			t.Errorf("%s stays %q after its job", topic, payload)
		}
	}
	text, err := os.ReadFile(n.file("data/pioactor.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l struct {
			Level string `json:"level_name"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Level == "error" {
			t.Errorf("the log has %s", line)
		}
	}
}

func TestASecondNodeIsKeptOffTheData(t *testing.T) {
	t.Parallel()
	n := prepare(t, plan{}).start().reach()
	second := *n
	second.start()
	defer func() { second.ended <- nil }()
	select {
	case <-second.ended:
	case <-time.After(soon):
		second.end()
		t.Fatal("two nodes run on one data folder")
	}
	if text := second.out.String(); second.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, "another pioactor runs on") {
		t.Errorf("exit code %d, said %q", second.cmd.ProcessState.ExitCode(), text)
	}
	n.status()
}
