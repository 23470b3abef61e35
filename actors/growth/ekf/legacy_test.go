package ekf

import (
	"math"
	"testing"
	"time"
)

// The states were computed with grpredict 26.4.7's equations on the recorded
// run: 5 rows skipped, 10 of warm-up, 5 s steps, doses flagged at 3000, 3001.
var golden = map[int][3]float64{
	0:     {-0.000703151, -0.000000290, -0.000000001},
	100:   {0.008042490, 0.056127208, 0.004117602},
	719:   {0.173200683, 0.190518642, -0.013461028},
	1439:  {0.253960411, 0.072371172, -0.013488214},
	3000:  {0.421465808, 0.063361804, -0.001931518},
	3001:  {0.406727875, 0.063359046, -0.001921903},
	3002:  {0.426270196, 0.063391784, -0.001900888},
	5000:  {0.572355739, 0.066750563, 0.000855475},
	9999:  {0.742236558, 0.022462795, -0.003013355},
	10928: {0.775018210, 0.016473965, -0.006334174},
}

func TestLegacyReproducesTheRecordedRun(t *testing.T) {
	rows := recorded(t)
	start := warmed(t, rows[5:15])
	near(t, "factor", start.Factors[0], 0.26372046090859014, 1e-15)
	near(t, "start level", start.X[0], -0.00012267840031991272, 1e-15)
	near(t, "noise variance", start.NoiseVariance[0], 2.5e-5, 1e-18)
	f, err := NewLegacy(start, LegacyConfig{})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i, r := range rows[15:] {
		obs := Observation{OD: []float64{r.od / start.Factors[0]}, Dt: 5 * time.Second, RecentDilution: i == 3000 || i == 3001}
		if _, err := f.Update(obs); err != nil {
			t.Fatal(err)
		}
		want, ok := golden[i]
		if !ok {
			continue
		}
		seen++
		for k, name := range []string{"ln OD", "µ", "drift"} {
			near(t, name, f.State().X[k], want[k], 1e-9)
		}
	}
	if seen != len(golden) {
		t.Errorf("golden states seen = %d, want %d", seen, len(golden))
	}
}

func TestLegacyAgreesWithGrpredict(t *testing.T) {
	for _, c := range oracleCases(t) {
		t.Run(c.Name, func(t *testing.T) { agree(t, c) })
	}
}

func agree(t *testing.T, c oracleCase) {
	ones := make([]float64, len(c.R0))
	start := Start{Factors: ones, NoiseVariance: c.R0, LnNoiseSD: ones, X: c.X0, P: c.P0}
	f, err := NewLegacy(start, LegacyConfig{OutlierSD: c.OutlierSD, Interval: time.Duration(c.IntervalS * 1e9)})
	if err != nil {
		t.Fatal(err)
	}
	outliers, compared := 0, 0
	for i, s := range c.Steps {
		est, err := f.Update(Observation{OD: s.OD, Dt: time.Duration(math.Round(s.DtS * 1e9)), RecentDilution: s.Recent})
		if err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
		if est.Outlier {
			outliers++
		}
		if s.X == nil {
			continue
		}
		compared++
		got := f.State()
		for k := range 3 {
			near(t, "state", got.X[k], s.X[k], 1e-12)
			for j := range 3 {
				near(t, "covariance", got.P[k][j], s.P[k][j], 1e-13)
			}
		}
	}
	t.Logf("%d updates, %d outliers, %d states compared", len(c.Steps), outliers, compared)
	if compared < 10 {
		t.Errorf("states compared = %d, want at least 10", compared)
	}
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.15g, want %.15g within %g", what, got, want, tol)
	}
}
