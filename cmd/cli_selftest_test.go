package cmd

import (
	"strings"
	"testing"
)

func TestSelfTestShowsVerdictsAndEndsWithTheirWorst(t *testing.T) {
	n := openFake(t)
	if got := n.call("self-test", "--last"); got.code != exitDone || got.out != "no self-test so far\n" {
		t.Errorf("before any test: %+v", got)
	}
	verdicts := "ok       all is dark: 0.002 V\nFAILED   all is warm: r = 0.1\n         Plug it in.\n"
	for range 2 { // the second is not confused by the facts of the first
		got := n.call("self-test")
		if got.code != exitFailed || got.out != verdicts+"1 passed, 1 failed, 0 skipped, 2026-03-01 12:00\n" {
			t.Errorf("%+v", got)
		}
	}
	if got := n.call("self-test", "--last"); got.code != exitFailed || !strings.HasPrefix(got.out, verdicts) {
		t.Errorf("--last: %+v", got)
	}
	if got := n.call("--json", "self-test", "--last"); got.code != exitFailed || !strings.Contains(got.out, `"verdict":"passed"`) {
		t.Errorf("--json: %+v", got)
	}
}

func TestIdentifyAsksTheMonitor(t *testing.T) {
	n := openFake(t)
	if got := n.call("identify"); got.code != exitDone || got.out != "the status LED blinks\n" {
		t.Errorf("%+v", got)
	}
}
