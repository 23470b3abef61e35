package ledger_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
)

func encode(l ledger.Ledger) ([]byte, error) {
	s, err := l.Store()
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func decode(data []byte) (ledger.Ledger, error) {
	var s ledger.Stored
	err := json.Unmarshal(data, &s)
	return s.Ledger, err
}

func TestDecodeIsStrict(t *testing.T) {
	open, err := run(t, vial(t, 15), dose("done", hw.Media, 1)).Reserve(dose("open", hw.Waste, 1), noon, lim)
	if err != nil {
		t.Fatal(err)
	}
	data, err := encode(open)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	if back, err := decode(data); err != nil || !reflect.DeepEqual(back, open) {
		t.Fatalf("decoded %+v, %v, want %+v", back, err, open)
	}
	for name, swap := range map[string][2]string{
		"other version":      {`"version":1`, `"version":2`},
		"no version":         {`"version":1,`, ``},
		"unknown field":      {`"epoch":0`, `"epoch":0,"colour":1`},
		"negative volume":    {`"current_volume_ml":16`, `"current_volume_ml":-16`},
		"huge volume":        {`"current_volume_ml":16`, `"current_volume_ml":1e300`},
		"not a number":       {`"current_volume_ml":16`, `"current_volume_ml":NaN`},
		"fraction above 1":   {`"alt_media_fraction":0`, `"alt_media_fraction":1.5`},
		"unknown status":     {`"status":"done"`, `"status":"running"`},
		"unknown pump":       {`"pump":"media"`, `"pump":"soup"`},
		"seen and open":      {`"id":"done"`, `"id":"open"`},
		"open without ID":    {`"id":"open"`, `"id":""`},
		"worst case below":   {`"worst_case_ml":1`, `"worst_case_ml":0.5`},
		"text after the end": {`}]}}`, `}]}} x`},
		"two documents":      {`}]}}`, `}]}} {}`},
		"cut off":            {`}]}}`, `}]}`},
	} {
		bad := strings.Replace(good, swap[0], swap[1], 1)
		if bad == good {
			t.Errorf("%s: %q is not in %s", name, swap[0], good)
		}
		if _, err := decode([]byte(bad)); err == nil {
			t.Errorf("%s was decoded", name)
		}
	}
	broken := open
	broken.Generations = math.NaN()
	if _, err := encode(broken); err == nil {
		t.Error("NaN was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	open, err := run(f, vial(f, 15), dose("done", hw.AltMedia, 1)).Reserve(dose("open", hw.Waste, 1), noon, lim)
	if err != nil {
		f.Fatal(err)
	}
	data, err := encode(open)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"ledger":{}}`))
	f.Add([]byte(`{"version":1,"ledger":{"seen":[],"last_dose_at":"2026-03-01T12:00:00+02:00"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decode(data)
		if err != nil {
			return
		}
		roundTrip(t, l)
		if l.CurrentVolumeML+l.CumulativeMediaAddedML+l.CumulativeAltMediaAddedML > 1e6 {
			return // a tonne in the vial: another dose may leave the range that is stored
		}
		if l, err = l.Recover(noon, lim); err != nil || l.Open.ID != "" {
			t.Fatalf("recovered %+v, %v", l, err)
		}
		if _, err := encode(l); err != nil {
			t.Fatalf("after recovery: %v", err)
		}
	})
}
