package report

import (
	"slices"
	"time"
)

// panels are those that have something to show.
func (r *Run) panels() []panel {
	panels := []panel{r.density()}
	if r.has(growth) {
		panels = append(panels, r.growth())
	}
	panels = append(panels, r.volume(), r.speed())
	if r.has(warmth) {
		panels = append(panels, r.temperature(), r.heater())
	}
	for _, maybe := range []func() (panel, bool){r.doses, r.lights, r.troubles} {
		if p, any := maybe(); any {
			panels = append(panels, p)
		}
	}
	return panels
}

func growth(row *Row) Value   { return row.GrowthPerH }
func filtered(row *Row) Value { return row.Filtered }
func ledger(row *Row) Value   { return row.LedgerML }
func rpm(row *Row) Value      { return row.RPM }
func warmth(row *Row) Value   { return row.TemperatureC }
func heat(row *Row) Value     { return row.HeaterPct }
func asked(row *Row) Value    { return row.HeaterAskedPct }

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
	held := r.heldDensity(reading)
	for _, s := range held {
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
		c.targets(r, held, y)
	}
	return p
}

// heldDensity is the target in the picture's unit; reading brings AU to it.
func (r *Run) heldDensity(reading float64) []Step {
	held := slices.Clone(r.Targets)
	for i := range held {
		if r.TargetInAU {
			held[i].X.X *= reading
		}
	}
	return held
}

// truthKey explains the line of the truth if there is one.
func (r *Run) truthKey() []key {
	if len(r.Rows) == 0 || !r.Rows[0].Simulated {
		return nil
	}
	return []key{{true_, "truth"}}
}

func (c *canvas) targets(r *Run, steps []Step, y axis) {
	for i, s := range steps {
		end := r.Length
		if i+1 < len(steps) {
			end = steps[i+1].At
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
	low, high := r.spread(growth, really)
	for _, s := range r.GrowAt {
		if s.X.Known {
			high = max(high, s.X.X)
		}
	}
	p.low, p.high = fromZero(low, high)
	p.holds(r, r.GrowAt)
	return p
}

func (r *Run) volume() panel {
	really := truth(func(t Truth) float64 { return t.VolumeML })
	p := r.lines("volume, mL", 90, ledger, "ledger", really)
	p.draw = func(c *canvas, y axis) {
		c.band(r, really, y, pale)
		c.mean(r, really, y, true_)
		c.mean(r, ledger, y, measured)
	}
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

// temperature shows the vial as measured at the end of each cool-down; the truth
// goes up and down between them, so its mean is drawn on its scatter.
func (r *Run) temperature() panel {
	really := truth(func(t Truth) float64 { return t.TemperatureC })
	p := r.lines("vial, °C", 90, warmth, "measured", really)
	low, high := r.spread(warmth, really)
	for _, s := range r.WarmTo {
		if s.X.Known {
			low, high = min(low, s.X.X), max(high, s.X.X)
		}
	}
	p.low, p.high = around(low, high)
	p.draw = func(c *canvas, y axis) {
		c.band(r, really, y, pale)
		c.mean(r, really, y, true_)
		c.curve(r, warmth, y, measured, "")
	}
	p.holds(r, r.WarmTo)
	return p
}

// holds adds the target to a panel.
func (p *panel) holds(r *Run, steps []Step) {
	if len(steps) == 0 {
		return
	}
	p.keys = append(p.keys, key{wanted, "target"})
	lines := p.draw
	p.draw = func(c *canvas, y axis) {
		lines(c, y)
		c.targets(r, steps, y)
	}
}

func (r *Run) heater() panel {
	_, high := r.spread(heat)
	p := panel{name: "heater, %", height: 46, keys: []key{{faint, "driven"}, {measured, "asked for"}}}
	p.low, p.high = fromZero(0, max(high, 1))
	p.draw = func(c *canvas, y axis) {
		c.band(r, heat, y, faint)
		c.curve(r, asked, y, measured, "")
	}
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
