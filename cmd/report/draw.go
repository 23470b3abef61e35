package report

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// key names a line in a panel's heading.
type key struct{ colour, name string }

// panel is one plot below another.
type panel struct {
	name   string
	height float64
	keys   []key
	low    float64
	high   float64
	log    bool
	draw   func(c *canvas, y axis)
}

// WriteSVG draws the run: density, growth rate, volume, speed, doses, and the
// alarms and faults if there were any.
func (r *Run) WriteSVG(w io.Writer) error {
	c := &canvas{}
	panels := r.panels()
	height := 58.0
	for _, p := range panels {
		height += gap + p.height
	}
	c.open(r.Title, height)
	c.text(left+plotW, 26, dim, "end", r.Summary().headline())
	y := 30.0
	for i, p := range panels {
		y += gap
		c.panel(r, p, y, i)
		y += p.height
	}
	c.hours(r, y)
	c.f("</g>\n</svg>")
	if _, err := io.WriteString(w, c.String()); err != nil {
		return fmt.Errorf("report: picture: %w", err)
	}
	return nil
}

func (c *canvas) open(title string, height float64) {
	c.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %s" width="%d" height="%s" role="img" font-family="system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif" font-size="%d">`,
		width, px(height), width, px(height), fontSize)
	c.f(`<title>%s</title>`, escape(title))
	c.f(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	c.f(`<g stroke-linejoin="round">`)
	c.f(`<text x="%d" y="26" fill="%s" font-size="15" font-weight="600">%s</text>`, left, ink, escape(title))
}

// panels are those that have something to show.
func (r *Run) panels() []panel {
	panels := []panel{r.density()}
	if r.has(growth) {
		panels = append(panels, r.growth())
	}
	panels = append(panels, r.volume(), r.speed())
	if p, any := r.doses(); any {
		panels = append(panels, p)
	}
	if p, any := r.troubles(); any {
		panels = append(panels, p)
	}
	return panels
}

func growth(row *Row) Value   { return row.GrowthPerH }
func filtered(row *Row) Value { return row.Filtered }
func ledger(row *Row) Value   { return row.LedgerML }
func rpm(row *Row) Value      { return row.RPM }

// truth is a series of what a simulated vial really is.
func truth(of func(Truth) float64) series {
	return func(row *Row) Value {
		if !row.Simulated {
			return Value{}
		}
		return Of(of(row.True))
	}
}

func (r *Run) density() panel {
	reading, scale := r.scales()
	main := r.signal()
	raw := func(row *Row) Value {
		v := row.od(main)
		v.X *= reading
		v.Known = v.Known && row.Quality == good
		return v
	}
	really := truth(func(t Truth) float64 { return scale * t.ODAU })
	low, high := r.spread(filtered, really, raw)
	for _, s := range r.Targets {
		if s.X.Known {
			high = max(high, s.X.X)
		}
	}
	p := panel{name: "optical density, × the start", height: 190, keys: []key{{faint, "good readings"}, {measured, "filtered"}}}
	if !r.has(filtered) {
		p.name, p.keys = "optical density", []key{{faint, "good readings"}}
	}
	p.keys = append(p.keys, r.truthKey()...)
	if len(r.Targets) > 0 {
		p.keys = append(p.keys, key{wanted, "target"})
	}
	p.low, p.high = fromZero(low, high)
	if low > 0 && high > 20*low { // a batch culture: straight where it grows exponentially
		p.low, p.high, p.log = low/1.2, high*1.2, true
	}
	p.draw = func(c *canvas, y axis) {
		c.band(r, raw, y, faint)
		c.curve(r, really, y, true_, "")
		c.curve(r, filtered, y, measured, "")
		c.targets(r, y)
	}
	return p
}

// truthKey explains the line of the truth if there is one.
func (r *Run) truthKey() []key {
	if len(r.Rows) == 0 || !r.Rows[0].Simulated {
		return nil
	}
	return []key{{true_, "truth"}}
}

func (c *canvas) targets(r *Run, y axis) {
	for i, s := range r.Targets {
		end := r.Length
		if i+1 < len(r.Targets) {
			end = r.Targets[i+1].At
		}
		if s.X.Known {
			c.dashed(r.x(s.At), r.x(end), y.at(s.X.X), wanted)
		}
	}
}

// x is an instant's place on the time axis.
func (r *Run) x(at time.Duration) float64 { return float64(left + r.pixel(at)) }

