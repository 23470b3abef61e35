package actorstest_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/interp"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/temperature/inference"
	"github.com/pioactor/pioactor/cmd"
)

// warmth is one life of a thermostat.
type warmth struct {
	version string  // of the 20 mL model
	room    float64 // °C, which the thermostat is told
	target  float64 // °C
	dosing  bool    // a turbidostat pumps media of the room's temperature meanwhile
	hours   int
	seed    uint64
}

// warmthScore is of the true vial. Trough figures are taken at the end of each
// cool-down, when it is measured; the mean is over the whole cycle.
type warmthScore struct {
	overC   float64 // trough: highest over the target
	steadyC float64 // trough: mean of the second half less the target
	meanC   float64 // whole cycle: mean of the second half less the target
	peakC   float64 // whole cycle: highest of the second half less the target
	wrongC  float64 // largest error of a measurement in the second half
}

func (x warmth) live(t testing.TB) warmthScore {
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: x.seed, Forget: true, Wrap: actorstest.Unpunctual(x.seed), Configure: x.configure})
	s := warmthScore{overC: math.Inf(-1), peakC: math.Inf(-1)}
	half := time.Duration(x.hours) * time.Hour / 2
	measured := 0.0
	h.OnFact(func(f actors.Fact) {
		v, ok := f.(actors.VialTemperature)
		if !ok {
			return
		}
		truth := h.Board.Truth().VialC
		s.overC = max(s.overC, truth-x.target)
		if h.Lived() >= half {
			measured++
			s.steadyC += truth - x.target
			s.wrongC = max(s.wrongC, math.Abs(v.C-truth))
		}
	})
	h.Run(half)
	looks := 0.0
	for ; h.Lived() < 2*half; looks++ {
		h.Run(7 * time.Second)
		truth := h.Board.Truth().VialC
		s.meanC, s.peakC = s.meanC+truth-x.target, max(s.peakC, truth-x.target)
	}
	s.steadyC, s.meanC = s.steadyC/max(measured, 1), s.meanC/looks
	return s
}

func (x warmth) configure(c *cmd.Config) {
	c.Unit.Model, c.Unit.ModelVersion, c.Sim.RoomC = "pioreactor_20ml", x.version, x.room
	if x.version == "1.0" {
		c.Sim.BoardLoss = 0 // its recorded boards end as warm as the vial
	}
	c.SetJob("temperature_automation.thermostat", "room_temperature_c", x.room)
	c.Sim.Start = []string{fmt.Sprintf("temperature_automation=thermostat target_temperature=%g", x.target)}
	if x.dosing {
		c.Sim.MediaBottleML, c.Sim.WasteBottleML, c.Sim.WasteSeen = 5000, 5000, true
		c.Sim.Start = append(c.Sim.Start, "stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=3")
	}
}

// narrowC is how wide an accepted range may be whose middle says something.
const narrowC = 1.001 // °C; in float64 a range of 1 °C may be a little wider

// recordedScore is how an algorithm does on cool-downs of real boards.
type recordedScore struct {
	n, outside int     // those with an accepted range; those put outside of it
	outC       float64 // the most one is outside
	offC       float64 // largest distance from the middle of a range of at most narrowC
	jitterSD   float64 // °C; mean over the cool-downs, of a spacing ±0.3 s
	jitterC    float64 // the most it moved one
	blindC     float64 // the most it would if nobody knew the samples' times
	roomC      float64 // the most a room of 18 or 27 °C moves one that is told, less the room's own shift
	untoldC    float64 // and one that is not told
	unfit      int     // of those untold, refused as no cool-down
}

