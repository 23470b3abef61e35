package optics_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/od/optics"
	"pgregory.net/rapid"
)

const interval = 5 * time.Second

func good(volts float64) optics.Reading { return optics.Reading{Volts: volts, Quality: optics.Good} }

func reference(t interface{ Fatal(...any) }, mode optics.Mode, alpha, first float64) optics.Reference {
	r, err := optics.NewReference(mode, alpha, first)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUnityKeepsVoltsAtTheFirstReference(t *testing.T) {
	r := reference(t, optics.Unity, 0.75, 0)
	r, q := r.Next(good(0.2), interval)
	if got := r.Normalize(good(0.5), q); got.Volts != 0.5 || got.Quality != optics.Good || r.FirstV != 0.2 {
		t.Errorf("OD = %+v with first reference %v V, want 0.5, 0.2 V", got, r.FirstV)
	}
	// 1 % brighter: the average moves a quarter of it.
	r, q = r.Next(good(0.202), interval)
	want := 0.5 / 1.0025
	if got := r.Normalize(good(0.5), q); math.Abs(got.Volts-want) > 1e-12 {
		t.Errorf("OD = %v, want %v", got.Volts, want)
	}
}

func TestClassicDividesByTheReference(t *testing.T) {
	r := reference(t, optics.Classic, 0, 0)
	r, q := r.Next(good(0.25), interval)
	if got := r.Normalize(good(0.5), q); got.Volts != 2 {
		t.Errorf("OD = %v, want 2", got.Volts)
	}
}

func TestNoneLeavesVolts(t *testing.T) {
	r := reference(t, optics.None, 0, 0)
	r, q := r.Next(optics.Reading{}, interval)
	if got := r.Normalize(good(0.5), q); got != good(0.5) {
		t.Errorf("OD = %+v, want the volts", got)
	}
}

func TestMissingReferenceIsBadAndChangesNothing(t *testing.T) {
	r := reference(t, optics.Unity, 0.75, 0.2)
	if got := r.Normalize(good(0.5), optics.Good); got.Quality != optics.ReferenceMissing || got.Volts != 0.5 {
		t.Errorf("OD before any reference = %+v, want missing", got)
	}
	r, _ = r.Next(good(0.2), interval)
	for _, bad := range []optics.Reading{good(0), good(-1), good(math.NaN()), good(math.Inf(1)), {}, {Volts: 1, Quality: optics.Saturated}} {
		after, q := r.Next(bad, interval)
		if q != optics.ReferenceMissing || after != r {
			t.Errorf("reference %+v: %q, state %+v, want missing and the same state", bad, q, after)
		}
	}
}

func TestFlickerTripsThenRecovers(t *testing.T) {
	r := reference(t, optics.Unity, 0.75, 0)
	var q optics.Quality
	for range 20 {
		if r, q = r.Next(good(0.2), interval); q != optics.Good {
			t.Fatalf("steady light is %q", q)
		}
	}
	before := r.Relative
	if _, q = r.Next(good(0.2*1.03), interval); q != optics.Good {
		t.Errorf("a step of 3 %% is %q, want good", q)
	}
	if after, q := r.Next(good(0.2*1.10), interval); q != optics.ReferenceUnstable || after.Relative != before {
		t.Errorf("a step of 10 %% is %q, want unstable: it would make the OD wrong by 8 %%", q)
	}
	if r, q = r.Next(good(0.2*1.15), interval); q != optics.ReferenceUnstable || r.Relative != before {
		t.Errorf("a step of 15 %% is %q, average %v, want unstable and still %v", q, r.Relative, before)
	}
	if back, q := r.Next(good(0.2), interval); q != optics.Good || back.Relative != before {
		t.Errorf("back again: %q, average %v, want good and %v", q, back.Relative, before)
	}
	for n := range 5 { // and the first above
		if r, q = r.Next(good(0.2*1.15), interval); q != optics.ReferenceUnstable {
			t.Errorf("reading %d after the jump is %q, want unstable", n+2, q)
		}
	}
	if r, q = r.Next(good(0.2*1.15), interval); q != optics.Good || math.Abs(r.Relative-1.15) > 1e-9 {
		t.Errorf("a lamp that stays brighter: %q, average %v, want good and 1.15", q, r.Relative)
	}
}

func TestFirstReferenceSurvivesARestart(t *testing.T) {
	r := reference(t, optics.Unity, 0.75, 0)
	for _, v := range []float64{0.2, 0.201, 0.199} {
		r, _ = r.Next(good(v), interval)
	}
	text, err := json.Marshal(r)
	var back optics.Reference
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || back != r || back.Validate() != nil {
		t.Errorf("state came back as %+v, %v, want %+v", back, err, r)
	}
	resumed := reference(t, optics.Unity, 0.75, r.FirstV)
	resumed, q := resumed.Next(good(0.1), interval)
	if got := resumed.Normalize(good(0.5), q); got.Volts != 1 {
		t.Errorf("OD after the LED lost half = %v, want 1: the first reference is 0.2 V", got.Volts)
	}
}

func TestReferenceRefusesNonsense(t *testing.T) {
	for _, c := range []struct {
		mode  optics.Mode
		alpha float64
		first float64
	}{{"divide", 0, 0}, {optics.Unity, 1, 0}, {optics.Unity, -0.1, 0}, {optics.Unity, math.NaN(), 0}, {optics.Unity, 0, -1}, {optics.Unity, 0, math.Inf(1)}} {
		if _, err := optics.NewReference(c.mode, c.alpha, c.first); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestNormalizedIsAlwaysANumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reference(t, rapid.SampledFrom([]optics.Mode{optics.Unity, optics.Classic, optics.None}).Draw(t, "mode"), rapid.Float64Range(0, 0.99).Draw(t, "alpha"), 0)
		for range 20 {
			var q optics.Quality
			r, q = r.Next(good(rapid.Float64().Draw(t, "reference")), interval)
			od := r.Normalize(good(rapid.Float64Range(0, 5).Draw(t, "signal")), q)
			if math.IsNaN(od.Volts) || math.IsInf(od.Volts, 0) || r.Validate() != nil {
				t.Fatalf("OD %+v from state %+v", od, r)
			}
		}
	})
}
