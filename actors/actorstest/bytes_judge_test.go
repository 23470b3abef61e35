package actorstest_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// What a reading of good quality may be off, and how long an output may differ
// from what the unit says of it before an alarm must say that it may.
const (
	odOff      = 0.08             // of the true density: twice the jump that is noticed, as lamp and signal may each make one
	vialOffC   = 3.0              // the inference is off by 1.5 while the vial warms up
	rpmOff     = 0.06             // of the true speed, and 20 rpm
	ratePeriod = 25 * time.Second // the speed is published so often
	unnoticed  = 75 * time.Second // a look at the bus's health a minute
	blindHeat  = 13 * time.Second // two samples, 6 s apart, and the answer
)

// hatJudge compares what a unit says with the truth of the modelled machine.
type hatJudge struct {
	h       *hatHouse
	broken  []string
	alarms  map[string]actors.Alarm
	states  map[string]actors.State
	leds    actors.LEDs
	duty    map[int]float64
	good    time.Duration // the last usable OD reading
	perAU   float64       // reading for each AU, as learned before any fault
	learn   []float64
	blind   bool                     // the thermometer is known to be gone
	wrong   map[string]time.Duration // outputs that differ, since when
	heated  time.Duration            // since when it heats blind
	strange time.Duration            // since when the measured speed is wrong
	turned  []float64                // true speeds of the last seconds
}

func judgeHAT(h *hatHouse) *hatJudge {
	j := &hatJudge{h: h, alarms: map[string]actors.Alarm{}, states: map[string]actors.State{}, duty: map[int]float64{}, wrong: map[string]time.Duration{}}
	h.OnFact(j.hear)
	return j
}

