package report

import "strings"

// lights are the LEDs that anybody set, each a line of steps.
func (r *Run) lights() (panel, bool) {
	colours := []string{measured, true_, wanted, fourth}
	p := panel{name: "LEDs, %", height: 46}
	lines := map[string]string{}
	for i, channel := range []string{"A", "B", "C", "D"} {
		colour, last, most := colours[i], 0.0, 0.0
		var steps []Light
		for _, l := range r.Lights {
			if l.Channel == channel && l.Percent != last {
				last, most = l.Percent, max(most, l.Percent)
				steps = append(steps, l)
			}
		}
		if len(steps) > 0 {
			p.keys = append(p.keys, key{colour, channel})
			p.high = max(p.high, most*1.15)
			lines[colour] = channel
		}
	}
	p.high = max(p.high, 1)
	p.draw = func(c *canvas, y axis) {
		for i, colour := range colours {
			if channel := lines[colour]; channel != "" {
				beside := 1.6 * float64(i) // equal lights stay apart
				c.steps(r, channel, axis{y.low, y.high, y.from - beside, y.to - beside, false}, colour)
			}
		}
	}
	return p, len(lines) > 0
}

// steps draws one LED from dark at the start to the end.
func (c *canvas) steps(r *Run, channel string, y axis, colour string) {
	var path strings.Builder
	path.WriteString("M" + px(left) + " " + px(y.at(0)))
	for _, l := range r.Lights {
		if l.Channel == channel {
			path.WriteString("H" + px(r.x(l.At)) + "V" + px(y.at(l.Percent)))
		}
	}
	path.WriteString("H" + px(left+plotW))
	c.f(`<path d="%s" stroke="%s" fill="none" stroke-width="1.5"/>`, path.String(), colour)
}
