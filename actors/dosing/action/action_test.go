package action

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
)

func TestOptionsBecomeADose(t *testing.T) {
	for _, c := range []struct {
		name    string
		options map[string]any
		want    actors.Dose
		of      string
	}{
		{"add_media", map[string]any{"ml": 1.5}, actors.Dose{MediaML: 1.5}, "add_media"},
		{"add_alt_media", map[string]any{"ml": 1.0, "source_of_event": "x"}, actors.Dose{AltMediaML: 1, Source: "x"}, "add_alt_media"},
		{"remove_waste", map[string]any{"duration": 2.5}, actors.Dose{Pump: "waste", For: 2500 * time.Millisecond}, "remove_waste"},
		{"add_media", map[string]any{"continuously": true}, actors.Dose{Pump: "media", Continuously: true}, "add_media"},
		{"remove_waste", map[string]any{"continuously": true, "duration": 6.0}, actors.Dose{Pump: "waste", Continuously: true, For: 6 * time.Second}, "remove_waste"},
		{"circulate_alt_media", map[string]any{"duration": 60.0}, actors.Dose{Pump: "alt_media", Circulate: true, For: time.Minute}, "circulate_alt_media"},
		{"pumps", map[string]any{"sequence": []any{map[string]any{"media": 2.0}, map[string]any{"sleep": 5.0}}},
			actors.Dose{Sequence: []actors.PumpStep{{Pump: "media", ML: 2}, {Sleep: 5 * time.Second}}}, ""},
	} {
		got, err := Dose(c.name, c.options)
		if err != nil || !reflect.DeepEqual(got, c.want) || Of(got) != c.of {
			t.Errorf("%s %v: %+v (%s), %v, want %+v", c.name, c.options, got, Of(got), err, c.want)
		}
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		options map[string]any
		code    string
	}{
		{"sing", nil, "unknown_action"},
		{"add_media", nil, "invalid"},
		{"add_media", map[string]any{"ml": 1.0, "duration": 1.0}, "invalid"},
		{"add_media", map[string]any{"ml": 1.0, "continuously": true}, "invalid"},
		{"add_media", map[string]any{"continuously": false}, "invalid"},
		{"add_media", map[string]any{"ml": "1"}, "out_of_range"},
		{"add_media", map[string]any{"ml": -1.0}, "out_of_range"},
		{"add_media", map[string]any{"litres": 1.0}, "unknown"},
		{"circulate_media", map[string]any{"ml": 1.0}, "unknown"},
		{"circulate_media", nil, "invalid"},
		{"pumps", nil, "invalid"},
		{"pumps", map[string]any{"sequence": []any{map[string]any{"beer": 1.0}}}, "invalid"},
		{"pumps", map[string]any{"sequence": []any{map[string]any{"media": 0.0}}}, "invalid"},
	} {
		_, err := Dose(c.name, c.options)
		var no *actors.Refusal
		if !errors.As(err, &no) || no.Code != c.code {
			t.Errorf("%s %v: %v, want %s", c.name, c.options, err, c.code)
		}
	}
}
