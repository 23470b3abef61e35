package check

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// culture is a vial with an exact truth: V mL at ln OD, growing at mu until the
// ceiling of its substrate, read every 5 s with white noise.
type culture struct {
	rng        *rand.Rand
	noise      float64
	pump       float64 // true inflow over told
	flow       float64 // share of the waste that leaves
	feed       float64 // share of the inflow that arrives
	mu, top    float64 // 1/h; ln OD where the substrate is spent
	ml         float64
	volume, ln float64
	now        time.Duration
	check      Check
}

func newCulture(seed uint64, noise, pump float64) *culture {
	return &culture{rng: rand.New(rand.NewPCG(seed, 3)), noise: noise, pump: pump, flow: 1, feed: 1, mu: 0.9, top: 100, ml: 1, volume: 15}
}

func (k *culture) grow(d time.Duration) {
	k.now += d
	k.ln = min(k.ln+k.mu*d.Hours(), max(k.top, k.ln))
}

func (k *culture) read() float64 {
	k.grow(5 * time.Second)
	y := math.Exp(k.ln) * (1 + k.noise*k.rng.NormFloat64())
	k.check.Read(k.now, y)
	return y
}

// dose exchanges k.ml.
func (k *culture) dose() {
	k.check.Began(k.now)
	in := k.ml * k.pump * k.feed
	k.ln -= math.Log1p(in / k.volume)
	k.volume = min(k.volume+in, 20.0001)
	k.grow(time.Duration(k.ml / 0.0911 * float64(time.Second)))
	if k.volume > 15 {
		k.volume = max(15, k.volume-k.flow*3*k.ml*k.pump)
	}
	k.grow(40 * time.Second)
	k.check.Ended(k.now, Dose{k.ml, k.ml, -math.Log1p(k.ml / 15)})
}

// turbidostat doses when ln OD passes 0; chemostat every 20 min.
func (k *culture) turbidostat() { k.until(func() bool { return k.ln >= 0 }) }
func (k *culture) chemostat() {
	next := k.now + 18*time.Minute
	k.until(func() bool { return k.now >= next })
}

func (k *culture) until(due func() bool) {
	for k.read(); !due() || k.now < k.check.quiet+10*time.Second; k.read() {
	}
}

// regime is a culture and how it is fed.
type regime struct {
	name      string
	set       func(*culture)
	chemostat bool
}

var regimes = []regime{
	{"turbidostat", func(*culture) {}, false},
	{"slow turbidostat", func(k *culture) { k.mu = 0.1 }, false},
	{"starved chemostat", func(k *culture) { k.ml, k.top = 0.5, 0 }, true},
	{"balanced chemostat", func(k *culture) { k.ml, k.mu = 0.5, 0.095*k.pump }, true},
}

// next waits for the next dose, and judges before it.
func (k *culture) next(r regime) Finding {
	if r.chemostat {
		k.chemostat()
	} else {
		k.turbidostat()
	}
	return k.check.Judge(5)
}

func (r regime) culture(seed uint64, noise, pump float64) *culture {
	k := newCulture(seed, noise, pump)
	r.set(k)
	return k
}

// TestSoundVialIsLeftAlone for 48 h in every regime, noise and pump error.
func TestSoundVialIsLeftAlone(t *testing.T) {
	for _, r := range regimes {
		for _, noise := range []float64{0.006, 0.016, 0.033} {
			for i, pump := range []float64{0.85, 1.15} {
				k := r.culture(uint64(i), noise, pump)
				for k.now < 48*time.Hour {
					if f := k.next(r); f.Verdict != Fine {
						t.Fatalf("%s, noise %v, pump %v: after %v %+v", r.name, noise, pump, k.now, f)
					}
					k.dose()
				}
			}
		}
	}
}

// caught is the volume at which a fault is noticed, and by which verdict, or at
// which doses are held back because mostML came in unseen; 0 for not within 60
// doses.
func (k *culture) caught(r regime, mostML float64) (ml float64, f Finding) {
	for n := range 60 {
		if f = k.next(r); f.Verdict != Fine || f.UnverifiedML+k.ml > mostML {
			return 15 + float64(n)*k.ml*k.pump, f
		}
		k.dose()
	}
	return 0, f
}

// TestBlockedWasteStopsBeforeTheBrim by a verdict, or because nothing shows that
// the waste leaves.
func TestBlockedWasteStopsBeforeTheBrim(t *testing.T) {
	for _, c := range []struct {
		r             regime
		noise, mostML float64
	}{
		{regimes[0], 0.006, 20}, {regimes[0], 0.016, 20}, {regimes[0], 0.033, 20},
		{regimes[1], 0.006, 20}, {regimes[1], 0.033, 20}, {regimes[2], 0.006, 20}, {regimes[2], 0.033, 20},
		{regimes[3], 0.006, 20}, {regimes[3], 0.033, 20},
	} {
		for seed, pump := range []float64{0.85, 1, 1.15} {
			k := c.r.culture(uint64(seed), c.noise, pump)
			for range 40 {
				k.next(c.r)
				k.dose()
			}
			k.flow = 0
			if ml, f := k.caught(c.r, 5/PumpError); ml == 0 || ml > c.mostML {
				t.Errorf("%s, noise %v, pump %v: %+v at %.2f mL, want it by %v mL", c.r.name, c.noise, pump, f, ml, c.mostML)
			}
		}
	}
}

