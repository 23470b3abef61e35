package check

import (
	"fmt"
	"math"
	"time"
)

// Limits and sequences of Pioreactor 26.7.2, self_test.py.
const (
	leastR = 0.90

	mostAmbientV = 0.080

	exposure      = 750 * time.Millisecond
	exposurePct   = 35.0
	darkReads     = 8
	mostDarkV     = 0.010
	mostDarkVar   = 5e-5
	offsetReads   = 2
	refReads      = 6
	refWarmUp     = time.Second
	leastRefV     = 0.01
	mostRefV      = 1.0
	mostRefVar    = 1e-2
	blankReads    = 6
	blankEvery    = 1150 * time.Millisecond
	mostBlankV    = 0.035 // 90° and 45°
	mostBlank135V = 0.15
)

var intensities = [...]float64{35, 85, 75, 55, 45, 65, 80, 50} // %

const readsEach = 3

// settle is the time from light to the first sample: the microcontroller of a
// HAT 1.1 averages over 0.2 s.
const settle = 250 * time.Millisecond

const kick = 500 * time.Millisecond // at full drive, so that a standing bar starts

func reads(n int) []Step {
	var steps []Step
	for range n {
		steps = append(steps, Step{Do: ReadLight})
	}
	return steps
}

// lit reads n times under percent of IR.
func lit(percent float64, warm time.Duration, n int) []Step {
	steps := []Step{{Do: Light, Percent: percent}, {Do: Wait, For: warm}}
	return append(append(steps, reads(n)...), Step{Do: EndLight})
}

// turning starts the stirrer.
func turning(percent float64) []Step {
	return []Step{{Do: Stir, Percent: 100}, {Do: Wait, For: kick}, {Do: Stir, Percent: percent}, {Do: Wait, For: 2 * time.Second}}
}

func planCorrelation(u Unit) []Step {
	steps := turning(u.StirPercent)
	for _, percent := range intensities {
		steps = append(steps, lit(percent, settle, readsEach)...)
		steps = append(steps, Step{Do: Wait, For: time.Duration(percent / 100 * float64(time.Second))}) // the LED cools
	}
	return steps
}

func judgeCorrelation(u Unit, r Record) Verdict {
	v := Verdict{OK: true, Text: fmt.Sprintf("r is at least %g", leastR)}
	for i, d := range u.Photodiodes {
		all := column(r.Volts, i)
		var volts []float64
		for k := 0; k+readsEach <= len(all); k += readsEach {
			mean, _ := moments(all[k : k+readsEach])
			volts = append(volts, mean)
		}
		x := pearson(intensities[:], volts)
		v.R = append(v.R, x)
		v.Measured = append(v.Measured, Measure{"r of photodiode " + d.Channel, x, ""})
		if !(x >= leastR) {
			v.fail("photodiode %s (%s) does not follow LED %s: r = %.3f, want %g", d.Channel, d.Angle, u.LED, x, leastR)
		}
	}
	return v
}

// fail notes one reason; several are joined.
func (v *Verdict) fail(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if !v.OK {
		reason = v.Text + "; " + reason
	}
	v.OK, v.Text = false, reason
}

func planAmbient(Unit) []Step { return lit(0, 2*time.Second, 2) }

func judgeAmbient(u Unit, r Record) Verdict {
	v := Verdict{OK: true, Text: fmt.Sprintf("all photodiodes read less than %g V in the dark", mostAmbientV)}
	for i, d := range u.Photodiodes {
		mean, _ := moments(column(r.Volts, i))
		v.Measured = append(v.Measured, Measure{"photodiode " + d.Channel, mean, "V"})
		if !(mean < mostAmbientV) {
			v.fail("photodiode %s reads %.3f V with every LED off, want less than %g V", d.Channel, mean, mostAmbientV)
		}
	}
	return v
}

// rest is how long the photodiodes get to go dark before their offset is read.
const rest = 10 * time.Second

// offset reads the dark.
func offset() []Step {
	return append([]Step{{Do: Wait, For: rest}}, lit(0, settle, offsetReads)...)
}

func planDark(Unit) []Step {
	steps := append(offset(), lit(exposurePct, exposure, 0)...)
	return append(steps, lit(0, settle, darkReads)...)
}

func judgeDark(u Unit, r Record) Verdict {
	v := Verdict{OK: true, Text: fmt.Sprintf("what is left after the dark offset is within %g V", mostDarkV)}
	for i, d := range u.Photodiodes {
		all := column(r.Volts, i)
		darkV, _ := moments(all[:offsetReads])
		mean, variance := moments(all[offsetReads:])
		mean -= darkV
		v.Measured = append(v.Measured, Measure{"photodiode " + d.Channel, mean, "V"}, Measure{"variance of photodiode " + d.Channel, variance, "V²"})
		if !(math.Abs(mean) <= mostDarkV) || !(variance <= mostDarkVar) {
			v.fail("photodiode %s is at %.4f V with a variance of %.1e V² in the dark, want within %g V and %g V²", d.Channel, mean, variance, mostDarkV, mostDarkVar)
		}
	}
	return v
}

func planReference(u Unit) []Step { return lit(u.IRPercent, refWarmUp, refReads) }

func judgeReference(u Unit, r Record) Verdict {
	v := Verdict{Skip: true, Text: "no photodiode is called REF"}
	for i, d := range u.Photodiodes {
		if d.Angle != reference {
			continue
		}
		mean, variance := moments(column(r.Volts, i))
		v = Verdict{OK: true, Text: fmt.Sprintf("REF is at %.3f V", mean),
			Measured: []Measure{{"REF", mean, "V"}, {"variance of REF", variance, "V²"}}}
		if !(mean >= leastRefV && mean <= mostRefV) || !(variance < mostRefVar) {
			v.fail("REF is at %.3f V with a variance of %.1e V², want %g to %g V and less than %g V²", mean, variance, leastRefV, mostRefV, mostRefVar)
		}
	}
	return v
}

const reference = "REF"

func planBlank(u Unit) []Step {
	steps := append(offset(), Step{Do: Light, Percent: u.IRPercent}, Step{Do: Wait, For: settle})
	for range blankReads {
		steps = append(steps, Step{Do: ReadLight}, Step{Do: Wait, For: blankEvery - ReadTook})
	}
	return append(steps, Step{Do: EndLight})
}

// ReadTook is how long a ReadLight lasts.
const ReadTook = 200 * time.Millisecond

func judgeBlank(u Unit, r Record) Verdict {
	v := Verdict{OK: true, Text: "what the blank scatters is within its limits"}
	for i, d := range u.Photodiodes {
		most := mostBlankV
		switch d.Angle {
		case reference, "180":
			continue // they see the LED itself
		case "135":
			most = mostBlank135V
		}
		all := column(r.Volts, i)
		darkV, _ := moments(all[:offsetReads])
		mean, _ := moments(all[offsetReads:])
		mean -= darkV
		v.Measured = append(v.Measured, Measure{"photodiode " + d.Channel + " (" + d.Angle + "°)", mean, "V"})
		if !(mean <= most) {
			v.fail("photodiode %s (%s°) reads %.3f V, want at most %g V from a blank", d.Channel, d.Angle, mean, most)
		}
	}
	return v
}