func (j *hatJudge) say(format string, args ...any) {
	j.broken = append(j.broken, fmt.Sprintf("%v: ", j.h.Lived().Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (j *hatJudge) hear(f actors.Fact) {
	switch f := f.(type) {
	case actors.Alarm:
		j.alarms[f.Name] = f
	case actors.JobState:
		j.states[f.Job] = f.State
		if f.State == actors.Lost && len(j.active()) == 0 {
			j.say("%s is lost without an alarm: %s", f.Job, f.Reason)
		}
	case actors.LEDs:
		j.leds = f
	case protocol.PWMDuty:
		j.duty[f.Channel] = f.Percent
	case actors.ODReading:
		j.density(f)
	case actors.VialTemperature:
		if truth := j.h.machine.Truth().VialC; math.Abs(f.C-truth) > vialOffC {
			j.say("the vial is said to be at %.2f °C and is at %.2f", f.C, truth)
		}
	case actors.StirringRate:
		j.speed(f.RPM)
	}
}

// density judges a reading, once it is known what one AU looks like.
func (j *hatJudge) density(r actors.ODReading) {
	if r.Quality.Grade == actors.Bad || r.Quality.Reason == "bubbles" {
		return
	}
	truth := j.h.machine.Truth().ODAU
	if j.perAU == 0 {
		j.learn = append(j.learn, r.Value/truth)
		return
	}
	j.good = j.h.Lived()
	if off := r.Value/(j.perAU*truth) - 1; math.Abs(off) > odOff {
		j.say("OD %.4f (%s %s) is off by %+.1f %%", r.Value, r.Quality.Grade, r.Quality.Reason, 100*off)
	}
}

// learned ends the quiet time before the faults.
func (j *hatJudge) learned() {
	slices.Sort(j.learn)
	j.perAU = j.learn[len(j.learn)/2]
}

// speed judges a measured speed by those that were true while it was measured.
func (j *hatJudge) speed(rpm float64) {
	if len(j.turned) == 0 {
		return
	}
	low, high := slices.Min(j.turned), slices.Max(j.turned)
	off := rpm < low*(1-rpmOff)-20 || rpm > high*(1+rpmOff)+20
	told := j.on("stirring_stalled") || j.on("stirring_unmeasured") || j.on("bus_errors")
	if !off || told || j.states["stirring"] != actors.Ready {
		j.strange = 0
		return
	}
	if j.strange == 0 {
		j.strange = j.h.Lived()
	}
	if j.h.Lived()-j.strange > unnoticed {
		j.say("the bar is said to turn at %.0f rpm and turned at %.0f to %.0f", rpm, low, high)
	}
}

func (j *hatJudge) on(name string) bool { return j.alarms[name].Active }

// active are the alarms that are on, in order.
func (j *hatJudge) active() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(j.alarms)) {
		if j.on(name) {
			names = append(names, name)
		}
	}
	return names
}

// run lets d pass and looks at the outputs each second.
func (j *hatJudge) run(d time.Duration) {
	for range int(d / time.Second) {
		j.h.Run(time.Second)
		truth := j.h.machine.Truth()
		if j.turned = append(j.turned, truth.RPM); len(j.turned) > int(ratePeriod/time.Second) {
			j.turned = j.turned[1:]
		}
		j.outputs(truth)
		j.heat(truth)
	}
}

// outputs notes what differs from what the unit says.
func (j *hatJudge) outputs(truth sim.Truth) {
	for i, said := range [...]float64{j.leds.A, j.leds.B, j.leds.C, j.leds.D} {
		name := "led_" + string(rune('A'+i))
		j.differs(name, math.Abs(said-truth.LEDPct[i]) > 1, fmt.Sprintf("said %.0f %%, true %.0f %%", said, truth.LEDPct[i]))
	}
	j.differs("stirrer", math.Abs(j.duty[1]-truth.StirrerPct) > 5, fmt.Sprintf("said %.1f %%, true %.1f %%", j.duty[1], truth.StirrerPct))
	j.differs("heater", math.Abs(j.duty[5]-truth.HeaterPct) > 5, fmt.Sprintf("said %.1f %%, true %.1f %%", j.duty[5], truth.HeaterPct))
	for channel, role := range map[int]hw.PumpRole{2: hw.Media, 3: hw.AltMedia, 4: hw.Waste} {
		on := truth.Pump(role).On
		j.differs("pump_"+string(role), on != (j.duty[channel] > 0), fmt.Sprintf("said %.0f %%, runs %v", j.duty[channel], on))
	}
}

func (j *hatJudge) differs(output string, now bool, how string) {
	led := strings.HasPrefix(output, "led_")
	if !now || j.on(output+"_failed") || led && (j.on("bus_errors") || j.on("board_trouble")) {
		delete(j.wrong, output)
		return
	}
	since, known := j.wrong[output]
	if !known {
		j.wrong[output], since = j.h.Lived(), j.h.Lived()
	}
	if j.h.Lived()-since == unnoticed {
		j.say("%s differs: %s", output, how)
	}
}

// heat notes a heater that is on without a thermometer.
func (j *hatJudge) heat(truth sim.Truth) {
	if !j.blind || truth.HeaterPct == 0 {
		j.heated = j.h.Lived()
	}
	if j.h.Lived()-j.heated == blindHeat+time.Second {
		j.say("the heater is at %.0f %% without a thermometer", truth.HeaterPct)
	}
}

// settled notes what has not come back by itself.
func (j *hatJudge) settled(before []string) {
	for _, name := range j.active() {
		if !slices.Contains(before, name) {
			j.say("alarm %s is still on: %s", name, j.alarms[name].Text)
		}
	}
	for _, job := range []string{"stirring", "od_reading", "growth_rate_calculating", "temperature_automation", "dosing_automation", "monitor"} {
		if j.states[job] != actors.Ready {
			j.say("%s is %s", job, j.states[job])
		}
	}
	truth := j.h.machine.Truth()
	if age := j.h.Lived() - j.good; age > time.Minute {
		j.say("no usable OD for %v", age)
	}
	if math.Abs(truth.RPM-500) > 50 {
		j.say("the bar turns at %.0f rpm, want 500", truth.RPM)
	}
	if truth.LEDPct[2] < 29 || truth.LEDPct[2] > 31 {
		j.say("LED C is at %.0f %%, want 30 %%", truth.LEDPct[2])
	}
	if log := j.h.log.String(); strings.Contains(log, "panic") {
		j.say("something panicked: %.300s", log[strings.Index(log, "panic"):])
	}
}
