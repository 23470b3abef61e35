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

// WriteSVG draws the run: density, growth rate, volume, speed, and temperature,
// doses, light, alarms and faults if there were any. It suits light pages and
// dark ones.
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
	c.f("%s", nightStyle())
	c.f(`<rect width="100%%" height="100%%" fill="%s"/>`, paper)
	c.f(`<g stroke-linejoin="round">`)
	c.f(`<text x="%d" y="26" fill="%s" font-size="15" font-weight="600">%s</text>`, left, ink, escape(title))
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
	c.f(`<rect x="%d" y="%s" width="%d" height="%s" fill="none" stroke="%s"/>`, left, px(top), plotW, px(p.height), frame)
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
