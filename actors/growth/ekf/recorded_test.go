package ekf

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"testing"
	"time"
)

// reading is one row of the recorded run.
type reading struct {
	dt time.Duration
	od float64
}

func openGzip(t testing.TB, name string) io.Reader {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded is the real 15 h run; see testdata/README.md.
func recorded(t testing.TB) []reading {
	t.Helper()
	rows, err := csv.NewReader(openGzip(t, "testdata/od_90deg_15h.csv.gz")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []reading
	var last time.Time
	for _, row := range rows[1:] {
		at, err := time.Parse(time.RFC3339Nano, row[0])
		if err != nil {
			t.Fatal(err)
		}
		od, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		dt := 5 * time.Second
		if !last.IsZero() {
			dt = at.Sub(last)
		}
		out, last = append(out, reading{dt, od}), at
	}
	if len(out) != 10944 {
		t.Fatalf("recorded rows = %d, want 10944", len(out))
	}
	return out
}

// oracleCase is one run as computed by Python's grpredict 26.4.7.
type oracleCase struct {
	Name      string        `json:"name"`
	X0        [3]float64    `json:"x0"`
	P0        [3][3]float64 `json:"p0"`
	R0        []float64     `json:"r0"`
	IntervalS float64       `json:"interval_s"`
	OutlierSD float64       `json:"outlier_sd"`
	Steps     []struct {
		DtS    float64        `json:"dt_s"`
		OD     []float64      `json:"od"`
		Recent bool           `json:"recent"`
		X      *[3]float64    `json:"x"`
		P      *[3][3]float64 `json:"p"`
	} `json:"steps"`
}

func oracleCases(t testing.TB) []oracleCase {
	t.Helper()
	var cases []oracleCase
	if err := json.NewDecoder(openGzip(t, "testdata/grpredict_26_4_7.json.gz")).Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// warmed is the start after the given readings.
func warmed(t testing.TB, readings []reading) Start {
	t.Helper()
	w, err := NewWarmUp(1, len(readings))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readings {
		if err := w.Add([]float64{r.od}, r.dt); err != nil {
			t.Fatal(err)
		}
	}
	start, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	return start
}