func recorded(t testing.TB, algorithm string) (s recordedScore) {
	t.Helper()
	f, err := os.Open("../temperature/inference/testdata/cooldowns.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	plan := inference.For("pioreactor_20ml", map[string]string{"A": "1.0", "B": "1.5"}[algorithm])
	rng := rand.New(rand.NewPCG(1, 9))
	spreads := 0.0
	for _, row := range rows {
		if row[0] != algorithm || row[6] == "no fit" || row[4]+row[5] == "" {
			continue
		}
		c := cooling{t: t, plan: plan, duty: number(t, row[2]), room: number(t, row[3])}
		for _, x := range strings.Fields(row[7]) {
			c.boardC = append(c.boardC, number(t, x))
		}
		low, high := bound(t, row[4], -1), bound(t, row[5], 1)
		got, _ := c.vial(0, 0)
		s.n++
		if high-low <= narrowC {
			s.offC = max(s.offC, math.Abs(got-(low+high)/2))
		}
		if out := max(low-got, got-high); out > 0 {
			s.outside, s.outC = s.outside+1, max(s.outC, out)
		}
		sd, most, blind := c.jitter(got, rng)
		spreads, s.jitterC, s.blindC = spreads+sd, max(s.jitterC, most), max(s.blindC, blind)
		for _, room := range []float64{18, 27} {
			d := room - c.room
			if told, fits := c.vial(d, d); fits {
				s.roomC = max(s.roomC, math.Abs(told-got-d))
			}
			if untold, fits := c.vial(d, 0); fits {
				s.untoldC = max(s.untoldC, math.Abs(untold-got-d))
			} else {
				s.unfit++
			}
		}
	}
	s.jitterSD = spreads / float64(max(s.n, 1))
	return s
}

// bound of a range; without one it is open to that side.
func bound(t testing.TB, text string, side int) float64 {
	if text == "" {
		return math.Inf(side)
	}
	return number(t, text)
}

func number(t testing.TB, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// cooling is one recorded cool-down.
type cooling struct {
	t          testing.TB
	plan       inference.Plan
	duty, room float64
	boardC     []float64
}

// vial is what is inferred in a world warmer by d of a room said to be warmer by told.
func (c cooling) vial(d, told float64) (celsius float64, fits bool) {
	warmer := make([]float64, len(c.boardC))
	for i, x := range c.boardC {
		warmer[i] = x + d
	}
	got, err := c.plan.Vial(c.duty, c.room+told, warmer)
	if err != nil && (d == told || !errors.Is(err, inference.ErrNoFit)) {
		c.t.Errorf("a cool-down in a world %+g °C warmer: %v", d, err)
	}
	return got, err == nil
}

// jitter samples 200 times with each sample up to 0.3 s early or late, as its
// time says; blind is the most it would be off without the times.
func (c cooling) jitter(want float64, rng *rand.Rand) (sd, most, blind float64) {
	const tries = 200
	curve := c.curve()
	for range tries {
		after, shaken := make([]time.Duration, len(c.boardC)), make([]float64, len(c.boardC))
		for i := range c.boardC {
			off := (2*rng.Float64() - 1) * 0.3
			after[i] = time.Duration(i)*inference.Spacing + time.Duration(off*float64(time.Second))
			shaken[i] = c.boardC[i] + off*curve.PredictDerivative(after[i].Seconds()-off/2)
		}
		late := cooling{c.t, c.plan, c.duty, c.room, shaken}
		got, _ := late.vial(0, 0)
		blind = max(blind, math.Abs(got-want))
		var err error
		if late.boardC, err = inference.OnTime(after, shaken); err != nil {
			c.t.Fatal(err)
		}
		got, _ = late.vial(0, 0)
		off := got - want
		sd, most = sd+off*off/tries, max(most, math.Abs(off))
	}
	return math.Sqrt(sd), most, blind
}

// curve is how the board cooled between the samples and a little beyond them.
func (c cooling) curve() *interp.AkimaSpline {
	n := len(c.boardC)
	at, y := make([]float64, n+2), make([]float64, n+2)
	for i := range at {
		at[i] = float64(i-1) * inference.Spacing.Seconds()
	}
	copy(y[1:], c.boardC)
	y[0], y[n+1] = 3*y[1]-3*y[2]+y[3], 2*y[n]-y[n-1]
	var s interp.AkimaSpline
	if err := s.Fit(at, y); err != nil {
		c.t.Fatal(err)
	}
	return &s
}
