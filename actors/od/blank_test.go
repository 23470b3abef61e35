package od_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// TestBlankCountsInItsVialOnly gives a running job a blank, then a swapped vial:
// the same reading is true with all of the old, then with all of the new.
func TestBlankCountsInItsVialOnly(t *testing.T) {
	clk := clock.Virtual(epoch, 1)
	r := newRig(t, clk, simBoard(t, clk, nil), state.NewMemory())
	r.startOD(t, nil)
	clk.Run(time.Minute)
	raw := r.each[len(r.each)-1].Value
	r.sys.Publish("exp 1", actors.Vial{Number: 1})
	r.sys.Publish("exp 1", actors.Blank{ID: "a", Vial: 1, Means: []actors.ChannelValue{{Channel: 2, Value: raw / 2}}})
	clk.Run(time.Minute)
	last := r.each[len(r.each)-1]
	if last.BlankID != "a" || last.BlankAU != raw/2 || last.VialNumber != 1 || math.Abs(last.Value/(raw/2)-1) > 0.1 {
		t.Errorf("with a blank of half the signal: %+v", last)
	}
	first := r.light[len(r.light)-1].Value
	r.sys.Publish("exp 1", actors.Vial{Number: 2})
	n := len(r.each)
	clk.Run(time.Minute)
	for _, got := range r.each[n:] {
		if got.BlankID != "" || got.BlankAU != 0 || got.VialNumber != 2 || math.Abs(got.Value/raw-1) > 0.1 {
			t.Fatalf("in the next vial: %+v", got)
		}
	}
	if got := r.light[len(r.light)-1].Value; math.Abs(got-1) > 0.02 {
		t.Errorf("light %.3f of the first in the next vial, want 1 (%.3f before): its reference starts anew", got, first)
	}
}

func TestMoreThanTheSignalIsNoDensity(t *testing.T) {
	clk := clock.Virtual(epoch, 1)
	r := newRig(t, clk, simBoard(t, clk, nil), state.NewMemory())
	r.sys.Publish("exp 1", actors.Blank{ID: "a", Means: []actors.ChannelValue{{Channel: 2, Value: 5}}})
	r.startOD(t, nil)
	clk.Run(time.Minute)
	if last := r.each[len(r.each)-1]; last.Quality.Reason != "below_blank" || last.Quality.Grade != actors.Uncertain {
		t.Errorf("below its blank: %+v, want uncertain, below_blank", last)
	}
}

func TestBlankAndCalibrationTogetherAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		inForce actors.Fact
		refused bool
	}{
		"calibration of the angle": {actors.CalibrationActive{Device: "od90", Name: "may"}, true},
		"estimator":                {actors.EstimatorActive{Device: "od_fused", Name: "june"}, true},
		"another angle":            {actors.CalibrationActive{Device: "od45", Name: "may"}, false},
		"none any more":            {actors.CalibrationActive{Device: "od90"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			clk := clock.Virtual(epoch, 1)
			r := newRig(t, clk, simBoard(t, clk, nil), state.NewMemory())
			r.sys.Publish("exp 1", actors.Blank{ID: "a", Means: []actors.ChannelValue{{Channel: 2, Value: 0.01}}})
			r.sys.Publish("", test.inForce)
			r.startOD(t, nil)
			clk.Run(time.Minute)
			s, _ := actors.LatestOf[actors.JobState](r.sys, "od_reading")
			if ended := s.State == actors.Disconnected && strings.Contains(s.Reason, "od_blank delete"); ended != test.refused {
				t.Errorf("od_reading is %s (%s), want refused = %v", s.State, s.Reason, test.refused)
			}
		})
	}
}
