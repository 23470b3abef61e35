package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ODFused is the one kind of estimator, as Pioreactor 26.7.2 calls it; its
// device is "od_fused".
const ODFused = "od_fused_estimator"

// Estimator joins the readings of several photodiodes into one concentration:
// package fusion under actors/od does the joining. ℓ is the decimal logarithm of
// the concentration. It is a value: whoever holds one only reads it.
type Estimator struct {
	Kind       string    `json:"estimator_type"`
	Name       string    `json:"estimator_name"`
	Unit       string    `json:"calibrated_on_pioreactor_unit"`
	CreatedAt  time.Time `json:"created_at"` // UTC
	IRPercent  float64   `json:"ir_led_intensity"`
	Angles     []Angle   `json:"angles"`
	MinLogC    float64   `json:"min_logc"` // the range of ℓ it was made for
	MaxLogC    float64   `json:"max_logc"`
	SigmaFloor float64   `json:"sigma_floor"` // least standard deviation of ln V
	Y          string    `json:"y"`           // what the curves give: "log(Voltage)", the natural logarithm

	Recorded string `json:"recorded_data"`   // YAML of what it was made from; kept in writing
	Extra    string `json:"extra,omitempty"` // YAML of the fields this package does not know; kept in writing
}

// Angle is what an Estimator knows of one photodiode angle.
type Angle struct {
	Angle    string `json:"angle"`     // "45", "90", "135", "180"
	Mu       Curve  `json:"mu"`        // ln V over ℓ
	LogSigma Curve  `json:"log_sigma"` // ln of the standard deviation of ln V, over ℓ
	// LowScale multiplies the standard deviation at MinLogC, fading to 1 at
	// MaxLogC. Nil: the default of the angle set.
	LowScale *float64 `json:"low_conc_scale,omitempty"`
}

// Validate reports every rule the estimator breaks, as joined *Problem.
func (e Estimator) Validate() error {
	var p problems
	p.word("estimator_type", e.Kind, []string{ODFused})
	p.name("estimator_name", e.Name)
	p.filled("calibrated_on_pioreactor_unit", e.Unit)
	p.moment("created_at", e.CreatedAt)
	p.between("ir_led_intensity", e.IRPercent, 0, 100)
	p.size("angles", len(e.Angles), 1, len(angles))
	for i, a := range e.Angles {
		a.check(i, &p)
		if slices.ContainsFunc(e.Angles[:i], func(b Angle) bool { return b.Angle == a.Angle }) {
			p.add(fmt.Sprintf("angles[%d]", i), a.Angle, "must be there once")
		}
	}
	p.between("min_logc", e.MinLogC, -maxLogC, maxLogC)
	p.between("max_logc", e.MaxLogC, -maxLogC, maxLogC)
	if e.MaxLogC <= e.MinLogC {
		p.add("max_logc", e.MaxLogC, "must be above min_logc, %g", e.MinLogC)
	}
	p.between("sigma_floor", e.SigmaFloor, 0, math.MaxFloat64)
	return errors.Join(p.all...)
}

const maxLogC = 100 // 10 to this power is a number, and no concentration

func (a Angle) check(i int, p *problems) {
	p.word(fmt.Sprintf("angles[%d]", i), a.Angle, angles)
	a.Mu.check("mu_splines."+a.Angle, p)
	a.LogSigma.check("sigma_splines_log."+a.Angle, p)
	if a.LowScale != nil && !(*a.LowScale > 0 && *a.LowScale <= math.MaxFloat64) {
		p.add("low_conc_scales."+a.Angle, *a.LowScale, "must be a finite number above 0")
	}
}
