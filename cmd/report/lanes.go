package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// doses are ticks as high as their inflow; waste alone hangs from above.
func (r *Run) doses() (panel, bool) {
	most, n := 0.0, 0
	for _, e := range r.Events {
		if e.Kind == Dose {
			most, n = max(most, e.MediaML+e.AltMediaML), n+1
		}
	}
	p := panel{name: "doses, mL", height: 46, keys: r.doseKeys(), high: 1}
	if most > 0 {
		p.high = most * 1.15
	}
	p.draw = func(c *canvas, y axis) {
		var media, alt, waste strings.Builder
		for _, e := range r.Events {
			if e.Kind != Dose {
				continue
			}
			x, in, total := px(r.x(e.At)), y.at(e.MediaML), y.at(e.MediaML+e.AltMediaML)
			if e.MediaML+e.AltMediaML == 0 {
				fmt.Fprintf(&waste, "M%s %sv8", x, px(y.to))
				continue
			}
			fmt.Fprintf(&media, "M%s %sV%s", x, px(y.from), px(in))
			if e.AltMediaML > 0 {
				fmt.Fprintf(&alt, "M%s %sV%s", x, px(in), px(total))
			}
		}
		for _, t := range []struct{ path, colour string }{{media.String(), measured}, {alt.String(), true_}, {waste.String(), dim}} {
			if t.path != "" {
				c.f(`<path d="%s" stroke="%s" fill="none" stroke-width="1.5"/>`, t.path, t.colour)
			}
		}
	}
	return p, n > 0
}

// doseKeys names only what occurs.
func (r *Run) doseKeys() []key {
	var media, alt, waste bool
	for _, e := range r.Events {
		if e.Kind == Dose {
			media, alt = media || e.MediaML > 0, alt || e.AltMediaML > 0
			waste = waste || e.MediaML+e.AltMediaML == 0
		}
	}
	var keys []key
	for _, k := range []struct {
		key
		any bool
	}{{key{measured, "media"}, media}, {key{true_, "alt media"}, alt}, {key{dim, "waste alone"}, waste}} {
		if k.any {
			keys = append(keys, k.key)
		}
	}
	return keys
}

// stretch is when something lasted.
type stretch struct {
	name, colour string
	from, to     time.Duration
}

// troubles are a lane for each alarm and each injected fault, with its name.
func (r *Run) troubles() (panel, bool) {
	const lane = 20.0
	stretches := r.stretches()
	var names []string
	for _, s := range stretches {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	p := panel{name: "faults and alarms", height: lane * float64(len(names))}
	for _, k := range []key{{ink, "injected fault"}, {alarming, "alarm"}} {
		if slices.ContainsFunc(stretches, func(s stretch) bool { return s.colour == k.colour }) {
			p.keys = append(p.keys, k)
		}
	}
	p.draw = func(c *canvas, y axis) {
		named := map[string]bool{}
		for _, s := range stretches {
			top := y.to + lane*float64(slices.Index(names, s.name))
			x, to := r.x(s.from), r.x(s.to)
			c.f(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`, px(x), px(top+3), px(max(to-x, 2)), px(lane-6), s.colour)
			if !named[s.name] {
				c.label(s, x, to, top+14)
			}
			named[s.name] = true
		}
	}
	return p, len(names) > 0
}

// label writes a stretch's name where there is room: beside it, or on it.
func (c *canvas) label(s stretch, from, to, y float64) {
	wide := 7 * float64(len([]rune(s.name)))
	switch {
	case to+6+wide < left+plotW:
		c.text(to+6, y, s.colour, "", s.name)
	case from-6-wide > left:
		c.text(from-6, y, s.colour, "end", s.name)
	default:
		c.text(from+6, y, paper, "", s.name)
	}
}

// stretches pairs beginnings with ends; what never ended lasts to the end.
func (r *Run) stretches() []stretch {
	var all []stretch
	open := map[string]int{}
	for _, e := range r.sorted() {
		name, colour := e.Source, alarming
		switch {
		case e.Kind == Fault:
			colour = ink
		case e.Kind != Alarm:
			continue
		}
		id := string(e.Kind) + " " + name
		i, running := open[id]
		switch {
		case running && e.Name == Over:
			all[i].to = e.At
			delete(open, id)
		case !running && e.Name != Over:
			open[id] = len(all)
			all = append(all, stretch{name, colour, e.At, r.Length})
		}
	}
	return all
}
