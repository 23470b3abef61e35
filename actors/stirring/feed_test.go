package stirring_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"github.com/pioactor/pioactor/hw/calibration"
	"github.com/pioactor/pioactor/hw/sim"
)

// calibrate makes a calibration of the twin's motor active: 22 rpm a percent
// above 5 %, from 15 to 50 %.
func (b *bench) calibrate() {
	b.sys.Publish("", actors.CalibrationActive{Device: "stirring", Name: "line", Calibration: calibration.Calibration{
		Kind: calibration.Stirring, Name: "line", X: "DC %", Y: "RPM",
		Curve:    calibration.Curve{Type: calibration.Poly, Poly: []float64{22, -110}},
		Recorded: calibration.Points{X: []float64{15, 30, 50}, Y: []float64{220, 550, 990}}}})
}

func TestCalibrationForetellsTheDuty(t *testing.T) {
	b := prepare(t, 1, nil)
	b.calibrate()
	b.begin("target_rpm", 700)
	b.clk.Run(4 * time.Second)
	if want := 1.05 * (700 + 110) / 22; math.Abs(b.drives[len(b.drives)-1].percent-want) > 1e-6 {
		t.Errorf("duty after the kick = %v %%, want 1.05·f⁻¹ = %v %%", b.drives[len(b.drives)-1].percent, want)
	}
	b.clk.Run(5 * time.Minute)
	now := b.shown("duty_cycle").(float64)
	b.set("target_rpm", 300)
	inverse := (300.0 + 110) / 22
	if want := 1.05 * (now - 0.9*(now-inverse)); math.Abs(b.drives[len(b.drives)-1].percent-want) > 1e-4 {
		t.Errorf("duty of a new target = %v %%, want %v %%", b.drives[len(b.drives)-1].percent, want)
	}
	b.wait(20*time.Second, "300 rpm", func() bool { return math.Abs(b.board.Truth().RPM-300) <= rotor.Tolerance })
	b.clk.Run(5 * time.Minute)
	if rpm := b.board.Truth().RPM; math.Abs(rpm-300) > rotor.Tolerance {
		t.Errorf("held at %v rpm, want 300", rpm)
	}
}

func TestCalibrationOutsideItsRangeStillStirs(t *testing.T) {
	b := prepare(t, 2, nil)
	b.calibrate()
	b.begin("target_rpm", 1300)
	b.wait(time.Minute, "1300 rpm", func() bool { return math.Abs(b.board.Truth().RPM-1300) <= rotor.Tolerance })
}

func TestCalibrationOfAnotherKindIsIgnored(t *testing.T) {
	b := prepare(t, 2, func(*sim.Config) {})
	b.sys.Publish("", actors.CalibrationActive{Device: "stirring", Name: "pump", Calibration: calibration.Calibration{
		Kind: calibration.Pump, Curve: calibration.Curve{Type: calibration.Poly, Poly: []float64{1, 0}}}})
	b.begin()
	b.clk.Run(4 * time.Second)
	if got := b.drives[len(b.drives)-1].percent; got != 30 {
		t.Errorf("duty after the kick = %v %%, want the initial 30", got)
	}
}

func TestCalibrationKeepsTheSpeedAroundReadings(t *testing.T) {
	b := prepare(t, 3, nil)
	b.calibrate()
	b.begin("enable_dodging_od", true, "target_rpm_during_od_reading", 250)
	b.clk.Run(2 * time.Minute)
	first := b.reads(10 * time.Second)
	b.clk.Run(time.Second)
	during, outside := b.around(first, 10*time.Second, 20)
	within(t, "during readings", during, 250, rotor.Tolerance)
	within(t, "between readings", outside, 500, 30)
}
