package growth_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/growth"
	"github.com/pioactor/pioactor/actors/state"
)

func TestGrowthFollowsTheCulture(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		l := fresh(t, seed)
		l.start(t, nil)
		l.grow(time.Hour, actors.Good)
		if got, want := len(l.rates), 720-5-10; got != want || len(l.levels) != got {
			t.Errorf("%d growth rates and %d levels from 720 readings, want %d", got, len(l.levels), want)
		}
		l.near(t, "after 1 h", 0.03)
		if at := l.last(t).At; !at.Equal(l.clk.Now()) {
			t.Errorf("growth rate of %v, want the reading's time %v", at, l.clk.Now())
		}
	})
}

func TestBadReadingsAreSkippedUncertainOnesAreNot(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(10*time.Minute, actors.Good)
	n := len(l.rates)
	l.grow(5*time.Minute, actors.Bad)
	if len(l.rates) != n {
		t.Errorf("%d growth rates from bad readings", len(l.rates)-n)
	}
	l.grow(5*time.Minute, actors.Uncertain)
	if got := len(l.rates) - n; got != 60 {
		t.Errorf("%d growth rates from 60 uncertain readings, want 60", got)
	}
	l.grow(30*time.Minute, actors.Good)
	l.near(t, "after a gap", 0.04)
}

func TestKnownDosesDoNotDisturbTheEstimate(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		l := fresh(t, seed)
		l.start(t, nil)
		l.grow(time.Hour, actors.Good)
		worst, level := 0.0, 0.0
		factor := l.levels[len(l.levels)-1].Value / l.od
		for range 12 {
			n := len(l.rates)
			l.dilute(1, actors.Good)
			if len(l.rates) != n {
				t.Errorf("%d readings of a running dose were used", len(l.rates)-n)
			}
			l.grow(30*time.Second, actors.Good)
			at := l.od
			l.grow(10*time.Minute, actors.Good)
			for _, r := range l.rates[n:] {
				worst = math.Max(worst, math.Abs(r.PerH-l.perH))
			}
			if first := math.Log(l.levels[n].Value / at / factor); math.Abs(first) > 0.01 {
				t.Errorf("ln OD is off by %.3f at the first reading after a dose, want 0.01", first)
			}
			level = math.Max(level, math.Abs(math.Log(l.levels[len(l.levels)-1].Value/l.od/factor)))
		}
		t.Logf("12 doses of 1 mL: worst error of µ %.4f 1/h, of the level %.4f", worst, level)
		if worst > 0.03 || level > 0.01 {
			t.Errorf("worst error of µ %.3f 1/h, of ln OD %.3f; want 0.03 and 0.01", worst, level)
		}
	})
}

func TestReadingsWaitForTheBubblesButNotForever(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(10*time.Minute, actors.Good)
	l.dilute(1, actors.Good)
	n := len(l.rates)
	l.grow(25*time.Second, actors.Good)
	if len(l.rates) != n {
		t.Errorf("%d readings used within 30 s of a dose", len(l.rates)-n)
	}
	l.grow(10*time.Second, actors.Good)
	if len(l.rates) == n {
		t.Error("no reading used 35 s after a dose")
	}
	n = len(l.rates)
	for range 20 { // a dose every 65 s: the bubbles never clear
		l.dilute(0.2, actors.Bad)
		l.grow(20*time.Second, actors.Good)
	}
	if len(l.rates) < n+5 {
		t.Errorf("%d readings used in 22 min of dosing, want at least 5", len(l.rates)-n)
	}
}

func TestWasteAloneIsNoDilution(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(10*time.Minute, actors.Good)
	n := len(l.rates)
	l.sys.Publish("exp 1", actors.DoseStarted{ID: "w"})
	l.grow(30*time.Second, actors.Good)
	l.sys.Publish("exp 1", actors.Dosed{ID: "w", WasteML: 1})
	l.grow(30*time.Second, actors.Good)
	if got := len(l.rates) - n; got != 12 {
		t.Errorf("%d of 12 readings used while waste was removed, want all", got)
	}
}

