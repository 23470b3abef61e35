package check

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var unit = Unit{HAT: "1.2", LED: "A", IRPercent: 80, StirPercent: 30,
	Photodiodes: []Photodiode{{"1", "REF"}, {"2", "90"}, {"3", "135"}, {"4", "45"}}}

func byName(t *testing.T, name string) Check {
	t.Helper()
	all := All()
	i := slices.IndexFunc(all, func(c Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s", name)
	}
	return all[i]
}

// same is n readings of all photodiodes at the given volts.
func same(n int, volts ...float64) (all [][]float64) {
	for range n {
		all = append(all, slices.Clone(volts))
	}
	return all
}

func TestChecksAreOrderedByWhatTheyNeed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		for _, need := range c.Needs {
			if !seen[need] {
				t.Errorf("%s needs %s, which comes later or never", c.Name, need)
			}
		}
		if seen[c.Name] || c.Title == "" || c.Remedy == "" {
			t.Errorf("%s: twice, or without title or remedy", c.Name)
		}
		seen[c.Name] = true
	}
	if len(seen) != 11 {
		t.Errorf("%d checks, want 11", len(seen))
	}
}

// A plan holds a window for less than ten seconds, closes what it opens, and
// lasts less than three minutes.
func TestPlansKeepTheRules(t *testing.T) {
	for _, c := range All() {
		var total, window time.Duration
		open := false
		for i, step := range c.Plan(unit) {
			took := step.For
			if step.Do == ReadLight {
				took = ReadTook
			}
			switch {
			case step.Do == Light && open, step.Do == EndLight && !open, (step.Do == Stir || step.Do == Heat) && open, step.Do == ReadLight && !open:
				t.Errorf("%s: step %d, %s: window open: %v", c.Name, i, step.Do, open)
			case step.Do == Light:
				open, window = true, 0
			case step.Do == EndLight:
				open = false
			}
			if open {
				window += took
			}
			total += took
			if window >= 10*time.Second || !(step.Percent >= 0 && step.Percent <= 100) {
				t.Errorf("%s: step %d, %+v: window open for %v", c.Name, i, step, window)
			}
		}
		if open || total >= 3*time.Minute {
			t.Errorf("%s: lasts %v, window left open: %v", c.Name, total, open)
		}
	}
}

