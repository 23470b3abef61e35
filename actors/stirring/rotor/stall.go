package rotor

import (
	"math"
	"time"
)

// stall is the story of a motor that shows no revolution.
type stall struct {
	kicks  int
	next   time.Duration // of the kicks after the first two
	fault  Fault
	sudden bool    // it was at the target one measurement before
	steady float64 // duty from before
}

// standing answers a measurement of exactly 0: kick, kick again, then raise the
// fault and kick every 5 min, looking in between.
func (r Rotor) standing(now time.Duration, before float64) (Rotor, Program) {
	if r.phase != Stalled {
		r.phase, r.misses = Stalled, 0
		sudden := before > 0 && math.Abs(before-r.target) <= math.Max(Tolerance, r.target/10)
		r.stall = stall{sudden: sudden, steady: r.duty}
	}
	if r.stall.kicks < 2 {
		return r.kick(now)
	}
	if r.stall.fault == NoFault {
		r = r.accuse()
		r.stall.next = now + RetryKick
	}
	r.stall.next = min(r.stall.next, now+RetryKick) // whatever the clock did
	if now >= r.stall.next {
		return r.kick(now)
	}
	return r, r.watch(min(stallLook, r.stall.next-now))
}

// accuse decides what is broken. A motor that slowed down or never turned has
// stalled. One that ran at its target and showed not one revolution since, not
// even after two kicks at full power, may well run on unseen: its duty is put
// back, as creeping upward would stir ever faster.
func (r Rotor) accuse() Rotor {
	r.stall.fault = MotorStalled
	if r.stall.sudden {
		r.stall.fault, r.duty = TachometerSuspect, r.stall.steady
	}
	return r
}

// kick stops, drives full, and leaves the duty a little higher, at most 60 %.
func (r Rotor) kick(now time.Duration) (Rotor, Program) {
	r.stall.kicks++
	r.stall.next = now + RetryKick
	if r.stall.fault != TachometerSuspect {
		r.duty = round5(math.Min(1.01*r.enough(), maxKickDuty))
	}
	return r, r.kickProgram()
}

// enough is the duty, raised to what the steepest motor needs for the target: one
// below it, told by a person or left from a slower speed, lets a bar fall back to
// rest after each kick, and 1 % a kick mends that only in hours.
func (r Rotor) enough() float64 {
	if r.cfg.OpenLoop {
		return r.duty
	}
	return math.Max(r.duty, math.Min(r.target/maxSlope, 100))
}
