package fusion

import (
	"cmp"
	"math"
	"slices"
)

// gridAt is the place number i of the grid from lo to hi.
func gridAt(lo, hi float64, i int) float64 { return lo + float64(i)*((hi-lo)/(gridPoints-1)) }

// minimize finds the least of f between lo and hi, where f may have several
// valleys: ys, its values on the grid, show them, and the deepest few are searched.
func minimize(f func(float64) float64, ys []float64, lo, hi float64) float64 {
	valleys := valleysOf(ys)
	best := gridAt(lo, hi, valleys[0])
	for _, i := range valleys[:min(refinePoints, len(valleys))] {
		x := golden(f, gridAt(lo, hi, max(i-1, 0)), gridAt(lo, hi, min(i+1, gridPoints-1)))
		if f(x) < f(best) {
			best = x
		}
	}
	return best
}

// valleysOf are the places where ys is no higher than beside, the deepest
// first; at least one.
func valleysOf(ys []float64) []int {
	var at []int
	for i, y := range ys {
		if (i == 0 || y <= ys[i-1]) && (i == len(ys)-1 || y <= ys[i+1]) {
			at = append(at, i)
		}
	}
	if at == nil {
		return []int{0} // nothing compares: the values are no numbers
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(ys[a], ys[b]) })
	return at
}

// golden narrows [a, b] around the least of f by golden sections.
func golden(f func(float64) float64, a, b float64) float64 {
	const tolerance, steps = 1e-6, 64 // of ℓ; Pioreactor 26.7.2
	part := 2 / (1 + math.Sqrt(5))
	c, d := b-part*(b-a), a+part*(b-a)
	fc, fd := f(c), f(d)
	for range steps {
		if b-a <= tolerance {
			break
		}
		if fc < fd {
			b, d, fd = d, c, fc
			c = b - part*(b-a)
			fc = f(c)
		} else {
			a, c, fc = c, d, fd
			d = a + part*(b-a)
			fd = f(d)
		}
	}
	return (a + b) / 2
}
