package wire

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var at = time.Date(2026, 11, 22, 9, 16, 39, 240_999_999, time.FixedZone("CET", 3600))

func TestFloatsAreSpelledAsPythonDoes(t *testing.T) {
	for v, want := range map[float64]string{ // right column printed by Python 3.11 (repr)
		500: "500.0", 14.200000000000001: "14.200000000000001", 0.30000000000000004: "0.30000000000000004",
		1e-5: "1e-05", 0.0001: "0.0001", 1e16: "1e+16", 1e15: "1000000000000000.0", 123456789012345680: "1.2345678901234568e+17",
		9999999999999998: "9999999999999998.0", -2.5: "-2.5", 1e100: "1e+100", 5e-324: "5e-324", 0: "0.0",
		1.7976931348623157e308: "1.7976931348623157e+308", 1.5e-7: "1.5e-07", 1e22: "1e+22",
	} {
		if got, err := FormatFloat(v); err != nil || got != want {
			t.Errorf("FormatFloat(%g) = %s, %v, want %s", v, got, err, want)
		}
	}
	if got, _ := FormatFloat(math.Copysign(0, -1)); got != "-0.0" {
		t.Errorf("negative zero = %s", got)
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := FormatFloat(v); !errors.Is(err, ErrNotFinite) {
			t.Errorf("FormatFloat(%v): %v, want ErrNotFinite", v, err)
		}
	}
}

func TestFloatsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Filter(func(v float64) bool { return !math.IsInf(v, 0) }).Draw(t, "v")
		text, err := FormatFloat(v)
		if err != nil {
			t.Fatal(err)
		}
		n, err := ParseNumber(text)
		if err != nil || n.Float64() != v || n.String() != text {
			t.Fatalf("%v → %s → %v %s, %v", v, text, n.Float64(), n, err)
		}
	})
}

