package bridge

import (
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

// payloads is topic → payload of what a fact becomes.
func payloads(t *testing.T, lines []line) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, l := range lines {
		text, err := l.bytes()
		if err != nil {
			t.Fatal(err)
		}
		if l.topic.Job == "od_reading" && (l.qos != 2 || !l.retain) {
			t.Errorf("%s: QoS %d, retained %v", l.topic, l.qos, l.retain)
		}
		all[l.topic.Setting] = string(text)
	}
	return all
}

func TestCalibratedReadingHasBothSidesOnTheWire(t *testing.T) {
	table := newTable("pioreactor", "unit1", "exp1")
	good := actors.Quality{Grade: actors.Good}
	raw := actors.ODReading{Meta: meta(), Channel: 2, Angle: "90", Value: 0.25, RawAU: 0.25, Quality: good, IRPercent: 80}
	if got := payloads(t, table.lines(raw)); len(got) != 1 || !strings.HasPrefix(got["od2"], `{"calibrated":0,`) {
		t.Errorf("raw: %v", got)
	}
	calibrated := raw
	calibrated.Value, calibrated.Calibration = -0.5, "line" // a calibrated OD may lie below zero
	got := payloads(t, table.lines(calibrated))
	for _, name := range []string{"od2", "calibrated_od2"} {
		var p wire.ODReading
		if err := p.UnmarshalJSON([]byte(got[name])); err != nil || p.OD != -0.5 || p.CalibrationName != "line" {
			t.Errorf("%s: %s, %v", name, got[name], err)
		}
	}
	if len(got) != 3 || !strings.HasPrefix(got["raw_od2"], `{"calibrated":0,`) || !strings.Contains(got["raw_od2"], `"od":0.25`) {
		t.Errorf("calibrated: %v", got)
	}
	failed := raw
	failed.Quality = actors.Quality{Grade: actors.Bad, Reason: "uncalibrated"}
	got = payloads(t, table.lines(failed))
	if empty, cleared := got["calibrated_od2"]; len(got) != 2 || !cleared || empty != "" || !strings.Contains(got["raw_od2"], `"od":0.25`) {
		t.Errorf("failing calibration: %v, want fresh raw values and an empty calibrated_od2", got)
	}
	got = payloads(t, table.lines(raw))
	if empty, cleared := got["raw_od2"]; len(got) != 2 || !cleared || empty != "" || got["od2"] == "" {
		t.Errorf("no calibration any more: %v, want raw_od2 empty", got)
	}
	if got := payloads(t, table.lines(raw)); len(got) != 1 {
		t.Errorf("raw again: %v", got)
	}
}

func TestFusedDensityIsClearedWhenUnavailable(t *testing.T) {
	table := newTable("pioreactor", "unit1", "exp1")
	f := actors.ODFused{Meta: meta(), Value: 1, Low: 0.9, High: 1.1, Quality: actors.Quality{Grade: actors.Good}}
	if got := payloads(t, table.lines(f))["od_fused"]; !strings.HasPrefix(got, `{"od_fused":1.0,"timestamp":`) {
		t.Errorf("od_fused = %s", got)
	}
	f.Quality.Grade = actors.Bad
	if got, ok := payloads(t, table.lines(f))["od_fused"]; !ok || got != "" {
		t.Errorf("unavailable: %q, want an empty payload", got)
	}
}
