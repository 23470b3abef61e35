package calibration

import (
	"math"
	"slices"
)

// horner is the polynomial p, the highest power first, at x.
func horner(p []float64, x float64) float64 {
	sum := 0.0
	for _, a := range p {
		sum = sum*x + a
	}
	return sum
}

// derivative is dp/dx.
func derivative(p []float64) []float64 {
	if len(p) < 2 {
		return nil
	}
	d := make([]float64, len(p)-1)
	for i := range d {
		d[i] = p[i] * float64(len(p)-1-i)
	}
	return d
}

// realRoots is every real root of p in [lo, hi], ascending. Between two roots
// of its derivative a polynomial only rises or only falls, so each such stretch
// holds at most one root, and bisection finds it to the last bit. A stretch that
// just touches zero counts: rounding must not lose a double root. A constant
// has none, 0 included.
func realRoots(p []float64, lo, hi float64) []float64 {
	for len(p) > 0 && p[0] == 0 {
		p = p[1:]
	}
	if len(p) < 2 {
		return nil
	}
	bound := rootBound(p)
	lo, hi = max(lo, -bound), min(hi, bound)
	if !(lo <= hi) {
		return nil
	}
	ends := append([]float64{lo}, realRoots(derivative(p), lo, hi)...)
	ends = append(ends, hi)
	var roots []float64
	for i := 1; i < len(ends); i++ {
		if x, ok := bisect(p, ends[i-1], ends[i]); ok {
			roots = append(roots, x)
		}
	}
	return merged(roots)
}

// merged joins roots that differ only by rounding: a touching point is found
// from both sides.
func merged(roots []float64) []float64 {
	return slices.CompactFunc(roots, func(a, b float64) bool { return math.Abs(b-a) <= 1e-10*(math.Abs(a)+1) })
}

// rootBound is Cauchy's: no root of p is farther from 0.
func rootBound(p []float64) float64 {
	largest := 0.0
	for _, a := range p[1:] {
		largest = max(largest, math.Abs(a/p[0]))
	}
	return min(1+largest, 1e100) // beyond it nothing in a laboratory is
}

// bisect finds where p crosses zero between lo and hi, where it is monotone.
func bisect(p []float64, lo, hi float64) (float64, bool) {
	a, b := horner(p, lo), horner(p, hi)
	switch {
	case touches(p, lo, a):
		return lo, true
	case touches(p, hi, b):
		return hi, true
	case (a < 0) == (b < 0):
		return 0, false
	}
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return mid, true
		}
		if v := horner(p, mid); v == 0 {
			return mid, true
		} else if (v < 0) == (a < 0) {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// touches reports whether y, p's value at x, is 0 but for rounding.
func touches(p []float64, x, y float64) bool {
	size := 0.0
	for _, a := range p {
		size = size*math.Abs(x) + math.Abs(a)
	}
	return math.Abs(y) <= 8e-16*size
}
