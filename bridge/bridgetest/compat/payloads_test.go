package compat

import (
	"encoding/json"
	"fmt"
)

// The payloads of Pioreactor 26.7.2, field by field in the order of the wire.

type measuredRPM struct {
	RPM       leaf[isNumber] `json:"measured_rpm"` // the integer 0 at rest
	Timestamp leaf[isMicro]  `json:"timestamp"`
}

type pidLog struct {
	Setpoint     leaf[isNumber] `json:"setpoint"`
	Lower        leaf[isNumber] `json:"output_limits_lb"`
	Upper        leaf[isNumber] `json:"output_limits_ub"`
	Kd           leaf[isNumber] `json:"Kd"`
	Ki           leaf[isNumber] `json:"Ki"`
	Kp           leaf[isNumber] `json:"Kp"`
	Integral     leaf[isNumber] `json:"integral"`
	Proportional leaf[isNumber] `json:"proportional"`
	Derivative   leaf[isNumber] `json:"derivative"`
	LatestInput  leaf[isNumber] `json:"latest_input"`
	LatestOutput leaf[isNumber] `json:"latest_output"`
	Job          leaf[isText]   `json:"job_name"`
	Target       leaf[isText]   `json:"target_name"`
}

type rawOD struct {
	Calibrated leaf[isZero]     `json:"calibrated"`
	Timestamp  leaf[isMicro]    `json:"timestamp"`
	Angle      leaf[isAngle]    `json:"angle"`
	OD         leaf[isPositive] `json:"od"`
	Channel    leaf[isChannel]  `json:"channel"`
	IR         leaf[isPositive] `json:"ir_led_intensity"`
}

type calibratedOD struct {
	Calibrated  leaf[isOne]      `json:"calibrated"`
	Timestamp   leaf[isMicro]    `json:"timestamp"`
	Angle       leaf[isAngle]    `json:"angle"`
	OD          leaf[isFloat]    `json:"od"`
	Channel     leaf[isChannel]  `json:"channel"`
	IR          leaf[isPositive] `json:"ir_led_intensity"`
	Calibration leaf[isText]     `json:"calibration_name"`
}

var odUnion = oneOf(strict[rawOD], strict[calibratedOD])

// anyOD is either kind inside ods.
type anyOD struct{ json.RawMessage }

func (o *anyOD) UnmarshalJSON(text []byte) error {
	o.RawMessage = append(json.RawMessage(nil), text...)
	return odUnion(string(text))
}

type ods struct {
	Timestamp leaf[isMicro]    `json:"timestamp"`
	ODs       map[string]anyOD `json:"ods"` // ascending channels
}

type odFused struct {
	OD        leaf[isFloat] `json:"od_fused"`
	Timestamp leaf[isMicro] `json:"timestamp"`
}

type relativeIntensity struct {
	Relative  leaf[isPositive] `json:"relative_intensity_of_ir_led"`
	Timestamp leaf[isMicro]    `json:"timestamp"`
}

type growthRate struct {
	PerH      leaf[isFloat] `json:"growth_rate"`
	Timestamp leaf[isMicro] `json:"timestamp"`
}

type odFiltered struct {
	OD        leaf[isFloat] `json:"od_filtered"`
	Timestamp leaf[isMicro] `json:"timestamp"`
}

type temperature struct {
	Timestamp leaf[isMicro] `json:"timestamp"`
	C         leaf[isFloat] `json:"temperature"`
}

type voltage struct {
	Timestamp leaf[isMicro]    `json:"timestamp"`
	V         leaf[isPositive] `json:"voltage"`
}

type computerStatistics struct {
	Disk      leaf[isPositive] `json:"available_disk_space"`
	CPU       leaf[isNumber]   `json:"cpu_temperature_celcius"`
	Timestamp leaf[isMilli]    `json:"timestamp"`
}

type versions struct {
	App       leaf[isText]  `json:"app"`
	HAT       leaf[isText]  `json:"hat"`
	Firmware  leaf[isText]  `json:"firmware"`
	HATSerial leaf[isText]  `json:"hat_serial"`
	Machine   leaf[isText]  `json:"rpi_machine"`
	Timestamp leaf[isMilli] `json:"timestamp"`
}

type logLine struct {
	TaskName  leaf[isNull]  `json:"taskName"`
	Source    leaf[isASCII] `json:"source"`
	Task      leaf[isASCII] `json:"task"`
	Message   leaf[isASCII] `json:"message"`
	Level     leaf[isLevel] `json:"level"`
	Timestamp leaf[isMilli] `json:"timestamp"`
}

type note struct {
	Source    leaf[isASCII] `json:"source"`
	Task      leaf[isASCII] `json:"task"`
	Message   leaf[isASCII] `json:"message"`
	Level     leaf[isLevel] `json:"level"`
	Timestamp leaf[isMilli] `json:"timestamp"`
}

type dosingEvent struct {
	Volume    leaf[isPositive] `json:"volume_change"` // theirs may be negative: a correction
	Event     leaf[isLiquid]   `json:"event"`
	Source    leaf[isOrNull]   `json:"source_of_event"`
	Timestamp leaf[isMicro]    `json:"timestamp"`
}

type leds struct {
	A leaf[isPositive] `json:"A"`
	B leaf[isPositive] `json:"B"`
	C leaf[isPositive] `json:"C"`
	D leaf[isPositive] `json:"D"`
}

