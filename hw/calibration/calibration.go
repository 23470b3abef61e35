// Package calibration turns what a device does into what a person means, and
// back: photodiode volts into optical density, millilitres into seconds of
// pumping, rpm into duty. A [Calibration] is a curve with the points it was
// fitted to; an [Estimator] joins several angles into one density. Both are
// read from and written to the YAML files of Pioreactor 26.7.2, unchanged.
//
// It refuses to guess: a file that breaks a rule is refused with its file,
// line, field, value and rule, and an inverse outside the recorded points is an
// error that says on which side.
//
//	cal, err := calibration.Parse("od90/2026-01.yaml", text)
//	od, err := cal.Inverse(0.31) // volts to OD
package calibration

import (
	"errors"
	"math"
	"slices"
	"time"
)

// The kinds of calibration, as Pioreactor 26.7.2 calls them.
const (
	OD       = "od"
	OD600    = "od600"
	Pump     = "simple_peristaltic_pump"
	Stirring = "simple_stirring"
)

// Kinds are all kinds of calibration.
var Kinds = []string{OD, OD600, Pump, Stirring}

// Calibration is a curve from x to y on one device, with the points behind it.
// It is a value: whoever holds one only reads it.
type Calibration struct {
	Kind      string    `json:"calibration_type"`
	Name      string    `json:"calibration_name"`
	Unit      string    `json:"calibrated_on_pioreactor_unit"`
	CreatedAt time.Time `json:"created_at"` // UTC
	Curve     Curve     `json:"curve_data_"`
	X         string    `json:"x"` // the x axis: "OD", "OD600", "Duration", "DC %"
	Y         string    `json:"y"` // the y axis: "Voltage", "Volume", "RPM"
	Recorded  Points    `json:"recorded_data"`

	// OD and OD600: how the light was.
	IRPercent float64 `json:"ir_led_intensity,omitempty"` // 0 to 100
	Angle     string  `json:"angle,omitempty"`            // "45", "90", "135", "180"
	Channel   int     `json:"pd_channel,omitempty"`       // photodiode, 1 to 4

	// Pump and Stirring: how the PWM was.
	PWMHz       float64 `json:"pwm_hz,omitempty"`  // Pioreactor's hz of a pump, pwm_hz of stirring
	DutyPercent float64 `json:"dc,omitempty"`      // Pump: 0 to 100
	SupplyV     float64 `json:"voltage,omitempty"` // of the PWM rail, V; below 0 when it was not measured

	Extra string `json:"extra,omitempty"` // YAML of the fields this package does not know; kept in writing
}

// Points are recorded x and y, as many of the one as of the other.
type Points struct {
	X []float64 `json:"x"`
	Y []float64 `json:"y"`
}

// axes of each kind, used when a file does not name them.
var axes = map[string][2]string{
	OD: {"OD", "Voltage"}, OD600: {"OD600", "Voltage"}, Pump: {"Duration", "Volume"}, Stirring: {"DC %", "RPM"},
}

// angles of photodiodes against the light.
var angles = []string{"45", "90", "135", "180"}

const maxPoints = 10_000 // far more than anybody records; keeps a wrong file from eating the memory

// Validate reports every rule the calibration breaks, as joined *Problem.
func (c Calibration) Validate() error {
	var p problems
	p.word("calibration_type", c.Kind, Kinds)
	p.name("calibration_name", c.Name)
	p.filled("calibrated_on_pioreactor_unit", c.Unit)
	p.moment("created_at", c.CreatedAt)
	c.Curve.check("curve_data_", &p)
	c.Recorded.check("recorded_data", &p)
	switch c.Kind {
	case OD, OD600:
		p.between("ir_led_intensity", c.IRPercent, 0, 100)
		p.word("angle", c.Angle, angles)
		p.between("pd_channel", float64(c.Channel), 1, 4)
	case Pump:
		p.between("hz", c.PWMHz, 0, math.MaxFloat64)
		p.between("dc", c.DutyPercent, 0, 100)
		p.finite("voltage", c.SupplyV)
	case Stirring:
		p.between("pwm_hz", c.PWMHz, 0, math.MaxFloat64)
		p.finite("voltage", c.SupplyV)
	}
	return errors.Join(p.all...)
}

func (r Points) check(field string, p *problems) {
	p.size(field+".x", len(r.X), 0, maxPoints)
	if len(r.X) != len(r.Y) {
		p.add(field, len(r.Y), "x and y must be equally many, and there are %d x", len(r.X))
	}
	p.finiteAll(field+".x", r.X)
	p.finiteAll(field+".y", r.Y)
}

// Domain is the range of the recorded x. Without points it is everything, and
// its ends are infinite.
func (c Calibration) Domain() (lo, hi float64) {
	if len(c.Recorded.X) == 0 {
		return math.Inf(-1), math.Inf(1)
	}
	return slices.Min(c.Recorded.X), slices.Max(c.Recorded.X)
}
