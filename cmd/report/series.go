package report

import (
	"math"
	"slices"
	"strings"
	"time"
)

// series picks one number of a row.
type series func(*Row) Value

// column is what falls on one pixel of the time axis.
type column struct {
	n              int
	sum, low, high float64
	falls          bool // high came before low
}

func (c *column) add(x float64) {
	switch {
	case c.n == 0:
		c.low, c.high = x, x
	case x < c.low:
		c.low, c.falls = x, true
	case x > c.high:
		c.high, c.falls = x, false
	}
	c.n++
	c.sum += x
}

// values are what a line shows of the column: the mean, or both ends in their
// order where they are far apart, so that no peak is lost.
func (c *column) values(y axis) []float64 {
	const far = 2 // pixels
	switch {
	case math.Abs(y.at(c.high)-y.at(c.low)) <= far:
		return []float64{c.sum / float64(c.n)}
	case c.falls:
		return []float64{c.high, c.low}
	default:
		return []float64{c.low, c.high}
	}
}

// columns gathers a series by pixel, so that a picture's size does not depend
// on the run's length.
func (r *Run) columns(s series) []column {
	cols := make([]column, plotW+1)
	for i := range r.Rows {
		if v := s(&r.Rows[i]); v.Known {
			cols[r.pixel(r.Rows[i].At)].add(v.X)
		}
	}
	return cols
}

func (r *Run) pixel(at time.Duration) int {
	if r.Length <= 0 {
		return 0
	}
	return int(min(max(float64(at)/float64(r.Length), 0), 1) * plotW)
}

// spread is the range of a series without the rarest half percent at each end,
// so that one wild value does not flatten the rest.
func (r *Run) spread(all ...series) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range all {
		var xs []float64
		for i := range r.Rows {
			if v := s(&r.Rows[i]); v.Known {
				xs = append(xs, v.X)
			}
		}
		if len(xs) == 0 {
			continue
		}
		slices.Sort(xs)
		cut := len(xs) / 200
		low, high = min(low, xs[cut]), max(high, xs[len(xs)-1-cut])
	}
	return low, high
}

// has reports whether anything of a series is known.
func (r *Run) has(s series) bool {
	return slices.ContainsFunc(r.Rows, func(row Row) bool { return s(&row).Known })
}

type point struct{ x, y float64 }

// points are the line of a series, split where it is unknown for long.
func (r *Run) points(s series, y axis) (runs [][]point) {
	const longest = 12 // pixels bridged
	var run []point
	for x, c := range r.columns(s) {
		if c.n == 0 {
			continue
		}
		if len(run) > 0 && float64(left+x)-run[len(run)-1].x > longest {
			runs, run = append(runs, run), nil
		}
		for i, v := range c.values(y) {
			run = append(run, point{float64(left+x) + 0.5*float64(i), y.at(v)})
		}
	}
	if run != nil {
		runs = append(runs, run)
	}
	return runs
}

// curve draws a series as a line.
func (c *canvas) curve(r *Run, s series, y axis, colour, more string) {
	var path strings.Builder
	for _, run := range r.points(s, y) {
		trace(&path, straightened(run))
	}
	if path.Len() > 0 {
		c.f(`<path d="%s" stroke="%s" fill="none" stroke-width="1.5"%s/>`, path.String(), colour, more)
	}
}

// band draws how far a series scatters within each pixel.
func (c *canvas) band(r *Run, s series, y axis, colour string) {
	var path strings.Builder
	for x, col := range r.columns(s) {
		if col.n > 0 {
			path.WriteString("M" + px(float64(left+x)) + " " + px(y.at(col.high)) + "V" + px(max(y.at(col.low), y.at(col.high)+0.5)))
		}
	}
	if path.Len() > 0 {
		c.f(`<path d="%s" stroke="%s" fill="none"/>`, path.String(), colour)
	}
}

// mean draws the moving mean of what goes up and down within a few pixels.
func (c *canvas) mean(r *Run, s series, y axis, colour string) {
	const reach = 4 // pixels to each side
	cols := r.columns(s)
	var run []point
	for x := range cols {
		var sum float64
		n := 0
		for _, near := range cols[max(0, x-reach):min(len(cols), x+reach+1)] {
			sum, n = sum+near.sum, n+near.n
		}
		if cols[x].n > 0 {
			run = append(run, point{float64(left + x), y.at(sum / float64(n))})
		}
	}
	var path strings.Builder
	trace(&path, straightened(run))
	if len(run) > 0 {
		c.f(`<path d="%s" stroke="%s" fill="none" stroke-width="1.5"/>`, path.String(), colour)
	}
}

func trace(path *strings.Builder, run []point) {
	for i, p := range run {
		if i == 0 {
			path.WriteString("M")
		} else {
			path.WriteString("L")
		}
		path.WriteString(px(p.x) + " " + px(p.y))
	}
	if len(run) == 1 {
		path.WriteString("h1")
	}
}

// straightened leaves out points that lie within a third of a pixel of the line
// through those that are kept (Douglas & Peucker 1973).
func straightened(run []point) []point {
	const tolerance = 0.3
	if len(run) < 3 {
		return run
	}
	first, last := run[0], run[len(run)-1]
	worst, at := 0.0, 0
	for i, p := range run[1 : len(run)-1] {
		line := first.y + (last.y-first.y)*(p.x-first.x)/(last.x-first.x)
		if off := math.Abs(p.y - line); off > worst {
			worst, at = off, i+1
		}
	}
	if worst <= tolerance {
		return []point{first, last}
	}
	head := straightened(run[:at+1])
	return append(head[:len(head)-1:len(head)-1], straightened(run[at:])...)
}
