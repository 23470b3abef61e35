package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestTopicsComeApart(t *testing.T) {
	for topic, want := range map[string]Topic{
		"pioreactor/u/exp one/stirring/target_rpm/set":    {"pioreactor", "u", "exp one", "stirring", "target_rpm", true},
		"pioreactor/$broadcast/e/stirring/$state/set":     {"pioreactor", Broadcast, "e", "stirring", StateTopic, true},
		"pioreactor/u/$experiment/monitor/versions":       {"pioreactor", "u", Universal, "monitor", "versions", false},
		"pioreactor/u/e/dosing_events":                    {"pioreactor", "u", "e", "dosing_events", "", false},
		"pioreactor/u/e/logs/app/info":                    {"pioreactor", "u", "e", "logs", "app/info", false},
		"pioreactor/u/e/experiment_profile/12/$state/set": {"pioreactor", "u", "e", "experiment_profile", "12/$state", true},
		"pioreactor/u/e/job/set":                          {"pioreactor", "u", "e", "job", "set", false},
	} {
		got, err := ParseTopic("pioreactor", topic)
		if err != nil || got != want {
			t.Errorf("ParseTopic(%s) = %+v, %v, want %+v", topic, got, err, want)
		}
		if text, err := got.Build(); err != nil || text != topic {
			t.Errorf("Build = %s, %v, want %s", text, err, topic)
		}
	}
	if got, err := ParseTopic("lab/bio", "lab/bio/u/e/stirring/x"); err != nil || got.Unit != "u" {
		t.Errorf("a root of two levels: %+v, %v", got, err)
	}
}

func TestBadTopicsAreRefused(t *testing.T) {
	for _, topic := range []string{
		"", "pioreactor", "pioreactor/u/e", "other/u/e/j/s", "pioreactor//e/j/s", "pioreactor/u/e/j/", "pioreactor/u/e/j//set",
		"pioreactor/u/e/j/+", "pioreactor/u/#/j/s", "pioreactor/u/e\x00/j/s", "pioreactor/\xff/e/j/s",
		"pioreactor/u/e/j/s/t/u", "pioreactorx/u/e/j/s", "pioreactor/u/" + strings.Repeat("e", maxTopic) + "/j/s",
	} {
		if got, err := ParseTopic("pioreactor", topic); err == nil {
			t.Errorf("ParseTopic(%.60q) = %+v", topic, got)
		}
	}
	for _, bad := range []Topic{
		{}, {"p", "u", "e", "j", "", true}, {"p", "u", "e", "j", "a/b/c", false}, {"p", "u", "e", "j", "a/set", false},
		{"$p", "u", "e", "j", "s", false}, {"p", "u/v", "e", "j", "s", false},
	} {
		if text, err := bad.Build(); err == nil {
			t.Errorf("Build(%+v) = %s", bad, text)
		}
	}
}

func TestNamesPeopleGive(t *testing.T) {
	for _, c := range []struct {
		check func(string) error
		name  string
		good  bool
	}{
		{CheckUnit, "unit1", true}, {CheckUnit, "$broadcast", false}, {CheckUnit, "", false}, {CheckUnit, strings.Repeat("u", 64), false},
		{CheckExperiment, "E. coli, 37 °C", true}, {CheckExperiment, "a/b", false}, {CheckExperiment, "a+b", false},
		{CheckExperiment, "#1", false}, {CheckExperiment, "$experiment", false}, {CheckExperiment, "a\nb", false},
		{CheckExperiment, strings.Repeat("e", 201), false},
		{CheckJob, "stirring", true}, {CheckJob, "Stirring", false}, {CheckJob, "leds", false}, {CheckJob, "my_job2", true},
		{CheckSetting, "target_rpm", true}, {CheckSetting, "Kp", true}, {CheckSetting, "$state", false},
		{CheckSetting, "a__b", false}, {CheckSetting, "_a", false}, {CheckSetting, "a b", false},
	} {
		if err := c.check(c.name); (err == nil) != c.good {
			t.Errorf("name %q: %v, want good = %v", c.name, err, c.good)
		}
	}
}

func TestCommands(t *testing.T) {
	for payload, want := range map[string]string{"500": "500", " 5e2\n": "5e2", "": "", "µ": "µ", `{"a": 1}`: `{"a": 1}`} {
		if got, err := ParseCommand([]byte(payload)); err != nil || got != want {
			t.Errorf("ParseCommand(%q) = %q, %v, want %q", payload, got, err, want)
		}
	}
	for payload, want := range map[string]error{
		"\xff": ErrNotText, "a\x00b": ErrControl, "a\nb": ErrControl, strings.Repeat("a", MaxCommand+1): ErrTooLong,
	} {
		if got, err := ParseCommand([]byte(payload)); !errors.Is(err, want) {
			t.Errorf("ParseCommand(%.20q) = %q, %v, want %v", payload, got, err, want)
		}
	}
	if _, err := ParseState("READY"); err == nil {
		t.Error("READY accepted: states are case-sensitive")
	}
}

func FuzzParseTopic(f *testing.F) {
	f.Add("pioreactor", "pioreactor/u/e/stirring/target_rpm/set")
	f.Add("a/b", "a/b/u/$experiment/logs/app/set")
	f.Add("pioreactor", "pioreactor/u/e/j/set/set")
	f.Fuzz(func(t *testing.T, root, topic string) {
		parsed, err := ParseTopic(root, topic)
		if err != nil {
			return
		}
		text, err := parsed.Build()
		if err != nil || text != topic {
			t.Fatalf("%q parsed as %+v builds %q, %v", topic, parsed, text, err)
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte(" 500 "))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text, err := ParseCommand(payload)
		if err != nil {
			return
		}
		if again, err := ParseCommand([]byte(text)); err != nil || again != text {
			t.Fatalf("%q → %q → %q, %v", payload, text, again, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"event_name":"NoEvent","message":null,"data":{"a":1,"b":{"c":-0.0}}}`))
	f.Add([]byte(`{"taskName":null,"source":"app","task":"t","message":"\u2103","level":"INFO","timestamp":"2026-11-22T09:16:33.854Z"}`))
	f.Add([]byte(`{"timestamp":"2026-11-22T09:16:33Z","ods":{"2":{"calibrated":0,"timestamp":"2026-11-22T09:16:33Z","angle":"90","od":0.1,"channel":"2","ir_led_intensity":80}}}`))
	f.Add([]byte(`{"17": 15.0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		stable[AutomationEvent](t, data)
		stable[AutomationSettings](t, data)
		stable[Log](t, data)
		stable[ODReadings](t, data)
		stable[PWMDutyCycles](t, data)
		stable[MeasuredRPM](t, data)
	})
}

// stable: what was read and can be written reads back as the same.
func stable[T Payload](t *testing.T, data []byte) {
	t.Helper()
	v, err := Decode[T](data)
	if err != nil {
		return
	}
	first, err := Encode(v)
	if err != nil {
		return
	}
	second, err := again[T](string(first))
	if err != nil || string(second) != string(first) {
		t.Fatalf("%T: %s became %s, %v", v, first, second, err)
	}
}