type ledChange struct {
	Channel   leaf[isLED]      `json:"channel"`
	Intensity leaf[isPositive] `json:"intensity"`
	Source    leaf[isOrNull]   `json:"source_of_event"`
	Timestamp leaf[isMicro]    `json:"timestamp"`
}

// window is <automation>_settings; T are all settable settings, then the state.
type window[T any] struct {
	Unit       leaf[isText]        `json:"pioreactor_unit"`
	Experiment leaf[isText]        `json:"experiment"`
	StartedAt  leaf[isMicro]       `json:"started_at"`
	EndedAt    leaf[isMicroOrNull] `json:"ended_at"`
	Automation leaf[isText]        `json:"automation_name"`
	Settings   base64Of[T]         `json:"settings"`
}

type chemostat struct {
	Duration leaf[isFloat] `json:"duration"`
	Exchange leaf[isFloat] `json:"exchange_volume_ml"`
	State    leaf[isState] `json:"state"`
}

type turbidostat struct {
	Exchange leaf[isFloat] `json:"exchange_volume_ml"`
	Target   leaf[isFloat] `json:"target_biomass"`
	Signal   leaf[isText]  `json:"biomass_signal"`
	State    leaf[isState] `json:"state"`
}

type pidMorbidostat struct {
	Duration leaf[isFloat] `json:"duration"`
	OD       leaf[isFloat] `json:"target_normalized_od"`
	Growth   leaf[isFloat] `json:"target_growth_rate"`
	State    leaf[isState] `json:"state"`
}

type fedBatch struct {
	Duration leaf[isFloat] `json:"duration"`
	Dose     leaf[isFloat] `json:"dosing_volume_ml"`
	State    leaf[isState] `json:"state"`
}

type lightDarkCycle struct {
	Intensity leaf[isFloat] `json:"light_intensity"`
	Light     leaf[isFloat] `json:"light_duration_minutes"`
	Dark      leaf[isFloat] `json:"dark_duration_minutes"`
	State     leaf[isState] `json:"state"`
}

type thermostat struct {
	Target leaf[isFloat] `json:"target_temperature"`
	State  leaf[isState] `json:"state"`
}

type silent struct {
	State leaf[isState] `json:"state"`
}

// inRoom and thermostatInRoom have one setting more: ours.
type inRoom struct {
	Room  leaf[isFloat] `json:"room_temperature_c"`
	State leaf[isState] `json:"state"`
}

type thermostatInRoom struct {
	Target leaf[isFloat] `json:"target_temperature"`
	inRoom
}

// eventOf is latest_event with data T.
type eventOf[T any] struct {
	Name    leaf[isText]   `json:"event_name"`
	Message leaf[isOrNull] `json:"message"`
	Data    T              `json:"data"`
}

type nothing = leaf[isNull]

type dilution struct {
	Exchange leaf[isFloat] `json:"exchange_volume_ml"`
	Cycled   leaf[isFloat] `json:"volume_actually_cycled_ml"`
}

type biomassDilution struct {
	Latest   leaf[isFloat] `json:"latest_biomass"`
	Target   leaf[isFloat] `json:"target_biomass"`
	Signal   leaf[isText]  `json:"resolved_biomass_signal"`
	Exchange leaf[isFloat] `json:"exchange_volume_ml"`
	Moved    leaf[isFloat] `json:"volume_actually_moved_ml"`
}

type liquids struct {
	Waste leaf[isFloat] `json:"waste_ml"`
	Media leaf[isFloat] `json:"media_ml"`
}

type liquidsWithAlt struct {
	liquids
	AltMedia leaf[isFloat] `json:"alt_media_ml"`
}

type altMedia struct {
	Fraction leaf[isFloat] `json:"fraction_of_alt_media_to_add"`
	AltMedia leaf[isFloat] `json:"alt_media_ml"`
	Media    leaf[isFloat] `json:"media_ml"`
}

type heaterDC struct {
	Current leaf[isFloat] `json:"current_dc"`
	Delta   leaf[isFloat] `json:"delta_dc"`
	Target  leaf[isFloat] `json:"target_temperature"`
	Latest  leaf[isFloat] `json:"latest_temperature"`
}

// events that a leader knows, and their data; it drops all others.
var events = map[string]decoder{
	"NoEvent":             strict[eventOf[nothing]],
	"DilutionEvent":       oneOf(strict[eventOf[dilution]], strict[eventOf[biomassDilution]]),
	"DosingStarted":       oneOf(strict[eventOf[liquids]], strict[eventOf[liquidsWithAlt]]),
	"DosingStopped":       oneOf(strict[eventOf[liquids]], strict[eventOf[liquidsWithAlt]]),
	"AddMediaEvent":       strict[eventOf[json.RawMessage]],
	"AddAltMediaEvent":    strict[eventOf[altMedia]],
	"ChangedLedIntensity": strict[eventOf[nothing]],
	"ErrorOccurred":       strict[eventOf[nothing]],
	"UpdatedHeaterDC":     strict[eventOf[heaterDC]],
}

func event(payload string) error {
	var e struct {
		Name string `json:"event_name"`
	}
	if err := json.Unmarshal([]byte(payload), &e); err != nil {
		return err
	}
	read, known := events[e.Name]
	if !known {
		return fmt.Errorf("a leader drops the event %q", e.Name)
	}
	return read(payload)
}
