package guide

import (
	"fmt"
	"slices"
)

// weighings of a plan: four short, two between, four long.
const weighings = 10

// Prompt implements Guide.
func (p Pump) Prompt() Prompt {
	v := p.view()
	q := Prompt{Title: p.title(v), Text: p.text(v), Field: p.field(v), Percent: v.percent(), Redo: len(p.undone) > 0 && !p.busy}
	q.Undo = !p.busy && len(p.done) > 0 && v.at < use
	if v.at == name {
		q.Warnings = p.warnings(v)
	}
	return q
}

// percent counts the weighings, and a tenth for all before them.
func (v view) percent() float64 {
	switch {
	case v.at < run:
		return float64(v.at) * 2.5
	case v.at == over:
		return 100
	}
	return 10 + 85*float64(len(v.points.X))/weighings
}

func (p Pump) title(v view) string {
	switch v.at {
	case target:
		return "Prepare the " + p.role() + " pump"
	case prime:
		return "Fill the tube"
	case tracer, weighTracer:
		return "A first run"
	case run, weigh:
		return fmt.Sprintf("Weighing %d of %d", len(v.points.X)+1, len(v.plan))
	case name:
		return "The result"
	case use:
		return "Use it"
	}
	return "Done"
}

func (p Pump) text(v view) string {
	switch v.at {
	case target:
		return fmt.Sprintf("Take the tube of the %s pump out of vial and bottle: its inlet into a beaker of water, its outlet into a small vessel "+
			"that you can put on a scale (0.01 g or better). 1 g of water is 1 mL. Nothing must run into the culture from here on. "+
			"Which volumes will this pump dose? One, or several with spaces between.", p.role())
	case prime:
		if v.primed == 0 {
			return "How many seconds shall the pump run to fill the tube? 0: it is full."
		}
		return "Does water come out without bubbles? Then 0; otherwise for how many seconds shall it run on?"
	case tracer:
		return fmt.Sprintf("Empty the vessel, set the scale to zero with it, and hold the outlet over it. The pump then runs for %.1f s.", tracerRun.Seconds())
	case weighTracer, weigh:
		return fmt.Sprintf("The pump ran for %.2f s. What does the water weigh?", v.ranS)
	case run:
		return fmt.Sprintf("Empty the vessel, set the scale to zero with it, and hold the outlet over it. The pump then runs for %.2f s.", v.plan[len(v.points.X)])
	case name:
		return p.result(v)
	case use:
		return fmt.Sprintf("%s is saved. Shall the %s pump be dosed with it from now on?", v.name, p.role())
	}
	return "Put the tube back before you dose."
}

func (p Pump) field(v view) Field {
	switch v.at {
	case target:
		return Field{Name: "target_ml", Unit: "mL", Default: "1"}
	case prime:
		if v.primed == 0 {
			return Field{Name: "prime_s", Unit: "s", Default: firstPrime}
		}
		return Field{Name: "prime_s", Unit: "s", Default: "0"}
	case weighTracer, weigh:
		return Field{Name: "weight_g", Unit: "g"}
	case name:
		return Field{Name: "name", Default: p.subject.Device + "-" + p.subject.Stamp}
	case use:
		return Field{Name: "use", Default: "yes", OneOf: []string{"yes", "no"}}
	}
	return Field{}
}

// result says what was found.
func (p Pump) result(v view) string {
	rate := v.expected()
	scatter, _ := fitness(v.points, rate)
	return fmt.Sprintf("The pump moves %.4g mL/s; single runs scatter by %.1f %%. Good for doses of %.2f to %.2f mL. Under which name shall it be kept?",
		rate, 100*scatter, rate*slices.Min(v.points.X), rate*slices.Max(v.points.X))
}

func (p Pump) warnings(v view) []string {
	var all []string
	scatter, correlation := fitness(v.points, v.expected())
	if correlation < 0 {
		all = append(all, "Longer runs moved less water than shorter ones: a weighing was mixed up, or the tube slips. Begin anew.")
	}
	if scatter > wideScatter {
		all = append(all, "The runs differ widely. Look for bubbles, a loose tube or drops on the outlet, and weigh again.")
	}
	return all
}
