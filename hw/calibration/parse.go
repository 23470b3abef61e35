package calibration

import (
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Parse reads a calibration from Pioreactor's YAML. file is what errors call
// it. The error joins every *Problem found.
func Parse(file string, text []byte) (Calibration, error) {
	r, err := open(text)
	if err != nil {
		return Calibration{}, found(file, nil, err)
	}
	c := r.calibration()
	if err := r.verdict(file, c.Validate); err != nil {
		return Calibration{}, err
	}
	return c, nil
}

// ParseEstimator reads an estimator from Pioreactor's YAML, as Parse does.
func ParseEstimator(file string, text []byte) (Estimator, error) {
	r, err := open(text)
	if err != nil {
		return Estimator{}, found(file, nil, err)
	}
	e := r.estimator()
	if err := r.verdict(file, e.Validate); err != nil {
		return Estimator{}, err
	}
	return e, nil
}

// verdict is what reading found, or else what validate finds.
func (r *reader) verdict(file string, validate func() error) error {
	err := errors.Join(r.all...)
	if err == nil {
		err = validate()
	}
	return found(file, r.lines, err)
}

func (r *reader) calibration() Calibration {
	o := r.root
	c := Calibration{Kind: r.text(o, "calibration_type", "")}
	if r.word("calibration_type", c.Kind, Kinds); r.all != nil {
		return c // which fields there are hangs on it
	}
	axis := axes[c.Kind]
	c.Name = r.text(o, "calibration_name", "")
	c.Unit = r.text(o, "calibrated_on_pioreactor_unit", "")
	c.CreatedAt = r.moment(o, "created_at")
	c.Curve = r.curveOf(o)
	c.X, c.Y = r.text(o, "x", axis[0]), r.text(o, "y", axis[1])
	c.Recorded = r.points(o)
	switch c.Kind {
	case OD, OD600:
		c.IRPercent = r.number(o, "ir_led_intensity")
		c.Angle = r.text(o, "angle", "")
		c.Channel = r.channel(o)
	case Pump:
		c.PWMHz, c.DutyPercent, c.SupplyV = r.number(o, "hz"), r.number(o, "dc"), r.number(o, "voltage")
	case Stirring:
		c.PWMHz, c.SupplyV = r.number(o, "pwm_hz"), r.number(o, "voltage")
	}
	c.Extra = r.extra(o)
	return c
}

// channel is written as a text by Pioreactor; a number says the same.
func (r *reader) channel(o object) int {
	text := r.text(o, "pd_channel", "")
	channel, err := strconv.Atoi(text)
	if err != nil && text != "" {
		r.add("pd_channel", text, "must be one of '1', '2', '3', '4'")
	}
	return channel
}

func (r *reader) points(o object) Points {
	n := r.get(o, "recorded_data", true)
	if n == nil {
		return Points{}
	}
	data, ok := r.object("recorded_data", n)
	if !ok {
		return Points{}
	}
	return Points{
		X: r.numbers("recorded_data.x", r.get(data, "x", true), maxPoints),
		Y: r.numbers("recorded_data.y", r.get(data, "y", true), maxPoints),
	}
}

// curveOf reads curve_data_. Before 26.1.30 it was a bare list, and curve_type
// beside it said of what.
func (r *reader) curveOf(o object) Curve {
	n := plain(r.get(o, "curve_data_", true))
	if n == nil {
		return Curve{}
	}
	if n.Kind == yaml.SequenceNode {
		return r.oldCurve(o, n)
	}
	return r.curve("curve_data_", n)
}

func (r *reader) oldCurve(o object, n *yaml.Node) Curve {
	kind := r.text(o, "curve_type", Poly)
	pair := len(n.Content) == 2 && plain(n.Content[0]).Kind == yaml.SequenceNode
	if kind == Poly && !pair {
		return Curve{Type: Poly, Poly: r.numbers("curve_data_", n, maxCoefficients)}
	}
	if !pair {
		r.wrong("curve_data_", n, "must be a mapping with type, or, as Pioreactor wrote before 26.1.30, a list of coefficients or of knots and coefficients")
		return Curve{}
	}
	return Curve{
		Type:   Spline,
		Knots:  r.numbers("curve_data_[0]", n.Content[0], maxKnots),
		Pieces: r.pieces("curve_data_[1]", n.Content[1]),
	}
}

func (r *reader) curve(field string, n *yaml.Node) Curve {
	o, ok := r.object(field, n)
	if !ok {
		return Curve{}
	}
	k := Curve{Type: r.text(o, "type", "")}
	coefficients := r.get(o, "coefficients", true)
	switch k.Type {
	case Poly:
		k.Poly = r.numbers(field+".coefficients", coefficients, maxCoefficients)
	case Spline, Akima:
		k.Knots = r.numbers(field+".knots", r.get(o, "knots", true), maxKnots)
		k.Pieces = r.pieces(field+".coefficients", coefficients)
	}
	return k
}

func (r *reader) pieces(field string, n *yaml.Node) [][4]float64 {
	rows := r.list(field, n, maxKnots)
	out := make([][4]float64, len(rows))
	for i, row := range rows {
		name := fmt.Sprintf("%s[%d]", field, i)
		values := r.numbers(name, row, 4)
		if len(values) != 4 {
			r.add(name, verbatim(fmt.Sprintf("%d values", len(values))), "must have the 4 values a, b, c, d")
			continue
		}
		out[i] = [4]float64(values)
	}
	return out
}

func (r *reader) estimator() Estimator {
	o := r.root
	e := Estimator{
		Kind:       r.text(o, "estimator_type", ""),
		Name:       r.text(o, "estimator_name", ""),
		Unit:       r.text(o, "calibrated_on_pioreactor_unit", ""),
		CreatedAt:  r.moment(o, "created_at"),
		IRPercent:  r.number(o, "ir_led_intensity"),
		Angles:     r.angles(o),
		MinLogC:    r.number(o, "min_logc"),
		MaxLogC:    r.number(o, "max_logc"),
		SigmaFloor: r.number(o, "sigma_floor"),
		Y:          r.text(o, "y", "log(Voltage)"),
	}
	if n := r.get(o, "recorded_data", true); n != nil {
		if _, ok := r.object("recorded_data", n); ok {
			e.Recorded = r.fragment("recorded_data", n)
		}
	}
	e.Extra = r.extra(o)
	return e
}

// angles joins what the file says of each angle in three mappings.
func (r *reader) angles(o object) []Angle {
	mu, sigma := r.mapping(o, "mu_splines", true), r.mapping(o, "sigma_splines_log", true)
	scales := r.mapping(o, "low_conc_scales", false)
	var all []Angle
	for i, n := range r.list("angles", r.get(o, "angles", true), len(angles)) {
		a := Angle{Angle: plain(n).Value}
		r.lines[fmt.Sprintf("angles[%d]", i)] = n.Line
		if k := r.get(mu, a.Angle, true); k != nil {
			a.Mu = r.curve("mu_splines."+a.Angle, k)
		}
		if k := r.get(sigma, a.Angle, true); k != nil {
			a.LogSigma = r.curve("sigma_splines_log."+a.Angle, k)
		}
		if k := r.get(scales, a.Angle, false); k != nil {
			scale := r.float("low_conc_scales."+a.Angle, k)
			a.LowScale = &scale
		}
		all = append(all, a)
	}
	return all
}

func (r *reader) mapping(o object, key string, required bool) object {
	n := r.get(o, key, required)
	if n == nil {
		return object{}
	}
	m, _ := r.object(key, n)
	return m
}
