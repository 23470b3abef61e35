// Package check is the science of the self-test: what each of the eleven checks
// of Pioreactor 26.7.2 does to a unit, as a list of steps, and what it makes of
// the figures. Values in, values out; whoever drives the devices is elsewhere.
//
// It refuses to blame twice: a check that needs what an earlier one found
// broken is skipped, and says so.
//
//	for _, c := range check.All() {
//		record := … // do c.Plan(unit), note the readings
//		verdict := c.Judge(unit, record)
//	}
package check

import "time"

// Unit is what is tested.
type Unit struct {
	HAT         string       // version in its EEPROM; empty for none
	Photodiodes []Photodiode // in the order of Record.Volts
	LED         string       // channel of the IR LED
	IRPercent   float64      // of a usual OD reading
	StirPercent float64      // that stirs at about 500 rpm
}

// Photodiode is one channel, and what it looks at: "REF", "45", "90", "135", "180".
type Photodiode struct {
	Channel string
	Angle   string
}

// Action is what one step does.
type Action string

// The actions.
const (
	Stir            Action = "stir"             // drive the stirrer with Percent
	Heat            Action = "heat"             // drive the heater with Percent
	Light           Action = "light"            // open an OD window with the IR LED at Percent, everything else dark
	EndLight        Action = "end_light"        // close it
	Wait            Action = "wait"             // let For pass
	ReadLight       Action = "read_light"       // one reading of every photodiode into Volts
	ReadSpeed       Action = "read_speed"       // mean speed over For into RPM
	ReadTemperature Action = "read_temperature" // of the heater's board into TemperatureC
	ReadRail        Action = "read_rail"        // the supply into RailV
)

// Step is one action. An Optional one may fail without a word.
type Step struct {
	Do       Action
	Percent  float64
	For      time.Duration
	Optional bool
}

// Record is what the steps of one check read, in their order.
type Record struct {
	Volts        [][]float64 // by reading, then by photodiode
	RPM          []float64
	TemperatureC []float64
	RailV        []float64
}

// Measure is one figure behind a verdict.
type Measure struct {
	Name  string
	Value float64
	Unit  string
}

// Verdict is what a check came to.
type Verdict struct {
	OK       bool
	Skip     bool   // it cannot be judged, Text says why
	Text     string // what was measured, and what is wanted
	Measured []Measure
	R        []float64 // of the LED with each photodiode, where that was measured
}

// Check is one test.
type Check struct {
	Name   string // on the wire; Pioreactor 26.7.2's
	Title  string
	Remedy string   // what to do about a failure
	Needs  []string // names of earlier checks without whose success this one means nothing
	Finds  bool     // its subject is whether something is fitted at all
	Plan   func(Unit) []Step
	Judge  func(Unit, Record) Verdict
}

// Names of checks that others need.
const (
	correlationName = "test_all_positive_correlations_between_pds_and_leds"
	heaterName      = "test_detect_heating_pcb"
)

// All lists the checks in the order they are done.
func All() []Check {
	return []Check{
		{Name: "test_pioreactor_HAT_present", Title: "the HAT is there", Plan: nothing, Judge: judgeHAT,
			Remedy: "Power the unit down and press the HAT firmly onto all 40 pins. A cable between HAT and computer can spoil the two pins of its EEPROM."},
		{Name: correlationName, Title: "every photodiode follows the IR LED", Plan: planCorrelation, Judge: judgeCorrelation,
			Remedy: "Check that the IR LED and this photodiode are plugged into the channels that [leds] and [photodiodes] say, right way round and pushed in."},
		{Name: "test_ambient_light_interference", Title: "no stray light", Plan: planAmbient, Judge: judgeAmbient,
			Remedy: "Put the vial in, close its lid, and shield the unit from windows and lamps."},
		{Name: "test_dark_offset_correction_is_effective", Title: "photodiodes go dark at once", Plan: planDark, Judge: judgeDark,
			Remedy: "Look for light that flickers near the unit, for dirt and liquid on the photodiodes, and for a loose cable."},
		{Name: "test_REF_is_lower_than_0_dot_256_volts", Title: "the reference sees the IR LED, and not too much of it", Needs: []string{correlationName},
			Plan: planReference, Judge: judgeReference,
			Remedy: "Seat the reference photodiode in its pocket behind the IR LED. Lower ir_led_intensity if it is too bright."},
		{Name: "test_REF_is_in_correct_position", Title: "the reference does not look into the vial", Needs: []string{correlationName},
			Plan: planPosition, Judge: judgePosition,
			Remedy: "The photodiode called REF sees the liquid move: it is swapped with a signal photodiode. Swap the plugs, or the entries in [photodiodes]."},
		{Name: "test_PD_is_near_0_volts_for_blank", Title: "a blank scatters next to nothing", Needs: []string{correlationName},
			Plan: planBlank, Judge: judgeBlank,
			Remedy: "Use a clean vial of water or fresh medium, wipe its glass, and check that no photodiode faces the IR LED."},
		{Name: heaterName, Title: "the heater's board answers", Finds: true, Plan: planThermometer, Judge: judgeThermometer,
			Remedy: "Reseat the cable of the heater's board under the vial."},
		{Name: "test_positive_correlation_between_temperature_and_heating", Title: "heating warms", Needs: []string{heaterName},
			Plan: planHeat, Judge: judgeHeat,
			Remedy: "Check the heater's cable and that [pwm] names the channel it is plugged into. Let the unit cool for ten minutes first."},
		{Name: "test_positive_correlation_between_rpm_and_stirring", Title: "stirring follows its drive", Plan: planStir, Judge: judgeStir,
			Remedy: "Put a stir bar into the vial, and check the fan's cable, that [pwm] names its channel, and the hall sensor below it."},
		{Name: "test_aux_power_is_not_too_high", Title: "the supply is not too high", Plan: planRail, Judge: judgeRail,
			Remedy: "Unplug the supply of the PWM rail at once: use one of 12 V or less."},
	}
}

func nothing(Unit) []Step { return nil }

func judgeHAT(u Unit, _ Record) Verdict {
	if u.HAT == "" {
		return Verdict{Text: "no HAT answers by its EEPROM"}
	}
	return Verdict{OK: true, Text: "HAT " + u.HAT}
}
