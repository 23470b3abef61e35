package compat

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"
)

// row is what is said on one kind of topic. The topic stands below
// <root>/<unit>/; E is the experiment, U is "$experiment", * any one level.
type row struct {
	topic  string
	qos    byte
	retain bool
	clears bool // an empty payload is said too: at the exit, or while there is no value
	read   decoder
	// ours: not in Pioreactor's contract, and why.
	ours string
	// absent: in the contract and not said by this unit, and why.
	absent string
}

// setting is a row of the contract's table of settings: QoS 2, retained, empty
// once the job is gone.
func setting(topic string, read decoder) row {
	return row{topic: topic, qos: 2, retain: true, clears: true, read: read}
}

// kept is retained with QoS 2 and never taken back.
func kept(topic string, read decoder) row { return row{topic: topic, qos: 2, retain: true, read: read} }

// passing is not retained.
func passing(topic string, qos byte, read decoder) row {
	return row{topic: topic, qos: qos, read: read}
}

// not is a row of the contract that this unit does not say.
func (r row) not(why string) row { r.absent = why; return r }

// because marks a row beyond the contract.
func (r row) because(why string) row { r.ours = why; return r }

// rows are the contract of Pioreactor 26.7.2 for one unit, then what is ours.
var rows = []row{
	// states
	kept("E/stirring/$state", state), kept("E/od_reading/$state", state), kept("E/growth_rate_calculating/$state", state),
	kept("E/dosing_automation/$state", state), kept("E/led_automation/$state", state), kept("E/temperature_automation/$state", state),
	kept("U/monitor/$state", state), kept("U/self_test/$state", state),
	kept("E/add_media/$state", state), kept("E/add_alt_media/$state", state), kept("E/remove_waste/$state", state),
	kept("E/circulate_media/$state", state), kept("E/circulate_alt_media/$state", state),

	// what a unit shares
	passing("E/logs/app/*", 0, strict[logLine]), passing("U/logs/app/*", 0, strict[logLine]),
	passing("E/logs/ui/*", 2, strict[note]),
	passing("E/dosing_events", 2, strict[dosingEvent]),
	{topic: "E/leds/intensity", qos: 0, retain: true, read: strict[leds]},
	passing("E/led_change_events", 0, strict[ledChange]),
	{topic: "E/pwms/dc", qos: 0, retain: true, read: pwms},
	kept("E/bioreactor/current_volume_ml", float), kept("E/bioreactor/efflux_tube_volume_ml", float), kept("E/bioreactor/alt_media_fraction", float),
	kept("E/bioreactor/cumulative_media_added_ml", float), kept("E/bioreactor/cumulative_alt_media_added_ml", float), kept("E/bioreactor/cumulative_waste_removed_ml", float),
	passing("E/pid_log/rpm", 0, strict[pidLog]), passing("E/pid_log/temperature", 0, strict[pidLog]), passing("E/pid_log/growth_rate", 0, strict[pidLog]),

	// stirring
	setting("E/stirring/target_rpm", float), setting("E/stirring/measured_rpm", strict[measuredRPM]), setting("E/stirring/duty_cycle", float),
	setting("E/stirring/enable_dodging_od", boolean), setting("E/stirring/currently_dodging_od", boolean),
	setting("E/stirring/target_rpm_during_od_reading", float), setting("E/stirring/target_rpm_outside_od_reading", float),

	// od_reading, growth_rate_calculating
	setting("E/od_reading/first_od_obs_time", float), setting("E/od_reading/ir_led_intensity", float), setting("E/od_reading/interval", float),
	setting("E/od_reading/relative_intensity_of_ir_led", strict[relativeIntensity]), setting("E/od_reading/ods", strict[ods]),
	setting("E/od_reading/od1", odUnion), setting("E/od_reading/od2", odUnion), setting("E/od_reading/od3", odUnion), setting("E/od_reading/od4", odUnion),
	setting("E/od_reading/raw_od?", strict[rawOD]), setting("E/od_reading/calibrated_od?", strict[calibratedOD]),
	setting("E/od_reading/od_fused", strict[odFused]),
	setting("E/growth_rate_calculating/growth_rate", strict[growthRate]), setting("E/growth_rate_calculating/od_filtered", strict[odFiltered]),

	// monitor
	setting("U/monitor/computer_statistics", strict[computerStatistics]), setting("U/monitor/button_down", boolean),
	setting("U/monitor/versions", strict[versions]), setting("U/monitor/voltage_on_pwm_rail", strict[voltage]),
	setting("U/monitor/ipv4", line), setting("U/monitor/wlan_mac_address", line), setting("U/monitor/eth_mac_address", line),

	// automations
	setting("E/dosing_automation/automation_name", line), setting("E/led_automation/automation_name", line), setting("E/temperature_automation/automation_name", line),
	setting("E/dosing_automation/latest_event", event), setting("E/led_automation/latest_event", event), setting("E/temperature_automation/latest_event", event),
	passing("E/dosing_automation/dosing_automation_settings", 2, oneOf(strict[window[chemostat]], strict[window[turbidostat]],
		strict[window[pidMorbidostat]], strict[window[fedBatch]], strict[window[silent]])),
	passing("E/led_automation/led_automation_settings", 2, oneOf(strict[window[lightDarkCycle]], strict[window[silent]])),
	passing("E/temperature_automation/temperature_automation_settings", 2, oneOf(strict[window[thermostat]],
		strict[window[silent]], strict[window[thermostatInRoom]], strict[window[inRoom]])),
	setting("E/dosing_automation/duration", float), setting("E/dosing_automation/exchange_volume_ml", float),
	setting("E/dosing_automation/target_biomass", float), setting("E/dosing_automation/biomass_signal", matches("auto|normalized_od|od_fused|od")),
	setting("E/dosing_automation/target_normalized_od", float), setting("E/dosing_automation/target_growth_rate", float),
	setting("E/dosing_automation/dosing_volume_ml", float),
	setting("E/led_automation/light_intensity", float), setting("E/led_automation/light_duration_minutes", float), setting("E/led_automation/dark_duration_minutes", float),
	setting("E/temperature_automation/target_temperature", float), setting("E/temperature_automation/temperature", strict[temperature]),
	setting("E/temperature_automation/heater_duty_cycle", float),

	// a calibration of stirring, in an experiment of its own: _testing_<experiment>
	kept("E/stirring_calibration/$state", state), passing("E/stirring_calibration/percent_progress", 0, float),

	// self_test
	setting("U/self_test/test_*", matches("0|1")), setting("U/self_test/all_tests_passed", matches("0|1")),
	setting("U/self_test/correlations_between_pds_and_leds", correlations),

	// said by commands, or by parts this unit does not have
	{topic: "E/od_blank/means", qos: 1, retain: true, clears: true, read: strict[map[string]leaf[isPositive]]},
	kept("E/od_blank/$state", state),
	passing("*/monitor/flicker_led_with_error_code", 2, matches("[1-8]")).not("jobs raise alarms, and the monitor blinks their codes; the topic is heard"),
	passing("*/monitor/flicker_led_response_okay", 1, line).not("whoever wants the unit to blink tells its monitor; the topic is heard"),
	passing("E/dosing_automation/$state/set", 1, state).not("an unstable reference pauses dosing by a message inside the unit"),
	passing("E/*/$state/set", 1, state).not("an automation that sleeps or ends stops its pumps by their leases, not by a topic"),
	{topic: "U/assignment", qos: 0, retain: true, read: line, absent: "for the leader, which this unit is not yet"},
	kept("E/experiment_profile/*/*", line).not("for the leader, which this unit is not yet"),
	kept("U/backup_database/*/*", state).not("for the leader, which this unit is not yet"),

	// ours
	passing("E/*/$ack", 1, object).because("the answer to every command, so that a refusal is seen"),
	passing("U/*/$ack", 1, object).because("the answer to every command, so that a refusal is seen"),
	kept("U/alarms/*", object).because("every alarm that was ever on, with its state"),
	kept("E/vial/state", object).because("whether the vial is paused, since when, and what rests"),
	setting("E/temperature_automation/room_temperature_c", float).because("what the vial's temperature is inferred against; Pioreactor takes 22 °C for granted"),
	setting("E/od_blank/samples_taken", whole).because("how far the blank is"),
	setting("U/calibrations/*", object).because("the calibration in force on a device; empty when there is none"),
	setting("U/estimators/*", object).because("the same for an estimator"),
	setting("U/self_test/progress", whole).because("of the self-test, in %"),
	setting("U/self_test/check", line).because("which check of the self-test runs, in words"),
	kept("E/bioreactor/owed_waste_ml", float).because("what flowed in and is still to be drained"),
	kept("E/bioreactor/*_bottle_ml", float).because("what a declared bottle holds"),
	kept("E/bioreactor/dose_check", object).because("whether the doses can be seen in the OD"),
	setting("E/dosing_automation/dilution_rate", float).because("of the last hour, in 1/h"),
	setting("E/dosing_automation/generations", float).because("since the experiment began"),
}

