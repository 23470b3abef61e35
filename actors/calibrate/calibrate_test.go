package calibrate_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	_ "github.com/pioactor/pioactor/cmd/standard"
	"github.com/pioactor/pioactor/hw/calibration"
)

const (
	recorded = "../../hw/calibration/testdata/calibrations/"
	fused    = "../../hw/calibration/testdata/estimators/od_fused/od-fused-estimator-2026-01-27.yaml"
)

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type house struct {
	*actorstest.House
	t *testing.T
}

func open(t *testing.T, seed uint64) *house {
	h := &house{t: t}
	h.House = actorstest.Open(t, actorstest.HouseOptions{Seed: seed})
	h.RunUntil(60e9, "unit", h.AllReady)
	return h
}

// must asks the actor and fails the test unless it agrees.
func (h *house) must(body any) any {
	h.t.Helper()
	r := h.Do("calibrations", body)
	if !r.OK {
		h.t.Fatalf("%+v: %s %s", body, r.Code, r.Reason)
	}
	return r.Value
}

func (h *house) refused(code string, body any) string {
	h.t.Helper()
	r := h.Do("calibrations", body)
	if r.OK || r.Code != code {
		h.t.Errorf("%T: %+v, want %s", body, r, code)
	}
	return r.Reason
}

func (h *house) inForce(device string) actors.CalibrationActive {
	a, _ := actors.LatestOf[actors.CalibrationActive](h.System, device)
	return a
}

func TestCalibrationIsUsedUnchangedAndOutlivesARestart(t *testing.T) {
	for seed := range uint64(3) {
		h := open(t, seed+1)
		if a := h.inForce("od90"); a.Device != "" {
			t.Fatalf("a new unit has %+v in force", a)
		}
		yaml := text(t, recorded+"od90/irl-data-1.yaml")
		h.must(actors.ImportCalibration{Shelf: actors.Calibrations, Device: "od90", YAML: yaml})
		if a := h.inForce("od90"); a.Name != "" {
			t.Error("in force before somebody said so")
		}
		h.must(actors.UseCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "irl-data-1"})
		h.Kill()
		h.RunUntil(60e9, "unit", h.AllReady)
		a := h.inForce("od90")
		if od, err := a.Calibration.Inverse(0.02); a.Name != "irl-data-1" || err != nil || od < 0.036 || od > 0.037 {
			t.Errorf("after a restart %+v: OD %g, %v", a, od, err)
		}
		shown := h.must(actors.ShowCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "irl-data-1"}).(actors.CalibrationFile)
		if shown.YAML != yaml || !shown.Active {
			t.Errorf("shown %+v, want the file as it came, active", shown)
		}
	}
}

