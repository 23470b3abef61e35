package calibration

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Format writes c as the YAML that Pioreactor 26.7.2 reads. Parse gives c back
// to the last bit. A calibration that breaks a rule is not written.
func Format(c Calibration) ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := &writer{}
	w.text("calibration_type", c.Kind)
	w.text("calibration_name", c.Name)
	w.text("calibrated_on_pioreactor_unit", c.Unit)
	w.moment("created_at", c.CreatedAt)
	w.put("curve_data_", curveNode(c.Curve))
	w.text("x", c.X)
	w.text("y", c.Y)
	w.put("recorded_data", mapping("x", numbers(c.Recorded.X), "y", numbers(c.Recorded.Y)))
	switch c.Kind {
	case OD, OD600:
		w.number("ir_led_intensity", c.IRPercent)
		w.text("angle", c.Angle)
		w.text("pd_channel", strconv.Itoa(c.Channel))
	case Pump:
		w.number("hz", c.PWMHz)
		w.number("dc", c.DutyPercent)
		w.number("voltage", c.SupplyV)
	case Stirring:
		w.number("pwm_hz", c.PWMHz)
		w.number("voltage", c.SupplyV)
	}
	return w.finish(c.Extra)
}

// FormatEstimator writes e as the YAML that Pioreactor 26.7.2 reads.
func FormatEstimator(e Estimator) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	w := &writer{}
	w.text("estimator_type", e.Kind)
	w.text("estimator_name", e.Name)
	w.text("calibrated_on_pioreactor_unit", e.Unit)
	w.moment("created_at", e.CreatedAt)
	w.number("ir_led_intensity", e.IRPercent)
	angles, mu, sigma, scales := list(), mapping(), mapping(), mapping()
	for _, a := range e.Angles {
		angles.Content = append(angles.Content, text(a.Angle))
		mu.Content = append(mu.Content, text(a.Angle), curveNode(a.Mu))
		sigma.Content = append(sigma.Content, text(a.Angle), curveNode(a.LogSigma))
		if a.LowScale != nil {
			scales.Content = append(scales.Content, text(a.Angle), number(*a.LowScale))
		}
	}
	w.put("angles", angles)
	w.put("mu_splines", mu)
	w.put("sigma_splines_log", sigma)
	w.number("min_logc", e.MinLogC)
	w.number("max_logc", e.MaxLogC)
	w.number("sigma_floor", e.SigmaFloor)
	if len(scales.Content) > 0 {
		w.put("low_conc_scales", scales)
	}
	w.text("y", e.Y)
	recorded, err := fragmentNode("recorded_data", e.Recorded)
	if err != nil {
		return nil, err
	}
	w.put("recorded_data", recorded)
	return w.finish(e.Extra)
}

// writer puts fields into one mapping, in order.
type writer struct{ fields []*yaml.Node }

func (w *writer) put(key string, value *yaml.Node) { w.fields = append(w.fields, text(key), value) }
func (w *writer) text(key, value string)           { w.put(key, text(value)) }
func (w *writer) number(key string, value float64) { w.put(key, number(value)) }

// moment writes as Python does: with a space, which YAML calls a timestamp.
func (w *writer) moment(key string, at time.Time) {
	w.put(key, &yaml.Node{Kind: yaml.ScalarNode, Value: at.UTC().Format("2006-01-02 15:04:05.999999999-07:00")})
}

// finish adds what was kept of unknown fields and is the text.
func (w *writer) finish(extra string) ([]byte, error) {
	rest, err := fragmentNode("extra", extra)
	if err != nil {
		return nil, err
	}
	all := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: append(w.fields, rest.Content...)}
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(all); err != nil {
		return nil, fmt.Errorf("calibration: write: %w", err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("calibration: write: %w", err)
	}
	return []byte(b.String()), nil
}

// fragmentNode is kept YAML as a mapping; none is an empty one.
func fragmentNode(field, fragment string) (*yaml.Node, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(fragment), &n); err != nil {
		return nil, &Problem{Field: field, Value: short(fragment), Rule: "must be YAML: " + err.Error()}
	}
	switch m := plain(&n); {
	case n.Kind == 0:
		return mapping(), nil
	case m.Kind == yaml.MappingNode:
		return m, nil
	}
	return nil, &Problem{Field: field, Value: short(fragment), Rule: "must be a YAML mapping"}
}

func curveNode(k Curve) *yaml.Node {
	if k.Type == Poly {
		return mapping("type", text(k.Type), "coefficients", numbers(k.Poly))
	}
	rows := list()
	for _, piece := range k.Pieces {
		rows.Content = append(rows.Content, numbers(piece[:]))
	}
	return mapping("type", text(k.Type), "knots", numbers(k.Knots), "coefficients", rows)
}

// mapping makes one of keys and their *yaml.Node in turn.
func mapping(pairs ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i < len(pairs); i += 2 {
		m.Content = append(m.Content, text(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return m
}

func list() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func numbers(vs []float64) *yaml.Node {
	l := list()
	for _, v := range vs {
		l.Content = append(l.Content, number(v))
	}
	return l
}

// number is v in the shortest form that gives it back. The dot must be there:
// YAML 1.1, which Pioreactor reads, takes 1e-05 for a text.
func number(v float64) *yaml.Node {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if a := math.Abs(v); a >= 1e-4 && a < 1e16 || a == 0 {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	mantissa, exponent, scientific := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if s = mantissa; scientific {
		s += "e" + exponent
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: s}
}
