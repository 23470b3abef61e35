package growth_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/growth"
	"github.com/pioactor/pioactor/actors/state"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// lab runs the job on readings that a test makes up.
type lab struct {
	clk   *clock.Clock
	sys   *actors.System
	store *state.Memory
	seed  uint64

	od    float64 // of the culture now
	perH  float64 // its growth rate
	noise float64 // relative, by a fixed pattern
	n     int

	vial    uint64 // of the readings
	blankID string

	rates  []actors.GrowthRate
	levels []actors.ODFiltered
}

func newLab(t testing.TB, seed uint64, clk *clock.Clock, store *state.Memory) *lab {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, State: store, Boot: fmt.Sprint("boot", clk.Mono())})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{clk: clk, sys: sys, store: store, seed: seed, od: 0.25, perH: 0.3, noise: 0.005}
	sys.Watch(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.GrowthRate:
			l.rates = append(l.rates, f)
		case actors.ODFiltered:
			l.levels = append(l.levels, f)
		}
	})
	return l
}

func fresh(t testing.TB, seed uint64) *lab {
	t.Helper()
	return newLab(t, seed, clock.Virtual(epoch, seed), state.NewMemory())
}

func (l *lab) start(t testing.TB, table map[string]any) {
	t.Helper()
	spec := actors.Spec{Name: growth.Name, Slot: growth.Name, Experiment: "exp 1", Table: table,
		New: func() actors.Job { return growth.New() }}
	if err := l.sys.Start(spec); err != nil {
		t.Fatal(err)
	}
	l.clk.Run(0)
}

// grow lets d pass with a reading every 5 s, each of the given grade.
func (l *lab) grow(d time.Duration, grade string) {
	for range d / (5 * time.Second) {
		l.clk.Run(5 * time.Second)
		l.od *= math.Exp(l.perH * 5 / 3600)
		l.read(grade)
	}
}

// read publishes one reading now.
func (l *lab) read(grade string) {
	l.n++
	off := math.Sin(float64(l.n)*12.9898) * 43758.5453 // a hash's fraction is as good as noise
	off = (off - math.Floor(off) - 0.5) * math.Sqrt(12) * l.noise
	r := actors.ODReading{Channel: 2, Angle: "90", Value: l.od * (1 + off), Quality: actors.Quality{Grade: grade},
		VialNumber: l.vial, BlankID: l.blankID}
	l.sys.Publish("exp 1", actors.ODReadings{Meta: actors.Meta{At: l.clk.Now()}, Readings: []actors.ODReading{r}})
	l.clk.Run(0)
}

// dilute is a dose of ml into 15 mL that lasts 45 s, with readings among it.
func (l *lab) dilute(ml float64, grade string) {
	step := -math.Log(1 + ml/15)
	l.sys.Publish("exp 1", actors.DoseStarted{ID: "d", LnStep: step})
	l.grow(20*time.Second, grade)
	l.od *= math.Exp(step)
	l.grow(25*time.Second, grade)
	l.sys.Publish("exp 1", actors.Dosed{ID: "d", MediaML: ml, WasteML: ml, LnStep: step})
	l.clk.Run(0)
}

func (l *lab) last(t testing.TB) actors.GrowthRate {
	t.Helper()
	if len(l.rates) == 0 {
		t.Fatal("no growth rate at all")
	}
	return l.rates[len(l.rates)-1]
}

func (l *lab) alarm(name string) bool {
	a, ok := actors.LatestOf[actors.Alarm](l.sys, name)
	return ok && a.Active && !a.Over
}

// near asks for µ within tolerance, both in 1/h.
func (l *lab) near(t testing.TB, when string, tolerance float64) {
	t.Helper()
	if got := l.last(t).PerH; math.Abs(got-l.perH) > tolerance {
		t.Errorf("%s: µ = %.3f 1/h, want %.3f within %.3f", when, got, l.perH, tolerance)
	}
}

func seeds(t *testing.T, f func(t *testing.T, seed uint64)) {
	for _, seed := range []uint64{0, 1, 2, 3} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { f(t, seed) })
	}
}