func TestEstimatorsGoTheSameWay(t *testing.T) {
	h := open(t, 1)
	h.must(actors.ImportCalibration{Shelf: actors.Estimators, Device: "od_fused", YAML: text(t, fused)})
	h.must(actors.UseCalibration{Shelf: actors.Estimators, Device: "od_fused", Name: "od-fused-estimator-2026-01-27"})
	a, _ := actors.LatestOf[actors.EstimatorActive](h.System, "od_fused")
	if len(a.Estimator.Angles) != 3 {
		t.Errorf("in force: %+v", a)
	}
	h.must(actors.UnuseCalibration{Shelf: actors.Estimators, Device: "od_fused"})
	if a, _ = actors.LatestOf[actors.EstimatorActive](h.System, "od_fused"); a.Name != "" || len(a.Estimator.Angles) != 0 || a.Device != "od_fused" {
		t.Errorf("after unuse: %+v, want none", a)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	h := open(t, 2)
	yaml := text(t, recorded+"od90/mandy.yaml")
	add := actors.ImportCalibration{Shelf: actors.Calibrations, Device: "od90", YAML: yaml}
	h.must(add)
	h.refused("exists", add)
	h.refused("invalid", actors.ImportCalibration{Shelf: actors.Calibrations, Device: "od45", YAML: yaml})
	h.refused("invalid", actors.ImportCalibration{Shelf: actors.Calibrations, Device: "media_pump", YAML: yaml})
	h.refused("invalid", actors.ImportCalibration{Shelf: actors.Calibrations, Device: "../od90", YAML: yaml})
	h.refused("invalid", actors.ImportCalibration{Shelf: "books", Device: "od90", YAML: yaml})
	broken := strings.Replace(yaml, "pd_channel: '2'", "pd_channel: '9'", 1)
	why := h.refused("invalid", actors.ImportCalibration{Shelf: actors.Calibrations, Device: "od90", YAML: broken})
	if want := "calibrations/od90/import.yaml: line "; !strings.Contains(why, want) || !strings.Contains(why, "pd_channel = 9: must be from 1 to 4") {
		t.Errorf("reason = %q, want file, line, field, value and rule", why)
	}
	h.refused("too_long", actors.ImportCalibration{Shelf: actors.Calibrations, Device: "od90", YAML: strings.Repeat(" ", calibration.MaxBytes+1)})
	h.refused("unknown_calibration", actors.UseCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "other"})
	h.refused("not_active", actors.UnuseCalibration{Shelf: actors.Calibrations, Device: "od90"})
	h.must(actors.UseCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "mandy"})
	h.refused("active", actors.DeleteCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "mandy"})
	h.Store.Break(errors.New("disk full"))
	h.refused("not_saved", actors.UnuseCalibration{Shelf: actors.Calibrations, Device: "od90"})
	h.Store.Break(nil)
	files := h.must(actors.ListCalibrations{Shelf: actors.Calibrations}).([]actors.CalibrationFile)
	if len(files) != 1 || !files[0].Active || h.inForce("od90").Name != "mandy" {
		t.Errorf("files %+v, in force %q; want mandy, active", files, h.inForce("od90").Name)
	}
	h.must(actors.UnuseCalibration{Shelf: actors.Calibrations, Device: "od90"})
	h.must(actors.DeleteCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "mandy"})
	h.refused("unknown_calibration", actors.DeleteCalibration{Shelf: actors.Calibrations, Device: "od90", Name: "mandy"})
}

func TestBrokenFileIsAnAlarmAndNeverAFallback(t *testing.T) {
	h := open(t, 3)
	yaml := text(t, recorded+"media_pump/pump-duration.yaml")
	h.must(actors.ImportCalibration{Shelf: actors.Calibrations, Device: "media_pump", YAML: yaml})
	h.must(actors.UseCalibration{Shelf: actors.Calibrations, Device: "media_pump", Name: "pump-duration"})
	files := h.Calibrations.Calibrations
	for name, damage := range map[string]func() error{
		"gone": func() error { return nil },
		"torn": func() error { return files.Write("media_pump", "pump-duration", []byte(yaml[:100])) },
		"wrong": func() error {
			return files.Write("media_pump", "pump-duration", []byte(strings.Replace(yaml, "0.0911", ".nan", 1)))
		},
	} {
		if err := files.Delete("media_pump", "pump-duration"); err != nil {
			t.Fatal(err)
		}
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		h.Kill()
		h.RunUntil(60e9, "unit", h.AllReady)
		a, alarm := h.inForce("media_pump"), h.alarm("calibrations_broken_media_pump")
		if a.Name != "" || a.Problem == "" || a.Calibration.Name != "" {
			t.Errorf("%s: in force %+v, want none and why", name, a)
		}
		if !alarm.Active || name == "wrong" && !strings.Contains(alarm.Text, "calibrations/media_pump/pump-duration.yaml: line 8: curve_data_.coefficients[0]") {
			t.Errorf("%s: alarm %+v", name, alarm)
		}
		if name == "gone" {
			if err := files.Write("media_pump", "pump-duration", []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(files.Delete("media_pump", "pump-duration"), files.Write("media_pump", "pump-duration", []byte(yaml))); err != nil {
		t.Fatal(err)
	}
	h.must(actors.UseCalibration{Shelf: actors.Calibrations, Device: "media_pump", Name: "pump-duration"})
	if h.alarm("calibrations_broken_media_pump").Active || h.inForce("media_pump").Name == "" {
		t.Error("mended and used again, and still an alarm")
	}
}

func (h *house) alarm(name string) actors.Alarm {
	a, _ := actors.LatestOf[actors.Alarm](h.System, name)
	return a
}
