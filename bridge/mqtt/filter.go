package mqtt

import "strings"

// validWildcards reports whether + and # stand alone in their levels and # last.
func validWildcards(filter string) bool {
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		if strings.ContainsAny(level, "+#") && len(level) > 1 {
			return false
		}
		if level == "#" && i != len(levels)-1 {
			return false
		}
	}
	return true
}

// matches reports whether topic falls under filter. Source: MQTT 3.1.1, §4.7.
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") != strings.HasPrefix(filter, "$") {
		return false // a leading wildcard does not reach the broker's own topics
	}
	for {
		f, restF, moreF := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, restT, moreT := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !moreT {
			return !moreF || restF == "#" // "a/#" matches "a" too
		}
		if !moreF {
			return false
		}
		filter, topic = restF, restT
	}
}
