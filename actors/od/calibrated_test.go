package od_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/fusion"
	"github.com/pioactor/pioactor/hw/calibration"
	"github.com/pioactor/pioactor/hw/sim"
)

// line90 is a calibration at 90°: 2 AU for each unit of raw OD, from raw 0.01
// to 0.4.
func line90(ir float64) actors.CalibrationActive {
	return actors.CalibrationActive{Device: "od90", Name: "line", Calibration: calibration.Calibration{
		Kind: calibration.OD, Name: "line", X: "OD", Y: "Voltage", IRPercent: ir, Angle: "90", Channel: 2,
		Curve:    calibration.Curve{Type: calibration.Poly, Poly: []float64{0.5, 0}},
		Recorded: calibration.Points{X: []float64{0.02, 0.8}, Y: []float64{0.01, 0.4}}}}
}

func steady(au float64) func(*sim.Config) {
	return func(c *sim.Config) { c.InitialODAU, c.MuMaxPerH, c.EvaporationMLPerH = au, 0, 0 }
}

func (r *rig) publish(f actors.Fact) {
	r.sys.Publish("", f)
	r.clk.Run(0)
}

func TestCalibratedODIsWhatTheCalibrationSays(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r, _ := simRig(t, seed, steady(0.5))
		r.publish(line90(80))
		r.startOD(t, nil)
		r.clk.Run(time.Minute)
		got := r.last(t)
		want(t, "calibrated", got.Quality, actors.Good, "")
		if got.Calibration != "line" || math.Abs(got.Value-2*got.RawAU) > 1e-9 || math.Abs(got.RawAU-got.Volts/got.ReferenceV) > 1e-9 {
			t.Errorf("reading = %+v, want twice its raw OD by line", got)
		}
		r.set(t, "ir_led_intensity", "60")
		r.clk.Run(time.Minute)
		got = r.last(t)
		want(t, "other light", got.Quality, actors.Bad, "uncalibrated")
		if got.Calibration != "" || got.Value != got.RawAU || !r.alarm("od_not_calibrated") {
			t.Errorf("other light: %+v, alarm %v", got, r.alarm("od_not_calibrated"))
		}
		if a, _ := actors.LatestOf[actors.Alarm](r.sys, "od_not_calibrated"); !strings.Contains(a.Text, "set ir_led_intensity to 80") {
			t.Errorf("alarm %q does not say what to do", a.Text)
		}
		r.set(t, "ir_led_intensity", "80")
		r.clk.Run(2 * time.Minute)
		if got = r.last(t); got.Calibration != "line" || r.alarm("od_not_calibrated") {
			t.Errorf("same light again: %+v, alarm %v", got, r.alarm("od_not_calibrated"))
		}
		r.publish(actors.CalibrationActive{Device: "od90"})
		r.clk.Run(10 * time.Second)
		if got = r.last(t); got.Calibration != "" || got.Value != got.RawAU || got.Quality.Grade != actors.Good {
			t.Errorf("without a calibration: %+v", got)
		}
	})
}

func TestOutsideACalibrationODIsAtItsEnd(t *testing.T) {
	r, _ := simRig(t, 1, steady(20))
	warnings := 0
	r.sys.Watch(func(f actors.Fact) {
		if l, ok := f.(actors.Log); ok && l.Level == "warning" && strings.Contains(l.Message, "od90") {
			warnings++
		}
	})
	r.publish(line90(80))
	r.startOD(t, nil)
	r.clk.Run(20 * time.Minute)
	got := r.last(t)
	want(t, "too dense", got.Quality, actors.Uncertain, "outside_calibration")
	if got.RawAU < 0.4 || got.Value != 0.8 || got.Calibration != "line" {
		t.Errorf("reading = %+v, want the upper end, 0.8 AU", got)
	}
	if warnings < 4 || warnings > 5 {
		t.Errorf("%d warnings in 20 min, want one every 300 s", warnings)
	}
}

func TestCalibrationThatHasNoAnswerLeavesTheRawSide(t *testing.T) {
	r, _ := simRig(t, 1, steady(0.5))
	cal := line90(80)
	cal.Calibration.Recorded = calibration.Points{}
	cal.Calibration.Curve.Poly = []float64{1, 0, 100} // never below 100
	r.publish(cal)
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	got := r.last(t)
	want(t, "no answer", got.Quality, actors.Bad, "uncalibrated")
	if got.Value != got.RawAU || got.RawAU <= 0 || !r.alarm("od_not_calibrated") {
		t.Errorf("reading = %+v, alarm %v", got, r.alarm("od_not_calibrated"))
	}
}

// xr are the settings of a Pioreactor XR.
var xr = map[string]any{"model": "pioreactor_20ml_XR", "channels": map[string]any{"1": "REF", "2": "90", "3": "135", "4": "45"}}

func xrRig(t *testing.T, seed uint64, au float64) (*rig, *sim.Board) {
	t.Helper()
	return simRig(t, seed, func(c *sim.Config) {
		steady(au)(c)
		c.Model, c.Channels = "pioreactor_20ml_XR", map[string]string{"1": "REF", "2": "90", "3": "135", "4": "45"}
		c.GainSpread, c.FullScaleV = 0, 4
	})
}

