package bridge

import (
	"strconv"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

func (t *table) odReading(f actors.ODReading) []line {
	channel := strconv.Itoa(f.Channel)
	lines := t.rawAndCalibrated(f, channel)
	if believed(f) {
		lines = append(lines, t.datum(f, "od_reading", "od"+channel, reading(f))...)
	}
	return lines
}

// rawAndCalibrated is both sides of a calibrated reading, while there is one. Of
// a calibration that cannot be applied the raw side stays.
func (t *table) rawAndCalibrated(f actors.ODReading, channel string) (lines []line) {
	const rawOD, calibratedOD = "raw_od", "calibrated_od"
	failed := f.Quality.Reason == "uncalibrated"
	good := f.Calibration != "" && f.Quality.Grade != actors.Bad
	raw := f
	raw.Value, raw.Calibration = f.RawAU, ""
	shown := t.sides[f.Channel]
	if (failed || good) && raw.Value >= 0 {
		lines = append(lines, t.datum(f, "od_reading", rawOD+channel, reading(raw))...)
		shown.raw = true
	} else if shown.raw && f.Calibration == "" && !failed {
		lines = append(lines, t.datum(f, "od_reading", rawOD+channel, nil)...)
		shown.raw = false
	}
	if good {
		lines = append(lines, t.datum(f, "od_reading", calibratedOD+channel, reading(f))...)
		shown.calibrated = true
	} else if shown.calibrated && f.Calibration == "" {
		lines = append(lines, t.datum(f, "od_reading", calibratedOD+channel, nil)...)
		shown.calibrated = false
	}
	t.sides[f.Channel] = shown
	return lines
}

// sides are what is on the wire beside od<channel>.
type sides struct{ raw, calibrated bool }

func (t *table) odReadings(f actors.ODReadings) []line {
	ods := wire.ODReadings{Timestamp: f.At}
	for _, r := range f.Readings {
		if believed(r) {
			r.At = f.At
			ods.ODs = append(ods.ODs, reading(r))
		}
	}
	if len(ods.ODs) == 0 {
		return nil
	}
	return t.datum(f, "od_reading", "ods", ods)
}

// believed reports whether a reading may be shown to clients that know no
// quality; below zero their decoder refuses a raw one.
func believed(f actors.ODReading) bool {
	return f.Quality.Grade != actors.Bad && (f.Value >= 0 || f.Calibration != "")
}

func reading(f actors.ODReading) wire.ODReading {
	return wire.ODReading{CalibrationName: f.Calibration, Timestamp: f.At, Angle: f.Angle, OD: f.Value, Channel: strconv.Itoa(f.Channel), IRLEDIntensity: f.IRPercent}
}

// everyIntensity is how many relative intensities make one publication;
// Pioreactor 26.7.2 publishes a random fifth.
const everyIntensity = 5

func (t *table) relativeIntensity(f actors.RelativeIRIntensity) []line {
	t.intensities++
	if t.intensities%everyIntensity != 1 {
		return nil
	}
	return t.datum(f, "od_reading", "relative_intensity_of_ir_led", wire.RelativeIntensity{Relative: f.Value, Timestamp: f.At})
}
