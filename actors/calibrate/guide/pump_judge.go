package guide

import (
	"slices"
	"time"
)

// judge is the step that an answer comes to, and what must succeed before it counts.
func (p Pump) judge(v view, text string) (entry, Action, error) {
	e := entry{stage: v.at}
	switch v.at {
	case target:
		var err error
		e.numbers, err = numbers("target_ml", text, "mL", leastTargetML, mostTargetML)
		return e, nil, err
	case prime:
		return p.judgePrime(e, text)
	case tracer:
		return e, Run{tracerRun, usualRate * tracerRun.Seconds()}, nil
	case run:
		seconds := v.plan[len(v.points.X)]
		return e, Run{duration(seconds), seconds * v.expected()}, nil
	case weighTracer:
		ml, err := v.judgeTracer(text)
		e.numbers = []float64{ml}
		return e, nil, err
	case weigh:
		ml, err := v.judgeWeight(text)
		e.numbers = []float64{ml}
		return e, nil, err
	case name:
		e.text = text
		c, err := p.calibration(v, text)
		return e, Keep{c}, err
	case use:
		wanted, err := yes("use", text)
		if err != nil || !wanted {
			return e, nil, err
		}
		return e, Use{v.name}, nil
	}
	return e, nil, refuse("%s: it is over", p.subject.Device)
}

func duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
}

func (p Pump) judgePrime(e entry, text string) (entry, Action, error) {
	seconds, err := number("prime_s", text, "s", 0, longestPrime)
	e.numbers = []float64{seconds}
	if err != nil || seconds == 0 {
		return e, nil, err
	}
	if seconds < shortestRunS {
		return e, nil, refuse("prime_s: want 0, or %g s or more, got %s", shortestRunS, text)
	}
	return e, Run{duration(seconds), seconds * usualRate}, nil
}

// judgeTracer refuses a weight that no pump of this kind gives, or with which
// the weighings could not be done.
func (v view) judgeTracer(text string) (float64, error) {
	ml, err := number("weight_g", text, "g", 0, 1000)
	if err != nil {
		return 0, err
	}
	rate := ml / v.ranS
	if rate < leastRate || rate > mostRate {
		return 0, refuse("weight_g: %s g in %.3g s is %.3g mL/s, and such pumps move %g to %g: is the weight in grams, the tube full, "+
			"the scale at zero before? `undo` runs it again", text, v.ranS, rate, leastRate, mostRate)
	}
	plan := planFor(v.target, rate)
	if shortest := slices.Min(plan); shortest < shortestRunS {
		return 0, refuse("weight_g: at %.3g mL/s the least volume, %g mL, takes %.2g s, too short to be exact (%g s); `undo` back to the volumes",
			rate, slices.Min(v.target), shortest, shortestRunS)
	}
	if longest := slices.Max(plan); longest > longestRunS {
		return 0, refuse("weight_g: at %.3g mL/s the largest volume, %g mL, takes %.0f s, at most %g s are run; `undo` back to the volumes",
			rate, slices.Max(v.target), longest, longestRunS)
	}
	return ml, nil
}

// judgeWeight refuses a weight that does not go with those before.
func (v view) judgeWeight(text string) (float64, error) {
	ml, err := number("weight_g", text, "g", 0, 1000)
	if err != nil {
		return 0, err
	}
	if want := v.expected() * v.ranS; ml < want/factorApart || ml > want*factorApart {
		return 0, refuse("weight_g: about %.2f g were expected in %.3g s, got %s: was the vessel on the scale and the scale at zero before? "+
			"Give the weight again, or `undo` and run again; if the first weighing was wrong, undo back to it", want, v.ranS, text)
	}
	return ml, nil
}
