package automation

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// The signals.
const (
	auto         = "auto"
	normalizedOD = "normalized_od"
	odFused      = "od_fused"
	calibratedOD = "od"
)

// Biomass is how an automation knows its culture's density; embed it for the
// setting biomass_signal. The host lets only good readings through, and none
// during a dose and 30 s after it.
//
// normalized_od is the growth job's filtered density, 1 when it began: it knows
// the growth rate and every dose, so it hardly lags. od is the calibrated OD of
// the lowest channel that has a calibration, od_fused that of all angles. auto
// is od_fused if there is one, else od if there is one, else normalized_od
// (Pioreactor 26.7.2). It is decided by the first readings, shown as what it
// came to, and stays that until somebody stops the job or sets it again: a
// calibration made meanwhile must not change what the target means.
type Biomass struct {
	BiomassSignal string `toml:"biomass_signal" oneof:"auto|normalized_od|od_fused|od" set:"yes" help:"what density is read from; auto takes the best there is"`

	input   freshness
	recent  settled
	noise   noise
	readers readers
	good    bool // a good reading came since the last value of normalized_od
	stored  bool // what auto came to is kept
}

// readers is which signals there are.
type readers struct {
	channel    int           // the lowest that is read; 0 none
	calibrated int           // the lowest that has a calibration; 0 none
	rounds     int           // of readings of channel
	fused      time.Duration // on Mono, of the last fused value
	hasFused   bool
}

// biomassKey is where what auto came to is kept.
const biomassKey = "biomass_signal"

// width is how many readings are averaged. The filter has smoothed normalized_od
// already; of others more are needed, and the more the noisier they are, or the
// noisiest of them would trigger: with 3.3 % noise, 3 readings hold a density 4 %
// low, and of 7 one in 300 doses comes too early.
func (b *Biomass) width() int {
	if b.BiomassSignal == normalizedOD {
		return 3
	}
	return b.noise.width(7, 21)
}

// start takes up what auto came to, or what the present readings tell.
func (b *Biomass) start(c *actors.Context) error {
	if b.BiomassSignal == auto {
		signal, err := recall[string](c, biomassKey)
		if err != nil {
			return err
		}
		if signal != "" {
			b.BiomassSignal, b.stored = signal, true
			return nil
		}
	}
	return b.changed(c)
}

// look takes note of the newest readings of all.
func (b *Biomass) look(c *actors.Context) {
	if all, age, ok := actors.Latest[actors.ODReadings](c, ""); ok && age <= stale && all.Experiment == c.Experiment() {
		for _, r := range all.Readings {
			b.readers.reading(r)
		}
		b.readers.rounds = enoughRounds
	}
	if f, age, ok := actors.Latest[actors.ODFused](c, ""); ok && age <= stale && f.Experiment == c.Experiment() && f.Quality.Grade == actors.Good {
		b.readers.fused, b.readers.hasFused = c.Mono()-age, true
	}
}

// changed begins with another target or signal. A signal that is known not to
// be there is refused: by the newest readings, also those that were held back
// because of a dose, or the next start would know better and be refused.
func (b *Biomass) changed(c *actors.Context) error {
	b.recent = settled{}
	b.look(c)
	if b.readers.rounds >= enoughRounds {
		switch {
		case b.BiomassSignal == odFused && !b.readers.hasFused:
			return notCalibrated(odFused, "an active fusion estimator")
		case b.BiomassSignal == calibratedOD && b.readers.calibrated == 0:
			return notCalibrated(calibratedOD, "an active calibration")
		}
	}
	b.resolve(c)
	return nil
}

func notCalibrated(signal, needs string) error {
	return actors.Refuse("not_calibrated",
		"biomass_signal: %s needs %s, and there is none; use normalized_od", signal, needs)
}

// enoughRounds is how many readings of a channel show all signals that there are.
const enoughRounds = 2

// resolve makes auto what it comes to, once the readings have told.
func (b *Biomass) resolve(c *actors.Context) {
	if b.BiomassSignal != auto || b.readers.rounds < enoughRounds {
		return
	}
	switch r := b.readers; {
	case r.hasFused && c.Mono()-r.fused <= stale:
		b.BiomassSignal = odFused
	case r.calibrated != 0:
		b.BiomassSignal = calibratedOD
	default:
		b.BiomassSignal = normalizedOD
	}
	b.stored = true
	keep(c, biomassKey, b.BiomassSignal)
}

// begin forgets what was measured before a pause.
func (b *Biomass) begin(c *actors.Context) {
	b.recent, b.good = settled{}, false
	b.input.heard(c)
}

// stop lets auto be decided anew, if somebody stopped the job.
func (b *Biomass) stop(c *actors.Context, s actors.Stopping) {
	if s.Asked && b.stored {
		keep(c, biomassKey, "")
	}
}

// hear takes every message and returns the settled density, in the signal's own
// unit, when msg brought a new one.
func (b *Biomass) hear(c *actors.Context, msg any) (density float64, fresh bool) {
	value, brought := b.value(c, msg)
	if !brought {
		return 0, false
	}
	b.input.heard(c)
	if len(b.recent.values) == 0 {
		b.noise.dosed()
	}
	b.noise.take(value)
	return b.recent.add(value, b.width())
}

// value is what msg says about the density.
func (b *Biomass) value(c *actors.Context, msg any) (value float64, brought bool) {
	switch msg := msg.(type) {
	case actors.ODReading: // the host lets only good ones through
		b.good = true
		b.readers.reading(msg)
		b.resolve(c)
		return msg.Value, b.BiomassSignal == calibratedOD && msg.Channel == b.readers.calibrated
	case actors.ODFused:
		b.readers.fused, b.readers.hasFused = c.Mono(), true
		return msg.Value, b.BiomassSignal == odFused
	case actors.ODFiltered:
		good := b.good // else made of readings that are not good
		b.good = false
		return msg.Value, b.BiomassSignal == normalizedOD && good
	}
	return 0, false
}

func (r *readers) reading(o actors.ODReading) {
	if r.channel == 0 || o.Channel <= r.channel {
		r.channel = o.Channel
		r.rounds++
	}
	switch {
	case o.Calibration == "":
		if r.calibrated == o.Channel {
			r.calibrated = 0
		}
	case r.calibrated == 0 || o.Channel < r.calibrated:
		r.calibrated = o.Channel
	}
}
