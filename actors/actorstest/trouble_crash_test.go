package actorstest_test

import (
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/hw/sim"
)

// actorsOf are all actors of the house but the root, by name: any may fail.
func (r *trouble) actorsOf() []string {
	names := r.h.System.Names()
	for i, path := range names {
		names[i] = path[1+slices.Index([]byte(path), '/'):]
		for j := len(path) - 1; j >= 0; j-- {
			if path[j] == '/' {
				names[i] = path[j+1:]
				break
			}
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return n == "node" })
}

func (r *trouble) crashAny() {
	if r.rng.IntN(2) == 0 {
		r.crash(pick(r, "vial", "pumps", "dosing_automation", "od_reading", "window", "leds", "bench"))
		return
	}
	r.crash(pick(r, r.actorsOf()...))
}

// pumping waits for an inflow pump to run.
func (r *trouble) pumping() bool {
	for range 40 {
		if inflowOn(r.h.Board.Truth()) {
			return true
		}
		r.run(100 * time.Millisecond)
	}
	return false
}

func (r *trouble) crashPumping() {
	if r.pumping() {
		r.crash(pick(r, "dosing_automation", "dosing_automation", "pumps", "vial", "window"))
	}
}

func (r *trouble) crash(name string) {
	if name == "dosing_automation" {
		for id := range r.open {
			if r.auto[id] {
				r.gone[name] = r.now()
			}
		}
	}
	r.hit(name, "crash")
	r.met("crash")
	r.h.System.Crash(name, "a planted panic")
}

// lose lets a job fail until it is given up, and starts it again.
func (r *trouble) lose() {
	job := pick(r, "growth_rate_calculating", "alarmist")
	if !runs(r.state[job]) || r.pause {
		return
	}
	for range 40 {
		if r.state[job] == actors.Lost {
			break
		}
		r.crash(job)
		r.run(time.Second)
	}
	if r.state[job] != actors.Lost {
		r.run(time.Minute)
	}
	delete(r.asleep, job)
	if r.state[job] == actors.Lost {
		r.hit(job, "start")
		r.tell("experiment", actors.StartJob{Job: job})
		r.run(time.Second)
		r.forget(job)
	}
}

func (r *trouble) killPumping() {
	if r.pumping() {
		r.kill()
	}
}

// kill is a power cut. The disk is mended with it.
func (r *trouble) kill() {
	r.met("power cut")
	for _, job := range slots {
		r.hit(job, "power cut")
	}
	r.remember(r.audit)
	lossy := r.lossy
	r.mend()
	if r.cut(); lossy {
		r.lostBooks()
		r.last = ""
	}
	r.h.Kill()
	r.run(2 * time.Second)
	r.recall(r.audit, lossy)
	if lossy {
		clear(r.wanted)
		r.pause = latest[actors.VialState](r.audit, "").Paused
	}
	r.lossy = false
}

// faults of the hardware that pass again. What moves liquid is not among them:
// the books cannot know it.
var faults = []sim.Fault{
	{Kind: sim.TachoDead}, {Kind: sim.TachoError}, {Kind: sim.StirrerStall}, {Kind: sim.ADCError}, {Kind: sim.ADCSaturated},
	{Kind: sim.Hum, Value: 0.1}, {Kind: sim.Ambient, Value: 0.5}, {Kind: sim.RefNoise, Value: 0.2}, {Kind: sim.VialRotated, Value: 0.2},
	{Kind: sim.LEDDim, Target: "A", Value: 0.3}, {Kind: sim.PumpError, Target: "media"}, {Kind: sim.PumpError, Target: "waste"},
	{Kind: sim.AirInLine, Target: "media", Value: 1}, {Kind: sim.ThermometerError}, {Kind: sim.ThermometerNaN}, {Kind: sim.ThermometerFrozen},
	{Kind: sim.HeaterDead}, {Kind: sim.RailError}, {Kind: sim.RailVoltage, Value: 4.4}, {Kind: sim.ButtonPressed},
}

func (r *trouble) fault() {
	f := pick(r, faults...)
	r.faulty[f.Kind] = true
	if err := r.h.Board.Inject(f); err != nil {
		panic(err)
	}
}

// heal ends all faults.
func (r *trouble) heal() {
	for _, f := range r.h.Board.Faults() {
		if err := r.h.Board.Clear(f); err != nil {
			panic(err)
		}
	}
}

