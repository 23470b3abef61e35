package rotor

import "math"

// The steepness of plausible motors, in rpm per duty point: 8 to 30, and some.
const (
	minSlope  = 6.0
	maxSlope  = 36.0
	wideSlope = 20.0 // assumed at first: too steep rather than too flat is stable
)

// boldness is the share of the error one step tries to correct. With the assumed
// slope of 20 the loop gain is 0.28 to 1.05 for motors of 8 to 30 rpm per point;
// below 2 it is stable.
const boldness = 0.7

const worthLearning = 2.0 // duty points: smaller steps drown in the speed's noise

// motor is what is known of the motor. The slope is the secant of the last two
// measurements, so that a dead band at low duty does not matter.
type motor struct {
	slope     float64 // rpm per duty point
	duty, rpm float64 // of the measurement before
	seen      int     // measurements since the last kick
}

func unknownMotor() motor { return motor{slope: wideSlope} }

// disturbed forgets the last measurement: a kick has been between.
func (m motor) disturbed() motor {
	m.seen = 0
	return m
}

// observe learns from a measurement at a duty. The first one after a kick is
// still falling and teaches nothing.
func (m motor) observe(duty, rpm float64) motor {
	if change := duty - m.duty; m.seen >= 2 && math.Abs(change) >= worthLearning {
		if secant := (rpm - m.rpm) / change; secant > 0 {
			m.slope = (m.slope + clamp(secant, minSlope, maxSlope)) / 2
		}
	}
	m.duty, m.rpm = duty, rpm
	m.seen = min(m.seen+1, 2)
	return m
}

// step is the change of duty that corrects most of an error in rpm.
func (m motor) step(e float64) float64 { return boldness * e / m.slope }
