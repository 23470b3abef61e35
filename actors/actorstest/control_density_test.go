package actorstest_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/calibration"
	"github.com/pioactor/pioactor/hw/sim"
)

// densityLife is one life of a turbidostat that is to hold three times the density
// at its start.
type densityLife struct {
	signal  string  // "normalized_od", or "od" with a calibration made on the twin
	pump    float64 // true rate of the inflow pumps over the calibrated one
	waste   float64 // share of the waste flow that gets through
	noise   float64 // of a reading, relative
	bubbles float64 // brightening right after a dose
	hours   int
	seed    uint64
	unsaid  bool // nobody looks at the first exchange and says that the waste leaves
}

const times = 3 // the target over the density at the start

// densityScore is what the true vial did.
type densityScore struct {
	doses, doubled int
	atDose         float64 // true density when a dose began over the target, less 1; mean
	mean           float64 // true density over the target, less 1; mean over time
	mostML         float64 // true volume
	capacityML     float64
	overML         float64       // over the brim
	stopped        time.Duration // when the dose check stopped dosing; below 0: it did not
}

func (x densityLife) String() string {
	return fmt.Sprintf("%s, pumps %+.0f %%, waste %.0f %%, noise %.1f %%, bubbles %.0f %%, seed %d, unsaid %v",
		x.signal, 100*(x.pump-1), 100*x.waste, 100*x.noise, 100*x.bubbles, x.seed, x.unsaid)
}

func (x densityLife) open(t testing.TB) *actorstest.House {
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: x.seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Sim.InitialODAU, c.Sim.LagH, c.Sim.Response = 0.3, 0, "linear"
		c.Sim.NoiseCV, c.Sim.BubbleGain = x.noise, x.bubbles
		c.Sim.MediaRateFactor, c.Sim.AltMediaRateFactor = x.pump, x.pump
		c.Sim.MediaBottleML, c.Sim.WasteBottleML = 5000, 5000
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating"}
	}})
	inject(t, h, "dormant")
	if x.waste < 1 {
		inject(t, h, fmt.Sprintf("waste_blocked:%v", 1-x.waste))
	}
	return h
}

func inject(t testing.TB, h *actorstest.House, text string) {
	t.Helper()
	f, err := sim.ParseFault(text)
	if err == nil {
		err = h.Board.Inject(f)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// live is the whole life: ten minutes at rest to normalize or to calibrate in,
// then growth and dosing.
func (x densityLife) live(t testing.TB) densityScore {
	h := x.open(t)
	s := densityScore{stopped: -1, capacityML: h.Board.Info().CapacityML}
	start := h.Board.Truth().ODAU
	raw, n := 0.0, 0.0
	h.OnFact(func(f actors.Fact) {
		if r, ok := f.(actors.ODReading); ok && n < 100 && r.Quality.Grade == actors.Good {
			raw, n = raw+r.RawAU, n+1
		}
	})
	if x.waste > 0 && !x.unsaid { // behind a blocked line a person sees no drip
		h.WasteSeen()
	}
	h.Run(10*time.Minute - h.Lived())
	target := float64(times)
	if x.signal == "od" {
		target = times * start
		h.System.Publish("", line(start/(raw/n)))
	}
	h.Run(time.Minute)
	if err := h.Board.Clear(sim.Fault{Kind: sim.Dormant}); err != nil {
		t.Fatal(err)
	}
	job := actors.StartJob{Job: "dosing_automation", Options: []setting.Pair{{Name: "automation_name", Value: "turbidostat"},
		{Name: "target_biomass", Value: target}, {Name: "biomass_signal", Value: x.signal}}}
	if r := h.Do("experiment", job); !r.OK {
		t.Fatalf("%v: %s", x, r.Reason)
	}
	s.watch(h, times*start)
	s.until(h, time.Duration(x.hours)*time.Hour, times*start)
	return s
}

// line is a calibration at 90° through the origin, of the light as it is by default.
func line(auPerRaw float64) actors.CalibrationActive {
	return actors.CalibrationActive{Device: "od90", Name: "line", Calibration: calibration.Calibration{
		Kind: calibration.OD, Name: "line", X: "OD", Y: "Voltage", IRPercent: 80, Angle: "90", Channel: 2,
		Curve:    calibration.Curve{Type: calibration.Poly, Poly: []float64{1 / auPerRaw, 0}},
		Recorded: calibration.Points{X: []float64{0, 10}, Y: []float64{0, 10 / auPerRaw}}}}
}

// watch scores each dose as it begins. A dose is one too many when the true
// density was still further below the target than half of what a dose takes.
func (s *densityScore) watch(h *actorstest.House, target float64) {
	h.OnFact(func(f actors.Fact) {
		d, ok := f.(actors.DoseStarted)
		if !ok {
			return
		}
		off := math.Log(h.Board.Truth().ODAU / target)
		s.doses++
		s.atDose += math.Expm1(off)
		if off < d.LnStep/2 {
			s.doubled++
		}
	})
}

// until lets the vial live for d, or until an hour after somebody was called, and
// looks at it every 10 s.
func (s *densityScore) until(h *actorstest.House, d time.Duration, target float64) {
	looks := 0.0
	for at := time.Duration(0); at < d; at += 10 * time.Second {
		h.Run(10 * time.Second)
		truth := h.Board.Truth()
		s.mostML, s.overML = max(s.mostML, truth.VolumeML), truth.OverflowML
		if s.doses > 0 && s.stopped < 0 {
			s.mean, looks = s.mean+truth.ODAU/target-1, looks+1
		}
		if a, _ := actors.LatestOf[actors.Alarm](h.System, "dose_check"); a.Active && s.stopped < 0 {
			s.stopped, d = at, min(d, at+time.Hour)
		}
	}
	s.atDose, s.mean = s.atDose/math.Max(float64(s.doses), 1), s.mean/math.Max(looks, 1)
}