func TestDisturbanceMovesTheLevelNotTheRate(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(2*time.Hour, actors.Good)
	l.sys.Publish("exp 1", actors.Disturbance{Cause: "rotated"})
	before := l.levels[len(l.levels)-1].Value
	l.od *= 1.2
	n := len(l.rates)
	l.grow(30*time.Minute, actors.Good)
	if got := l.levels[n].Value / before; math.Abs(got-1.2) > 0.03 {
		t.Errorf("the level moved by a factor of %.3f at once, want 1.2", got)
	}
	for _, r := range l.rates[n:] {
		if math.Abs(r.PerH-l.perH) > 0.05 {
			t.Fatalf("µ = %.3f 1/h after a 20 %% step that was announced, want %.3f", r.PerH, l.perH)
		}
	}
}

func TestDoseInTheWarmUpBeginsItAnew(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(50*time.Second, actors.Good) // 5 skipped, 5 of 10
	l.dilute(3, actors.Bad)
	l.grow(30*time.Second+45*time.Second, actors.Good)
	if len(l.rates) != 0 {
		t.Errorf("%d growth rates, want the 10 readings after the dose for the warm-up", len(l.rates))
	}
	l.grow(time.Hour, actors.Good)
	l.near(t, "after 1 h", 0.03)
}

// restart ends everything but the disk and begins again after gap.
func (l *lab) restart(t *testing.T, gap time.Duration, table map[string]any) *lab {
	t.Helper()
	l.sys.Stop(growth.Name)
	l.clk.Run(0)
	l.od *= math.Exp(l.perH * gap.Hours())
	l.clk.Run(gap)
	next := newLab(t, l.seed, l.clk, l.store)
	next.od, next.n = l.od, l.n
	next.start(t, table)
	return next
}

func TestRestartKeepsTheNormalization(t *testing.T) {
	for name, gap := range map[string]time.Duration{"at once": 20 * time.Second, "after 5 h": 5 * time.Hour} {
		for _, estimator := range []string{"default", "legacy"} {
			t.Run(name+" "+estimator, func(t *testing.T) {
				table := map[string]any{"estimator": estimator}
				l := fresh(t, 0)
				l.start(t, table)
				l.grow(2*time.Hour, actors.Good)
				factor := l.levels[len(l.levels)-1].Value / l.od
				next := l.restart(t, gap, table)
				next.grow(10*time.Minute, actors.Good)
				if got := next.levels[len(next.levels)-1].Value / next.od / factor; math.Abs(got-1) > 0.02 {
					t.Errorf("normalized OD is %.3f of what it was", got)
				}
				used := len(next.rates)
				if estimator == "default" || gap < time.Minute {
					next.near(t, "after the restart", 0.05)
					if used != 120 {
						t.Errorf("%d of 120 readings used, want all: no new warm-up", used)
					}
				} else if used != 105 {
					t.Errorf("%d of 120 readings used, want 105 after a new warm-up", used)
				}
			})
		}
	}
}

func TestDoseMissedDuringARestartIsNotDeath(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(2*time.Hour, actors.Good)
	l.sys.Stop(growth.Name)
	l.clk.Run(30 * time.Second)
	next := newLab(t, 0, l.clk, l.store)
	next.od, next.n = l.od/1.2, l.n
	next.sys.Publish("", actors.Vial{VolumeML: 15, LastDose: next.clk.Now()})
	next.clk.Run(time.Second)
	next.start(t, nil)
	next.grow(30*time.Minute, actors.Good)
	if got := next.levels[0].Value / l.levels[len(l.levels)-1].Value; math.Abs(got-1/1.2) > 0.03 {
		t.Errorf("the level moved by a factor of %.3f at once, want %.3f", got, 1/1.2)
	}
	for _, r := range next.rates {
		if r.PerH < 0 {
			t.Fatalf("µ = %.3f 1/h after a dose that was missed, want growth", r.PerH)
		}
	}
	next.near(t, "at the end", 0.06)
}

