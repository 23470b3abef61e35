package optics

import "math"

// Limits of a photodiode's level, in volts. Source: Pioreactor 26.7.2.
const (
	WarnV      = 3.0   // above it: warn, the diode is near its end
	TripV      = 3.2   // above it: all lights off, stop reading
	DarkLimitV = 0.080 // of a dark reading; above it stray light gets in (self test of Pioreactor 26.7.2)
)

// Alarm is what a level calls for.
type Alarm int

// The alarms in rising order.
const (
	Quiet Alarm = iota // nothing to do
	Warn               // tell the user
	Trip               // turn every light off, then stop and report
)

// Check judges a level in volts before the dark offset is taken off. A level
// that is not a number trips: nobody knows how high it is.
func Check(volts float64) Alarm {
	switch {
	case !(volts <= TripV):
		return Trip
	case volts > WarnV:
		return Warn
	}
	return Quiet
}

// CheckDark judges a channel's dark offset, in volts.
func CheckDark(volts float64) Quality {
	if !(volts <= DarkLimitV) {
		return DarkTooHigh
	}
	return Good
}

// The range of the automatic IR intensity, in percent.
const (
	MaxAutoIntensity = 85.0 // also where the tuning burst is taken
	MinAutoIntensity = 50.0 // below it the LED is unsteady
)

// AutoIntensity picks the IR intensity in percent from the tuning burst taken
// at intensity percent: with exactly one signal and one reference, the highest
// that keeps the reference at or below 0.25 V and leaves the signal room to
// grow 50-fold before 3.0 V, within 50 to 85 %. Otherwise 85 %. A level of 0 V
// or less sets no bound. Rounded to 0.01 %.
func AutoIntensity(intensity float64, signalsV, referencesV []float64) float64 {
	if len(signalsV) != 1 || len(referencesV) != 1 || !finite(intensity) {
		return MaxAutoIntensity
	}
	best := MaxAutoIntensity
	best = math.Min(best, atMost(intensity, signalsV[0], WarnV/50))
	best = math.Min(best, atMost(intensity, referencesV[0], 0.250))
	return math.Round(math.Max(best, MinAutoIntensity)*100) / 100
}

// atMost is the intensity that would bring a level from volts to limitV.
func atMost(intensity, volts, limitV float64) float64 {
	if !(volts > 0) {
		return math.Inf(1)
	}
	return intensity / volts * limitV
}
