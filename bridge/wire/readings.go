package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MeasuredRPM is stirring/measured_rpm, in RPM: a float while stirring, the
// integer 0 when it stops.
type MeasuredRPM struct {
	RPM       Number    `json:"measured_rpm"`
	Timestamp time.Time `json:"timestamp"`
}

func (p MeasuredRPM) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.numberField("measured_rpm", p.RPM)
	w.microField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// ODReading is od_reading/od1 to od4, raw_od1…, calibrated_od1…: one
// photodiode. Raw when CalibrationName is empty (volts, at least 0), otherwise
// in the calibration's unit.
type ODReading struct {
	CalibrationName string // empty: raw
	Timestamp       time.Time
	Angle           string // "45", "90", "135" or "180" degrees
	OD              float64
	Channel         string  // "1" to "4"
	IRLEDIntensity  float64 // %
}

// odReadingJSON is ODReading with the tag that tells raw from calibrated.
type odReadingJSON struct {
	Calibrated      int       `json:"calibrated"`
	Timestamp       time.Time `json:"timestamp"`
	Angle           string    `json:"angle"`
	OD              float64   `json:"od"`
	Channel         string    `json:"channel"`
	IRLEDIntensity  float64   `json:"ir_led_intensity"`
	CalibrationName string    `json:"calibration_name"`
}

// UnmarshalJSON reads either form.
func (p *ODReading) UnmarshalJSON(data []byte) error {
	var j odReadingJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	if j.Calibrated < 0 || j.Calibrated > 1 || (j.Calibrated == 1) != (j.CalibrationName != "") {
		return fmt.Errorf("calibrated = %d with calibration_name %q", j.Calibrated, j.CalibrationName)
	}
	*p = ODReading{j.CalibrationName, j.Timestamp, j.Angle, j.OD, j.Channel, j.IRLEDIntensity}
	return nil
}

func (p ODReading) encode() ([]byte, error) {
	w := compact()
	p.write(w)
	return w.out, w.err
}

func (p ODReading) write(w *writer) {
	calibrated := Int(0)
	if p.CalibrationName != "" {
		calibrated = Int(1)
	} else if p.OD < 0 {
		w.fail(fmt.Errorf("raw od = %v, want at least 0", p.OD)) // Pioreactor's decoder refuses the message
	}
	w.open()
	w.numberField("calibrated", calibrated)
	w.microField("timestamp", p.Timestamp)
	w.textField("angle", p.Angle)
	w.floatField("od", p.OD)
	w.textField("channel", p.Channel)
	w.floatField("ir_led_intensity", p.IRLEDIntensity)
	if p.CalibrationName != "" {
		w.textField("calibration_name", p.CalibrationName)
	}
	w.close()
}

// ODReadings is od_reading/ods: every photodiode of one reading. Encoding sorts
// by channel; a channel must appear once.
type ODReadings struct {
	Timestamp time.Time
	ODs       []ODReading
}

// UnmarshalJSON reads the object keyed by channel.
func (p *ODReadings) UnmarshalJSON(data []byte) error {
	var j struct {
		Timestamp time.Time            `json:"timestamp"`
		ODs       map[string]ODReading `json:"ods"`
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*p = ODReadings{Timestamp: j.Timestamp}
	for channel, od := range j.ODs {
		if channel != od.Channel {
			return fmt.Errorf("channel %q filed under %q", od.Channel, channel)
		}
		p.ODs = append(p.ODs, od)
	}
	slices.SortFunc(p.ODs, byChannel)
	return nil
}

func byChannel(a, b ODReading) int { return strings.Compare(a.Channel, b.Channel) }

func (p ODReadings) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.microField("timestamp", p.Timestamp)
	w.key("ods")
	w.open()
	sorted := slices.Clone(p.ODs)
	slices.SortStableFunc(sorted, byChannel)
	for i, od := range sorted {
		if i > 0 && od.Channel == sorted[i-1].Channel {
			w.fail(fmt.Errorf("channel %q appears twice", od.Channel))
		}
		w.key(od.Channel)
		od.write(w)
	}
	w.close()
	w.close()
	return w.out, w.err
}

// ODFused is od_reading/od_fused, in AU.
type ODFused struct {
	OD        float64   `json:"od_fused"`
	Timestamp time.Time `json:"timestamp"`
}

func (p ODFused) encode() ([]byte, error) { return valueThenTime("od_fused", p.OD, p.Timestamp) }

// RelativeIntensity is od_reading/relative_intensity_of_ir_led: the IR LED's
// light relative to its first reading.
type RelativeIntensity struct {
	Relative  float64   `json:"relative_intensity_of_ir_led"`
	Timestamp time.Time `json:"timestamp"`
}

func (p RelativeIntensity) encode() ([]byte, error) {
	return valueThenTime("relative_intensity_of_ir_led", p.Relative, p.Timestamp)
}

// GrowthRate is growth_rate_calculating/growth_rate, in 1/h; its time is the OD
// reading's.
type GrowthRate struct {
	PerH      float64   `json:"growth_rate"`
	Timestamp time.Time `json:"timestamp"`
}

func (p GrowthRate) encode() ([]byte, error) {
	return valueThenTime("growth_rate", p.PerH, p.Timestamp)
}

// ODFiltered is growth_rate_calculating/od_filtered: OD relative to the start.
type ODFiltered struct {
	OD        float64   `json:"od_filtered"`
	Timestamp time.Time `json:"timestamp"`
}

func (p ODFiltered) encode() ([]byte, error) { return valueThenTime("od_filtered", p.OD, p.Timestamp) }

// Temperature is temperature_automation/temperature, in °C.
type Temperature struct {
	Timestamp time.Time `json:"timestamp"`
	C         float64   `json:"temperature"`
}

func (p Temperature) encode() ([]byte, error) { return timeThenValue(p.Timestamp, "temperature", p.C) }

// Voltage is monitor/voltage_on_pwm_rail, in V.
type Voltage struct {
	Timestamp time.Time `json:"timestamp"`
	V         float64   `json:"voltage"`
}

func (p Voltage) encode() ([]byte, error) { return timeThenValue(p.Timestamp, "voltage", p.V) }

func valueThenTime(name string, v float64, t time.Time) ([]byte, error) {
	w := compact()
	w.open()
	w.floatField(name, v)
	w.microField("timestamp", t)
	w.close()
	return w.out, w.err
}

func timeThenValue(t time.Time, name string, v float64) ([]byte, error) {
	w := compact()
	w.open()
	w.microField("timestamp", t)
	w.floatField(name, v)
	w.close()
	return w.out, w.err
}