func TestTimes(t *testing.T) {
	if got := FormatMicro(at); got != "2026-11-22T08:16:39.240000Z" {
		t.Errorf("FormatMicro = %s", got)
	}
	if got := FormatMilli(at); got != "2026-11-22T08:16:39.240Z" {
		t.Errorf("FormatMilli = %s", got)
	}
	for _, text := range []string{"2026-11-22T09:16:39Z", "2026-11-22T09:16:39.1Z", "2026-11-22T09:16:39.240000Z",
		"2026-11-22T09:16:39.123456789Z", "2026-11-22T10:16:39.240+01:00"} {
		if got, err := ParseTime(text); err != nil || got.Location() != time.UTC || got.Hour() != 9 {
			t.Errorf("ParseTime(%s) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2026-11-22T09:16:39", "2026-11-22 09:16:39Z", "yesterday", strings.Repeat("2", 99)} {
		if _, err := ParseTime(text); err == nil {
			t.Errorf("ParseTime(%q) accepted", text)
		}
	}
}

func TestPayloadsNotInTheRecording(t *testing.T) {
	od := ODReading{Timestamp: at, Angle: "90", OD: 0.1, Channel: "2", IRLEDIntensity: 80}
	calibrated := od
	calibrated.CalibrationName, calibrated.OD = "c1 \"<µ>\"\n\u2028", -1e-5
	const stamp = `"timestamp":"2026-11-22T08:16:39.240000Z"`
	raw := `{"calibrated":0,` + stamp + `,"angle":"90","od":0.1,"channel":"2","ir_led_intensity":80.0}`
	for _, c := range []struct {
		payload Payload
		want    string
	}{
		{od, raw},
		{calibrated, `{"calibrated":1,` + stamp + `,"angle":"90","od":-1e-05,"channel":"2","ir_led_intensity":80.0,"calibration_name":"c1 \"<µ>\"\n` + "\u2028" + `"}`},
		{ODReadings{Timestamp: at, ODs: []ODReading{od}}, `{` + stamp + `,"ods":{"2":` + raw + `}}`},
		{ODFused{1, at}, `{"od_fused":1.0,` + stamp + `}`},
		{RelativeIntensity{0.99, at}, `{"relative_intensity_of_ir_led":0.99,` + stamp + `}`},
		{GrowthRate{0.12, at}, `{"growth_rate":0.12,` + stamp + `}`},
		{ODFiltered{1.43, at}, `{"od_filtered":1.43,` + stamp + `}`},
		{Voltage{at, 5}, `{` + stamp + `,"voltage":5.0}`},
		{BlankMeans{"2": 0.123, "1": 1}, `{"1":1.0,"2":0.123}`},
		{PWMDutyCycles{17: 15, 13: 0.5, 16: 0}, `{"13": 0.5, "17": 15.0}`},
		{Assignment{"u", "E", at, at}, `{"pioreactor_unit":"u","experiment":"E","assigned_at":"2026-11-22T08:16:39.240Z","updated_at":"2026-11-22T08:16:39.240Z"}`},
		{Assignment{Unit: "u", UpdatedAt: at}, `{"pioreactor_unit":"u","experiment":null,"assigned_at":null,"updated_at":"2026-11-22T08:16:39.240Z"}`},
		{Log{"ui", "x", "µ😀\x7f", "INFO", at, true}, `{"source":"ui","task":"x","message":"\u00b5\ud83d\ude00\u007f","level":"INFO","timestamp":"2026-11-22T08:16:39.240Z"}`},
		{AutomationEvent{Name: "NoEvent"}, `{"event_name":"NoEvent","message":null,"data":null}`},
		{AutomationEvent{"E", "m", Object{{"a", 1}, {"b", 2.0}, {"c", true}, {"d", nil}, {"e", Object{}}}}, `{"event_name":"E","message":"m","data":{"a":1,"b":2.0,"c":true,"d":null,"e":{}}}`},
	} {
		got, err := Encode(c.payload)
		if err != nil || string(got) != c.want {
			t.Errorf("Encode(%T)\n got %s %v\nwant %s", c.payload, got, err, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("Encode(%T): not JSON", c.payload)
		}
	}
	roundTrip[ODReading](t, calibrated)
	roundTrip[ODReadings](t, ODReadings{Timestamp: at, ODs: []ODReading{od, {Timestamp: at, Channel: "3"}}})
	roundTrip[Log](t, Log{"ui", "x", "µ😀", "INFO", at, true})
	roundTrip[Assignment](t, Assignment{Unit: "u", UpdatedAt: at})
	roundTrip[AutomationSettings](t, AutomationSettings{Unit: "u", StartedAt: at, Settings: Object{{"a", 1.0}}})
}

func roundTrip[T Payload](t *testing.T, p Payload) {
	t.Helper()
	first, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again[T](string(first)); err != nil || string(second) != string(first) {
		t.Errorf("%T:\n got %s %v\nwant %s", p, second, err, first)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	bad := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	od := ODReading{Channel: "1", Timestamp: at}
	for _, p := range []Payload{
		GrowthRate{math.NaN(), at}, GrowthRate{1, bad}, Temperature{at, math.Inf(1)},
		ODReading{OD: -1, Timestamp: at}, ODReadings{at, []ODReading{od, od}},
		AutomationEvent{Data: Object{{"a", math.NaN()}}}, AutomationEvent{Data: Object{{"a", []int{1}}}},
		PWMDutyCycles{1: math.Inf(-1)},
	} {
		if out, err := Encode(p); err == nil || out != nil {
			t.Errorf("Encode(%+v) = %s, %v, want an error", p, out, err)
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for _, text := range []string{
		``, `{}x`, `{"growth_rate":1.0,"timestamp":"2026-11-22T09:16:39Z","x":1}`, `{"growth_rate":"1"}`,
		`{"growth_rate":1.0,"timestamp":"2026-11-22T09:16:39"}`, `[]`, `{"growth_rate":1e999}`,
	} {
		if v, err := Decode[GrowthRate]([]byte(text)); err == nil {
			t.Errorf("Decode(%s) = %+v", text, v)
		}
	}
	if _, err := Decode[ODReading]([]byte(`{"calibrated":1}`)); err == nil {
		t.Error("calibrated reading without a calibration accepted")
	}
}

func TestValue(t *testing.T) {
	for want, v := range map[string]any{
		"": nil, "500.0": 500.0, "100": Int(100), "7": 7, "True": true, "False": false, "chemostat": "chemostat",
		"1e-05": Float(1e-5), `{"A":0.0,"B":0.0,"C":0.0,"D":5.0}`: LEDIntensities{D: 5},
	} {
		if got, err := Value(v); err != nil || string(got) != want {
			t.Errorf("Value(%v) = %s, %v, want %s", v, got, err, want)
		}
	}
	for _, v := range []any{math.NaN(), "\xff", struct{}{}, Float(math.Inf(1))} {
		if got, err := Value(v); err == nil {
			t.Errorf("Value(%v) = %s, want an error", v, got)
		}
	}
}
