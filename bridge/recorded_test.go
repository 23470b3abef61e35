package bridge

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	devices "github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/growth"
	odjob "github.com/pioactor/pioactor/actors/od"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/hw/sim"
)

const recording = "../hw/sim/testdata/od_90deg_15h.csv"

// TestMQTTCarriesTheRecordedRunExactly plays the real 15 h run through the
// whole unit and reads what MQTT would carry: each OD reading is the recorded
// one to 1e-6, and every number on the wire is the very float64 that the job
// published.
func TestMQTTCarriesTheRecordedRunExactly(t *testing.T) {
	want := recordedODs(t)
	clk := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	f, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	board, err := sim.NewReplay(f, sim.DefaultReplayConfig(), clk.Mono)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	table := newTable("pioreactor", "pio1", "exp")
	var ods int
	var rates int
	sys.Watch(func(f actors.Fact) {
		for _, l := range table.lines(f) {
			payload, err := l.bytes()
			if err != nil {
				t.Fatal(err)
			}
			switch f := f.(type) {
			case actors.ODReading:
				got := figure(t, payload, "od")
				if got != f.Value || math.Abs(got-want[ods]) > 1e-6 {
					t.Fatalf("reading %d on the wire is %v, published %v, recorded %v", ods, got, f.Value, want[ods])
				}
				ods++
			case actors.GrowthRate:
				if got := figure(t, payload, "growth_rate"); got != f.PerH {
					t.Fatalf("growth rate %d on the wire is %v, published %v", rates, got, f.PerH)
				}
				rates++
			}
		}
	})
	tables := map[string]map[string]any{
		"od_reading": {"local_ac_hz": "none", "smoothing_penalizer": 0.0, "channels": map[string]any{"2": "90"}},
	}
	err = sys.Start(unit.Node(devices.Spec(board, devices.DefaultConfig()), unit.Experiment(unit.Config{
		Name: "exp", Start: []string{odjob.Name, growth.Name},
		Table: func(slot, _ string) map[string]any { return tables[slot] },
	})))
	if err != nil {
		t.Fatal(err)
	}
	clk.Run(time.Duration(len(want)-1)*5*time.Second + 3*time.Second)
	if ods != len(want) || rates < len(want)-20 {
		t.Errorf("%d readings and %d growth rates on the wire, want %d and all but the warm-up", ods, rates, len(want))
	}
}

func figure(t *testing.T, payload []byte, key string) float64 {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(payload, &fields); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	x, ok := fields[key].(float64)
	if !ok {
		t.Fatalf("%s: no number %s", payload, key)
	}
	return x
}

func recordedODs(t *testing.T) []float64 {
	t.Helper()
	f, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var ods []float64
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		ods = append(ods, v)
	}
	return ods
}
