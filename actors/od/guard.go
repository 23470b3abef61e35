package od

import (
	"fmt"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw"
)

// steadyFor is how many steady references in a row end the alarm: 30 s at the
// default interval, so that a flicker is not an alarm a minute.
const steadyFor = 6

// watchLamp raises and clears the alarm of an unsteady lamp, and says how far
// readings may be trusted: while the alarm is on none is good, as between two
// flickers any lamp is steady. So whatever is dosed by OD pauses meanwhile, and
// goes on by itself.
func (j *Job) watchLamp(c *actors.Context, lamp optics.Quality) optics.Quality {
	if lamp == optics.ReferenceUnstable {
		j.steady = -steadyFor
		c.Raise("reference_unstable", "medium", "The reference photodiode is unsteady, or sees light that is not the lamp's: readings are not used, nothing is dosed by them until it is steady for 6 readings. Look at the IR LED and its cable.", false)
		return lamp
	}
	j.watchDark(c, lamp == optics.ReferenceMissing)
	if j.steady == 0 || lamp == optics.ReferenceMissing {
		return lamp
	}
	if j.steady++; j.steady == 0 {
		c.Clear("reference_unstable")
		return lamp
	}
	return optics.Worse(lamp, optics.ReferenceUnstable)
}

// watchDark raises and clears the alarm of a reference without light.
func (j *Job) watchDark(c *actors.Context, unlit bool) {
	if unlit == j.unlit {
		return
	}
	if j.unlit = unlit; unlit {
		c.Raise("reference_missing", "medium", "The reference photodiode sees no light: readings are not used. Look at the IR LED and its cable.", false)
		return
	}
	c.Clear("reference_missing")
}

// checkLevel warns of a diode near its end, and stops at one beyond it: light
// that strong would burn it. It judges the burst alone, without the reading
// before that r was smoothed with.
func (j *Job) checkLevel(c *actors.Context, i int, r optics.Reading) {
	if r.Quality == optics.SensorError {
		return
	}
	volts, number := meanV(j.burst.Burst.Samples[i]), j.channels[i].number
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

func meanV(samples []hw.Sample) (mean float64) {
	for _, s := range samples {
		mean += s.Volts / float64(len(samples))
	}
	return mean
}

// trip makes every light of this job dark and sleeps until somebody wakes it.
func (j *Job) trip(c *actors.Context, number int, volts float64) {
	j.tripped, j.alarmed = true, true
	c.Raise("adc_too_high", "high", fmt.Sprintf(
		"Photodiode %d was at %.2f V, more than %.1f V: the IR LED is off and od_reading sleeps. Lower ir_led_intensity, then wake it.", number, volts, optics.TripV), true)
	c.Ready()
	c.Sleep()
}

// adopt takes over the alarms of an earlier life, so that this one ends them.
func (j *Job) adopt(c *actors.Context) {
	on := func(name string) bool {
		a, _, ok := actors.Latest[actors.Alarm](c, name)
		return ok && a.Active
	}
	if on("reference_unstable") {
		j.steady = -steadyFor
	}
	if on("od_reading_failing") {
		j.missing = failing
	}
	j.unlit, j.alarmed = on("reference_missing"), on("adc_too_high")
}
