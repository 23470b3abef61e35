package ekf

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyOD is mostly a culture, sometimes nonsense.
func anyOD(t *rapid.T, level float64) float64 {
	switch rapid.IntRange(0, 19).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, 1e9}).Draw(t, "bad")
	case 1:
		return rapid.SampledFrom([]float64{math.SmallestNonzeroFloat64, 1e-12, 1e-3, 50, 1e6}).Draw(t, "odd")
	}
	return level * math.Exp(0.02*rapid.Float64Range(-1, 1).Draw(t, "noise"))
}

func anyObservation(t *rapid.T, level float64) Observation {
	o := Observation{
		OD:             []float64{anyOD(t, level), anyOD(t, level)},
		Dt:             5 * time.Second,
		RecentDilution: rapid.IntRange(0, 9).Draw(t, "recent") == 0,
		Disturbed:      rapid.IntRange(0, 19).Draw(t, "disturbed") == 0,
	}
	switch rapid.IntRange(0, 19).Draw(t, "gap") {
	case 0:
		o.Dt = -time.Nanosecond
	case 1:
		o.Dt = 0
	case 2:
		o.Dt = time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "dt"))
	case 3:
		o.Dt = time.Duration(rapid.IntRange(1, 48).Draw(t, "hours")) * time.Hour
	case 4:
		o.OD = o.OD[:1]
	}
	switch rapid.IntRange(0, 19).Draw(t, "dose") {
	case 0:
		o.DilutionLnStep = rapid.Float64Range(-3, 0).Draw(t, "step")
	case 1:
		o.DilutionLnStep = rapid.SampledFrom([]float64{math.NaN(), 0.1, -4, math.Inf(-1)}).Draw(t, "bad step")
	}
	return o
}

