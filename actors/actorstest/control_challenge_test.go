package actorstest_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
)

// challenge is one life of a morbidostat whose culture becomes resistant; what
// counts is its second half.
type challenge struct {
	start   string
	drift   float64 // of ln IC50 for each generation
	pump    float64 // true rate over the calibrated one, of both inflow pumps
	noise   float64 // of one reading, relative
	targetH float64 // 1/h; 0 is the rate at which the culture truly is diluted
	hours   int
	seed    uint64
}

// The two morbidostats, at 8 times the density at the start, and the noise of a usual reading.
const (
	pid8    = "pid_morbidostat target_normalized_od=8 target_growth_rate=0.3 duration=20"
	toprak8 = "morbidostat target_biomass=8"
	usual   = 0.016
)

// challenged is how it went, in truth.
type challenged struct {
	muPerH, sdPerH float64 // growth, mean and spread
	targetPerH     float64
	lnDensity      float64 // by how much density rose
	rise           float64 // of IC50, times, since the start
}

func (x challenge) live(t testing.TB) challenged {
	var first float64
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: x.seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.IC50DriftPerGeneration = x.drift
		c.Sim.MediaRateFactor, c.Sim.AltMediaRateFactor = x.pump, x.pump
		c.Sim.NoiseCV = x.noise
		c.Sim.MediaBottleML, c.Sim.WasteBottleML = 5000, 5000
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=" + x.start}
		first = c.Sim.IC50AltFraction
	}})
	h.WasteSeen()
	half := time.Duration(x.hours) * time.Hour / 2
	h.Run(half)
	before := h.Board.Truth()
	n, sum, squares := 0.0, 0.0, 0.0
	for ; h.Lived() < 2*half; n++ {
		h.Run(5 * time.Minute)
		mu := h.Board.Truth().MuPerH
		sum, squares = sum+mu, squares+mu*mu
	}
	after := h.Board.Truth()
	if state := h.State("dosing_automation"); state != actors.Ready {
		t.Errorf("%v: %s, want ready", x, state)
	}
	s := challenged{targetPerH: x.targetH, rise: after.IC50AltFraction / first,
		lnDensity: math.Log(after.ODAU / before.ODAU),
		muPerH:    (after.Generations - before.Generations) * math.Ln2 / half.Hours()}
	s.sdPerH = math.Sqrt(max(squares/n-sum*sum/n/n, 0))
	if x.targetH == 0 { // what has grown, less what is still there
		s.targetPerH = s.muPerH - s.lnDensity/half.Hours()
	}
	return s
}

// off is by how much growth misses the target, relative to it.
func (s challenged) off() float64 { return s.muPerH/s.targetPerH - 1 }

// hold fails unless the culture grows on target, within 5 % on average, and if
// dilution is the target, unless density stays within a quarter (pid_morbidostat
// has its own bounds for it); wobble is the spread of growth that is allowed,
// relative to the target.
func (x challenge) hold(t *testing.T, wobble float64) {
	t.Helper()
	s := x.live(t)
	t.Logf("%v: %+v", x, s)
	if math.Abs(s.off()) > 0.05 || s.sdPerH > wobble*s.targetPerH || x.targetH == 0 && math.Abs(s.lnDensity) > math.Log(1.25) {
		t.Errorf("%v: %+v, %+.1f %% off the target", x, s, 100*s.off())
	}
	if x.drift > 0 && s.rise < 1.15 {
		t.Errorf("%v: IC50 rose %.2f times, so this shows nothing", x, s.rise)
	}
}

func (x challenge) name() string {
	name, _, _ := strings.Cut(x.start, " ")
	return name
}

func (x challenge) String() string {
	return fmt.Sprintf("%s, IC50 drift %g, pumps %+.0f %%, noise %.1f %%, seed %d", x.start, x.drift, 100*(x.pump-1), 100*x.noise, x.seed)
}
