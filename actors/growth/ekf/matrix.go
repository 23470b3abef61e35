package ekf

import "math"

// vec and mat are small enough to live on the stack: no update allocates.
type (
	vec = [3]float64
	mat = [3][3]float64
)

// sandwich returns F·P·Fᵀ.
func sandwich(f, p *mat) mat {
	var fp, out mat
	for i := range 3 {
		for j := range 3 {
			fp[i][j] = f[i][0]*p[0][j] + f[i][1]*p[1][j] + f[i][2]*p[2][j]
		}
	}
	for i := range 3 {
		for j := range 3 {
			out[i][j] = fp[i][0]*f[j][0] + fp[i][1]*f[j][1] + fp[i][2]*f[j][2]
		}
	}
	return out
}

func mulVec(f *mat, x *vec) vec {
	var out vec
	for i := range 3 {
		out[i] = f[i][0]*x[0] + f[i][1]*x[1] + f[i][2]*x[2]
	}
	return out
}

// psd says whether p is symmetric and positive semidefinite to rounding: all
// principal minors of its correlation matrix are at least −1e-6.
func psd(p *mat) bool {
	const tol = 1e-6
	var c mat
	for i := range 3 {
		for j := range 3 {
			if !finite(p[i][j]) || p[i][i] <= 0 || p[j][j] <= 0 {
				return false
			}
			c[i][j] = p[i][j] / math.Sqrt(p[i][i]) / math.Sqrt(p[j][j])
		}
	}
	for i := range 3 {
		for j := range i {
			if math.Abs(c[i][j]-c[j][i]) > tol || 1-c[i][j]*c[j][i] < -tol {
				return false
			}
		}
	}
	det := 1 + 2*c[0][1]*c[0][2]*c[1][2] - c[0][1]*c[0][1] - c[0][2]*c[0][2] - c[1][2]*c[1][2]
	return det >= -tol
}
