package calibration

import (
	"fmt"
	"math"
	"slices"
)

// The types of Curve, as Pioreactor 26.7.2 calls them.
const (
	Poly   = "poly"
	Spline = "spline"
	Akima  = "akima"
)

// Curve is y as a function of x: a polynomial, or cubic pieces between knots.
// Parse, Validate and the fits give valid ones. It is only read.
type Curve struct {
	Type string `json:"type"`
	// Poly: coefficients, the highest power first.
	Poly []float64 `json:"poly,omitempty"`
	// Spline and Akima: y = a + b·u + c·u² + d·u³ with u = x − Knots[i], for the
	// piece from knot i to the next. The end pieces go on outside.
	Knots  []float64    `json:"knots,omitempty"`
	Pieces [][4]float64 `json:"pieces,omitempty"` // a, b, c, d; one fewer than knots
}

const (
	maxCoefficients = 20   // of a polynomial; Pioreactor fits up to 6
	maxKnots        = 1000 // of a piecewise curve
)

// check reports every rule the curve breaks.
func (k Curve) check(field string, p *problems) {
	switch k.Type {
	case Poly:
		if p.size(field+".coefficients", len(k.Poly), 1, maxCoefficients) {
			p.finiteAll(field+".coefficients", k.Poly)
		}
	case Spline, Akima:
		k.checkPieces(field, p)
	default:
		p.word(field+".type", k.Type, []string{Poly, Spline, Akima})
	}
}

func (k Curve) checkPieces(field string, p *problems) {
	if !p.size(field+".knots", len(k.Knots), 2, maxKnots) {
		return
	}
	p.finiteAll(field+".knots", k.Knots)
	for i := 1; i < len(k.Knots); i++ {
		if k.Knots[i] <= k.Knots[i-1] {
			p.add(fmt.Sprintf("%s.knots[%d]", field, i), k.Knots[i], "must be above the knot before it, %g", k.Knots[i-1])
		}
	}
	if len(k.Pieces) != len(k.Knots)-1 {
		p.add(field+".coefficients", verbatim(fmt.Sprintf("%d rows", len(k.Pieces))), "must have one row fewer than there are knots, %d", len(k.Knots)-1)
	}
	for i, piece := range k.Pieces {
		p.finiteAll(fmt.Sprintf("%s.coefficients[%d]", field, i), piece[:])
	}
}

// At is y at x. Far outside the knots or points it is an extrapolation, and
// may overflow.
func (k Curve) At(x float64) float64 {
	if k.Type == Poly {
		return horner(k.Poly, x)
	}
	i := k.piece(x)
	return horner(descending(k.Pieces[i], 0), x-k.Knots[i])
}

// Slope is dy/dx at x.
func (k Curve) Slope(x float64) float64 {
	if k.Type == Poly {
		return horner(derivative(k.Poly), x)
	}
	i := k.piece(x)
	return horner(derivative(descending(k.Pieces[i], 0)), x-k.Knots[i])
}

// Solve is every x at which the curve is y, ascending, extrapolation included.
func (k Curve) Solve(y float64) []float64 {
	if k.Type == Poly {
		return realRoots(minus(k.Poly, y), math.Inf(-1), math.Inf(1))
	}
	var all []float64
	last := len(k.Pieces) - 1
	for i, piece := range k.Pieces {
		lo, hi := 0.0, k.Knots[i+1]-k.Knots[i]
		if i == 0 {
			lo = math.Inf(-1)
		}
		if i == last {
			hi = math.Inf(1)
		}
		for _, u := range rootsOfPiece(descending(piece, y), lo, hi) {
			all = append(all, k.Knots[i]+u)
		}
	}
	slices.Sort(all)
	return slices.CompactFunc(all, func(a, b float64) bool { return math.Abs(b-a) <= sameRoot })
}

const (
	sameRoot  = 1e-7  // two pieces meet at a knot: their roots there are one; Pioreactor 26.7.2
	pieceEdge = 1e-9  // a root this far outside its piece is at the edge; Pioreactor 26.7.2
	noPower   = 1e-12 // a leading coefficient of a piece below it is rounding; Pioreactor 26.7.2
)

// rootsOfPiece solves one cubic piece between lo and hi. A flat piece at y
// itself has no single answer: its finite ends stand for it.
func rootsOfPiece(p []float64, lo, hi float64) []float64 {
	for len(p) > 0 && math.Abs(p[0]) < noPower {
		p = p[1:]
	}
	if len(p) == 0 {
		return slices.DeleteFunc([]float64{lo, hi}, func(u float64) bool { return math.IsInf(u, 0) })
	}
	roots := realRoots(p, lo-pieceEdge, hi+pieceEdge)
	for i, u := range roots {
		roots[i] = min(max(u, lo), hi)
	}
	return roots
}

// piece is the index of the piece that answers for x.
func (k Curve) piece(x float64) int {
	i, found := slices.BinarySearch(k.Knots, x)
	if !found {
		i--
	}
	return min(max(i, 0), len(k.Pieces)-1)
}

// descending is a piece minus y, the highest power first.
func descending(piece [4]float64, y float64) []float64 {
	return []float64{piece[3], piece[2], piece[1], piece[0] - y}
}

// minus is p − y.
func minus(p []float64, y float64) []float64 {
	q := slices.Clone(p)
	q[len(q)-1] -= y
	return q
}
