package calibration

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Problem is one rule that a calibration or an estimator breaks.
type Problem struct {
	File  string // as given to Parse; empty when it was not read from one
	Line  int    // from 1; 0 when unknown
	Field string // such as "curve_data_.coefficients[2]"; empty for the whole file
	Value string // what is there, shortened
	Rule  string // what must be there
}

// Error is one sentence with everything needed to mend the file.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString("calibration: ")
	if p.File != "" {
		b.WriteString(p.File + ": ")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Field != "" {
		fmt.Fprintf(&b, "%s = %s: ", p.Field, p.Value)
	}
	return b.String() + p.Rule
}

// problems collects what is wrong, at most a screenful.
type problems struct{ all []error }

const maxProblems = 20

func (p *problems) add(field string, value any, rule string, args ...any) {
	if len(p.all) < maxProblems {
		p.all = append(p.all, &Problem{Field: field, Value: short(value), Rule: fmt.Sprintf(rule, args...)})
	}
}

// short shows a value in one line.
func short(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%.60q", s)
	}
	return fmt.Sprint(v)
}

func (p *problems) finite(field string, v float64) bool {
	ok := !math.IsNaN(v) && !math.IsInf(v, 0)
	if !ok {
		p.add(field, v, "must be a finite number")
	}
	return ok
}

func (p *problems) finiteAll(field string, vs []float64) {
	for i, v := range vs {
		p.finite(fmt.Sprintf("%s[%d]", field, i), v)
	}
}

func (p *problems) between(field string, v, lo, hi float64) {
	switch {
	case !p.finite(field, v):
	case v < lo && hi == math.MaxFloat64:
		p.add(field, v, "must be at least %g", lo)
	case v < lo || v > hi:
		p.add(field, v, "must be from %g to %g", lo, hi)
	}
}

func (p *problems) size(field string, n, lo, hi int) bool {
	if n < lo || n > hi {
		p.add(field, verbatim(fmt.Sprintf("%d values", n)), "must have from %d to %d values", lo, hi)
		return false
	}
	return true
}

func (p *problems) word(field, v string, known []string) {
	if !slices.Contains(known, v) {
		p.add(field, v, "must be one of %s", strings.Join(known, ", "))
	}
}

func (p *problems) filled(field, v string) {
	if v == "" {
		p.add(field, v, "must not be empty")
	}
}

func (p *problems) moment(field string, at time.Time) {
	if at.Year() < 1 || at.Year() > 9999 || at.IsZero() {
		p.add(field, at.Format(time.RFC3339), "must be a date and time of the years 1 to 9999 with its zone")
	}
}

func (p *problems) name(field, v string) {
	if rule := nameRule(v); rule != "" {
		p.add(field, v, "%s", rule)
	}
}
