package optics

import (
	"fmt"
	"strings"
)

// Quality says how far a reading may be trusted, as "code" or "code:reason",
// such as "good", "uncertain:late" or "bad:saturated". It is one comparable
// string, the same in JSON, SQL and logs. Anything unknown counts as bad.
type Quality string

// Good and uncertain readings may be used for control, bad ones never.
const (
	Good Quality = "good"

	Clipped     Quality = "uncertain:clipped"       // cut off at zero or at the end of a calibration
	DarkTooHigh Quality = "uncertain:dark_too_high" // stray light: the vial is not well covered
	Bubbles     Quality = "uncertain:bubbles"       // liquid was moved a moment ago
	Hum         Quality = "uncertain:hum"           // mains hum as strong as the light: samples are cut off at zero
	// OutsideCalibration: put at the end of what was calibrated.
	OutsideCalibration Quality = "uncertain:outside_calibration"
	// AnglesDisagree: no density explains the readings of all angles.
	AnglesDisagree Quality = "uncertain:angles_disagree"
	Late           Quality = "uncertain:late"        // taken well off its schedule
	BelowBlank     Quality = "uncertain:below_blank" // less light than the medium alone

	Saturated         Quality = "bad:saturated"          // the converter is at its end
	SensorError       Quality = "bad:sensor_error"       // no samples, or nonsense
	PumpOn            Quality = "bad:pump_on"            // a pump ran during the burst
	StirringOff       Quality = "bad:stirring_off"       // cells settle
	Disturbed         Quality = "bad:disturbed"          // someone handles the vial
	Uncalibrated      Quality = "bad:uncalibrated"       // a calibration is in force and cannot be applied
	ReferenceMissing  Quality = "bad:reference_missing"  // no usable reference reading
	ReferenceUnstable Quality = "bad:reference_unstable" // the light source flickers
)

// Qualities lists every quality, best first.
var Qualities = [...]Quality{Good, Clipped, DarkTooHigh, Bubbles, Hum, OutsideCalibration, AnglesDisagree, Late, BelowBlank, Saturated, SensorError, PumpOn,
	StirringOff, Disturbed, Uncalibrated, ReferenceMissing, ReferenceUnstable}

// Code is "good", "uncertain" or "bad"; "bad" for an unknown quality.
func (q Quality) Code() string {
	for _, known := range Qualities {
		if q == known {
			code, _, _ := strings.Cut(string(q), ":")
			return code
		}
	}
	return "bad"
}

// Reason is the word after the code, such as "saturated"; empty when good.
func (q Quality) Reason() string {
	_, reason, _ := strings.Cut(string(q), ":")
	return reason
}

// UsableForControl reports whether an automation may act on the reading: true
// for good and uncertain ones.
func (q Quality) UsableForControl() bool { return q.Code() != "bad" }

// Worse is the less trustworthy of two; the first when they are equally bad.
func Worse(a, b Quality) Quality {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func rank(q Quality) int {
	switch q.Code() {
	case "good":
		return 0
	case "uncertain":
		return 1
	}
	return 2
}

// UnmarshalText accepts only the known qualities.
func (q *Quality) UnmarshalText(text []byte) error {
	for _, known := range Qualities {
		if string(text) == string(known) {
			*q = known
			return nil
		}
	}
	return fmt.Errorf("optics: quality %q is unknown", text)
}
