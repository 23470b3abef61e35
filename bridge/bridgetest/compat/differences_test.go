package compat

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/wire.md")

// different is what a client of Pioreactor 26.7.2 can notice.
type different struct {
	// topic and, as a pattern, the shape of recorded payloads that we do not
	// say; no topic: it does not show in the topics and shapes.
	topic, shape      string
	theirs, ours, why string
}

var differences = []different{
	{
		theirs: "`target_rpm/set` of 99999 becomes 5000, `nan` is accepted, a boolean `abc` is false",
		ours:   "refused; the old value stays",
		why:    "a value somebody did not mean must not run a culture",
	},
	{
		theirs: "a command has no answer; what failed is an error in the log, sometimes only for debugging",
		ours:   "`<job>/$ack` answers every command; a refusal is a warning in the log that says what is wanted",
		why:    "a refusal must be seen by whoever asked",
	},
	{
		theirs: "`$state/set` takes `init` and `lost`, and `ready` brings a lost job back; any other text is followed by \"Updated state from A to A.\"",
		ours:   "`ready`, `sleeping` and `disconnected` are taken, nothing else",
		why:    "states are true: only a job that is lost says so",
	},
	{
		theirs: "a job that was killed keeps its retained values, and `pwms/dc` shows its output on; it cannot be started again before a purge",
		ours:   "its outputs are off, its `$state` is `lost`, it is started again by itself; what an earlier process left on the broker is cleared",
		why:    "the topics say what is, not what was",
	},
	{
		theirs: "a second start is refused, and erases `duty_cycle` of the job that runs",
		ours:   "refused, and changes nothing",
		why:    "a refused command changes nothing",
	},
	{
		topic: "E/stirring/duty_cycle", shape: "^integer$",
		theirs: "`stirring/duty_cycle` is `100` during the kick",
		ours:   "`100.0`",
		why:    "a float setting is always spelled as a float",
	},
	{
		topic: "U/monitor/computer_statistics", shape: "cpu_temperature_celcius:integer",
		theirs: "`cpu_temperature_celcius` is a whole number",
		ours:   "a float; `0.0` when it cannot be read",
		why:    "the sensor tells more",
	},
	{
		topic: "E/dosing_automation/dosing_automation_settings", shape: "duration:null",
		theirs: "`dosing_automation_settings` comes for every assignment while the automation is built, with null for what has no value yet",
		ours:   "once when it starts, with every value; at a change the window that ends and the one that begins",
		why:    "half an automation has no settings",
	},
	{
		topic: "E/led_automation/led_automation_settings", shape: ":null",
		theirs: "so does `led_automation_settings`",
		ours:   "once when it starts, and so on",
		why:    "as above",
	},
	{
		theirs: "a window in `<automation>_settings` that a change ends shows the new value",
		ours:   "the value that held in it; the window that begins follows with `ended_at` null",
		why:    "the record has to say what was",
	},
	{
		topic: "E/temperature_automation/temperature_automation_settings", shape: "settings:\\{target_temperature:float state",
		theirs: "the thermostat's settings are its target",
		ours:   "and `room_temperature_c`",
		why:    "the vial's temperature is inferred against it",
	},
	{
		topic: "E/pid_log/temperature", shape: "output_limits_lb:integer",
		theirs: "`output_limits_*` of `pid_log/temperature` are whole numbers",
		ours:   "floats, as in `pid_log/rpm`",
		why:    "one spelling",
	},
	{
		theirs: "`dosing_events` come every 0.5 s before the liquid moves, and a negative one corrects a pump that was stopped",
		ours:   "when liquid has moved, in the size that moved; never negative",
		why:    "an event that never happened must not be counted",
	},
	{
		theirs: "`circulate_media` says 20 mL of `remove_waste` when it starts, and nothing of the media",
		ours:   "what each pump moved",
		why:    "volumes and bottles are followed by it",
	},
	{
		theirs: "every dosing event repeats five volumes, changed or not",
		ours:   "the volumes that changed",
		why:    "a retained value does not need repeating",
	},
	{
		theirs: "waste is removed once, then again twice as long, and counted as commanded",
		ours:   "counted as what left the vial",
		why:    "`cumulative_waste_removed_ml` is what the bottle holds",
	},
	{
		theirs: "sentences of the log, and which of them are for debugging",
		ours:   "the same topics, levels and fields; our own sentences",
		why:    "the text is for people",
	},
	{
		theirs: "a job that goes to sleep or ends says `pwms/dc` and its values, then its `$state`",
		ours:   "in no set order",
		why:    "the devices are told first to make its outputs safe; each then says so itself",
	},
	{
		theirs: "a job that says `disconnected` is cleaned up after that, and a start in between is refused",
		ours:   "it may be started again at once",
		why:    "who waits for `disconnected` waits for the end",
	},
}

const page = "../../../docs/wire.md"

// TestDifferencesAreOnThePage keeps docs/wire.md.
func TestDifferencesAreOnThePage(t *testing.T) {
	var want bytes.Buffer
	want.WriteString(`# What differs from Pioreactor on MQTT

pioactor publishes the topics and payloads of Pioreactor 26.7.2, with its QoS and
retain flags; a test compares them with recorded traffic. For those who bring
clients and scripts along, this is what differs. The tables are made from that
test: ` + "`go test ./bridge/bridgetest/compat -run Differences -update`" + `.

## Done differently

| Pioreactor 26.7.2 | pioactor | why |
|---|---|---|
`)
	for _, d := range differences {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", d.theirs, d.ours, d.why)
	}
	want.WriteString("\n## Said in addition\n\nBelow `<root>/<unit>/`; E is the experiment, U is `$experiment`.\n\n| topic | QoS | retained | what it is |\n|---|---|---|---|\n")
	for _, r := range rows {
		if r.ours != "" {
			fmt.Fprintf(&want, "| `%s` | %d | %s | %s |\n", r.topic, r.qos, yes(r.retain), r.ours)
		}
	}
	want.WriteString("\n## Not said\n\n| topic | why |\n|---|---|\n")
	for _, r := range rows {
		if r.absent != "" {
			fmt.Fprintf(&want, "| `%s` | %s |\n", r.topic, r.absent)
		}
	}
	if *update {
		if err := os.WriteFile(page, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the tables say; run the command in it", page)
	}
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
