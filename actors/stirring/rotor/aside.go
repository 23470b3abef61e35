package rotor

import (
	"fmt"
	"math"
	"time"
)

const (
	restKick  = 350 * time.Millisecond // from a short rest; Pioreactor 26.7.2
	asideWait = 800 * time.Millisecond // after slowing down; the bar follows within 0.6 s
	roughWait = 300 * time.Millisecond // least wait before a rough look
	shortLook = 500 * time.Millisecond
	fewTurns  = 3.0 // that a rough look has to see, to tell turning from standing
	nudge     = 2.0 // duty points, for a bar that stood at the lower speed
)

// aside is the speed around OD readings. Its duty is learnt from one reading to
// the next: within one there is no time for it.
type aside struct {
	on     bool
	target float64 // rpm
	duty   float64 // % that should hold it; 0 for not known
}

// SeedAside sets the duty that should hold the speed around OD readings, such
// as one from a calibration.
func (r Rotor) SeedAside(rpm, duty float64) (Rotor, error) {
	if !(duty > 0 && duty <= 100) {
		return r, fmt.Errorf("rotor: seed duty %v %%: want above 0 and at most 100", duty)
	}
	r.aside.target, r.aside.duty = rpm, duty
	return r, nil
}

// Aside leaves the target for rpm, 0 to 5000, because OD is about to be read. The
// speed is measured if span, until the reading is over, has room for it. Back
// follows.
func (r Rotor) Aside(rpm float64, span time.Duration) (Rotor, Program, error) {
	if !(rpm >= 0 && rpm <= MaxRPM) {
		return r, nil, fmt.Errorf("rotor: speed %v rpm around readings: want 0 to %v", rpm, MaxRPM)
	}
	r.aside.on = true
	if rpm == 0 {
		r.still = true
		return r, Program{{Do: Drive, DutyPercent: 0}}, nil
	}
	if r.aside.target != rpm || r.aside.duty == 0 {
		guess := r.duty + (rpm-r.target)/r.motor.slope
		r.aside.target, r.aside.duty = rpm, round5(clamp(guess, 1, 100))
	}
	p := Program{{Do: Drive, DutyPercent: r.aside.duty, For: asideWait}}
	if r.still {
		p = append(Program{{Do: Drive, DutyPercent: 100, For: restKick}}, p...)
	}
	r.still = false
	return r, r.lookWithin(p, rpm, span), nil
}

// Back returns to the target after Aside, with a kick if the bar rests. span is
// the time until Aside comes again: with too little of it for the motor to
// settle, the speed is looked at but the duty stays.
func (r Rotor) Back(span time.Duration) (Rotor, Program) {
	r.aside.on = false
	if r.target == 0 {
		return r.Stop()
	}
	if r.phase == Off {
		r.phase, r.motor = Acquiring, r.motor.disturbed()
	}
	p, calm := Program{}, settle
	if r.still {
		p, calm = append(p, Action{Do: Drive, DutyPercent: 100, For: restKick}), kickDecay
		r.motor = r.motor.disturbed()
	}
	r.still = false
	whole := append(p, Action{Do: Drive, DutyPercent: r.duty, For: calm})
	if r.rough = length(whole)+Window(r.target) > span; !r.rough {
		return r, r.measured(whole)
	}
	return r, r.lookWithin(append(p, Action{Do: Drive, DutyPercent: r.duty, For: roughWait}), r.target, span)
}

// lookWithin adds to p a short measurement at rpm that ends within span, as late
// as can be, when the motor has settled best; none if there is too little room.
func (r Rotor) lookWithin(p Program, rpm float64, span time.Duration) Program {
	window := max(shortLook, time.Duration(fewTurns/rpm*float64(time.Minute)))
	room := span - length(p) - margin
	if r.cfg.OpenLoop || room < window {
		return p
	}
	p[len(p)-1].For += room - window
	return append(p, Action{Do: Observe, For: window})
}

const margin = 100 * time.Millisecond // for the answers of the devices

func length(p Program) (d time.Duration) {
	for _, a := range p {
		d += a.For
	}
	return d
}

// seenAside learns from the speed around a reading, for the next.
func (r Rotor) seenAside(rpm float64) Rotor {
	r.rpm = RoundRPM(rpm)
	e := r.aside.target - rpm
	switch {
	case r.rpm == 0:
		r.still = true
		r.aside.duty = math.Min(r.aside.duty+nudge, 100)
	case math.Abs(e) > Tolerance/2:
		r.aside.duty = round5(clamp(r.aside.duty+clamp(r.motor.step(e), -maxStep, maxStep), 1, 100))
	}
	return r
}

// seenRough takes a speed that is good enough to tell turning from standing.
func (r Rotor) seenRough() Rotor {
	if r.phase == Stalled {
		r.phase = Acquiring
	}
	r.stall = stall{}
	r.reached = r.reached || math.Abs(r.target-r.rpm) <= Tolerance
	return r
}
