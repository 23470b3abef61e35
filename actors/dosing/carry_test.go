package dosing_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/hw/calibration"
)

// TestFractionsTooSmallForAPumpAreCarriedForward over restarts too: nothing is
// dropped, so the share of alt media is the one that was wanted.
func TestFractionsTooSmallForAPumpAreCarriedForward(t *testing.T) {
	r := devicetest.Start(t, 1)
	for i := range 10 {
		r.Send("job1", actors.Dose{MediaML: 0.48, AltMediaML: 0.02, WasteML: 0.5})
		r.Run(2 * time.Minute)
		if i == 4 {
			r.Crash("vial")
			r.Run(time.Second)
		}
	}
	v := r.Vial()
	if got := v.AltMediaML; math.Abs(got-0.18) > 1e-6 { // 9 of 10 parts of 0.02, in threes
		t.Errorf("%.3f mL of alt media for 10 times 0.02 mL, want 0.18 and the rest carried", got)
	}
	if math.Abs(v.MediaML-4.8) > 1e-6 || v.VolumeML > 15.001 {
		t.Errorf("%+v", v)
	}
}

// TestLedgerIsDurationTimesCalibration and a duration outside of it is noticed.
func TestLedgerIsDurationTimesCalibration(t *testing.T) {
	r := devicetest.Start(t, 1)
	cal := calibration.Calibration{Kind: "simple_media_pump", Name: "a", DutyPercent: 80,
		Curve:    calibration.Curve{Type: calibration.Poly, Poly: []float64{0.07, 0.01}},
		Recorded: calibration.Points{X: []float64{1, 20}, Y: []float64{0.08, 1.41}}}
	r.System.Publish("", actors.CalibrationActive{Device: "media_pump", Name: "a", Calibration: cal})
	duty := 0.0
	r.Board.Wrote = func(name string, percent float64) {
		if name == "pump/media" {
			duty = max(duty, percent)
		}
	}
	r.Send("vial", actors.Dose{MediaML: 0.5, WasteML: 0.5})
	r.Run(time.Minute)
	want := cal.At(r.Board.Outs["pump/media"].OnS)
	if got := r.Vial().MediaML; got != want || math.Abs(got-0.5) > 1e-8 || duty != 80 {
		t.Errorf("%.12f mL in the ledger for %v s at %v %%, want %.12f and 80 %%", got, r.Board.Outs["pump/media"].OnS, duty, want)
	}
	r.Send("vial", actors.Dose{Pump: "media", For: 500 * time.Millisecond})
	r.Run(time.Minute)
	warned := false
	for _, l := range devicetest.Of[actors.Log](r) {
		warned = warned || l.Level == "warning" && l.Task == "vial"
	}
	if !warned {
		t.Error("a run of 0.5 s with a calibration from 1 to 20 s is not warned of")
	}
}