// object is any JSON object, as ours are.
func object(payload string) error {
	var any map[string]json.RawMessage
	return json.Unmarshal([]byte(payload), &any)
}

func correlations(payload string) error {
	var all [][3]json.RawMessage
	if err := json.Unmarshal([]byte(payload), &all); err != nil {
		return err
	}
	for _, c := range all {
		if !ledSpelling.Match(c[0]) || !channelSpelling.Match(c[1]) || !numberSpelling.Match(c[2]) {
			return fmt.Errorf("%s: not an LED, a photodiode and a number", c)
		}
	}
	return nil
}

// said is one message, its topic below <root>/<unit>/ with E or U.
type said struct {
	topic, payload string
	qos            byte
	retain         bool
}

func (s said) String() string {
	return fmt.Sprintf("%s (QoS %d, retained %v) %.300s", s.topic, s.qos, s.retain, s.payload)
}

// below makes a said of a whole topic.
func below(topic string) (string, bool) {
	levels := strings.SplitN(topic, "/", 4)
	if len(levels) != 4 {
		return "", false
	}
	if levels[2] == "$experiment" {
		return "U/" + levels[3], true
	}
	return "E/" + levels[3], true
}

// of are the rows on whose topic s is.
func of(s said) (found []int) {
	for i, r := range rows {
		if ok, err := path.Match(r.topic, s.topic); err != nil {
			panic(err)
		} else if ok {
			found = append(found, i)
		}
	}
	return found
}

