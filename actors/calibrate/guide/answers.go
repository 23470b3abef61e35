package guide

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// refused is an input that cannot be taken.
type refused struct{ reason string }

// Error implements error.
func (r *refused) Error() string { return r.reason }

func refuse(format string, args ...any) error { return &refused{fmt.Sprintf(format, args...)} }

// value is a's text, or the default of f.
func (a Answer) value(f Field) string {
	if text := strings.TrimSpace(a.Value); text != "" {
		return text
	}
	return f.Default
}

// number reads one number of at least lo and at most hi.
func number(field, text, unit string, lo, hi float64) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && strings.Contains(text, ","):
		return 0, refuse("%s: want a number with a point, such as %s, got %.40q", field, strings.Replace(text, ",", ".", 1), text)
	case err != nil || math.IsNaN(x):
		return 0, refuse("%s: want a number of %s, got %.40q", field, unit, text)
	case x < lo || x > hi:
		return 0, refuse("%s: want %g to %g %s, got %.40s", field, lo, hi, unit, text)
	}
	return x, nil
}

// numbers reads at least one number, separated by spaces or semicolons.
func numbers(field, text, unit string, lo, hi float64) ([]float64, error) {
	var all []float64
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ';' }) {
		x, err := number(field, part, unit, lo, hi)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		return nil, refuse("%s: want at least one number of %s", field, unit)
	}
	return all, nil
}

// yes reads a yes or a no.
func yes(field, text string) (bool, error) {
	switch strings.ToLower(text) {
	case "yes", "y":
		return true, nil
	case "no", "n":
		return false, nil
	}
	return false, refuse("%s: want yes or no, got %.40q", field, text)
}
