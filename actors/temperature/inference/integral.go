package inference

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// What the fit leans on, where a curve says little: the product and the sum of
// the two rates, per sample. Pioreactor 26.7.2.
const (
	productWeight, productPrior = 100, -0.0012
	sumWeight, sumPrior         = 50, -0.325
)

// integral is the algorithm of the 20 mL vial of version 1.0. Above the room
// the board is the sum of two exponentials, y = b·e^(px) + c·e^(qx), a slow one
// that is the vial's and a fast one of its own. Such a y is linear in its first
// and second integral, which gives p and q without iteration (Jacquelin 2014);
// a second regression gives b and c.
func integral(_, roomC float64, boardC []float64) (float64, error) {
	y := make([]float64, len(boardC))
	for i, c := range boardC {
		y[i] = c - roomC
	}
	p, q, err := rates(y)
	if err != nil {
		return 0, err
	}
	b, err := slowShare(y, p, q)
	return roomC + b*math.Exp(p*float64(len(y))), err
}

// rates are p and q per sample, the slow one first.
func rates(y []float64) (p, q float64, err error) {
	s := cumulative(y)
	ss := cumulative(s)
	normal, right := mat.NewSymDense(4, nil), mat.NewVecDense(4, nil)
	for i := range y {
		row := [4]float64{ss[i], s[i], float64(i), 1}
		for j := range row {
			for k := j; k < len(row); k++ {
				normal.SetSym(j, k, normal.At(j, k)+row[j]*row[k])
			}
			right.SetVec(j, right.AtVec(j)+row[j]*y[i])
		}
	}
	lean(normal, right, 0, productWeight, productPrior)
	lean(normal, right, 1, sumWeight, sumPrior)
	var x mat.VecDense
	if err := x.SolveVec(normal, right); err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrNoFit, err)
	}
	product, sum := x.AtVec(0), x.AtVec(1)
	root := math.Sqrt(sum*sum + 4*product)
	if math.IsNaN(root) {
		return 0, 0, ErrNoFit
	}
	return (sum + root) / 2, (sum - root) / 2, nil
}

// lean pulls coefficient i of a regression towards prior.
func lean(normal *mat.SymDense, right *mat.VecDense, i int, weight, prior float64) {
	normal.SetSym(i, i, normal.At(i, i)+weight)
	right.SetVec(i, right.AtVec(i)+weight*prior)
}

// cumulative is the integral from the first sample, by trapezoids.
func cumulative(y []float64) []float64 {
	sum := make([]float64, len(y))
	for i := 1; i < len(y); i++ {
		sum[i] = sum[i-1] + (y[i-1]+y[i])/2
	}
	return sum
}

// slowShare is b of the least-squares fit of y on both exponentials.
func slowShare(y []float64, p, q float64) (float64, error) {
	var pp, pq, qq, py, qy float64
	for i, v := range y {
		slow, fast := math.Exp(p*float64(i)), math.Exp(q*float64(i))
		pp, pq, qq = pp+slow*slow, pq+slow*fast, qq+fast*fast
		py, qy = py+slow*v, qy+fast*v
	}
	det := pp*qq - pq*pq
	if !(det > 1e-12*pp*qq) { // the two are one
		return 0, ErrNoFit
	}
	return (py*qq - qy*pq) / det, nil
}