func TestNothingIsDerivedBeforeTheNormalizationIsOnTheDisk(t *testing.T) {
	l := fresh(t, 0)
	l.store.Break(errors.New("disk full"))
	l.start(t, nil)
	l.grow(5*time.Minute, actors.Good)
	if len(l.rates) != 0 || !l.alarm("growth_rate_not_saved") {
		t.Errorf("%d growth rates with a full disk, want none and an alarm", len(l.rates))
	}
	l.store.Break(nil)
	l.grow(5*time.Minute, actors.Good)
	if len(l.rates) < 55 || l.alarm("growth_rate_not_saved") {
		t.Errorf("%d growth rates after mending, want 55 or more and no alarm", len(l.rates))
	}
}

func TestUnreadableNormalizationIsARefusalToStart(t *testing.T) {
	for _, text := range []string{"{", `{"channels":[2]}`} {
		l := fresh(t, 0)
		if err := l.store.Save("growth/exp%201", []byte(text)); err != nil {
			t.Fatal(err)
		}
		l.start(t, nil)
		if s, _ := actors.LatestOf[actors.JobState](l.sys, growth.Name); s.State != actors.Disconnected {
			t.Errorf("%s: state %s, want disconnected", text, s.State)
		}
	}
}

func TestSnapshotIsSavedOnceAMinute(t *testing.T) {
	store := &counter{Memory: state.NewMemory(), saves: map[string]int{}}
	clk := clock.Virtual(epoch, 0)
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{clk: clk, sys: sys, od: 0.25, perH: 0.3, noise: 0.005}
	l.start(t, nil)
	l.grow(time.Hour, actors.Good)
	if n := store.saves["growth_filter/exp%201"]; n < 58 || n > 60 {
		t.Errorf("snapshots in an hour = %d, want 58 to 60", n)
	}
	if n := store.saves["growth/exp%201"]; n != 1 {
		t.Errorf("normalization saved %d times, want once", n)
	}
}

type counter struct {
	*state.Memory
	saves map[string]int
}

func (s *counter) Save(key string, value []byte) error {
	s.saves[key]++
	return s.Memory.Save(key, value)
}

func TestPauseAnchorsTheLevelAnew(t *testing.T) {
	l := fresh(t, 0)
	l.start(t, nil)
	l.grow(2*time.Hour, actors.Good)
	set := func(s actors.State) {
		l.sys.Do(actors.Command{Target: growth.Name, Body: actors.SetState{State: s}}, func(r actors.Reply) {
			if !r.OK {
				t.Errorf("to %s: %s", s, r.Reason)
			}
		})
		l.clk.Run(0)
	}
	set(actors.Sleeping)
	n := len(l.rates)
	l.grow(5*time.Minute, actors.Good)
	if len(l.rates) != n {
		t.Errorf("%d growth rates while sleeping", len(l.rates)-n)
	}
	l.od *= 0.8 // a sample was taken and the vial put back askew
	set(actors.Ready)
	l.grow(30*time.Minute, actors.Good)
	for _, r := range l.rates[n:] {
		if math.Abs(r.PerH-l.perH) > 0.06 {
			t.Fatalf("µ = %.3f 1/h after a pause, want %.3f", r.PerH, l.perH)
		}
	}
}

// BenchmarkReading is one reading through the default estimator.
func BenchmarkReading(b *testing.B) {
	l := fresh(b, 0)
	l.perH = 0
	l.start(b, nil)
	l.grow(10*time.Minute, actors.Good)
	b.ReportAllocs()
	for b.Loop() {
		l.grow(5*time.Second, actors.Good)
		l.rates, l.levels = l.rates[:0], l.levels[:0]
	}
}
