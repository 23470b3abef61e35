package wire

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

type recorded struct {
	where, topic, payload string
}

var (
	capture = regexp.MustCompile(`^(?:\S+ )?q\d r\d (pioreactor/.*?) = ?(.*)$`)
	session = regexp.MustCompile(`^(?:[\d.]+ )?r=\d q=\d len=\d+ (\S+) ?(.*)$`)
)

// traffic reads every recorded message. No recorded topic contains " = ".
func traffic(t *testing.T) (all []recorded) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
			where := fmt.Sprintf("%s:%d", filepath.Base(file), i+1)
			m := capture.FindStringSubmatch(line)
			if m == nil {
				m = session.FindStringSubmatch(line)
			}
			if m == nil {
				if !strings.Contains(line, "###") {
					t.Fatalf("%s: unreadable line %q", where, line)
				}
				continue
			}
			all = append(all, recorded{where, m[1], m[2]})
		}
	}
	return all
}

// again decodes strictly and encodes.
func again[T Payload](text string) ([]byte, error) {
	v, err := Decode[T]([]byte(text))
	if err != nil {
		return nil, err
	}
	return Encode(v)
}

func number(text string) ([]byte, error) {
	n, err := ParseNumber(text)
	if err != nil {
		return nil, err
	}
	return Value(n)
}

func boolean(text string) ([]byte, error) { return Value(text == "True") }

func plain(text string) ([]byte, error) { return Value(text) }

// kinds says what is spoken on which topic.
var kinds = []struct {
	topic string // end of the topic
	again func(string) ([]byte, error)
}{
	{"stirring/measured_rpm", again[MeasuredRPM]},
	{"/dosing_events", again[DosingEvent]},
	{"/led_change_events", again[LEDChangeEvent]},
	{"/leds/intensity", again[LEDIntensities]},
	{"/pwms/dc", again[PWMDutyCycles]},
	{"/latest_event", again[AutomationEvent]},
	{"_automation_settings", again[AutomationSettings]},
	{"/pid_log/rpm", again[PIDLog]},
	{"/pid_log/temperature", again[PIDLog]},
	{"/monitor/computer_statistics", again[ComputerStatistics]},
	{"/monitor/versions", again[Versions]},
	{"/temperature_automation/temperature", again[Temperature]},
	{"/$state", func(text string) ([]byte, error) {
		s, err := ParseState(text)
		return []byte(s), err
	}},
	{"_dodging_od", boolean}, {"/button_down", boolean},
	{"/automation_name", plain}, {"/ipv4", plain}, {"_mac_address", plain},
	{"/target_rpm", number}, {"/duty_cycle", number}, {"/duration", number}, {"/exchange_volume_ml", number},
	{"/dark_duration_minutes", number}, {"/light_duration_minutes", number}, {"/light_intensity", number},
	{"/heater_duty_cycle", number}, {"/target_temperature", number}, {"/flicker_led_with_error_code", number},
	{"_volume_ml", number}, {"_fraction", number}, {"_added_ml", number}, {"_removed_ml", number},
}

func TestRecordedTrafficIsWrittenAgainByteForByte(t *testing.T) {
	seen := map[string]int{}
	for _, r := range traffic(t) {
		topic, err := ParseTopic("pioreactor", r.topic)
		if err != nil {
			t.Errorf("%s: %v", r.where, err)
			continue
		}
		if text, err := topic.Build(); err != nil || text != r.topic {
			t.Errorf("%s: topic %q becomes %q, %v", r.where, r.topic, text, err)
		}
		if topic.Set {
			if text, err := ParseCommand([]byte(r.payload)); err != nil || text != r.payload {
				t.Errorf("%s: command %q becomes %q, %v", r.where, r.payload, text, err)
			}
			seen["/set"]++
			continue
		}
		checkPayload(t, r, topic, seen)
	}
	for _, kind := range kinds {
		if seen[kind.topic] == 0 {
			t.Errorf("nothing recorded on %s", kind.topic)
		}
	}
	t.Logf("%d kinds, %d commands, %d logs", len(seen), seen["/set"], seen["logs"])
}

func checkPayload(t *testing.T, r recorded, topic Topic, seen map[string]int) {
	t.Helper()
	if topic.Job == "logs" {
		checkLog(t, r, topic)
		seen["logs"]++
		return
	}
	for _, kind := range kinds {
		if !strings.HasSuffix(r.topic, kind.topic) {
			continue
		}
		if r.payload == "" { // cleared
			return
		}
		seen[kind.topic]++
		if got, err := kind.again(r.payload); err != nil || string(got) != r.payload {
			t.Errorf("%s: %s\n got %s %v\nwant %s", r.where, r.topic, got, err, r.payload)
		}
		return
	}
	t.Errorf("%s: unknown kind: %s %s", r.where, r.topic, r.payload)
}

func checkLog(t *testing.T, r recorded, topic Topic) {
	t.Helper()
	l, err := Decode[Log]([]byte(r.payload))
	if err != nil {
		t.Errorf("%s: %v", r.where, err)
		return
	}
	if got := l.LogTopic(); got != topic.Setting {
		t.Errorf("%s: log topic = %s, want %s", r.where, got, topic.Setting)
	}
	got, err := Encode(l)
	want := []byte(strings.ReplaceAll(r.payload, "…", `\u2026`)) // shortened after the recording, see README
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %s %v\nwant %s", r.where, got, err, want)
	}
}
