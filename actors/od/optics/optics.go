// Package optics turns a burst of photodiode samples into one uncalibrated
// optical density: when to sample ([SamplingPlan]), how to take mains hum and
// outliers out ([Channel.Read]), how to divide by the reference photodiode
// ([Reference]), whether a reading fits those before it ([Neighbours]), and how far the result may be trusted ([Quality]).
//
// It refuses to guess: a value that is not trustworthy carries a quality that
// says why, and no value is ever NaN or infinite. It knows no clock, no
// hardware and no calibration; everything it is told is in volts.
//
//	c := optics.Channel{Diode: diode, DarkV: 0.002, HumHz: 60, PriorWeight: optics.PriorWeight(3, 5*time.Second)}
//	reading := c.Read(burst.Samples[0], previous.Volts)
//	ref, q := ref.Next(refReading, 5*time.Second)
//	od := ref.Normalize(reading, q)
//
// Equations follow Pioreactor 26.7.2 unless a comment says otherwise.
package optics

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Channel is how one photodiode is read. The zero value of each option works.
type Channel struct {
	Diode hw.Photodiode
	// DarkV is what the diode reads with every light off, in volts. It is kept
	// in volts so that a later change of the converter's gain cannot rescale it.
	DarkV float64
	// HumHz is the mains frequency to take out; 0 takes a trimmed mean instead,
	// as does a Quiet diode.
	HumHz float64
	// PriorWeight is how many samples the previous reading counts for; see
	// [PriorWeight]. 0 ignores it.
	PriorWeight float64
}

// Reading is the outcome of one burst on one channel.
type Reading struct {
	// Volts above dark, rounded to 1e-10 V, never negative, never NaN. After
	// [Reference.Normalize] it is the OD in arbitrary units.
	Volts float64 `json:"volts"`
	// RawV is the estimate before the dark offset was taken off, in volts: what
	// [Check] judges.
	RawV float64 `json:"raw_volts"`
	// HumV is the amplitude of the mains hum that was taken out, in volts.
	HumV    float64 `json:"hum_volts"`
	Quality Quality `json:"quality"`
}

// PriorWeight is the weight, in samples, of the previous reading for the
// setting smoothing_penalizer: 40·smoothing/(interval in s). 0 means no prior;
// so does anything that is not a positive number.
func PriorWeight(smoothing float64, interval time.Duration) float64 {
	w := smoothing / interval.Seconds() * Oversampling
	if !(w > 0) || math.IsInf(w, 0) {
		return 0
	}
	return w
}

// Read estimates the channel's level from one burst. previousV is the Volts of
// the reading before; 0 if there was none or it was bad, then no prior is used.
//
// The dark offset is taken off the estimate, not off each sample: the two are
// equal while every sample lies above dark, and below it cutting samples at
// zero would push a weak signal upward.
func (c Channel) Read(samples []hw.Sample, previousV float64) Reading {
	samples, err := together(samples)
	if err != nil {
		return Reading{Quality: SensorError}
	}
	kept, err := trim(samples)
	if err != nil {
		return Reading{Quality: SensorError}
	}
	dark := c.darkV()
	prior := Prior{Weight: c.PriorWeight}
	if previousV > 0 {
		prior.Volts = previousV + dark
	}
	fit := kept.estimate(c.humHz(), prior)
	above := fit.Volts - dark
	return Reading{
		Volts:   round10(math.Max(above, 0)),
		RawV:    round10(math.Max(fit.Volts, 0)),
		HumV:    round10(fit.HumV),
		Quality: c.judge(kept, fit, above),
	}
}

// muchHum is the share of the level at which hum reaches down to zero, where
// the converter cuts it off and the level comes out too high.
const muchHum = 0.9

func (c Channel) judge(kept trimmed, fit Fit, above float64) Quality {
	if kept.high >= c.Diode.FullScaleV && c.Diode.FullScaleV > 0 {
		return Saturated
	}
	if kept.rough(fit, c.humHz()) {
		return SensorError
	}
	q := CheckDark(c.darkV())
	if above < 0 {
		q = Worse(q, Clipped)
	}
	if fit.HumV > muchHum*math.Max(fit.Volts, 0) {
		q = Worse(q, Hum)
	}
	return q
}

func (c Channel) humHz() float64 {
	if c.Diode.Quiet {
		return NoHum
	}
	return c.HumHz
}

func (c Channel) darkV() float64 {
	if !finite(c.DarkV) || c.DarkV < 0 {
		return 0
	}
	return c.DarkV
}

func round10(x float64) float64 { return math.Round(x*1e10) / 1e10 }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
