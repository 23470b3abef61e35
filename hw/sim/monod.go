package sim

import "math"

// monod advances a batch culture exactly: X' = k·X·S/(Ks+S), S' = −X'/Y, over
// a time for which k·t is given. It holds for any kt ≥ 0, however stiff.
//
// X+Y·S =: C stays constant, so the equation integrates to
//
//	(1+a)·ln(X1/X0) − a·ln(S1/S0) = kt,  a = Ks·Y/C,
//
// which is solved for w = ln(S1/S0) by Newton's method from w = 0. The function
// is concave and falling there, so that the iteration converges from one side.
func monod(x0, s0, kt, ks, yield float64) (x, s float64) {
	if x0 <= 0 || s0 <= 0 || kt <= 0 {
		return x0, s0
	}
	const (
		iterations = 60   // 1 or 2 are usual
		converged  = 1e-8 // relative; the next step would be of the order of its square
	)
	food := yield * s0
	a := ks * yield / (x0 + food)
	w := -kt / ((1+a)*food/x0 + a) // the first step, from w = 0
	for range iterations {
		eaten := -food * math.Expm1(w)
		x = x0 + eaten
		f := (1+a)*math.Log1p(eaten/x0) - a*w - kt
		slope := -(1+a)*(food-eaten)/x - a
		step := f / slope
		w -= step
		if math.Abs(step) <= converged*math.Abs(w) {
			break
		}
	}
	return x0 - food*math.Expm1(w), s0 * math.Exp(w)
}
