package actors

import "time"

// ODReading is the optical density at one photodiode. Its value may steer a
// culture only when Quality is Good.
type ODReading struct {
	Meta
	Channel    int     `json:"channel"`
	Angle      string  `json:"angle"`
	Value      float64 `json:"od"` // AU; volts over the relative reference when uncalibrated
	Quality    Quality `json:"quality"`
	Volts      float64 `json:"volts"`     // after the dark offset
	ReferenceV float64 `json:"reference"` // relative reference the volts were divided by; 1 without one
	DarkV      float64 `json:"dark_v"`
	IRPercent  float64 `json:"ir_percent"`
	RPM        float64 `json:"rpm"` // latest measured; 0 when unknown
	PumpOn     bool    `json:"pump_on,omitempty"`
	BlankID    string  `json:"blank_id,omitempty"`    // of the blank that was subtracted; empty for none
	BlankAU    float64 `json:"blank_au,omitempty"`    // what was subtracted
	VialNumber uint64  `json:"vial_number,omitempty"` // of the vial it was taken in; see Vial
	// TemperatureC is the vial's, as last measured; 0 when unknown.
	TemperatureC float64 `json:"temperature_c,omitempty"`
	// Calibration is the name of the active calibration that Value comes from;
	// empty when it is uncalibrated.
	Calibration string `json:"calibration,omitempty"`
	// RawAU is Value before the calibration; Value itself without one.
	RawAU float64 `json:"raw_od"`
}

// ODFused is the density that all angles together tell, by the active fusion
// estimator. Bad: there is none, since just now.
type ODFused struct {
	Meta
	Value      float64 `json:"od_fused"`      // AU
	Low        float64 `json:"od_fused_low"`  // AU, of the interval
	High       float64 `json:"od_fused_high"` // AU
	Quality    Quality `json:"quality"`
	Estimator  string  `json:"estimator,omitempty"`   // its name
	VialNumber uint64  `json:"vial_number,omitempty"` // of the vial it was taken in; see Vial
}

// RetainKey implements Retained.
func (f ODFused) RetainKey() string { return "" }

// ODReadings are the readings of all channels at one instant.
type ODReadings struct {
	Meta
	Readings []ODReading `json:"readings"` // ascending channel; read only
}

// RetainKey implements Retained.
func (f ODReadings) RetainKey() string { return "" }

// RelativeIRIntensity is how bright the IR LED is compared with its first reading.
type RelativeIRIntensity struct {
	Meta
	Value float64 `json:"relative_ir_intensity"`
}

// RetainKey implements Retained.
func (f RelativeIRIntensity) RetainKey() string { return "" }

// GrowthRate is the specific growth rate µ.
type GrowthRate struct {
	Meta
	PerH   float64 `json:"growth_rate_per_h"`
	SDPerH float64 `json:"growth_rate_sd_per_h"`
}

// RetainKey implements Retained.
func (f GrowthRate) RetainKey() string { return "" }

// ODFiltered is the normalized OD behind a growth rate: 1 when it began.
type ODFiltered struct {
	Meta
	Value float64 `json:"od_filtered"`
}

// RetainKey implements Retained.
func (f ODFiltered) RetainKey() string { return "" }

// StirringRate is the measured speed.
type StirringRate struct {
	Meta
	RPM float64 `json:"measured_rpm"`
}

// RetainKey implements Retained.
func (f StirringRate) RetainKey() string { return "" }

// VialTemperature is how warm the vial is, measured while a temperature automation
// runs: inferred from how the heater's board cools, or the board's own when there
// was no heat.
type VialTemperature struct {
	Meta
	C       float64 `json:"temperature_c"`
	BoardC  float64 `json:"board_temperature_c"`   // the last sample
	Percent float64 `json:"heater_percent_before"` // what the heater was driven with before
}

// RetainKey implements Retained.
func (f VialTemperature) RetainKey() string { return "" }

// HeaterDuty is what a temperature automation drives the heater with, in percent;
// while the vial is measured it is off all the same.
type HeaterDuty struct {
	Meta
	Percent float64 `json:"heater_duty_cycle"`
}

// RetainKey implements Retained.
func (f HeaterDuty) RetainKey() string { return "" }

// Heater is what the heater really does and may do.
type Heater struct {
	Meta
	Fitted  bool    `json:"fitted"`            // a heater, and a thermometer beside it
	Percent float64 `json:"heater_percent"`    // driven now
	MaxC    float64 `json:"heater_max_c"`      // no target lies above it
	Fault   string  `json:"fault,omitempty"`   // why there is no heat, for people
	Latched bool    `json:"latched,omitempty"` // until somebody acknowledges it
}

// RetainKey implements Retained.
func (f Heater) RetainKey() string { return "" }

// Blank is the optical density of the medium alone in an experiment's vial.
// od_reading subtracts it.
type Blank struct {
	Meta
	ID      string         `json:"id"` // empty: there never was one
	Vial    uint64         `json:"vial_number"`
	TakenAt time.Time      `json:"taken_at"`
	Samples int            `json:"samples"`
	Means   []ChannelValue `json:"means"`   // AU by channel, ascending; empty: nothing is subtracted; read only
	History []BlankChange  `json:"history"` // oldest first, of this vial; read only
}

// RetainKey implements Retained: the newest of each experiment.
func (f Blank) RetainKey() string { return f.Experiment }

// BlankChange is the step from one blank to the next. What normalizes OD moves
// with it by Factors, so that the normalized OD of a culture does not jump.
type BlankChange struct {
	From    string         `json:"from"`
	To      string         `json:"to"`
	At      time.Time      `json:"at"`
	Means   []ChannelValue `json:"means"`   // of To
	Factors []ChannelValue `json:"factors"` // AU to add to the factor of each channel
}

// ChannelValue is a value of one photodiode.
type ChannelValue struct {
	Channel int     `json:"channel"`
	Value   float64 `json:"value"`
}

// LEDs are the intensities of all LEDs, in percent.
type LEDs struct {
	Meta
	A float64 `json:"A"`
	B float64 `json:"B"`
	C float64 `json:"C"`
	D float64 `json:"D"`
}

// RetainKey implements Retained.
func (f LEDs) RetainKey() string { return "" }

// LEDChanged is one deliberate change of one LED.
type LEDChanged struct {
	Meta
	Channel string  `json:"channel"`
	Percent float64 `json:"percent"`
	Source  string  `json:"source"`
}

// PIDLog is one step of a controller, for those who tune it.
type PIDLog struct {
	Meta
	Job          string  `json:"job"`
	Target       string  `json:"target"` // "rpm", "temperature", "growth_rate"
	Setpoint     float64 `json:"setpoint"`
	Lower        float64 `json:"lower"`
	Upper        float64 `json:"upper"`
	Kp           float64 `json:"kp"`
	Ki           float64 `json:"ki"`
	Kd           float64 `json:"kd"`
	Integral     float64 `json:"integral"`
	Proportional float64 `json:"proportional"`
	Derivative   float64 `json:"derivative"`
	Input        float64 `json:"input"`
	Output       float64 `json:"output"`
}
