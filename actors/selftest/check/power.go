package check

import (
	"fmt"
	"time"
)

// Sequences and limits of Pioreactor 26.7.2, self_test.py.
const (
	heatMost    = 27.0 // % duty
	heatStep    = 3.0
	heatEvery   = 1500 * time.Millisecond
	stirPoints  = 8
	stirMost    = 1.2 // of the usual duty
	stirLeast   = 0.8
	stirSettle  = 750 * time.Millisecond
	stirMeasure = 3 * time.Second
	leastPowerR = 0.9
	mostRailV   = 18.0
)

func planThermometer(Unit) []Step { return []Step{{Do: ReadTemperature}} }

func judgeThermometer(_ Unit, r Record) Verdict {
	return Verdict{OK: true, Text: fmt.Sprintf("the heater's board is at %.1f °C", r.TemperatureC[0]),
		Measured: []Measure{{"heater's board", r.TemperatureC[0], "°C"}}}
}

func heatDuties() (list []float64) {
	for duty := 0.0; duty <= heatMost; duty += heatStep {
		list = append(list, duty)
	}
	return list
}

func planHeat(Unit) []Step {
	var steps []Step
	for _, duty := range heatDuties() {
		steps = append(steps, Step{Do: Heat, Percent: duty}, Step{Do: Wait, For: heatEvery}, Step{Do: ReadTemperature})
	}
	return append(steps, Step{Do: Heat, Percent: 0})
}

func judgeHeat(_ Unit, r Record) Verdict {
	x, t := pearson(heatDuties(), r.TemperatureC), r.TemperatureC
	v := Verdict{OK: true, Text: fmt.Sprintf("r = %.3f", x), Measured: []Measure{{"r", x, ""}, {"rise", t[len(t)-1] - t[0], "°C"}}}
	if !(x > leastPowerR) {
		v.fail("the heater's board does not follow the heater: r = %.3f, want more than %g", x, leastPowerR)
	}
	return v
}

// stirDuties go down from above the usual duty, so that a turning bar goes on turning.
func stirDuties(u Unit) (list []float64) {
	for i := range stirPoints {
		factor := stirMost - (stirMost-stirLeast)*float64(i)/(stirPoints-1)
		list = append(list, min(max(u.StirPercent*factor, 5), 100))
	}
	return list
}

func planStir(u Unit) []Step {
	steps := turning(u.StirPercent * stirMost)[:2] // the kick
	for _, duty := range stirDuties(u) {
		steps = append(steps, Step{Do: Stir, Percent: duty}, Step{Do: Wait, For: stirSettle}, Step{Do: ReadSpeed, For: stirMeasure})
	}
	return steps
}

func judgeStir(u Unit, r Record) Verdict {
	x := pearson(stirDuties(u), r.RPM)
	first, last := r.RPM[0], r.RPM[len(r.RPM)-1]
	v := Verdict{OK: true, Text: fmt.Sprintf("r = %.3f, %.0f to %.0f rpm", x, last, first),
		Measured: []Measure{{"r", x, ""}, {"fastest", first, "RPM"}, {"slowest", last, "RPM"}}}
	if !(x > leastPowerR) {
		v.fail("the speed does not follow the stirrer's drive: r = %.3f, want more than %g; %.0f rpm at most", x, leastPowerR, first)
	}
	return v
}

func planRail(Unit) []Step { return []Step{{Do: ReadRail}} }

func judgeRail(_ Unit, r Record) Verdict {
	volts := r.RailV[0]
	v := Verdict{OK: true, Text: fmt.Sprintf("%.2f V", volts), Measured: []Measure{{"supply", volts, "V"}}}
	if !(volts <= mostRailV) {
		v.fail("the PWM rail has %.2f V, want at most %g V", volts, mostRailV)
	}
	return v
}
