package actorstest_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/calibration"
)

// rhythmScore is of a chemostat that doses every 20 min and is killed 20 times.
type rhythmScore struct {
	doses, missed, doubled int
	ledgerML               float64 // the most that a dose in the ledger differs from duration × calibration
	mostML, overML         float64
}

// rhythm lives for hours, of which the kills are spread at random over all but
// the last; half of them fall into a dose.
func rhythm(t testing.TB, pump float64, hours, kills int, seed uint64) (s rhythmScore) {
	const every = 20 * time.Minute
	rng := rand.New(rand.NewPCG(seed, 3))
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.MediaRateFactor, c.Sim.MediaBottleML, c.Sim.WasteBottleML = pump, 5000, 5000
		c.Sim.Start = []string{"stirring"}
	}})
	h.Run(time.Second)
	curve := calibrated(t, h, "media_pump")
	calibrated(t, h, "waste_pump")
	h.WasteSeen()
	if r := h.Do("experiment", startChemostat); !r.OK {
		t.Fatal(r.Reason)
	}
	var began []time.Time
	booked, turned, whole := 0.0, 0.0, false
	h.OnFact(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.DoseStarted:
			began, turned, whole = append(began, f.At), h.Board.Truth().Pump(hw.Media).OnS, true
		case actors.Dosed:
			if duration := h.Board.Truth().Pump(hw.Media).OnS - turned; whole && f.MediaML > 0 && f.Cut == "" {
				s.ledgerML = max(s.ledgerML, math.Abs(f.MediaML-curve.At(duration)))
				booked++
			}
			whole = false
		}
	})
	gap := time.Duration(hours-1) * time.Hour / time.Duration(kills)
	for kill := range kills {
		h.Run(time.Duration(rng.Int64N(int64(gap))))
		if kill%2 == 0 {
			n := len(began)
			h.RunUntil(time.Hour, "dose", func() bool { return len(began) > n })
			h.Run(time.Duration(rng.Int64N(int64(15 * time.Second))))
		}
		whole = false // what a killed dose moved, nobody measured: it counts as given
		h.Kill()
		s.look(h)
	}
	for h.Lived() < time.Duration(hours)*time.Hour {
		h.Run(time.Minute)
		s.look(h)
	}
	s.doses = len(began)
	for i := 1; i < len(began); i++ {
		switch between := began[i].Sub(began[i-1]); {
		case between < every-time.Second:
			s.doubled++
		case between > every+10*time.Second:
			s.missed++
		}
	}
	if booked == 0 {
		t.Error("no dose was booked whole")
	}
	return s
}

func (s *rhythmScore) look(h *actorstest.House) {
	truth := h.Board.Truth()
	s.mostML, s.overML = max(s.mostML, truth.VolumeML), truth.OverflowML
}

// pumpLine is what a pump moves, in mL, in some seconds.
type pumpLine struct{ slope, intercept float64 }

func (p pumpLine) At(seconds float64) float64 { return p.slope*seconds + p.intercept }

// calibrated gives a pump an active calibration that is not the unit's default.
func calibrated(t testing.TB, h *actorstest.House, device string) pumpLine {
	t.Helper()
	line := pumpLine{0.09, 0.01}
	text, err := calibration.Format(calibration.Calibration{
		Kind: calibration.Pump, Name: "line", Unit: "pio1", CreatedAt: h.Clock.Now(), X: "Duration", Y: "Volume",
		PWMHz: 200, DutyPercent: 100, SupplyV: -1,
		Curve:    calibration.Curve{Type: calibration.Poly, Poly: []float64{line.slope, line.intercept}},
		Recorded: calibration.Points{X: []float64{0.5, 60}, Y: []float64{line.At(0.5), line.At(60)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []any{
		actors.ImportCalibration{Shelf: actors.Calibrations, Device: device, YAML: string(text)},
		actors.UseCalibration{Shelf: actors.Calibrations, Device: device, Name: "line"},
	} {
		if r := h.Do("calibrations", body); !r.OK {
			t.Fatalf("%s: %s", device, r.Reason)
		}
	}
	return line
}