// moving are settings that a job goes on from by itself.
var moving = []string{"duty_cycle", "versions", "biomass_signal"}

// settable are the fields of the job in slot that may be set now.
func (r *trouble) settable(slot string) (fields []setting.Field) {
	reg, err := actors.Lookup(slot, r.automation[slot])
	if err != nil {
		return nil
	}
	for _, f := range setting.Of(reg.New()) {
		if f.Settable {
			fields = append(fields, f)
		}
	}
	return fields
}

// set gives a job a value that its setting allows; whether it takes it is its affair.
func (r *trouble) set() {
	job := pick(r, r.jobs()...)
	fields := r.settable(job)
	if len(fields) == 0 {
		return
	}
	f := pick(r, fields...)
	r.hit(job, "set")
	r.driven = r.driven || f.Name == "duty_cycle" || f.Name == "enable_dodging_od" || f.Name == "use_rpm"
	q := r.tell(job, actors.Set{Values: []setting.Pair{{Name: f.Name, Value: r.value(f)}}})
	if q.reply.OK && !slices.Contains(moving, f.Name) { // the job goes on from these by itself
		r.accept(r.audit, job, f.Name, q.cmd.Body.(actors.Set).Values[0].Value)
	}
	r.check(r.audit)
}

// value is one that f allows.
func (r *trouble) value(f setting.Field) any {
	switch {
	case len(f.OneOf) > 0:
		return pick(r, f.OneOf...)
	case f.Kind == setting.Boolean:
		return r.rng.IntN(2) == 0
	case f.Kind == setting.String:
		return `{"app":"1"}`
	case f.Name == "target_rpm":
		return float64(400 + 50*r.rng.IntN(5))
	case f.Name == "interval":
		return float64(2 + r.rng.IntN(4))
	}
	low, high := max(f.Min, 0), math.Min(f.Max, 100)
	x := low + (high-low)*(0.01+0.99*r.rng.Float64())
	if f.Kind == setting.Integer {
		x = math.Ceil(x)
	}
	return x
}

// setBadly is refused, and changes nothing.
func (r *trouble) setBadly() {
	job := pick(r, r.jobs()...)
	if !runs(r.state[job]) {
		return
	}
	name, value := "nonsense", any(1.0)
	if fields := r.settable(job); len(fields) > 0 && r.rng.IntN(4) > 0 {
		f := pick(r, fields...)
		if name, value = f.Name, any(f.Max+1); f.Kind == setting.String || f.Kind == setting.Boolean || math.IsInf(f.Max, 0) {
			name, value = "nonsense", 1.0
		} else if r.rng.IntN(2) == 0 {
			value = "nan"
		}
	}
	before := latest[actors.SettingChanged](r.audit, job+"/"+name).Value
	r.hit(job, "set badly")
	q := r.tell(job, actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
	if q.reply.OK {
		r.say("settings", "%s took %v for %s", job, value, name)
	}
	if now := latest[actors.SettingChanged](r.audit, job+"/"+name).Value; !q.void && now != before && before != nil && now != nil {
		r.say("settings", "%s/%s went from %v to %v by a set that was refused", job, name, before, now)
	}
	r.check(r.audit)
}

// light sets an LED by hand.
func (r *trouble) light() {
	l := actors.SetLED{Channel: pick(r, "B", "C", "D"), Percent: float64(10 * r.rng.IntN(8))}
	if r.rng.IntN(3) == 0 {
		l.For = time.Duration(1 + r.rng.Int64N(int64(10*time.Second)))
	}
	r.askThen(actors.Command{Target: "leds", Body: l}, func() { r.lamp(r.audit, "manual", l) })
}

// alarm raises or clears a latched alarm, or takes note of it.
func (r *trouble) alarm() {
	switch r.rng.IntN(3) {
	case 0:
		r.tell("alarmist", actors.Set{Values: []setting.Pair{{Name: "trouble", Value: true}}})
		r.run(time.Second)
		r.tell("alarmist", actors.Set{Values: []setting.Pair{{Name: "trouble", Value: false}}})
	case 1:
		r.tell("alarmist", actors.Set{Values: []setting.Pair{{Name: "trouble", Value: r.rng.IntN(2) == 0}}})
	case 2:
		r.tell("alarm", actors.Acknowledge{Name: "campaign_trouble"})
	}
	delete(r.took, "alarmist/trouble")
}
