package sim

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
)

func replay(t testing.TB, csv string, change func(*ReplayConfig)) (*Replay, *hwtest.Virtual) {
	t.Helper()
	cfg, clock := DefaultReplayConfig(), hwtest.NewClock()
	if change != nil {
		change(&cfg)
	}
	r, err := NewReplay(strings.NewReader(csv), cfg, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r, clock
}

const fourRows = `channel,angle,timestamp,od_reading,experiment
2,90,2025-01-01T00:00:00Z,0.1,e
2,90,2025-01-01T00:00:05.001Z,0.2,e
2,90,2025-01-01 00:00:09.999,0.3,e
2,90,2025-01-01T00:00:15,0.4,e
`

func TestReplayPlaysEachRowInItsTime(t *testing.T) {
	r, clock := replay(t, fourRows, nil)
	if r.Rows() != 4 || r.Interval() != 5001*time.Millisecond {
		t.Errorf("rows = %d, interval = %v, want 4 and 5.001s", r.Rows(), r.Interval())
	}
	clock.Advance(time.Hour)
	within(t, "dark in V", mean(t, r, 2), 0, 0) // and the recording does not start
	set(t, ledOf(t, r, "A"), 80)
	for i, want := range []float64{0.1, 0.2, 0.3, 0.4, 0.4, 0.4} {
		within(t, fmt.Sprintf("reading %d in V", i), mean(t, r, 2), want, 1e-12)
		if got, want := r.Done(), i >= 3; got != want {
			t.Errorf("reading %d: Done() = %v, want %v", i, got, want)
		}
		clock.Advance(5*time.Second + time.Duration(i%2)*200*time.Millisecond) // a late read takes the nearest row
	}
	set(t, ledOf(t, r, "A"), 0)
	within(t, "dark again in V", mean(t, r, 2), 0, 0)
}

func TestReplayOfTheRecordedRun(t *testing.T) {
	data, err := os.ReadFile("testdata/od_90deg_15h.csv")
	if err != nil {
		t.Fatal(err)
	}
	r, clock := replay(t, string(data), nil)
	if r.Rows() != 10944 {
		t.Errorf("rows = %d, want 10944", r.Rows())
	}
	within(t, "interval in s", r.Interval().Seconds(), 5, 0.001)
	set(t, ledOf(t, r, "A"), 80)
	lo, hi, first := math.Inf(1), math.Inf(-1), 0.0
	for i := range 10945 {
		v := mean(t, r, 2)
		if i == 0 {
			first = v
		}
		lo, hi = min(lo, v), max(hi, v)
		clock.Advance(r.Interval())
	}
	near(t, "first in V", first, 0.2606244208585877, 1e-12)
	within(t, "lowest in V", lo, 0.2599, 1e-4)
	within(t, "highest in V", hi, 0.6378, 1e-4)
	if !r.Done() {
		t.Error("not done after the last row")
	}
}

func TestReplayPlaysSeveralChannels(t *testing.T) {
	r, clock := replay(t, `timestamp,od_reading,angle,channel
2025-01-01T00:00:00Z,0.1,REF,1
2025-01-01T00:00:00Z,0.5,90,3
2025-01-01T00:00:05Z,0.2,REF,1
2025-01-01T00:00:05Z,0.6,90,3
`, nil)
	set(t, ledOf(t, r, "A"), 80)
	clock.Advance(time.Minute)
	within(t, "channel 1 in V", mean(t, r, 1), 0.1, 1e-12)
	clock.Advance(5 * time.Second)
	within(t, "channel 1 in V", mean(t, r, 1), 0.2, 1e-12)
	within(t, "channel 3 in V", mean(t, r, 3), 0.6, 1e-12)
	if _, err := r.Photodiodes().Burst(spread, []int{2}); err == nil {
		t.Error("channel 2 was not recorded, but gave volts")
	}
}

func TestReplayDisturbsOnRequest(t *testing.T) {
	r, _ := replay(t, fourRows, func(c *ReplayConfig) { c.HumV, c.NoiseV = 0.01, 0.001 })
	set(t, ledOf(t, r, "A"), 80)
	burst, err := r.Photodiodes().Burst(spread, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	lo, hi := 1.0, 0.0
	for _, s := range burst.Samples[0] {
		lo, hi = min(lo, s.Volts), max(hi, s.Volts)
	}
	within(t, "hum and noise, top to bottom, in V", hi-lo, 0.02, 0.005)
}

func TestReplayCountsPumpsAndTurnsIdeally(t *testing.T) {
	r, clock := replay(t, fourRows, nil)
	p, err := r.Pump(hw.Waste)
	if err != nil {
		t.Fatal(err)
	}
	set(t, p, 50)
	clock.Advance(11 * time.Second)
	set(t, p, 0)
	clock.Advance(11 * time.Second)
	if got := r.PumpOn(hw.Waste); got != 11*time.Second {
		t.Errorf("waste pump on for %v, want 11s", got)
	}
	set(t, r.Stirrer(), 30)
	clock.Advance(time.Second)
	tacho, _ := r.Tachometer()
	first, _ := tacho.Edges()
	clock.Advance(10 * time.Second)
	last, _ := tacho.Edges()
	near(t, "rpm at 30 %", last.RPM(first), 500, 1e-6)
}

func TestRecordingComplaints(t *testing.T) {
	const head = "timestamp,od_reading,angle,channel\n"
	const row = "2025-01-01T00:00:00Z,0.1,90,2\n"
	for csv, want := range map[string]string{
		"":                            "line 1: empty: a header is needed",
		"time,od_reading,channel\n":   "line 1: column timestamp, angle is missing",
		head:                          "0 rows: a channel needs at least 2",
		head + row:                    "1 rows: a channel needs at least 2",
		head + row + row:              "line 3, column timestamp: 2025-01-01T00:00:00Z does not follow",
		head + "yesterday,0.1,90,2\n": `line 2, column timestamp: "yesterday": must be a time`,
		head + row + "2025-01-01T00:00:05Z,x,90,2\n":    `line 3, column od_reading: "x": must be a number from 0 to 1000`,
		head + "2025-01-01T00:00:00Z,NaN,90,2\n":        `line 2, column od_reading: "NaN"`,
		head + "2025-01-01T00:00:00Z,-1,90,2\n":         `line 2, column od_reading: "-1"`,
		head + "2025-01-01T00:00:00Z,0.1,91,2\n":        `line 2, column angle: "91": must be 45, 90, 135, 180 or REF`,
		head + "2025-01-01T00:00:00Z,0.1,90,7\n":        `line 2, column channel: "7": must be 1 to 4`,
		head + row + "2025-01-01T00:00:05Z,0.1,45,2\n":  "line 3, column angle: channel 2 looks at 45° here and at 90° before",
		head + row + "2025-01-01T00:00:05Z,0.1,45\n":    "record on line 3: wrong number of fields",
		head + row + "\n\n\"2025-01-01T00:00:05Z,0.1\n": "line 5",
	} {
		_, err := NewReplay(strings.NewReader(csv), DefaultReplayConfig(), hwtest.NewClock().Now)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want …%s…", csv, err, want)
		}
	}
	if _, err := NewReplay(strings.NewReader(fourRows), DefaultReplayConfig(), nil); err == nil {
		t.Error("NewReplay took no clock")
	}
	bad := DefaultReplayConfig()
	bad.IRLED, bad.HumV = "Z", math.NaN()
	if _, err := NewReplay(strings.NewReader(fourRows), bad, hwtest.NewClock().Now); err == nil ||
		!strings.Contains(err.Error(), "IR LED on channel") || !strings.Contains(err.Error(), "hum_v") {
		t.Errorf("NewReplay with two bad values: %v", err)
	}
}

func FuzzRecording(f *testing.F) {
	f.Add(fourRows)
	f.Add("timestamp,od_reading,angle,channel\n0001-01-01T00:00:00Z,1,90,1\n9999-01-01T00:00:00Z,1,90,1\n")
	f.Add("\ufefftimestamp,od_reading,angle,channel\n\"2025-01-01T00:00:00Z\",1e-400,REF,4\n2025-01-01T00:00:00.000000001Z,0,REF,4\n")
	f.Fuzz(func(t *testing.T, csv string) {
		clock := hwtest.NewClock()
		r, err := NewReplay(strings.NewReader(csv), DefaultReplayConfig(), clock.Now)
		if err != nil {
			return
		}
		set(t, ledOf(t, r, "A"), 80)
		for range 3 {
			for _, d := range r.Photodiodes().Channels() {
				burst, err := r.Photodiodes().Burst(hw.Plan{0}, []int{d.Channel})
				if err != nil {
					t.Fatal(err)
				}
				if v := burst.Samples[0][0].Volts; !(v >= 0 && v < d.FullScaleV) {
					t.Fatalf("%v V at full scale %v V", v, d.FullScaleV)
				}
			}
			clock.Advance(time.Hour)
		}
	})
}
