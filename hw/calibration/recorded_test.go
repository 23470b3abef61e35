package calibration_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw/calibration"
)

// load reads a file of testdata/calibrations.
func load(t *testing.T, name string) calibration.Calibration {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/calibrations", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := calibration.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPioreactorFilesAreReadAndGivenBack(t *testing.T) {
	items, err := calibration.NewLibrary("testdata/calibrations").All()
	if err != nil || len(items) != 8 {
		t.Fatalf("%d files, %v; want 8", len(items), err)
	}
	for _, it := range items {
		c, err := calibration.Parse(it.Name, it.Text)
		if err != nil {
			t.Errorf("%s: %v", it.Name, err)
			continue
		}
		if c.Name != it.Name {
			t.Errorf("name = %q, want %q", c.Name, it.Name)
		}
		text, err := calibration.Format(c)
		if err != nil {
			t.Errorf("%s: %v", it.Name, err)
		}
		again, err := calibration.Parse(it.Name, text)
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s: round trip: %v\n got %+v\nwant %+v", it.Name, err, again, c)
		}
	}
}

func TestPioreactorEstimatorIsReadAndGivenBack(t *testing.T) {
	text, err := os.ReadFile("testdata/estimators/od_fused/od-fused-estimator-2026-01-27.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := calibration.ParseEstimator("e", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Angles) != 3 || e.Angles[2].Angle != "135" || e.Angles[0].LowScale != nil || len(e.Angles[0].LogSigma.Knots) != 3 {
		t.Errorf("estimator = %+v", e)
	}
	out, err := calibration.FormatEstimator(e)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := calibration.ParseEstimator("e", out); err != nil || !reflect.DeepEqual(again, e) {
		t.Errorf("round trip: %v\n%s", err, out)
	}
	if !strings.Contains(e.Recorded, "by_angle") || !strings.Contains(string(out), "-2.083549405701885") {
		t.Error("the recorded data were lost")
	}
}

// The expected values are those that Pioreactor 26.7.2 asserts for these files.
func TestRecordedCalibrationsAnswerAsPioreactorDoes(t *testing.T) {
	for _, tc := range []struct {
		file          string
		volts, od, ok float64
		why           error
	}{
		{"od90/irl-data-1", 0.001, 0, 0, calibration.ErrBelowDomain},
		{"od90/irl-data-1", 0.002, 0, 0, calibration.ErrBelowDomain},
		{"od90/irl-data-1", 0.004, 0.0032975807375385234, 1e-5, nil},
		{"od90/irl-data-1", 0.02, 0.03639585015289039, 1e-5, nil},
		{"od90/irl-data-1", 1.5, 1.131, 0, calibration.ErrAboveDomain},
		{"od90/real-40-points", 0.096, 0.06, 0.01, nil},
		{"od45/M5_YE_sept", 2.0, 6.98, 0, calibration.ErrBelowDomain},
		{"od45/M5_YE_sept", 0.1, 0.361, 0, calibration.ErrAboveDomain},
		{"od90/mandy", 0.002, 0.01, 0.01, nil},
		{"od45/od45-optical-reference-standard-2026-01-08", 0, 0, 0, nil},
	} {
		c := load(t, tc.file)
		got, err := c.Nearest(tc.volts)
		if math.Abs(got-tc.od) > tc.ok || !errors.Is(err, tc.why) || (err != nil) != (tc.why != nil) {
			t.Errorf("%s: %g V = OD %g, %v; want %g ± %g, %v", tc.file, tc.volts, got, err, tc.od, tc.ok, tc.why)
		}
	}
	if _, err := load(t, "od90/mandy-first-fit").Inverse(0.002); !errors.Is(err, calibration.ErrAboveDomain) {
		t.Errorf("the first fit never reaches 0.002 V at low density: %v, want %v", err, calibration.ErrAboveDomain)
	}
}

func TestFitsOfRecordedPointsComeNearThem(t *testing.T) {
	c := load(t, "od90/real-40-points")
	for name, fit := range map[string]func() (calibration.Curve, error){
		"poly": func() (calibration.Curve, error) {
			return calibration.FitPoly(c.Recorded.X, c.Recorded.Y, nil, calibration.Auto)
		},
		"spline": func() (calibration.Curve, error) {
			return calibration.FitSpline(c.Recorded.X, c.Recorded.Y, nil, calibration.Auto)
		},
	} {
		k, err := fit()
		if err != nil {
			t.Fatal(name, err)
		}
		if got, was := rms(k, c.Recorded), rms(c.Curve, c.Recorded); got > 1.3*was {
			t.Errorf("%s: rms error = %.4f V, want at most that of the stored curve of degree 4, %.4f V, and a third", name, got, was)
		}
	}
}

func rms(k calibration.Curve, p calibration.Points) float64 {
	sum := 0.0
	for i, x := range p.X {
		sum += (k.At(x) - p.Y[i]) * (k.At(x) - p.Y[i])
	}
	return math.Sqrt(sum / float64(len(p.X)))
}
