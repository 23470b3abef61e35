package growth_test

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/growth"
	"github.com/pioactor/pioactor/actors/growth/ekf"
	"github.com/pioactor/pioactor/actors/od"
	"github.com/pioactor/pioactor/hw/sim"
)

const recording = "../../hw/sim/testdata/od_90deg_15h.csv"

// recordedOD is the column of the real 15 h run; see hw/sim/testdata/README.md.
func recordedOD(t testing.TB) []float64 {
	t.Helper()
	f, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []float64
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// played is what the whole chain made of the recording: board, devices,
// od_reading, growth_rate_calculating.
type played struct {
	sets   []actors.ODReadings
	rates  []actors.GrowthRate
	levels []actors.ODFiltered
}

func play(t testing.TB, seed uint64, rows int) played {
	t.Helper()
	clk := clock.Virtual(epoch, seed)
	f, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	board, err := sim.NewReplay(f, sim.DefaultReplayConfig(), clk.Mono)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	var p played
	sys.Watch(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.ODReadings:
			p.sets = append(p.sets, f)
		case actors.GrowthRate:
			p.rates = append(p.rates, f)
		case actors.ODFiltered:
			p.levels = append(p.levels, f)
		}
	})
	specs := append(devicesOf(board),
		actors.Spec{Name: growth.Name, Slot: growth.Name, Experiment: "replay", Table: map[string]any{"estimator": "legacy"},
			New: func() actors.Job { return growth.New() }},
		actors.Spec{Name: od.Name, Slot: od.Name, Experiment: "replay", Table: map[string]any{
			"interval": board.Interval().Seconds(), "smoothing_penalizer": 0.0, "local_ac_hz": "none"},
			New: func() actors.Job { return od.New(od.Options{Channels: map[string]string{"2": "90"}}) }})
	for _, spec := range specs {
		if err := sys.Start(spec); err != nil {
			t.Fatal(err)
		}
		clk.Run(0)
	}
	if clk.RunUntil(24*time.Hour, func() bool { return len(p.sets) >= rows }) {
		t.Errorf("%d readings in 24 h, want %d", len(p.sets), rows)
	}
	clk.Run(0)
	return p
}

func TestRecordedRunIsReproducedByTheWholeChain(t *testing.T) {
	rows := recordedOD(t)
	p := play(t, 1, len(rows))
	if len(rows) != 10944 || len(p.sets) != len(rows) {
		t.Fatalf("%d rows recorded, %d played, want 10944", len(rows), len(p.sets))
	}
	worst := 0.0
	for i, set := range p.sets {
		if len(set.Readings) != 1 || set.Readings[0].Quality.Grade != actors.Good {
			t.Fatalf("row %d: readings %+v, want one that is good", i, set.Readings)
		}
		worst = math.Max(worst, math.Abs(set.Readings[0].Value-rows[i]))
	}
	t.Logf("worst difference of OD to the recording: %.2g", worst)
	if !(worst <= 1e-6) {
		t.Errorf("worst difference of OD = %.3g, want at most 1e-6", worst)
	}
	p.agree(t)
}

// agree compares every published estimate with the pure filter on the readings
// that were published, at their times.
func (p played) agree(t *testing.T) {
	t.Helper()
	const skip, statistics, interval = 5, 10, 5 * time.Second
	warm, err := ekf.NewWarmUp(1, statistics)
	if err != nil {
		t.Fatal(err)
	}
	dt := func(i int) time.Duration { return p.sets[i].At.Sub(p.sets[i-1].At) }
	for i := skip; i < skip+statistics; i++ {
		if err := warm.Add([]float64{p.sets[i].Readings[0].Value}, dt(i)); err != nil {
			t.Fatal(err)
		}
	}
	start, err := warm.Start()
	if err != nil {
		t.Fatal(err)
	}
	pure, err := ekf.NewLegacy(start, ekf.LegacyConfig{OutlierSD: 5, Interval: interval})
	if err != nil {
		t.Fatal(err)
	}
	estimates := p.sets[skip+statistics:]
	if len(p.rates) != len(estimates) || len(p.levels) != len(estimates) {
		t.Fatalf("%d growth rates and %d levels, want %d", len(p.rates), len(p.levels), len(estimates))
	}
	worstRate, worstOD := 0.0, 0.0
	for i, set := range estimates {
		gap := interval
		if i > 0 {
			gap = dt(skip + statistics + i)
		}
		e, err := pure.Update(ekf.Observation{OD: []float64{set.Readings[0].Value / start.Factors[0]}, Dt: gap})
		if err != nil {
			t.Fatal(err)
		}
		if !p.rates[i].At.Equal(set.At) {
			t.Fatalf("growth rate %d is of %v, want the reading's %v", i, p.rates[i].At, set.At)
		}
		worstRate = math.Max(worstRate, math.Abs(p.rates[i].PerH-e.GrowthRatePerH))
		worstOD = math.Max(worstOD, math.Abs(p.levels[i].Value-e.OD))
	}
	last := p.rates[len(p.rates)-1].PerH
	t.Logf("worst difference to the pure filter: µ %.2g 1/h, OD %.2g; µ at the end %.6f 1/h", worstRate, worstOD, last)
	if !(worstRate <= 1e-6 && worstOD <= 1e-6) {
		t.Errorf("worst difference of µ = %.3g 1/h, of OD %.3g, want at most 1e-6", worstRate, worstOD)
	}
	// Computed with grpredict 26.4.7 at steps of exactly 5 s; ours are the recording's median.
	if math.Abs(last-0.016473965) > 1e-4 {
		t.Errorf("µ at the end = %.6f 1/h, want grpredict's 0.016474", last)
	}
}