func (r *Run) growth() panel {
	really := truth(func(t Truth) float64 { return t.MuPerH })
	p := r.lines("growth rate, 1/h", 130, growth, "estimated", really)
	p.low, p.high = fromZero(r.spread(growth, really))
	return p
}

func (r *Run) volume() panel {
	p := r.lines("volume, mL", 90, ledger, "ledger", truth(func(t Truth) float64 { return t.VolumeML }))
	if p.high-p.low < 2 { // a drop more or less is no drama
		p.low, p.high = p.low-0.5, p.high+0.5
	}
	if r.MaxFillML <= 0 || p.high < 0.95*r.MaxFillML { // far from the limit
		return p
	}
	p.high = max(p.high, r.MaxFillML+0.5)
	p.keys = append(p.keys, key{alarming, "highest permitted"})
	lines := p.draw
	p.draw = func(c *canvas, y axis) {
		lines(c, y)
		c.dashed(left, left+plotW, y.at(r.MaxFillML), alarming)
	}
	return p
}

func (r *Run) speed() panel {
	low, high := r.spread(rpm)
	p := panel{name: "stirring, rpm", height: 70, keys: []key{{measured, "measured"}}}
	p.low, p.high = fromZero(low, max(high, 1))
	p.draw = func(c *canvas, y axis) { c.curve(r, rpm, y, measured, "") }
	return p
}

// lines is a panel of an estimate over the truth.
func (r *Run) lines(name string, height float64, s series, called string, really series) panel {
	p := panel{name: name, height: height, keys: append([]key{{measured, called}}, r.truthKey()...)}
	p.low, p.high = around(r.spread(s, really))
	p.draw = func(c *canvas, y axis) {
		c.curve(r, really, y, true_, "")
		c.curve(r, s, y, measured, "")
	}
	return p
}

// panel draws a frame, its scale, and what is in it. top is the plot's.
func (c *canvas) panel(r *Run, p panel, top float64, number int) {
	c.f(`<text x="%d" y="%s"><tspan fill="%s" font-weight="600">%s</tspan>%s</text>`, left, px(top-9), ink, escape(p.name), explained(p.keys))
	y := axis{p.low, p.high, top + p.height, top, p.log}
	if p.high > p.low {
		c.scale(y)
	}
	for _, at := range r.hourTicks() {
		c.line(r.x(at), top, r.x(at), top+p.height, rule)
	}
	c.f(`<clipPath id="p%d"><rect x="%d" y="%s" width="%d" height="%s"/></clipPath>`, number, left, px(top), plotW, px(p.height))
	c.f(`<g clip-path="url(#p%d)">`, number)
	p.draw(c, y)
	c.f(`</g>`)
	c.f(`<rect x="%d" y="%s" width="%d" height="%s" fill="none" stroke="#b8c0c8"/>`, left, px(top), plotW, px(p.height))
}

// explained is a heading's keys; the text flows, whatever the font.
func explained(keys []key) string {
	text := ""
	for _, k := range keys {
		text += fmt.Sprintf(`<tspan dx="14" fill="%s">■</tspan><tspan dx="4" fill="%s">%s</tspan>`, k.colour, dim, escape(k.name))
	}
	return text
}

func (c *canvas) scale(y axis) {
	for _, t := range y.ticks(max(2, int((y.from-y.to)/25))) {
		at := y.at(t.x)
		c.line(left, at, left+plotW, at, rule)
		c.text(left-7, at+4, dim, "end", t.text)
	}
}

// hourTicks are round instants, about a dozen.
func (r *Run) hourTicks() []time.Duration {
	if r.Length <= 0 {
		return nil
	}
	steps := []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if r.Length <= 14*s {
			step = s
			break
		}
	}
	for r.Length > 14*step {
		step *= 2
	}
	var ticks []time.Duration
	for at := time.Duration(0); at <= r.Length; at += step {
		ticks = append(ticks, at)
	}
	return ticks
}

// hours writes the time below the last panel.
func (c *canvas) hours(r *Run, bottom float64) {
	for _, at := range r.hourTicks() {
		unit := ""
		if at == 0 {
			unit = " h"
		}
		c.text(r.x(at), bottom+18, dim, "middle", strconv.FormatFloat(at.Hours(), 'g', 3, 64)+unit)
	}
}
