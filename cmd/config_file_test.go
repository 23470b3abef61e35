package cmd

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	_ "github.com/pioactor/pioactor/cmd/standard"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestConfigFileIsTheDefaults keeps ../config.toml the commented default: every
// key with its default, its unit, its range and its help, from the same tags
// that check what people write.
func TestConfigFileIsTheDefaults(t *testing.T) {
	const file = "../config.toml"
	want := defaultsText()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("config.toml is not what the defaults are; refresh it with `go test ./cmd -run ConfigFile -update`")
	}
	cfg, err := ParseConfig("config.toml", string(got))
	if err != nil {
		t.Fatal(err)
	}
	jobs := cfg.jobs
	cfg.jobs = map[string]map[string]any{}
	if !reflect.DeepEqual(cfg, DefaultConfig()) {
		t.Errorf("config.toml decodes to\n%+v\nwant the defaults\n%+v", cfg, DefaultConfig())
	}
	for section, table := range jobs {
		slot, automation, _ := strings.Cut(section, ".")
		r, err := actors.Lookup(slot, automation)
		if err != nil {
			t.Fatal(err)
		}
		job, want := r.New(), r.New()
		if err := setting.DecodeTable(job, table); err != nil {
			t.Fatalf("[%s]: %v", section, err)
		}
		for _, f := range setting.Of(job) {
			got, want := reflect.ValueOf(f.Pointer(job)).Elem().Interface(), reflect.ValueOf(f.Pointer(want)).Elem().Interface()
			if !reflect.DeepEqual(got, want) && !unset(r, f) {
				t.Errorf("[%s] %s decodes to %v, want the default %v", section, f.Name, got, want)
			}
		}
	}
}

// unset reports whether a fresh job has no valid value for f: Validate fills it in.
func unset(r actors.Registration, f setting.Field) bool {
	value := reflect.ValueOf(f.Pointer(r.New())).Elem().Interface()
	return setting.Assign(r.New(), f.Name, plain(value)) != nil
}

const preamble = `# The configuration of one pioactor unit. Every key is here with its default:
# change what you need and leave out the rest. Check it with
#
#     pioactor check-config config.toml
#
# and run it with
#
#     pioactor up --config config.toml
#
# A key that is not known, or a value that breaks its rule, is refused with
# its line. What you change while a job runs (MQTT, command line) is kept and
# stands over this file.
`

const aPersonBegins = `# On a real HAT nothing starts by itself the first time: a person begins, with
# pioactor jobs start stirring. What runs when the unit stops runs again later.
`

func defaultsText() string {
	var b strings.Builder
	b.WriteString(preamble)
	cfg := DefaultConfig()
	for _, f := range setting.Of(cfg) {
		if f.Kind == setting.Map {
			fmt.Fprintf(&b, "\n[%s]%s\n", f.Name, comment(f))
			writeMap(&b, f.Pointer(&cfg))
			continue
		}
		writeSection(&b, f.Name, f.Pointer(&cfg))
		if f.Name == "pioreactor" {
			b.WriteString(aPersonBegins)
		}
		if f.Name == "alarms" {
			writeAlarms(&b, cfg.Alarms)
		}
	}
	for _, r := range actors.Registered() {
		section := r.Slot()
		if r.Family != actors.Own {
			section += "." + r.Name
		}
		writeSection(&b, section, r.New())
	}
	return b.String()
}

// writeAlarms writes the default alarms, and as comments what many will want.
func writeAlarms(b *strings.Builder, a AlarmsConfig) {
	for _, name := range slices.Sorted(maps.Keys(a.Declared)) {
		d := a.Declared[name]
		writeSection(b, "alarms."+name, &d)
	}
	b.WriteString("\n# More alarms to choose from. What is left out of a section is unset, with delay_s\n" +
		"# = 60 and otherwise as above.\n#" + alarmExamples)
	b.WriteString("#\n# Where alarms go besides, each target in its own form:\n#" + targetExamples)
}

