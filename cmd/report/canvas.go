package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The picture's measures, in pixels.
const (
	width    = 1000
	left     = 62 // of the plots
	right    = 16
	plotW    = width - left - right
	gap      = 34 // above a panel: its heading
	fontSize = 12
)

// The colours tell apart for all kinds of sight: blue what was measured, orange
// the truth, green what was asked for. Source: Okabe & Ito 2008.
const (
	measured = "#0072b2"
	faint    = "#a9cfe6"
	true_    = "#d55e00"
	wanted   = "#009e73"
	alarming = "#b3261e"
	ink      = "#24292f"
	dim      = "#656d76"
	rule     = "#e4e8ec"
	frame    = "#b8c0c8"
	paper    = "#ffffff"
	pale     = "#f2cdb0" // the truth's scatter
	fourth   = "#aa4499"
)

// night is each colour's on a dark page.
var night = [][2]string{
	{measured, "#56b4e9"}, {faint, "#1d4a66"}, {true_, "#ff9248"}, {wanted, "#2fcf9b"}, {alarming, "#ff6b62"}, {ink, "#e6edf3"},
	{dim, "#9198a1"}, {rule, "#232a33"}, {frame, "#444c56"}, {paper, "#0d1117"}, {pale, "#5e3518"}, {fourth, "#dd77cc"},
}

// nightStyle overrules the colours where the reader prefers a dark page; what
// knows no such preference shows the light ones.
func nightStyle() string {
	var b strings.Builder
	b.WriteString("<style>@media (prefers-color-scheme:dark){")
	for _, c := range night {
		fmt.Fprintf(&b, `[fill="%s"]{fill:%s}[stroke="%s"]{stroke:%s}`, c[0], c[1], c[0], c[1])
	}
	return b.String() + "}</style>"
}

// canvas writes SVG.
type canvas struct{ strings.Builder }

func (c *canvas) f(format string, args ...any) {
	fmt.Fprintf(&c.Builder, format+"\n", args...)
}

func (c *canvas) text(x, y float64, colour, anchor, text string) {
	c.f(`<text x="%s" y="%s" fill="%s"%s>%s</text>`, px(x), px(y), colour, anchored(anchor), escape(text))
}

func anchored(anchor string) string {
	if anchor == "" {
		return ""
	}
	return ` text-anchor="` + anchor + `"`
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour string) {
	c.f(`<path d="M%s %sL%s %s" stroke="%s"/>`, px(x1), px(y1), px(x2), px(y2), colour)
}

func (c *canvas) dashed(from, to, y float64, colour string) {
	c.f(`<path d="M%s %sH%s" stroke="%s" stroke-width="1.5" stroke-dasharray="6 4"/>`, px(from), px(y), px(to), colour)
}

// px is a coordinate with one decimal, written as short as can be.
func px(x float64) string {
	text := strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
	if text == "-0" {
		return "0"
	}
	return text
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape makes text safe in XML: control characters are not allowed in it at all.
func escape(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	return escaper.Replace(clean)
}

// axis maps values to pixels.
type axis struct {
	low, high float64
	from, to  float64 // pixels of low and high
	log       bool    // equal ratios are equal distances; low is above 0
}

func (a axis) at(x float64) float64 {
	share := (x - a.low) / (a.high - a.low)
	if a.log {
		share = math.Log(max(x, a.low/10)/a.low) / math.Log(a.high/a.low)
	}
	return a.from + share*(a.to-a.from)
}

// tick is a marked value and how it is written.
type tick struct {
	x    float64
	text string
}

// ticks are at most so many round values.
func (a axis) ticks(most int) (ticks []tick) {
	if a.log {
		return a.logTicks(most)
	}
	step := stepFor((a.high - a.low) / float64(most))
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(a.low/step - 1e-9); i*step <= a.high+step*1e-9; i++ {
		x := i*step + 0 // never -0
		ticks = append(ticks, tick{x, strconv.FormatFloat(x, 'f', decimals, 64)})
	}
	return ticks
}

// logTicks are 1, 2 and 5 of each decade, or the decades alone if those are many.
func (a axis) logTicks(most int) (ticks []tick) {
	for _, marks := range [][]float64{{1, 2, 5}, {1}} {
		ticks = nil
		for d := math.Floor(math.Log10(a.low)); math.Pow(10, d) <= a.high; d++ {
			for _, m := range marks {
				if x := m * math.Pow(10, d); x >= a.low && x <= a.high {
					ticks = append(ticks, tick{x, strconv.FormatFloat(x, 'f', -1, 64)})
				}
			}
		}
		if len(ticks) <= most+1 {
			break
		}
	}
	return ticks
}

func stepFor(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// around is a range that shows low to high with some air; never empty.
func around(low, high float64) (float64, float64) {
	if !(low <= high) {
		return 0, 1
	}
	air := max((high-low)*0.08, math.Abs(high)*0.01, 1e-6)
	return low - air, high + air
}

// fromZero is around, with zero at the bottom of what is never far below it.
func fromZero(low, high float64) (float64, float64) {
	_, top := around(min(low, 0), high)
	if low >= 0 || !(low <= high) {
		return 0, top
	}
	return around(low, max(high, 0))
}
