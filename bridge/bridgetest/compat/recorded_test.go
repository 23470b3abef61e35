package compat

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recordings of the real software; see the README beside them.
const recordings = "../../wire/testdata/*.txt"

var (
	captured = regexp.MustCompile(`^(?:\S+ )?q(\d) r\d (pioreactor/.*?) = ?(.*)$`)
	session  = regexp.MustCompile(`^(?:[\d.]+ )?r=(\d) q=(\d) len=\d+ (\S+) ?(.*)$`)
)

// recorded are the messages of the real software's jobs, without the commands
// that were sent to them. Whether a message was retained shows in some of the
// recordings only: flags are the topics whose flag is known.
func recorded(t *testing.T) (all []said, flags map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(recordings)
	if err != nil || len(files) < 7 {
		t.Fatalf("recordings: %q, %v", files, err)
	}
	flags = map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var s said
			whole, qos := "", ""
			if m := captured.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				qos, whole, s.payload = m[1], m[2], m[3]
			} else if m := session.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				s.retain, qos, whole, s.payload = m[1] == "1", m[2], m[3], m[4]
			} else if strings.Contains(line, " ### ") {
				continue
			} else {
				t.Fatalf("%s: unreadable: %s", file, line)
			}
			var ok bool
			if s.topic, ok = below(whole); !ok {
				t.Fatalf("%s: %s", file, whole)
			}
			if strings.HasSuffix(s.topic, "/set") {
				continue
			}
			s.qos = qos[0] - '0'
			if strings.HasPrefix(filepath.Base(file), "stirring-session") {
				flags[s.topic] = s.retain
			}
			all = append(all, s)
		}
	}
	return all, flags
}

// liberties are where the original departs from its own contract. The rows are
// right, and so are we.
var liberties = []struct{ topic, payload, why string }{
	{"E/stirring/duty_cycle", `^100$`, "a float setting that was clamped is said as the integer it was clamped to"},
	{"E/dosing_automation/dosing_automation_settings", `"settings":"eyJkdXJhdGlvbiI6bnVsbC`, "a window is said for every assignment while the job is built, with null for what has no value yet"},
	{"E/led_automation/led_automation_settings", `"settings":"[^"]*(bnVsbC|OjpudWxs|Om51bGws)`, "a window is said for every assignment while the job is built, with null for what has no value yet"},
	{"U/monitor/flicker_led_with_error_code", ``, "said with QoS 1 by the helper of actions, with QoS 2 by jobs"},
}

func TestRowsReadTheRecordings(t *testing.T) {
	messages, flags := recorded(t)
	used := make([]bool, len(liberties))
	for _, s := range messages {
		found := of(s)
		if len(found) != 1 {
			t.Errorf("recorded %s: %d rows, want 1", s, len(found))
			continue
		}
		r := rows[found[0]]
		if i := slices.IndexFunc(liberties, func(l struct{ topic, payload, why string }) bool {
			return l.topic == s.topic && regexp.MustCompile(l.payload).MatchString(s.payload)
		}); i >= 0 {
			used[i] = true
			continue
		}
		s.payload = strings.ReplaceAll(s.payload, "…", `\u2026`) // shortened after the recording
		if s.retain = r.retain; flags[s.topic] != r.retain {
			if _, known := flags[s.topic]; known {
				t.Errorf("recorded %s: want retained %v", s, r.retain)
			}
		}
		if _, err := check(s); err != nil {
			t.Errorf("recorded %v", err)
		}
	}
	for i, l := range liberties {
		if !used[i] {
			t.Errorf("%s: nothing recorded needs the liberty that %s", l.topic, l.why)
		}
	}
}

// shape reduces a payload to what a reader's code depends on: the kinds of its
// values, an object's keys in order, which event it is, what is packed inside.
func shape(payload string) string {
	switch {
	case payload == "":
		return "empty"
	case boolean(payload) == nil:
		return "bool"
	case whole(payload) == nil:
		return "integer"
	case float(payload) == nil:
		return "float"
	case !strings.HasPrefix(payload, "{"):
		return "text"
	}
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber()
	draw(d, &b)
	return b.String()
}

// draw writes the next value's shape.
func draw(d *json.Decoder, b *strings.Builder) {
	token, err := d.Token()
	if err != nil {
		b.WriteString(err.Error())
		return
	}
	switch v := token.(type) {
	case json.Delim:
		b.WriteString(v.String())
		for d.More() {
			if v == '[' {
				draw(d, b)
				continue
			}
			key, _ := d.Token()
			b.WriteString(key.(string) + ":")
			member(d, b, key.(string))
		}
		end, _ := d.Token()
		b.WriteString(end.(json.Delim).String())
	case nil:
		b.WriteString("null ")
	case json.Number:
		b.WriteString(shape(v.String()) + " ")
	default:
		b.WriteString("text ")
	}
}

// member draws a value whose very text matters to readers, or any other.
func member(d *json.Decoder, b *strings.Builder, key string) {
	var text string
	var raw json.RawMessage
	if key != "event_name" && key != "settings" && key != "event" {
		draw(d, b)
		return
	}
	if err := d.Decode(&raw); err != nil || json.Unmarshal(raw, &text) != nil {
		b.WriteString("broken ")
		return
	}
	var packed []byte
	if key == "settings" && json.Unmarshal(raw, &packed) == nil {
		inner := json.NewDecoder(bytes.NewReader(packed))
		inner.UseNumber()
		draw(inner, b)
		return
	}
	b.WriteString(text + " ")
}
