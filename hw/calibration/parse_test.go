package calibration_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw/calibration"
)

const good = `calibration_type: od
calibration_name: c
calibrated_on_pioreactor_unit: pio1
created_at: 2025-01-01 21:45:48.937062+00:00
curve_data_:
  type: spline
  knots: [0.0, 1.0, 2.0]
  coefficients: [[0, 1, 0, 0], [1, 1, 0, 0]]
recorded_data:
  x: [0.0, 2.0]
  y: [0.0, 2.0]
ir_led_intensity: 50
angle: "90"
pd_channel: "1"
rpm: 500
`

func TestBrokenFilesAreRefusedWithLineFieldValueAndRule(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"kind":           {"type: od\n", "type: odd\n", `line 1: calibration_type = "odd": must be one of od, od600, simple_peristaltic_pump, simple_stirring`},
		"missing":        {"angle: \"90\"\n", "", `angle = nothing: the field is missing`},
		"nan":            {"[1, 1, 0, 0]", "[1, .nan, 0, 0]", `line 8: curve_data_.coefficients[1][1] = ".nan": must be a finite number`},
		"infinite":       {"x: [0.0, 2.0]", "x: [0.0, -.inf]", `line 10: recorded_data.x[1] = -Inf: must be a finite number`},
		"text":           {"x: [0.0, 2.0]", "x: [0.0, two]", `line 10: recorded_data.x[1] = "two": must be a number`},
		"unequal":        {"y: [0.0, 2.0]", "y: [0.0]", `line 9: recorded_data = 1: x and y must be equally many, and there are 2 x`},
		"knots":          {"knots: [0.0, 1.0, 2.0]", "knots: [0.0, 2.0, 1.0]", `line 7: curve_data_.knots[2] = 1: must be above the knot before it, 2`},
		"rows":           {"knots: [0.0, 1.0, 2.0]", "knots: [0.0, 1.0]", `line 8: curve_data_.coefficients = 2 rows: must have one row fewer than there are knots, 1`},
		"short row":      {"[1, 1, 0, 0]", "[1, 1, 0]", `line 8: curve_data_.coefficients[1] = 3 values: must have the 4 values a, b, c, d`},
		"no curve":       {"type: spline", "type: cubic", `line 6: curve_data_.type = "cubic": must be one of poly, spline, akima`},
		"no zone":        {"+00:00", "", `line 4: created_at = "2025-01-01 21:45:48.937062": must be a date and time with its zone`},
		"path":           {"name: c\n", "name: ../c\n", `line 2: calibration_name = "../c": must be 1 to 250 letters`},
		"photodiode":     {`pd_channel: "1"`, `pd_channel: "7"`, `line 14: pd_channel = 7: must be from 1 to 4`},
		"photodiode abc": {`pd_channel: "1"`, `pd_channel: abc`, `line 14: pd_channel = "abc": must be one of '1', '2', '3', '4'`},
		"light":          {"intensity: 50", "intensity: 101", `line 12: ir_led_intensity = 101: must be from 0 to 100`},
		"twice":          {"rpm: 500", "pd_channel: '2'", `line 15: pd_channel = "pd_channel": must be there once`},
		"mapping":        {"recorded_data:\n  x: [0.0, 2.0]\n  y: [0.0, 2.0]\n", "recorded_data: none\n", `line 9: recorded_data = "none": must be a mapping of fields`},
		"a list":         {good, "- 1\n", `line 1: file = a list: must be a mapping of fields`},
		"not YAML":       {good, "a: [1\nb", `not YAML`},
		"empty":          {good, "", `f.yaml: the file is empty`},
		"two":            {"rpm: 500\n", "rpm: 500\n---\na: 1\n", `the file must hold one document`},
		"itself":         {"rpm: 500", "rpm: &a [*a]", `at most 100000 values, 50 deep`},
	} {
		_, err := calibration.Parse("od90/f.yaml", []byte(strings.Replace(good, tc.old, tc.new, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "od90/f.yaml") {
			t.Errorf("%s: %v\nwant %s", name, err, tc.want)
		}
		var p *calibration.Problem
		if !errors.As(err, &p) || p.File != "od90/f.yaml" {
			t.Errorf("%s: %T, want a *Problem with its file", name, err)
		}
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	text := strings.Replace(strings.Replace(good, "50", "-1", 1), `"90"`, `"91"`, 1)
	_, err := calibration.Parse("f", []byte(text))
	if err == nil || !strings.Contains(err.Error(), "ir_led_intensity") || !strings.Contains(err.Error(), "angle") {
		t.Errorf("%v, want both problems", err)
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	c, err := calibration.Parse("f", []byte(good+"nested: {a: [1, &x 2, *x]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := calibration.Format(c)
	if err != nil || !strings.Contains(string(text), "rpm: 500\nnested: {a: [1, 2, 2]}\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

// Pioreactor's migration 26.1.30 names both old forms.
func TestFilesFromBeforeTheMigrationAreRead(t *testing.T) {
	spline := "curve_data_:\n  type: spline\n  knots: [0.0, 1.0, 2.0]\n  coefficients: [[0, 1, 0, 0], [1, 1, 0, 0]]\n"
	want, err := calibration.Parse("f", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(good, spline, "curve_type: spline\ncurve_data_: [[0.0, 1.0, 2.0], [[0, 1, 0, 0], [1, 1, 0, 0]]]\n", 1)
	if got, err := calibration.Parse("f", []byte(old)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	old = strings.Replace(good, spline, "curve_type: poly\ncurve_data_: [2.0, 1.0]\n", 1)
	if got, err := calibration.Parse("f", []byte(old)); err != nil || !reflect.DeepEqual(got.Curve, poly(2, 1)) {
		t.Errorf("%v: %+v, want a polynomial", err, got.Curve)
	}
}

func TestNumbersAreWrittenSoThatYAML11ReadsThem(t *testing.T) {
	c, err := calibration.Parse("f", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	c.Curve = poly(1e-5, 1e16, 3, -0.25)
	text, err := calibration.Format(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"- 1.0e-05", "- 1.0e+16", "- 3.0", "- -0.25", "angle: \"90\"", "created_at: 2025-01-01 21:45:48.937062+00:00"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestFormatRefusesWhatBreaksARule(t *testing.T) {
	if text, err := calibration.Format(calibration.Calibration{Kind: calibration.Pump}); err == nil {
		t.Errorf("written: %s", text)
	}
}

func ExampleParse() {
	_, err := calibration.Parse("od90/c.yaml", []byte(strings.Replace(good, "intensity: 50", "intensity: fifty", 1)))
	fmt.Println(err)
	// Output: calibration: od90/c.yaml: line 12: ir_led_intensity = "fifty": must be a number
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := calibration.Parse("f", text); err == nil {
			out, err := calibration.Format(c)
			if err != nil {
				t.Fatalf("read but not written: %v", err)
			}
			again, err := calibration.Parse("f", out)
			if err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("round trip: %v\n%s\n got %+v\nwant %+v", err, out, again, c)
			}
		}
		if e, err := calibration.ParseEstimator("f", text); err == nil {
			if _, err := calibration.FormatEstimator(e); err != nil {
				t.Fatalf("read but not written: %v", err)
			}
		}
	})
}
