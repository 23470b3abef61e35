package ekf

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// On the recorded run the mean of µ over each hour must be the slope of the
// straight line through that hour's ln OD, within the line's own uncertainty
// at 3 % noise and the filter's lag; and the filter must not panic about a run
// in which one step in eight exceeds 5 %.
func TestDefaultOnTheRecordedRun(t *testing.T) {
	rows := recorded(t)
	start := warmed(t, rows[5:15])
	f, err := NewDefault(start, DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	const perHour = 720
	var at, ln, mu []float64
	outliers, moves, hour, h := 0, 0, 0, 0.0
	for _, r := range rows[15:] {
		est, err := f.Update(Observation{OD: []float64{r.od / start.Factors[0]}, Dt: r.dt})
		if err != nil {
			t.Fatal(err)
		}
		if est.Outlier {
			outliers++
		}
		if est.Reanchored {
			moves++
		}
		h += r.dt.Hours()
		at, ln, mu = append(at, h), append(ln, math.Log(r.od)), append(mu, est.GrowthRatePerH)
		if len(at) == perHour {
			_, slope := stat.LinearRegression(at, ln, nil, false)
			t.Logf("hour %2d: µ = %.4f, line %.4f, min %.3f, max %.3f, SD %.4f 1/h", hour, mean(mu), slope, minOf(mu), maxOf(mu), est.SDPerH)
			near(t, "mean µ of the hour", mean(mu), slope, 0.025)
			if hour > 0 && (minOf(mu) < -0.1 || maxOf(mu) > 0.3) {
				t.Errorf("hour %d: µ from %.3f to %.3f 1/h, want −0.1 to 0.3", hour, minOf(mu), maxOf(mu))
			}
			hour++
			at, ln, mu = at[:0], ln[:0], mu[:0]
		}
	}
	t.Logf("%d readings, %d outliers, %d moves of the level", len(rows), outliers, moves)
	if outliers > len(rows)/50 || moves > 15 {
		t.Errorf("outliers = %d, moves = %d, want at most %d and 15", outliers, moves, len(rows)/50)
	}
}

func minOf(values []float64) float64 {
	m := math.Inf(1)
	for _, v := range values {
		m = math.Min(m, v)
	}
	return m
}

func maxOf(values []float64) float64 {
	m := math.Inf(-1)
	for _, v := range values {
		m = math.Max(m, v)
	}
	return m
}