// TestEmptyBottleIsSeenWithinThreeDoses also tests that what was learnt outlives
// a restart.
func TestEmptyBottleIsSeenWithinThreeDoses(t *testing.T) {
	for _, noise := range []float64{0.006, 0.016} {
		for seed, pump := range []float64{0.85, 1, 1.15} {
			k := regimes[0].culture(uint64(seed), noise, pump)
			for range 20 {
				k.next(regimes[0])
				k.dose()
			}
			text, err := json.Marshal(k.check.Memory)
			if err != nil {
				t.Fatal(err)
			}
			k.check = Check{}
			if err := json.Unmarshal(text, &k.check.Memory); err != nil {
				t.Fatal(err)
			}
			k.feed = 0
			for range 12 { // the culture outgrows its target
				k.read()
			}
			ml, f := k.caught(regimes[0], 100)
			if doses := (ml - 15) / pump; ml == 0 || doses > 4.01 || f.Verdict != NoStep {
				t.Errorf("noise %v, pump %v: %+v after %.0f doses", noise, pump, f, doses)
			}
		}
	}
}

func TestUnverifiedVolumeGrowsInTheDark(t *testing.T) {
	k := newCulture(1, 0.006, 1)
	for range 30 {
		k.turbidostat()
		k.dose()
	}
	k.turbidostat()
	if ml := k.check.Judge(5).UnverifiedML; ml > 3 {
		t.Errorf("%.1f mL unverified in a sound vial, want at most 3", ml)
	}
	before := k.check.Judge(5).UnverifiedML
	for range 5 {
		k.check.Began(k.now)
		k.check.Ended(k.now, Dose{1, 1, -math.Log1p(1.0 / 15)})
	}
	if ml := k.check.Judge(5).UnverifiedML; math.Abs(ml-before-5) > 1e-9 && ml < 5 {
		t.Errorf("%.1f mL unverified after 5 mL that nobody saw", ml)
	}
	k.check.Forget()
	if ml := k.check.Judge(5).UnverifiedML; ml != 0 {
		t.Errorf("%.1f mL unverified after a look at the vial, want 0", ml)
	}
}

// TestProof: as long as a vial has room, OD never takes a blocked line for one that
// drains; of sound ones at usual noise that have grown steadily it shows nearly all.
func TestProof(t *testing.T) {
	seen, sound := 0, 0
	for _, r := range regimes {
		for seed := range uint64(6) {
			for _, pump := range []float64{0.85, 1, 1.15} {
				for _, noise := range []float64{0.006, 0.016, 0.033} {
					if r.proves(seed+500, noise, pump, 0) {
						t.Errorf("%s, noise %v, pump %v, seed %d: a blocked line is proven to drain", r.name, noise, pump, seed)
					}
				}
				if sound++; r.proves(seed+500, 0.006, pump, 1) {
					seen++
				}
			}
		}
	}
	if seen < sound*2/3 { // a starved chemostat never shows it
		t.Errorf("%d of %d sound vials are proven to drain", seen, sound)
	}
}

// proves reports whether OD shows that waste leaves before the vial may be full.
func (r regime) proves(seed uint64, noise, pump, flow float64) bool {
	k := r.culture(seed, noise, pump)
	k.flow = flow
	if !r.chemostat {
		k.ln = -0.5
	}
	for in := 0.0; ; in += k.ml {
		if f := k.next(r); f.Leaves {
			return true
		}
		if in+k.ml > 5/PumpError {
			return false
		}
		k.dose()
	}
}

// TestTrustKeepsWhatWasLearnt: what is in question begins anew, a fault is seen
// as soon as before.
func TestTrustKeepsWhatWasLearnt(t *testing.T) {
	k := newCulture(1, 0.006, 1)
	for range 20 {
		k.turbidostat()
		k.dose()
	}
	k.turbidostat()
	pieces := len(k.check.Pieces)
	k.check.Trust()
	if f := k.check.Judge(5); f.UnverifiedML != 0 || f.Verdict != Fine || len(k.check.Pieces) < pieces {
		t.Errorf("%d of %d pieces are left: %+v", len(k.check.Pieces), pieces, f)
	}
	k.dose()
	if f := k.next(regimes[0]); f.UnverifiedML > 1 {
		t.Errorf("a dose of 1 mL later %+v", f)
	}
	k.flow = 0
	if ml, f := k.caught(regimes[0], 5/PumpError); ml == 0 || ml > 20 {
		t.Errorf("%+v at %.1f mL", f, ml)
	}
}

// TestPulsesGrowWithNoise up to half of what fits above the efflux level.
func TestPulsesGrowWithNoise(t *testing.T) {
	before := 0.0
	for i, noise := range []float64{0.006, 0.016, 0.033} {
		k := newCulture(1, noise, 1)
		for range 3 {
			k.turbidostat()
			k.dose()
		}
		k.turbidostat()
		got := k.check.PulseML(5)
		if i == 0 && got != 0 || i > 0 && got <= before || got > 5/PumpError/2+1e-9 {
			t.Errorf("noise %v: pulses of %.2f mL, after %.2f mL at less", noise, got, before)
		}
		before = got
	}
}

// TestOnlyWasteIsInQuestion: what the ledger knows to be in the vial is no secret.
func TestOnlyWasteIsInQuestion(t *testing.T) {
	var c Check
	c.Began(0)
	c.Ended(time.Minute, Dose{3, 0, -math.Log1p(3.0 / 10)})
	if ml := c.Judge(5).UnverifiedML; ml != 0 {
		t.Errorf("%v mL unverified after media alone, want 0", ml)
	}
	c.Drained(2)
	if ml := c.Judge(5).UnverifiedML; ml != 2 {
		t.Errorf("%v mL unverified after 2 mL of waste", ml)
	}
}

func TestNonsenseReadingsAreIgnored(t *testing.T) {
	var c Check
	for i, od := range []float64{math.NaN(), math.Inf(1), 0, -1} {
		c.Read(time.Duration(i)*time.Second, od)
	}
	if c.Judge(5) != (Finding{}) {
		t.Errorf("%+v", c)
	}
}