func TestJudgements(t *testing.T) {
	ramp := func(gains ...float64) (all [][]float64) {
		for _, percent := range intensities {
			for range readsEach {
				reading := make([]float64, len(gains))
				for i, g := range gains {
					reading[i] = g * percent
				}
				all = append(all, reading)
			}
		}
		return all
	}
	position := func(ref, signal float64) [][]float64 {
		all := same(offsetReads, 0, 0, 0, 0)
		all = append(all, same(warmUpReads, 1, 1, 1, 1)...)
		for range cycles {
			all = append(all, same(settleReads+windowReads, 1+ref, 1+signal, 1, 1)...)
			all = append(all, same(settleReads+windowReads, 1, 1, 1, 1)...)
		}
		return all
	}
	alternating := slices.Concat(same(3, 1.0, 0, 0, 0), same(3, 0.7, 0, 0, 0)) // variance 0.027
	warming := Record{TemperatureC: []float64{22, 22, 22.1, 22.3, 22.5, 22.8, 23.2, 23.5, 23.9, 24.2}}
	flat := Record{TemperatureC: []float64{22, 22, 22, 22, 22, 22, 22, 22, 22, 22}}
	for name, c := range map[string]struct {
		check  string
		unit   Unit
		record Record
		ok     bool
		skip   bool
	}{
		"HAT":                     {check: "test_pioreactor_HAT_present", unit: unit, ok: true},
		"no HAT":                  {check: "test_pioreactor_HAT_present"},
		"all follow":              {check: correlationName, unit: unit, record: Record{Volts: ramp(1, 0.01, 1e-4, 2)}, ok: true},
		"one dark":                {check: correlationName, unit: unit, record: Record{Volts: ramp(1, 0, 1, 1)}},
		"one against":             {check: correlationName, unit: unit, record: Record{Volts: ramp(1, 1, 1, -1)}},
		"0.079 V of ambience":     {check: "test_ambient_light_interference", unit: unit, record: Record{Volts: same(2, .079, 0, 0, 0)}, ok: true},
		"0.080 V of ambience":     {check: "test_ambient_light_interference", unit: unit, record: Record{Volts: same(2, 0, 0, 0, .080)}},
		"dark again":              {check: "test_dark_offset_correction_is_effective", unit: unit, record: Record{Volts: append(same(2, .002, .002, .002, .002), same(8, .0119, .002, .002, .002)...)}, ok: true},
		"dark too late":           {check: "test_dark_offset_correction_is_effective", unit: unit, record: Record{Volts: append(same(2, .002, .002, .002, .002), same(8, .002, .0121, .002, .002)...)}},
		"REF at 0.010 V":          {check: "test_REF_is_lower_than_0_dot_256_volts", unit: unit, record: Record{Volts: same(6, 0.010, 0, 0, 0)}, ok: true},
		"REF at 0.009 V":          {check: "test_REF_is_lower_than_0_dot_256_volts", unit: unit, record: Record{Volts: same(6, 0.009, 0, 0, 0)}},
		"REF at 1.01 V":           {check: "test_REF_is_lower_than_0_dot_256_volts", unit: unit, record: Record{Volts: same(6, 1.01, 0, 0, 0)}},
		"REF restless":            {check: "test_REF_is_lower_than_0_dot_256_volts", unit: unit, record: Record{Volts: alternating}},
		"no REF":                  {check: "test_REF_is_lower_than_0_dot_256_volts", unit: Unit{Photodiodes: unit.Photodiodes[1:]}, record: Record{Volts: same(6, 1, 1, 1)}, skip: true},
		"REF in place":            {check: "test_REF_is_in_correct_position", unit: unit, record: Record{Volts: position(0.014, 0.02)}, ok: true},
		"REF moves too much":      {check: "test_REF_is_in_correct_position", unit: unit, record: Record{Volts: position(0.016, 0.2)}},
		"REF moves as the signal": {check: "test_REF_is_in_correct_position", unit: unit, record: Record{Volts: position(0.008, 0.01)}},
		"nothing moves":           {check: "test_REF_is_in_correct_position", unit: unit, record: Record{Volts: position(0, 0)}},
		"bar stands":              {check: "test_REF_is_in_correct_position", unit: unit, record: Record{Volts: position(0, 0), RPM: []float64{0}}, skip: true},
		"blank":                   {check: "test_PD_is_near_0_volts_for_blank", unit: unit, record: Record{Volts: append(same(2, 0, 0, 0, 0), same(6, 1, .034, .149, .034)...)}, ok: true},
		"90° too bright":          {check: "test_PD_is_near_0_volts_for_blank", unit: unit, record: Record{Volts: append(same(2, 0, 0, 0, 0), same(6, 1, .036, 0, 0)...)}},
		"135° too bright":         {check: "test_PD_is_near_0_volts_for_blank", unit: unit, record: Record{Volts: append(same(2, 0, 0, 0, 0), same(6, 1, 0, .151, 0)...)}},
		"warms":                   {check: "test_positive_correlation_between_temperature_and_heating", record: warming, ok: true},
		"stays cold":              {check: "test_positive_correlation_between_temperature_and_heating", record: flat},
		"follows":                 {check: "test_positive_correlation_between_rpm_and_stirring", unit: unit, record: Record{RPM: []float64{680, 650, 620, 590, 550, 500, 460, 420}}, ok: true},
		"stands":                  {check: "test_positive_correlation_between_rpm_and_stirring", unit: unit, record: Record{RPM: make([]float64, 8)}},
		"18.0 V":                  {check: "test_aux_power_is_not_too_high", record: Record{RailV: []float64{18}}, ok: true},
		"18.1 V":                  {check: "test_aux_power_is_not_too_high", record: Record{RailV: []float64{18.1}}},
	} {
		t.Run(name, func(t *testing.T) {
			v := byName(t, c.check).Judge(c.unit, c.record)
			if v.OK != c.ok || v.Skip != c.skip || v.Text == "" {
				t.Errorf("%+v, want ok %v, skip %v, and a text", v, c.ok, c.skip)
			}
			for _, m := range v.Measured {
				if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
					t.Errorf("%s = %v", m.Name, m.Value)
				}
			}
		})
	}
}

func TestEveryFailureIsNamed(t *testing.T) {
	v := byName(t, "test_ambient_light_interference").Judge(unit, Record{Volts: same(2, 0.2, 0.2, 0, 0)})
	if !strings.Contains(v.Text, "photodiode 1") || !strings.Contains(v.Text, "photodiode 2") || strings.Contains(v.Text, "photodiode 3") {
		t.Errorf("%q, want photodiodes 1 and 2", v.Text)
	}
}
