package ekf

import "testing"

// In the middle of an onset the two modes disagree. An announced jump must then
// move the level alone, and leave the belief in µ and its spread as they were.
func TestAnnouncedJumpLeavesTheBeliefInGrowth(t *testing.T) {
	tuning := DefaultTuning()
	k := newTrack(0, 1e-4, 0, &tuning)
	k.X[shift] = vec{0.02, 0.8, 1.1}
	k.W = [modes]float64{0.3, 0.7}
	x, p := k.belief()
	k.calm()
	k.anchor(0.5, 3e-5)
	gotX, gotP := k.belief()
	near(t, "level", gotX[0], 0.5, 1e-15)
	near(t, "µ", gotX[1], x[1], 1e-15)
	near(t, "dose gain", gotX[2], x[2], 1e-15)
	near(t, "level variance", gotP[0][0], 3e-5, 1e-15)
	near(t, "µ variance", gotP[1][1], p[1][1], 1e-15)
	near(t, "covariance of level and µ", gotP[0][1], 0, 1e-15)
	near(t, "weight of the shift mode", k.W[shift], calmShift, 1e-15)
	if !k.valid() {
		t.Errorf("track %+v is not valid", k)
	}
}

func TestDisturbanceCalmsTheModes(t *testing.T) {
	f, err := NewDefault(twoChannels(t), DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	est, err := f.Update(Observation{OD: []float64{3, 6}, Dt: interval, Disturbed: true})
	if err != nil {
		t.Fatal(err)
	}
	if !est.Reanchored || est.Outlier {
		t.Errorf("estimate = %+v, want reanchored and no outlier", est)
	}
	near(t, "µ", est.GrowthRatePerH, 0, 1e-12)
	if w := f.s.Main.W[shift]; w > calmShift {
		t.Errorf("weight of the shift mode = %v, want at most %v", w, calmShift)
	}
}
