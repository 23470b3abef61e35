package ekf

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func steadyFilter(t testing.TB, m maker) (Filter, []Observation) {
	t.Helper()
	w := newWorld(scene{family: nominal, seed: 1, mu: constant(0.3), ceil: 1.2, pump: 1})
	obs := make([]Observation, 4096)
	for i := range obs {
		obs[i] = w.next()
	}
	start := warmed(t, []reading{{interval, obs[0].OD[0]}, {interval, obs[1].OD[0]}, {interval, obs[2].OD[0]}})
	start.Factors[0] = 1
	f, err := m.make(start)
	if err != nil {
		t.Fatal(err)
	}
	return f, obs[3:]
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	for _, m := range both {
		f, obs := steadyFilter(t, m)
		i := 0
		allocs := testing.AllocsPerRun(2000, func() {
			if _, err := f.Update(obs[i%len(obs)]); err != nil {
				t.Fatal(err)
			}
			i++
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations per update, want 0", m.name, allocs)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, m := range both {
		b.Run(m.name, func(b *testing.B) {
			f, obs := steadyFilter(b, m)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := f.Update(obs[i%len(obs)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// A culture that doubles every hour, read every 5 s without noise.
func ExampleDefault() {
	warm, _ := NewWarmUp(1, 10)
	od := 0.2
	grow := func() []float64 {
		od *= math.Pow(2, 5.0/3600)
		return []float64{od}
	}
	for !warm.Done() {
		_ = warm.Add(grow(), 5*time.Second)
	}
	start, _ := warm.Start()
	filter, _ := NewDefault(start, DefaultTuning())
	var est Estimate
	for range 720 {
		reading := grow()
		reading[0] /= start.Factors[0]
		est, _ = filter.Update(Observation{OD: reading, Dt: 5 * time.Second})
	}
	fmt.Printf("µ = %.2f 1/h, %.1f times the start\n", est.GrowthRatePerH, est.OD)
	// Output: µ = 0.69 1/h, 2.0 times the start
}