// check finds the one row of s and reads it.
func check(s said) (int, error) {
	found := of(s)
	if len(found) != 1 {
		return -1, fmt.Errorf("%s: %d rows, want 1", s, len(found))
	}
	r := rows[found[0]]
	switch {
	case s.qos != r.qos || s.retain != r.retain:
		return found[0], fmt.Errorf("%s: want QoS %d, retained %v", s, r.qos, r.retain)
	case s.payload == "" && r.clears:
		return found[0], nil
	}
	if err := r.read(s.payload); err != nil {
		return found[0], fmt.Errorf("%s: %w", s, err)
	}
	return found[0], nil
}

func TestEveryMessageHasItsRow(t *testing.T) {
	wrong := map[string]bool{}
	for _, s := range ours(t) {
		if _, err := check(s); err != nil && !wrong[s.topic] {
			wrong[s.topic] = true // once is enough to see it
			t.Error(err)
		}
	}
}

func TestEveryRowIsSaidOrAbsentForAReason(t *testing.T) {
	hit, cleared := make([]bool, len(rows)), make([]bool, len(rows))
	for _, s := range ours(t) {
		for _, i := range of(s) {
			hit[i] = hit[i] || s.payload != ""
			cleared[i] = cleared[i] || s.payload == ""
		}
	}
	for i, r := range rows {
		switch {
		case hit[i] && r.absent != "":
			t.Errorf("%s is said, though it is absent: %s", r.topic, r.absent)
		case !hit[i] && r.absent == "":
			t.Errorf("%s is not said by any session", r.topic)
		case hit[i] && r.clears && !cleared[i]:
			t.Errorf("%s is never taken back", r.topic)
		}
	}
}

func TestCheckCatches(t *testing.T) {
	for name, s := range map[string]said{
		"a topic nobody knows":  {"E/stirring/speed", "500.0", 2, true},
		"another QoS":           {"E/stirring/target_rpm", "500.0", 0, true},
		"not retained":          {"E/stirring/target_rpm", "500.0", 2, false},
		"retained":              {"E/dosing_events", `{"volume_change":0.5,"event":"add_media","source_of_event":null,"timestamp":"2026-11-22T09:16:39.240000Z"}`, 2, true},
		"a state taken back":    {"E/stirring/$state", "", 2, true},
		"a volume taken back":   {"E/bioreactor/current_volume_ml", "", 2, true},
		"another payload":       {"E/stirring/target_rpm", "fast", 2, true},
		"the wrong experiment":  {"U/stirring/target_rpm", "500.0", 2, true},
		"an event nobody knows": {"E/dosing_automation/latest_event", `{"event_name":"Diluted","message":null,"data":null}`, 2, true},
	} {
		if _, err := check(s); err == nil {
			t.Errorf("%s: %s passed", name, s)
		}
	}
}
