package cmd

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// fileText draws a file and lists its fields; one that cannot be read is shown
// as it is.
func fileText(f actors.CalibrationFile) string {
	head := fmt.Sprintf("%s %s", f.Device, f.Name)
	if f.Active {
		head += " (active)"
	}
	if f.Problem != "" {
		return head + " cannot be used: " + printable(f.Problem) + "\n\n" + lines(f.YAML)
	}
	fields := fmt.Sprintf("kind     %s\ncreated  %s on %s\ndomain   %s\n",
		f.Kind, f.CreatedAt.Local().Format("2006-01-02 15:04"), printable(f.Unit), domainText(f.Domain))
	name := f.Name + ".yaml"
	if f.Shelf == actors.Estimators {
		if e, err := calibration.ParseEstimator(name, []byte(f.YAML)); err == nil {
			return head + "\n\n" + estimatorText(e) + fields
		}
	}
	c, err := calibration.Parse(name, []byte(f.YAML))
	if err != nil {
		return head + "\n\n" + fields + "\n" + lines(f.YAML)
	}
	return head + "\n\n" + plotOf(c).text() + "\n" + fields + calibrationText(c)
}

// lines makes the lines of a text from outside printable.
func lines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(printable(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return b.String()
}

// calibrationText is what the axes do not show.
func calibrationText(c calibration.Calibration) string {
	text := "curve    " + curveText(c.Curve) + "\n"
	switch c.Kind {
	case calibration.OD, calibration.OD600:
		return text + fmt.Sprintf("light    IR at %g %%, photodiode %d at %s°\n", c.IRPercent, c.Channel, c.Angle)
	case calibration.Pump:
		return text + fmt.Sprintf("drive    %g Hz at %g %%%s\n", c.PWMHz, c.DutyPercent, supplyText(c.SupplyV))
	}
	return text + fmt.Sprintf("drive    %g Hz%s\n", c.PWMHz, supplyText(c.SupplyV))
}

func supplyText(volts float64) string {
	if volts < 0 {
		return ""
	}
	return fmt.Sprintf(", supply %.3g V", volts)
}

func curveText(k calibration.Curve) string {
	if k.Type != calibration.Poly {
		return fmt.Sprintf("%s, %d knots from %.4g to %.4g", k.Type, len(k.Knots), k.Knots[0], k.Knots[len(k.Knots)-1])
	}
	var terms []string
	for i, a := range k.Poly {
		switch power := len(k.Poly) - 1 - i; {
		case a == 0 && len(k.Poly) > 1:
		case power == 0:
			terms = append(terms, fmt.Sprintf("%.5g", a))
		case power == 1:
			terms = append(terms, fmt.Sprintf("%.5g·x", a))
		default:
			terms = append(terms, fmt.Sprintf("%.5g·x^%d", a, power))
		}
	}
	return "poly, y = " + valueOr(strings.Join(terms, " + "), "0")
}

// estimatorText draws the curve of each angle: ln V over log10 of the density.
func estimatorText(e calibration.Estimator) string {
	var b strings.Builder
	for _, a := range e.Angles {
		p := plot{x: "log10(OD)", y: "ln V at " + a.Angle + "°", low: e.MinLogC, high: e.MaxLogC, at: a.Mu.At}
		b.WriteString(p.text() + "\n")
	}
	return b.String()
}

// plot is a curve with points, drawn with characters.
type plot struct {
	x, y      string
	low, high float64 // of x
	at        func(float64) float64
	points    calibration.Points
}

// plotOf shows the recorded range with a little around it.
func plotOf(c calibration.Calibration) plot {
	p := plot{x: c.X, y: c.Y, at: c.Curve.At, points: c.Recorded, low: 0, high: 1}
	if len(c.Curve.Knots) > 0 {
		p.low, p.high = c.Curve.Knots[0], c.Curve.Knots[len(c.Curve.Knots)-1]
	}
	if len(c.Recorded.X) > 0 {
		p.low, p.high = c.Domain()
	}
	if p.low == p.high {
		p.low, p.high = p.low-1, p.high+1
	}
	return p
}

// Size of a plot, in characters.
const (
	plotWide = 60
	plotHigh = 15
)

// text draws the plot, the curve as · and the points as o.
func (p plot) text() string {
	xs, ys := make([]float64, plotWide), make([]float64, plotWide)
	for i := range xs {
		xs[i] = p.low + (p.high-p.low)*float64(i)/(plotWide-1)
		ys[i] = p.at(xs[i])
	}
	all := slices.DeleteFunc(slices.Concat(ys, p.points.Y), func(y float64) bool { return math.IsNaN(y) || math.IsInf(y, 0) })
	if len(all) == 0 {
		return "(the curve overflows over its domain)\n"
	}
	bottom, top := slices.Min(all), slices.Max(all)
	if bottom == top {
		bottom, top = bottom-1, top+1
	}
	grid := newGrid()
	for i, y := range ys {
		grid.put(float64(i)/(plotWide-1), (y-bottom)/(top-bottom), '·')
	}
	for i, x := range p.points.X {
		grid.put((x-p.low)/(p.high-p.low), (p.points.Y[i]-bottom)/(top-bottom), 'o')
	}
	return p.framed(grid, bottom, top)
}

// grid is the characters of a plot, the top row first.
type grid [plotHigh][plotWide]rune

func newGrid() *grid {
	g := &grid{}
	for i := range g {
		for j := range g[i] {
			g[i][j] = ' '
		}
	}
	return g
}

// put draws at a place given as shares of width and height.
func (g *grid) put(x, y float64, mark rune) {
	if x >= 0 && x <= 1 && y >= 0 && y <= 1 {
		g[plotHigh-1-int(math.Round(y*(plotHigh-1)))][int(math.Round(x*(plotWide-1)))] = mark
	}
}

// framed puts axes and their ends around a grid.
func (p plot) framed(g *grid, bottom, top float64) string {
	high, low := fmt.Sprintf("%.4g", top), fmt.Sprintf("%.4g", bottom)
	margin := max(len(high), len(low))
	var b strings.Builder
	fmt.Fprintf(&b, "%*s  %s\n", margin, "", printable(p.y))
	for i, row := range g {
		label := ""
		switch i {
		case 0:
			label = high
		case plotHigh - 1:
			label = low
		}
		fmt.Fprintf(&b, "%*s │%s\n", margin, label, strings.TrimRight(string(row[:]), " "))
	}
	left, right := fmt.Sprintf("%.4g", p.low), fmt.Sprintf("%.4g", p.high)
	axis := printable(p.x)
	gap := max(2, plotWide-len(left)-len(right)-len([]rune(axis)))
	fmt.Fprintf(&b, "%*s └%s\n%*s  %s%s%s%s%s\n", margin, "", strings.Repeat("─", plotWide), margin, "",
		left, strings.Repeat(" ", gap/2), axis, strings.Repeat(" ", gap-gap/2), right)
	return b.String()
}
