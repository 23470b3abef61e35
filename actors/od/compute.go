package od

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
)

// staleRate is when a measured speed is old: it comes every 23 s (Pioreactor
// 26.7.2), and two in a row may be lost.
const staleRate = 60 * time.Second

// warnEvery is how often a high level is mentioned. Pioreactor 26.7.2.
const warnEvery = 5 * time.Minute

// A reference below these sees no light: REF₀ is 20 to 250 mV at 80 % of IR, a
// sample's noise 0.15 mV, and an intensity may be lowered 50-fold at most.
const (
	faintV     = 0.002
	faintShare = 0.02 // of REF₀
)

// batch is one instant's readings, ready to be published.
type batch struct {
	at       time.Time
	readings []actors.ODReading
	raw      []optics.Quality // of the readings before they were calibrated
	relative float64          // averaged reference over its first; 0 without one
}

// compute turns the burst into readings and publishes them, once what they are
// relative to is safe.
func (j *Job) compute(c *actors.Context) {
	if j.ir != j.IRPercent {
		return // the brightness was changed meanwhile
	}
	j.follow(c)
	var raw [4]optics.Reading
	for i := range j.channels {
		ch := &j.channels[i]
		raw[i] = ch.Read(j.burst.Burst.Samples[i], ch.volts)
		if j.checkLevel(c, i, raw[i]); j.tripped {
			return
		}
	}
	j.got(c)
	lamp := j.reference(c, raw[:len(j.channels)])
	b := j.assemble(c, raw[:len(j.channels)], lamp)
	if j.ref.Mode == optics.None || j.saved || j.ref.FirstV == 0 {
		j.publish(c, b)
		return
	}
	j.waiting = b
	if j.ref.FirstV > 0 && !j.saving {
		j.saving = true
		j.firstIR = j.ir
		c.Save(key(c.Experiment()), kept{j.ref.FirstV, j.ir, j.vial})
	}
}

const notSaved = "od_reading_not_saved" // alarm

// savedFirst lets the readings out that waited for the first reference.
func (j *Job) savedFirst(c *actors.Context, m actors.Saved) {
	b := j.waiting
	j.saving, j.waiting = false, batch{}
	if m.Err != nil {
		j.ref.FirstV, j.ref.Relative = 0, 0 // the next reading tries again
		c.Raise(notSaved, "high", fmt.Sprintf("No OD: its first reference cannot be saved: %v.", m.Err), false)
		return
	}
	j.saved = true
	c.Clear(notSaved)
	if len(b.readings) > 0 {
		j.publish(c, b)
	}
}

// outshone reports a reference that sees far more than its first light, although
// the lamp is no brighter than then: it is not the lamp's light, or a converter
// that wraps around. Lamps age to be dimmer, and warmth makes some percent.
func (j *Job) outshone(seen optics.Reading) bool {
	const most = 1.5
	return j.ref.FirstV > 0 && j.firstIR > 0 && j.ir <= 1.01*j.firstIR && seen.Volts > most*j.ref.FirstV
}

// reference follows the lamp.
func (j *Job) reference(c *actors.Context, raw []optics.Reading) (lamp optics.Quality) {
	lamp = optics.Good
	for i := range raw {
		if j.channels[i].angle != reference {
			continue
		}
		seen := raw[i]
		if seen.Volts < max(faintV, faintShare*j.ref.FirstV) {
			seen.Volts = 0 // noise: a dead lamp is not a steady one
		}
		if j.outshone(seen) {
			lamp = j.watchLamp(c, optics.ReferenceUnstable)
			j.remember(i, raw[i], lamp)
			continue
		}
		j.ref, lamp = j.ref.Next(seen, j.Interval)
		lamp = j.watchLamp(c, lamp)
		j.remember(i, raw[i], lamp)
	}
	return lamp
}

// remember keeps what the next reading is smoothed with.
func (j *Job) remember(i int, r optics.Reading, q optics.Quality) {
	if j.channels[i].volts = 0; q.UsableForControl() && r.Quality.UsableForControl() {
		j.channels[i].volts = r.Volts
	}
}

func (j *Job) assemble(c *actors.Context, raw []optics.Reading, lamp optics.Quality) batch {
	b := batch{
		at:       c.Now().Add(j.burst.Start - c.Mono()),
		readings: make([]actors.ODReading, 0, len(raw)),
	}
	relative := 1.0
	if j.ref.Mode != optics.None {
		b.relative = j.ref.Relative
	}
	if b.relative > 0 {
		relative = b.relative
	}
	rpm, still := stirring(c)
	celsius := temperature(c)
	common := j.noted
	if still {
		common = optics.Worse(common, optics.StirringOff)
	}
	for i, r := range raw {
		ch := &j.channels[i]
		if ch.angle == reference {
			continue
		}
		od := j.ref.Normalize(r, lamp)
		q := ch.besides(od.Volts, optics.Worse(od.Quality, common))
		j.remember(i, r, q)
		b.raw = append(b.raw, q)
		b.readings = append(b.readings, j.calibrated(c, j.subtract(c, actors.ODReading{
			Meta: actors.Meta{At: b.at}, Channel: ch.number, Angle: ch.angle, Value: od.Volts,
			Quality: actors.Quality{Grade: q.Code(), Reason: q.Reason()},
			Volts:   r.Volts, ReferenceV: relative, DarkV: ch.DarkV, IRPercent: j.ir,
			RPM: rpm, PumpOn: j.pump, TemperatureC: celsius,
		})))
	}
	return b
}

// besides is the quality of a reading beside those before it: a good one that
// jumps is not.
func (ch *channel) besides(od float64, q optics.Quality) optics.Quality {
	switch {
	case q == optics.SensorError:
		ch.near = ch.near.Doubt()
		return q
	case q != optics.Good:
		if q.UsableForControl() {
			ch.near = ch.near.Follow(od)
		}
		return q
	}
	var fits bool
	if ch.near, fits = ch.near.Next(od); !fits {
		return optics.Disturbed
	}
	return q
}

// publish hands the readings out, each and together.
func (j *Job) publish(c *actors.Context, b batch) {
	if j.collect != nil {
		j.collect(c, b)
		return
	}
	for i, r := range b.readings {
		if stamped, ok := c.Publish(r).(actors.ODReading); ok {
			b.readings[i] = stamped
		}
	}
	c.Publish(actors.ODReadings{Meta: actors.Meta{At: b.at}, Readings: b.readings})
	j.fuse(c, b)
	if b.relative > 0 {
		c.Publish(actors.RelativeIRIntensity{Meta: actors.Meta{At: b.at}, Value: b.relative})
	}
}

// stirring is the measured speed, and whether the vial stands still although
// the stirring job wants it to turn.
func stirring(c *actors.Context) (rpm float64, still bool) {
	if rate, age, ok := actors.Latest[actors.StirringRate](c, ""); ok && age <= staleRate {
		rpm = rate.RPM
	}
	target, _, _ := actors.Latest[actors.SettingChanged](c, "stirring/target_rpm")
	wanted, _ := target.Value.(float64)
	return rpm, rpm == 0 && wanted > 0 && c.System().Running("stirring")
}

// temperature is the vial's, in °C; 0 when it is not known any more.
func temperature(c *actors.Context) float64 {
	vial, age, ok := actors.Latest[actors.VialTemperature](c, "")
	if !ok || age > staleTemperature {
		return 0
	}
	return vial.C
}

// staleTemperature is three times the pause between measurements.
const staleTemperature = 10 * time.Minute
