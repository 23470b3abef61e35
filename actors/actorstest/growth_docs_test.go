//go:build docs

package actorstest_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// TestDocsGrowth measures both estimators on the whole unit, against the
// twin's true growth rate, and writes docs/growth.md.
func TestDocsGrowth(t *testing.T) {
	var rows strings.Builder
	for _, estimator := range []string{"legacy", "default"} {
		for _, mu := range []float64{0.1, 0.25, 1.0, 1.8} {
			s := score(t, estimator, mu)
			fmt.Fprintf(&rows, "| %s | %.2f | %s | %.4f | %+.1f %% | %d | %.3f | %s |\n",
				estimator, mu, minutes(s.lag), s.sd, 100*s.bias, s.doses, s.peak, minutes(s.above))
		}
	}
	text := fmt.Sprintf(growthPage, rows.String())
	if err := os.WriteFile("../../docs/growth.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + rows.String())
}

const growthPage = `# Growth rate: how fast and how true

Measured on the digital twin, whole unit, virtual time, seeds 1 to 3; refresh with ` + "`make docs`" + `. Truth is the twin's own µ,
not an estimate. Optics are linear here (` + "`response = \"linear\"`" + `): a real 90° photodiode is not, which by itself shifts an uncalibrated µ
by up to 10 %%. Noise is nominal (0.56 %% a reading), a reading every 5 s, a turbidostat that holds the density by doses of 1 mL into 15 mL.

- **lag to 90 %%**: a dormant culture begins to grow at its full µ at once; until the estimate reaches 90 %% of it (worst seed).
- **sd**: scatter of the estimate around its mean error in an hour of undisturbed growth, 1/h (worst seed).
- **bias across doses**: mean of estimate/truth − 1 while the turbidostat doses.
- **10 %% step**: the vial is rotated so that every reading is 10 %% higher, and nobody says so: the largest false µ, and for how long of the hour after it the estimate is off by more than 0.05 1/h (worst seed).

| estimator | µmax 1/h | lag to 90 %% | sd 1/h | bias across doses | doses | 10 %% step: peak 1/h | off by > 0.05 |
|---|---|---|---|---|---|---|---|
%s
` + "`estimator = \"legacy\"`" + ` is Pioreactor's filter (grpredict 26.4.7), there for those who compare with older runs; it is tuned for slow
cultures. It takes readings among the bubbles of a dose, as Pioreactor does, and the twin's bubbles (15 %% brighter, fading with 6 s; a plausible
guess, not a measurement) are what biases it here; with the step taken for growth, its turbidostat also doses more often. The default waits for the bubbles to clear, and knows
when and by how much a dose dilutes.
`

func minutes(d time.Duration) string {
	if d < 0 {
		return "not within 2 h"
	}
	return fmt.Sprintf("%.1f min", d.Minutes())
}

type scores struct {
	lag, above time.Duration
	sd, bias   float64
	peak       float64
	doses      int
}

func score(t *testing.T, estimator string, mu float64) scores {
	t.Helper()
	var worst scores
	for seed := range uint64(3) {
		s := scoreSeed(t, estimator, mu, seed+1)
		if worst.lag >= 0 && (s.lag < 0 || s.lag > worst.lag) {
			worst.lag = s.lag
		}
		worst.above, worst.peak = max(worst.above, s.above), max(worst.peak, s.peak)
		worst.sd = max(worst.sd, s.sd)
		worst.bias += s.bias / 3
		worst.doses += s.doses
	}
	return worst
}

// look is one estimate beside the truth.
type look struct {
	at        time.Duration
	est, true float64
}

func scoreSeed(t *testing.T, estimator string, mu float64, seed uint64) scores {
	t.Helper()
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.MuMaxPerH, c.Sim.LagH, c.Sim.InitialODAU, c.Sim.WasteSeen = mu, 0, 0.1, true
		c.Sim.MediaSubstrateGPerL = 1000 // nothing but the estimator ends growth here
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating"}
		c.SetJob("growth_rate_calculating", "estimator", estimator)
	}})
	var looks []look
	doses := 0
	h.OnFact(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.GrowthRate:
			looks = append(looks, look{h.Lived(), f.PerH, h.Board.Truth().MuPerH})
		case actors.Dosed:
			doses++
		}
	})
	inject(t, h, "dormant")
	h.Run(time.Hour)
	if err := h.Board.Clear(sim.Fault{Kind: sim.Dormant}); err != nil {
		t.Fatal(err)
	}
	onset := h.Lived()
	h.Run(2 * time.Hour) // undisturbed growth
	s := scores{lag: lag(looks, onset, mu)}
	_, s.sd = steady(looks, h.Lived()-time.Hour)

	dense, _ := actors.LatestOf[actors.ODFiltered](h.System, "")
	start := actors.StartJob{Job: "dosing_automation", Options: []setting.Pair{
		{Name: "automation_name", Value: "turbidostat"}, {Name: "target_biomass", Value: dense.Value}}}
	if r := h.Do("experiment", start); !r.OK {
		t.Fatal(r.Reason)
	}
	h.Run(5 * time.Hour)
	s.doses = doses
	s.bias, _ = steady(looks, h.Lived()-4*time.Hour)

	h.Do("dosing_automation", actors.SetState{State: actors.Disconnected})
	h.Run(10 * time.Minute)
	before := len(looks)
	inject(t, h, "vial_rotated:0.1")
	h.Run(time.Hour)
	for i, l := range looks[before+1:] {
		off := math.Abs(l.est - l.true)
		s.peak = max(s.peak, off)
		if off > 0.05 {
			s.above += l.at - looks[before+i].at
		}
	}
	return s
}

// lag is the time from onset to the first estimate of at least 90 % of mu.
func lag(looks []look, onset time.Duration, mu float64) time.Duration {
	for _, l := range looks {
		if l.at >= onset && l.est >= 0.9*mu {
			return l.at - onset
		}
	}
	return -1
}

// steady is the mean relative error since from, and the scatter around it.
func steady(looks []look, from time.Duration) (bias, sd float64) {
	var errs, rel []float64
	for _, l := range looks {
		if l.at >= from && l.true > 0 {
			errs, rel = append(errs, l.est-l.true), append(rel, l.est/l.true-1)
		}
	}
	return stat.Mean(rel, nil), stat.StdDev(errs, nil)
}
