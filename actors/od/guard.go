package od

import (
	"fmt"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
)

// steadyFor is how many steady references in a row end the alarm: 30 s at the
// default interval, so that a flicker is not an alarm a minute.
const steadyFor = 6

// watchLamp raises and clears the alarm of an unsteady lamp. Dosing pauses
// meanwhile because no reading is good.
func (j *Job) watchLamp(c *actors.Context, lamp optics.Quality) {
	if lamp == optics.ReferenceUnstable {
		j.steady = -steadyFor
		c.Raise("reference_unstable", "medium", "The reference photodiode is unsteady: readings are not used. Look at the IR LED and its cable.", false)
		return
	}
	if j.steady == 0 || lamp == optics.ReferenceMissing {
		return
	}
	if j.steady++; j.steady == 0 {
		c.Clear("reference_unstable")
	}
}

// checkLevel warns of a diode near its end, and stops at one beyond it: light
// that strong would burn it.
func (j *Job) checkLevel(c *actors.Context, number int, volts float64) {
	switch optics.Check(volts) {
	case optics.Trip:
		j.trip(c, number, volts)
	case optics.Warn:
		if j.high && c.Mono()-j.warned < warnEvery {
			return
		}
		j.high, j.warned = true, c.Mono()
		c.Log().Warning("Photodiode %d is at %.2f V, near its end at %.1f V: lower ir_led_intensity or dilute.", number, volts, optics.TripV)
	}
}

// trip makes every light of this job dark and sleeps until somebody wakes it.
func (j *Job) trip(c *actors.Context, number int, volts float64) {
	j.tripped = true
	c.Raise("adc_too_high", "high", fmt.Sprintf(
		"Photodiode %d was at %.2f V, more than %.1f V: the IR LED is off and od_reading sleeps. Lower ir_led_intensity, then wake it.", number, volts, optics.TripV), true)
	c.Ready()
	c.Sleep()
}
