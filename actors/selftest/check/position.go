package check

import (
	"fmt"
	"math"
	"time"
)

// Stirring moves the liquid's surface, so that every photodiode which looks into
// the vial reads differently with and without; the reference must not. Figures
// of Pioreactor 26.7.2, self_test.py.
const (
	cycles       = 8
	stormPercent = 90.0
	warmUpReads  = 5
	settleReads  = 1
	windowReads  = 2
	calm         = 4 * time.Second // until the bar stands, or turns

	leastSignalEffect = 0.001
	mostRefEffect     = 0.015
	mostRefShare      = 0.75 // of the strongest signal's effect
)

func planPosition(u Unit) []Step {
	steps := offset()
	for cycle := range cycles {
		steps = append(steps, Step{Do: Stir, Percent: stormPercent}, Step{Do: Wait, For: calm})
		warm := 0
		if cycle == 0 {
			warm = warmUpReads
			steps = append(steps, Step{Do: ReadSpeed, For: time.Second, Optional: true})
		}
		steps = append(steps, lit(u.IRPercent, settle, warm+settleReads+windowReads)...)
		steps = append(steps, Step{Do: Stir, Percent: 0}, Step{Do: Wait, For: calm})
		steps = append(steps, lit(u.IRPercent, settle, settleReads+windowReads)...)
	}
	return steps
}

// effects is the median over cycles of |on − off| / mean, both above the dark.
func effects(volts []float64) float64 {
	darkV, _ := moments(volts[:offsetReads])
	volts = volts[offsetReads+warmUpReads:]
	var all []float64
	const half = settleReads + windowReads
	for len(volts) >= 2*half {
		on, _ := moments(volts[settleReads:half])
		off, _ := moments(volts[half+settleReads : 2*half])
		if mean := (on+off)/2 - darkV; mean > 0 {
			all = append(all, math.Abs(on-off)/mean)
		}
		volts = volts[2*half:]
	}
	if len(all) == 0 {
		return 0
	}
	return median(all)
}

func judgePosition(u Unit, r Record) Verdict {
	if len(r.RPM) > 0 && r.RPM[0] == 0 {
		return Verdict{Skip: true, Text: "the stir bar does not turn, so nothing can be told from stirring"}
	}
	v := Verdict{OK: true}
	ref, signal := math.NaN(), 0.0
	for i, d := range u.Photodiodes {
		effect := effects(column(r.Volts, i))
		v.Measured = append(v.Measured, Measure{"effect on photodiode " + d.Channel + " (" + d.Angle + ")", effect, ""})
		if d.Angle == reference {
			ref = effect
		} else {
			signal = max(signal, effect)
		}
	}
	if math.IsNaN(ref) {
		return Verdict{Skip: true, Text: "no photodiode is called REF"}
	}
	v.Text = fmt.Sprintf("stirring changes the signal by %.2g and REF by %.2g of its value", signal, ref)
	switch {
	case !(signal >= leastSignalEffect):
		v.fail("stirring changes no signal by more than %.2g of its value, want %g; is there liquid and a stir bar in the vial?", signal, leastSignalEffect)
	case !(ref <= mostRefEffect) || !(ref <= mostRefShare*signal):
		v.fail("stirring changes REF by %.2g of its value, want at most %g and %g of the %.2g of the strongest signal", ref, mostRefEffect, mostRefShare, signal)
	}
	return v
}
