package actors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Registration is one registered job or automation.
type Registration struct {
	Family Family
	Name   string
	New    func() Job
	// Universal jobs belong to the unit, not to an experiment, such as monitor.
	Universal bool
	// Action jobs end by themselves and begin only when somebody asks: a power
	// cut does not bring them back. self_test and od_blank are some.
	Action bool
}

// Slot is the job's name on the wire: the family's, or its own.
func (r Registration) Slot() string {
	if r.Family != Own {
		return string(r.Family)
	}
	return r.Name
}

var registry = map[string]Registration{}

// Register adds an automation to a family, or with Own a job. New returns one
// with its default settings. Call it from init; a name registered twice, or
// one that topics cannot carry, panics.
func Register(family Family, name string, new func() Automation) {
	add(Registration{Family: family, Name: name, New: new})
}

// RegisterUniversal adds a job that belongs to the unit whatever the experiment.
func RegisterUniversal(name string, new func() Job) {
	add(Registration{Family: Own, Name: name, New: new, Universal: true})
}

// RegisterAction adds a job of the unit that ends by itself, by asking itself
// for Disconnected or with Context.End, and that a restart does not bring back.
func RegisterAction(name string, new func() Job) {
	add(Registration{Family: Own, Name: name, New: new, Universal: true, Action: true})
}

// RegisterExperimentAction is RegisterAction for a job of the experiment.
func RegisterExperimentAction(name string, new func() Job) {
	add(Registration{Family: Own, Name: name, New: new, Action: true})
}

func add(r Registration) {
	if !goodName(r.Name) {
		panic(fmt.Sprintf("actors: register %q: want lower-case words joined by _", r.Name))
	}
	if _, twice := registry[key(r.Family, r.Name)]; twice {
		panic(fmt.Sprintf("actors: register %s %q: registered twice", r.Slot(), r.Name))
	}
	registry[key(r.Family, r.Name)] = r
}

func key(f Family, name string) string { return string(f) + "/" + name }

// forbidden names would collide with collections of the topic tree.
var forbidden = []string{"run", "dosing_events", "leds", "led_change_events", "unit_label", "pwm", "pwms", "assignment",
	"bioreactor", "logs", "pid_log", "alarms", "node", "devices", "experiment", "bridge", "alarm", "bench", "vial", "conditions", "delivery",
	"calibrations", "estimators", "procedure"}

func goodName(name string) bool {
	for _, word := range strings.Split(name, "_") {
		if word == "" || strings.ContainsFunc(word, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
			return false
		}
	}
	return !slices.Contains(forbidden, name)
}

// Registered returns all registrations, ordered by slot and name.
func Registered() []Registration {
	all := slices.Collect(maps.Values(registry))
	slices.SortFunc(all, func(a, b Registration) int {
		return strings.Compare(a.Slot()+"/"+a.Name, b.Slot()+"/"+b.Name)
	})
	return all
}

// Lookup finds the registration that fills slot: of a family the automation
// called name, of a job's own slot the job.
func Lookup(slot, name string) (Registration, error) {
	switch f := Family(slot); f {
	case Dosing, Temperature, LED:
		if r, ok := registry[key(f, name)]; ok {
			return r, nil
		}
		return Registration{}, Refuse("unknown_automation", "automation_name: want one of %s, got %q", strings.Join(namesIn(f), ", "), name)
	}
	if r, ok := registry[key(Own, slot)]; ok {
		return r, nil
	}
	return Registration{}, Refuse("unknown_job", "%q is not a job; there are %s", slot, strings.Join(slots(), ", "))
}

func namesIn(f Family) []string {
	var names []string
	for _, r := range Registered() {
		if r.Family == f {
			names = append(names, r.Name)
		}
	}
	return names
}

func slots() []string {
	var all []string
	for _, r := range Registered() {
		all = append(all, r.Slot())
	}
	return slices.Compact(all)
}
