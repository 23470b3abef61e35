package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ErrNotFinite is returned for a number that JSON and Pioreactor's consumers
// cannot read; publish a quality code instead.
var ErrNotFinite = errors.New("wire: number is not finite")

// Number is a Python number: the float 500.0 and the integer 500 differ on the
// wire, and Pioreactor publishes either for the same setting.
type Number struct {
	value   float64
	integer bool
}

// Float is a Python float: 500.0.
func Float(v float64) Number { return Number{value: v} }

// Int is a Python int: 500. Exact up to 2⁵³.
func Int(v int32) Number { return Number{value: float64(v), integer: true} }

// Float64 is the value.
func (n Number) Float64() float64 { return n.value }

// String spells n as Python does.
func (n Number) String() string { return string(n.append(nil)) }

func (n Number) append(dst []byte) []byte {
	if n.integer {
		return strconv.AppendFloat(dst, n.value, 'f', 0, 64)
	}
	return appendFloat(dst, n.value)
}

// UnmarshalJSON keeps the difference between 0 and 0.0.
func (n *Number) UnmarshalJSON(text []byte) error {
	parsed, err := ParseNumber(string(text))
	if err == nil {
		*n = parsed
	}
	return err
}

// ParseNumber reads a number as Pioreactor publishes it. An integer beyond 2⁵³
// is refused: it would not survive.
func ParseNumber(text string) (Number, error) {
	if text == "" || bytes.ContainsAny([]byte(text), "xX_pPnNiI") {
		return Number{}, fmt.Errorf("wire: %q is not a number", text)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Number{}, fmt.Errorf("wire: %q is not a number", text)
	}
	integer := !bytes.ContainsAny([]byte(text), ".eE")
	if integer && math.Abs(v) > 1<<53 {
		return Number{}, fmt.Errorf("wire: integer %s is beyond 2^53", text)
	}
	if integer && v == 0 {
		v = 0 // Python has no negative integer zero
	}
	return Number{value: v, integer: integer}, nil
}

// FormatFloat spells v as Python's repr does: 500.0, 1e-05, 1e+16.
func FormatFloat(v float64) (string, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "", ErrNotFinite
	}
	return string(appendFloat(nil, v)), nil
}

// appendFloat writes the shortest digits that read back as v, positional for
// exponents −4 to 15 and scientific beyond. Source: CPython 3.13,
// float_repr_style 'short' (Objects/floatobject.c).
func appendFloat(dst []byte, v float64) []byte {
	if v == 0 {
		if math.Signbit(v) {
			return append(dst, "-0.0"...)
		}
		return append(dst, "0.0"...)
	}
	if a := math.Abs(v); a < 1e-4 || a >= 1e16 {
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// FormatBool spells v as Python does: True, False.
func FormatBool(v bool) string {
	if v {
		return "True"
	}
	return "False"
}