// estimator is made as a person makes one: from vials of known density.
func estimator(t *testing.T) calibration.Estimator {
	t.Helper()
	var standards []fusion.Standard
	for _, au := range []float64{0.03, 0.08, 0.2, 0.5, 1.2, 3, 7, 15} {
		r, _ := xrRig(t, 0, au)
		r.startOD(t, xr)
		r.clk.Run(2 * time.Minute)
		for _, o := range r.each[len(r.each)-12:] {
			standards = append(standards, fusion.Standard{Angle: o.Angle, Concentration: au, Reading: o.RawAU})
		}
	}
	e, err := fusion.Fit(standards, fusion.Angles)
	if err != nil {
		t.Fatal(err)
	}
	e.Name, e.Unit, e.CreatedAt, e.IRPercent = "standards", "pio1", epoch, 80
	return e
}

func (r *rig) fused(t *testing.T) actors.ODFused {
	t.Helper()
	f, _ := actors.LatestOf[actors.ODFused](r.sys, "")
	return f
}

func TestAnglesOfAnXRAreFused(t *testing.T) {
	e := estimator(t)
	for _, au := range []float64{0.05, 0.3, 0.8, 2, 5, 10} { // between the standards
		r, _ := xrRig(t, 5, au)
		r.publish(actors.EstimatorActive{Device: "od_fused", Name: "standards", Estimator: e})
		r.startOD(t, xr)
		r.clk.Run(time.Minute)
		f := r.fused(t)
		t.Logf("%v AU: %.3g, %.3g to %.3g, %+v", au, f.Value, f.Low, f.High, f.Quality)
		if f.Estimator != "standards" || f.Value < au/1.35 || f.Value > au*1.35 || f.Low > au || f.High < au || f.Low <= 0 {
			t.Errorf("%v AU: fused %+v, want it within 35 %% and in its interval", au, f)
		}
	}
}

func TestFusionIsWithdrawnWhenAnAngleIsMissing(t *testing.T) {
	e := estimator(t)
	r, b := xrRig(t, 2, 1)
	r.publish(actors.EstimatorActive{Device: "od_fused", Name: "standards", Estimator: e})
	r.startOD(t, xr)
	r.clk.Run(time.Minute)
	want(t, "fused", r.fused(t).Quality, actors.Good, "")
	f := inject(t, b, "adc_saturated")
	r.clk.Run(30 * time.Second)
	want(t, "saturated", r.fused(t).Quality, actors.Bad, "unavailable")
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.do(t, actors.SetState{State: actors.Ready}) // the light was too strong: it slept
	r.clk.Run(5 * time.Minute)
	want(t, "fused again", r.fused(t).Quality, actors.Good, "")
	r.set(t, "ir_led_intensity", "60")
	r.clk.Run(time.Minute)
	want(t, "other light", r.fused(t).Quality, actors.Bad, "unavailable")
	if !r.alarm("od_not_fused") {
		t.Error("other light: no alarm od_not_fused")
	}
	r.publish(actors.EstimatorActive{Device: "od_fused"})
	r.clk.Run(time.Minute)
	if r.alarm("od_not_fused") {
		t.Error("without an estimator the alarm stays")
	}
}

func TestOnlyAnXRFuses(t *testing.T) {
	r, _ := xrRig(t, 2, 1)
	r.publish(actors.EstimatorActive{Device: "od_fused", Name: "standards", Estimator: estimator(t)})
	r.startOD(t, map[string]any{"model": "pioreactor_20ml", "channels": xr["channels"]})
	r.clk.Run(time.Minute)
	if f := r.fused(t); f.Quality.Grade != "" {
		t.Errorf("fused on a vial with one angle: %+v", f)
	}
	r, _ = simRig(t, 2, steady(1))
	r.publish(actors.EstimatorActive{Device: "od_fused", Name: "standards", Estimator: estimator(t)})
	r.startOD(t, map[string]any{"model": "pioreactor_20ml_XR"})
	r.clk.Run(time.Minute)
	if f := r.fused(t); f.Quality.Grade != "" || !r.alarm("od_not_fused") {
		t.Errorf("fused from one angle: %+v, alarm %v", f, r.alarm("od_not_fused"))
	}
}

// TestBlankAndCalibrationExcludeEachOther in a job that runs; a start with both
// is refused.
func TestBlankAndCalibrationExcludeEachOther(t *testing.T) {
	r, _ := simRig(t, 1, steady(0.5))
	r.publish(line90(80))
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	r.sys.Publish("exp 1", actors.Blank{ID: "a", Means: []actors.ChannelValue{{Channel: 2, Value: 0.01}}})
	r.clk.Run(time.Minute)
	want(t, "both", r.last(t).Quality, actors.Bad, "uncalibrated")
	if a, _ := actors.LatestOf[actors.Alarm](r.sys, "od_not_calibrated"); !a.Active || !strings.Contains(a.Text, "exclude each other") {
		t.Errorf("alarm = %+v", a)
	}
	r.publish(actors.CalibrationActive{Device: "od90"})
	r.clk.Run(time.Minute)
	want(t, "the blank alone", r.last(t).Quality, actors.Good, "")
	if r.alarm("od_not_calibrated") {
		t.Error("the alarm stays")
	}
}
