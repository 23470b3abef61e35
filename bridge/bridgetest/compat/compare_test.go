package compat

import (
	"regexp"
	"strings"
	"testing"
)

// saying is a topic with a shape of payload.
type saying struct{ topic, shape string }

func sayings(all []said) map[saying]said {
	found := map[saying]said{}
	for _, s := range all {
		of := saying{s.topic, shape(s.payload)}
		if s.topic == "E/pwms/dc" && of.shape != "{}" {
			of.shape = "{<pin>:float }" // which pins depends on what runs
		}
		found[of] = s
	}
	return found
}

// TestWhatWasRecordedIsSaid: every topic of the real software's sessions is one
// of ours, with each shape its payload had, or we differ for a reason.
func TestWhatWasRecordedIsSaid(t *testing.T) {
	ours := sayings(ours(t))
	messages, _ := recorded(t)
	used := map[int]bool{}
	for was, message := range sayings(messages) {
		if found := of(message); len(found) == 1 && rows[found[0]].absent != "" {
			continue
		}
		_, isSaid := ours[was]
		differs := difference(was)
		switch {
		case isSaid && differs >= 0 && differences[differs].shape != "":
			t.Errorf("%s %s is said, and listed as a difference: %s", was.topic, was.shape, differences[differs].why)
		case !isSaid && differs < 0:
			t.Errorf("recorded, and not said: %s %s", was.topic, was.shape)
		case !isSaid:
			used[differs] = true
		}
	}
	for i, d := range differences {
		if d.topic != "" && !used[i] {
			t.Errorf("%s: the recordings do not differ: %s", d.topic, d.why)
		}
	}
}

// difference is the index of the listed one for a recorded saying, or -1.
func difference(was saying) int {
	for i, d := range differences {
		if d.topic == was.topic && (d.shape == "" || regexp.MustCompile(d.shape).MatchString(was.shape)) {
			return i
		}
	}
	return -1
}

// outlives are collections that belong to no job, and jobs whose results stay.
var outlives = map[string]bool{
	"bioreactor": true, "leds": true, "pwms": true, "alarms": true, "vial": true, "self_test": true, "od_blank": true,
	"calibrations": true, "estimators": true}

// TestLifeIsToldInOrder: init comes before any value, and after the end come
// only empty payloads, one for everything that was retained.
func TestLifeIsToldInOrder(t *testing.T) {
	ours(t)
	for name, messages := range each {
		lives := map[string]*life{}
		for i, s := range messages {
			job, setting, _ := strings.Cut(s.topic[len("E/"):], "/")
			if !s.retain || outlives[job] {
				continue
			}
			if lives[job] == nil {
				lives[job] = &life{restarts: name == aFault || name == killed}
			}
			if complaint := lives[job].hears(setting, s.payload); complaint != "" {
				t.Errorf("%s, message %d, %s: %s", name, i, s, complaint)
			}
		}
		for job, l := range lives {
			if l.ended && len(l.values) > 0 {
				t.Errorf("%s: %s ended and left %v", name, job, l.values)
			}
		}
	}
}

// life is one job on the wire.
type life struct {
	restarts bool // may begin anew without an end
	values   map[string]string
	state    string
	born     bool
	ended    bool
}

func (l *life) hears(setting, payload string) string {
	if setting == "$state" {
		if payload == "init" && l.state == "ready" && !l.restarts {
			return "a new life before the end of the last"
		}
		l.state = payload
		l.ended = payload == "disconnected" || payload == "lost"
		if payload == "init" {
			*l = life{values: l.values, state: payload, born: true, restarts: l.restarts}
		}
		return ""
	}
	if l.values == nil {
		l.values = map[string]string{}
	}
	switch {
	case payload == "":
		delete(l.values, setting)
	case !l.born:
		return "a value before init"
	case l.ended:
		return "a value after the end"
	default:
		l.values[setting] = payload
	}
	return ""
}
