package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/bridgetest"
)

// cli runs a command beside the unit and returns its exit code and all it printed.
func (n *process) cli(args ...string) (code int, text string) {
	n.t.Helper()
	c := exec.Command(n.exe, append(args, "--config", n.file("config.toml"), "--data-dir", n.file("data"))...)
	c.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+n.dir)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		n.t.Fatalf("%v: %v", args, err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// TestPauseSurvivesAKill is a person at the bench: pause by command line, kill
// -9 while the vial is out, sample over MQTT, blank, resume.
func TestPauseSurvivesAKill(t *testing.T) {
	t.Parallel()
	n := prepare(t, plan{sim: "initial_od_au = 0.4\nlag_h = 0.0"}).up()
	mustSay := func(code int, part string, args ...string) {
		t.Helper()
		if got, text := n.cli(args...); got != code || !strings.Contains(text, part) {
			t.Fatalf("%v: exit code %d and %q, want %d and %q", args, got, text, code, part)
		}
	}
	mustSay(3, "vial pause", "run", "od_blank")
	mustSay(0, "paused since", "vial", "pause")
	mustSay(3, "vial resume", "run", "add_media", "--ml", "1")
	n.kill()
	n.start().reach()
	c := n.listen(t)
	c.Expect(base+"vial/state", func(payload string) bool { return strings.Contains(payload, `"paused":true`) }, soon)
	c.Expect(base+"od_reading/$state", bridgetest.Is("sleeping"), soon)
	c.Expect(base+"dosing_automation/$state", bridgetest.Is("sleeping"), soon)
	if od := n.status().OD; od != nil {
		t.Errorf("a reading %+v in a pause", od)
	}
	c.Publish(base+"vial/sample", `{"ml": 1, "id": "s1"}`, 1, false)
	c.Expect(base+"vial/$ack", answered("s1", true), soon)
	if v := n.status().Vial; v == nil || v.VolumeML != 14 {
		t.Errorf("vial %+v after a sample of 1 of 15 mL", v)
	}
	bridgetest.Eventually(t, soon, "stirring", func() bool { return n.states()["stirring"] == actors.Ready })
	mustSay(0, "at photodiode 2", "run", "od_blank", "--n-samples", "5")
	c.Expect(base+"od_blank/means", func(payload string) bool { return strings.HasPrefix(payload, `{"2":`) }, soon)
	mustSay(0, "in use", "vial", "resume")
	c.Expect(base+"od_reading/$state", bridgetest.Is("ready"), soon)
}