func twoChannels(t rapid.TB) Start {
	w, err := NewWarmUp(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, od := range [][]float64{{1, 2}, {1.01, 2.02}, {0.99, 2.01}} {
		if err := w.Add(od, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	s, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func covariances(f Filter) []mat {
	switch f := f.(type) {
	case *Legacy:
		return []mat{f.s.P}
	case *Default:
		return []mat{f.s.Main.P[quiet], f.s.Main.P[shift], f.s.Rival.Track.P[quiet], f.s.Rival.Track.P[shift]}
	}
	return nil
}

func blank(f Filter) Filter {
	if _, ok := f.(*Legacy); ok {
		return new(Legacy)
	}
	return new(Default)
}

func sane(t *rapid.T, e Estimate) {
	if !finite(e.OD, e.GrowthRatePerH, e.SDPerH, e.DoseGain, e.DoseGainSD) || e.OD <= 0 || e.SDPerH <= 0 ||
		e.GrowthRatePerH < MinGrowthRatePerH || e.GrowthRatePerH > MaxGrowthRatePerH || e.DoseGain < 0 || e.DoseGain > 2 {
		t.Fatalf("estimate = %+v", e)
	}
}

// Whatever comes, a filter either refuses and stays as it was, or stays sane;
// and it can be saved and restored at any time without changing its answers.
func TestFiltersStaySaneAndRestorable(t *testing.T) {
	for _, m := range both {
		t.Run(m.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				f, err := m.make(twoChannels(t))
				if err != nil {
					t.Fatal(err)
				}
				twin := save(t, f)
				for range rapid.IntRange(1, 80).Draw(t, "n") {
					level := rapid.SampledFrom([]float64{1, 1, 1, 1.1, 2}).Draw(t, "level")
					obs := anyObservation(t, level)
					before := save(t, f)
					est, err := f.Update(obs)
					again, twinErr := twin.Update(obs)
					if est != again || (err == nil) != (twinErr == nil) {
						t.Fatalf("restored filter says %+v (%v), want %+v (%v)", again, twinErr, est, err)
					}
					if err != nil {
						if !errors.Is(err, ErrObservation) {
							t.Fatalf("error %v is not ErrObservation", err)
						}
						if !reflect.DeepEqual(before, f) {
							t.Fatalf("refused %+v but changed: %+v, want %+v", obs, f, before)
						}
						continue
					}
					sane(t, est)
					for _, p := range covariances(f) {
						if !psd(&p) {
							t.Fatalf("covariance %v is not positive semidefinite", p)
						}
					}
					twin = save(t, f)
				}
			})
		})
	}
}

// save passes a filter through JSON.
func save(t rapid.TB, f Filter) Filter {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	copied := blank(f)
	if err := json.Unmarshal(b, copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestFiltersRefuseBadInput(t *testing.T) {
	good := func() Observation { return Observation{OD: []float64{1, 1}, Dt: interval} }
	cases := map[string]func(*Observation){
		"NaN":           func(o *Observation) { o.OD[1] = math.NaN() },
		"infinite":      func(o *Observation) { o.OD[0] = math.Inf(1) },
		"zero":          func(o *Observation) { o.OD[0] = 0 },
		"negative OD":   func(o *Observation) { o.OD[0] = -0.1 },
		"channels":      func(o *Observation) { o.OD = o.OD[:1] },
		"late":          func(o *Observation) { o.Dt = -time.Second },
		"NaN step":      func(o *Observation) { o.DilutionLnStep = math.NaN() },
		"positive step": func(o *Observation) { o.DilutionLnStep = 0.06 },
	}
	for _, m := range both {
		f, err := m.make(twoChannels(t))
		if err != nil {
			t.Fatal(err)
		}
		for name, spoil := range cases {
			before, o := save(t, f), good()
			spoil(&o)
			if _, err := f.Update(o); !errors.Is(err, ErrObservation) {
				t.Errorf("%s: %s: error = %v, want ErrObservation", m.name, name, err)
			}
			if !reflect.DeepEqual(before, f) {
				t.Errorf("%s: %s: state changed", m.name, name)
			}
		}
		if _, err := f.Update(good()); err != nil {
			t.Errorf("%s: good reading refused: %v", m.name, err)
		}
	}
}

func TestRestoreRefusesABadState(t *testing.T) {
	l, err := NewLegacy(twoChannels(t), LegacyConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ls := l.State()
	ls.P[0][0] = -1
	if _, err := RestoreLegacy(ls); !errors.Is(err, ErrState) {
		t.Errorf("legacy: error = %v, want ErrState", err)
	}
	d, err := NewDefault(twoChannels(t), DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	ds := d.State()
	ds.Shares[0] = 0.9
	if _, err := RestoreDefault(ds); !errors.Is(err, ErrState) {
		t.Errorf("default: error = %v, want ErrState", err)
	}
	if d.State().Shares[0] == 0.9 {
		t.Error("State shares memory with the filter")
	}
	for _, f := range []Filter{l, d} {
		if err := json.Unmarshal([]byte(`{}`), f); err == nil {
			t.Errorf("%T restored from nothing", f)
		}
	}
}

func TestTuningAndConfigAreChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Tuning){
		"outlier":    func(u *Tuning) { u.OutlierSD = 2 },
		"drift":      func(u *Tuning) { u.ShiftDrift = u.QuietDrift },
		"NaN":        func(u *Tuning) { u.PumpSD = math.NaN() },
		"zero time":  func(u *Tuning) { u.QuietFor = 0 },
		"nothing":    func(u *Tuning) { *u = Tuning{} },
		"wild start": func(u *Tuning) { u.StartRateSD = 1e9 },
	} {
		tuning := DefaultTuning()
		spoil(&tuning)
		if _, err := NewDefault(twoChannels(t), tuning); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, cfg := range map[string]LegacyConfig{"outlier": {OutlierSD: 2}, "interval": {Interval: -1}} {
		if _, err := NewLegacy(twoChannels(t), cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
