package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names with a meaning of their own.
const (
	Broadcast  = "$broadcast"  // unit, in commands only: every unit
	Universal  = "$experiment" // experiment: what belongs to the unit, not to an experiment
	StateTopic = "$state"      // setting: the job's state
	AckTopic   = "$ack"        // setting: answers to commands; this project's addition
)

// Longest names, in bytes. MQTT allows 65,535 for a whole topic.
const (
	maxUnit       = 63  // a host name's label, RFC 1035
	maxExperiment = 200 // free text
	maxJob        = 64
	maxSetting    = 64
	maxTopic      = 1024
)

// Topic is <root>/<unit>/<experiment>/<job>[/<setting>][/set].
type Topic struct {
	Root       string // "pioreactor"; may have levels of its own
	Unit       string // or Broadcast
	Experiment string // or Universal
	Job        string // a job, or a collection such as leds, pwms, dosing_events
	// Setting is empty for a stream without one (dosing_events), and has two
	// levels where the language does: logs' app/info, experiment_profile's 12/$state.
	Setting string
	Set     bool // a command
}

// String joins the parts without looking at them; see [Topic.Build].
func (t Topic) String() string {
	var b strings.Builder
	b.Grow(len(t.Root) + len(t.Unit) + len(t.Experiment) + len(t.Job) + len(t.Setting) + 8)
	b.WriteString(t.Root)
	for _, part := range []string{t.Unit, t.Experiment, t.Job, t.Setting} {
		if part != "" {
			b.WriteByte('/')
			b.WriteString(part)
		}
	}
	if t.Set {
		b.WriteString("/set")
	}
	return b.String()
}

// Build returns the topic, or what is wrong with its parts.
func (t Topic) Build() (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	text := t.String()
	if len(text) > maxTopic {
		return "", fmt.Errorf("wire: topic of %d bytes, limit %d", len(text), maxTopic)
	}
	return text, nil
}

func (t Topic) check() error {
	errs := []error{CheckRoot(t.Root), level("unit", t.Unit), level("experiment", t.Experiment), level("job", t.Job)}
	switch {
	case t.Setting != "":
		parts := strings.Split(t.Setting, "/")
		for _, part := range parts {
			errs = append(errs, level("setting", part))
		}
		if len(parts) > 2 {
			errs = append(errs, fmt.Errorf("wire: setting %q has more than two levels", t.Setting))
		}
		if !t.Set && len(parts) == 2 && parts[1] == "set" {
			errs = append(errs, fmt.Errorf("wire: setting %q would read as a command", t.Setting))
		}
	case t.Set:
		errs = append(errs, errors.New("wire: a command needs a setting"))
	}
	return errors.Join(errs...)
}

// ParseTopic takes topic apart, or says why it is none of root's.
func ParseTopic(root, topic string) (Topic, error) {
	rest, ok := strings.CutPrefix(topic, root+"/")
	if !ok || len(topic) > maxTopic {
		return Topic{}, fmt.Errorf("wire: topic %.100q is not under %s", topic, root)
	}
	parts := strings.Split(rest, "/")
	if len(parts) < 3 || len(parts) > 6 {
		return Topic{}, fmt.Errorf("wire: topic %.100q has %d levels under %s, want 3 to 6", topic, len(parts), root)
	}
	t := Topic{Root: root, Unit: parts[0], Experiment: parts[1], Job: parts[2]}
	setting := parts[3:]
	if n := len(setting); n >= 2 && setting[n-1] == "set" {
		t.Set = true
		setting = setting[:n-1]
	}
	t.Setting = strings.Join(setting, "/")
	if t.Setting == "" && len(parts) > 3 {
		return Topic{}, fmt.Errorf("wire: topic %.100q has an empty level", topic)
	}
	if err := t.check(); err != nil {
		return Topic{}, err
	}
	return t, nil
}

// level checks what MQTT and the grammar ask of any name, others' included.
func level(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("wire: %s: empty", kind)
	case !utf8.ValidString(name):
		return fmt.Errorf("wire: %s %q: not UTF-8", kind, name)
	}
	for _, r := range name {
		if r == '/' || r == '+' || r == '#' || unicode.IsControl(r) {
			return fmt.Errorf("wire: %s %q: %q is not allowed in a name", kind, name, r)
		}
	}
	return nil
}

// CheckRoot checks a topic root, which may have levels.
func CheckRoot(root string) error {
	for part := range strings.SplitSeq(root, "/") {
		if err := level("topic_root", part); err != nil {
			return err
		}
	}
	if strings.HasPrefix(root, "$") {
		return fmt.Errorf("wire: topic_root %q: $ belongs to the broker", root)
	}
	return nil
}

// CheckUnit checks the name of a unit that people give.
func CheckUnit(name string) error { return given("unit", name, maxUnit) }

// CheckExperiment checks the name of an experiment that people give; spaces are welcome.
func CheckExperiment(name string) error { return given("experiment", name, maxExperiment) }

// given checks a name people give: they cannot claim the language's own.
func given(kind, name string, limit int) error {
	if err := level(kind, name); err != nil {
		return err
	}
	if len(name) > limit {
		return fmt.Errorf("wire: %s %.40q…: %d bytes, limit %d", kind, name, len(name), limit)
	}
	if strings.HasPrefix(name, "$") {
		return fmt.Errorf("wire: %s %q: a leading $ is reserved", kind, name)
	}
	return nil
}

// reserved are collections and words no job may be called. Source: Pioreactor 26.7.2.
var reserved = []string{"run", "dosing_events", "leds", "led_change_events", "unit_label", "pwm", "assignment"}

// CheckJob checks the name of a job: lower case, digits and underscores.
func CheckJob(name string) error {
	if err := given("job", name, maxJob); err != nil {
		return err
	}
	if slices.Contains(reserved, name) {
		return fmt.Errorf("wire: job %q: reserved", name)
	}
	return words("job", name, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' })
}

// CheckSetting checks the name of a setting: letters and digits, joined by
// single underscores.
func CheckSetting(name string) error {
	if err := given("setting", name, maxSetting); err != nil {
		return err
	}
	return words("setting", name, func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	})
}

func words(kind, name string, allowed func(rune) bool) error {
	for word := range strings.SplitSeq(name, "_") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !allowed(r) }) {
			return fmt.Errorf("wire: %s %q: want words of letters and digits joined by _", kind, name)
		}
	}
	return nil
}