// Read by TestExamplesOfAlarmsAreSound.
const alarmExamples = `
# [alarms.growth_stopped]
# signal = "growth_rate_per_h"
# low = 0.02
# hysteresis = 0.02
# delay_s = 7200
# while_job = "growth_rate_calculating"
# text = "the culture does not grow: look at media, temperature and contamination"
#
# [alarms.vial_high]
# signal = "current_volume_ml"
# high = 17
# hysteresis = 0.5
# delay_s = 0
# latch = true
# priority = "high"
# action = "pause"
# text = "the vial fills up: look at the waste tube"
#
# [alarms.dilution_too_fast]
# signal = "dilution_rate_per_h"
# high = 1.5
# hysteresis = 0.2
# while_job = "dosing_automation"
# priority = "high"
# action = "safe_state"
#
# [alarms.stirring_off_target]
# signal = "measured_rpm"
# deviation = 100
# from = "stirring/target_rpm"
# hysteresis = 30
# while_job = "stirring"
# depends_on = ["stirring_stalled", "stirring_off"]
`

const targetExamples = `
# [alarms.deliver.phone]
# kind = "ntfy"
# url = "https://ntfy.sh/a-topic-nobody-guesses"
# min_priority = "medium"
#
# [alarms.deliver.lab]
# kind = "slack"
# url = "https://hooks.slack.com/services/…"
# clears = false
#
# [alarms.deliver.server]
# kind = "json"
# url = "https://example.org/alarms"
# headers_file = "/etc/pioactor/headers"
#
# [alarms.deliver.siren]
# kind = "command"
# command = ["/usr/local/bin/siren", "on"]
# min_priority = "high"
`

// TestExamplesOfAlarmsAreSound takes the comment signs away and reads the rest.
func TestExamplesOfAlarmsAreSound(t *testing.T) {
	headers := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(headers, []byte("Authorization: Bearer secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(alarmExamples+targetExamples, "\n#", "\n")
	cfg, err := ParseConfig("examples", strings.ReplaceAll(text, "/etc/pioactor/headers", headers))
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Alarms.Declared) != 5 || len(cfg.Alarms.Deliver) != 4 {
		t.Errorf("%d alarms and %d targets, want 5 and 4", len(cfg.Alarms.Declared), len(cfg.Alarms.Deliver))
	}
}

func writeSection(b *strings.Builder, name string, v any) {
	fmt.Fprintf(b, "\n[%s]\n", name)
	for _, f := range setting.Of(v) {
		value := f.Value(v)
		if value == nil || f.Kind == setting.Duration && f.Unit == "" {
			value = reflect.ValueOf(f.Pointer(v)).Elem().Interface()
		}
		if f.Kind == setting.Map && f.Name == "channels" || f.Name == "model" && name != "unit" {
			continue // from [photodiodes] and [unit]
		}
		if f.Shown && !f.Settable {
			continue // it only reports
		}
		line := fmt.Sprintf("%s = %s%s\n", f.Name, literal(value), comment(f))
		if setting.Assign(reflect.New(reflect.TypeOf(v).Elem()).Interface(), f.Name, plain(value)) != nil {
			line = fmt.Sprintf("# %s = %s\n", f.Name, strings.TrimLeft(comment(f), " ")) // no default: yours to give
		}
		b.WriteString(line)
	}
}

func writeMap(b *strings.Builder, v any) {
	m := *v.(*map[string]string)
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}) {
		fmt.Fprintf(b, "%s = %q\n", key, m[key])
	}
}

// comment gives unit, range and help of a key.
func comment(f setting.Field) string {
	var parts []string
	if rule := f.Range(); !strings.HasPrefix(rule, "any ") {
		parts = append(parts, rule)
	} else if f.Unit != "" {
		parts = append(parts, f.Unit)
	}
	if f.Help != "" {
		parts = append(parts, f.Help)
	}
	if len(parts) == 0 {
		return ""
	}
	return "  # " + strings.Join(parts, "; ")
}

// plain is value as a TOML decoder would yield it.
func plain(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return v.String()
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case map[string]string:
		return anyMap(v)
	}
	return value
}

func literal(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case time.Duration:
		return strconv.Quote(shortened(v))
	case float64:
		return floatText(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// shortened is "12h" rather than "12h0m0s".
func shortened(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func floatText(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
