// Package describe says what is soldered where on a Pioreactor: which chip
// answers at which address, which line drives what. What it says comes from
// three layers, later ones winning key by key: what is built in, what lies in
// Pioreactor's own YAML files, and what is found by looking (the EEPROM, and
// which addresses answer).
//
// It refuses to drive anything: it reads files, and all that it does on a bus is
// to ask who answers at an address. A file that cannot be understood is an error
// that names file, line, field and rule; it is never half used.
//
//	d, findings, err := describe.Look(machine, describe.Options{Model: "pioreactor_20ml", ModelVersion: "1.5"})
package describe

// Description is one HAT and the vial holder on it. It is a value that passes
// through JSON unchanged, so that another process can make the board safe.
type Description struct {
	HAT         string // version in the EEPROM, such as "1.1"
	Serial      string
	Model       string // such as "pioreactor_20ml"
	ModelVer    string // such as "1.1"
	Computer    string // such as "Raspberry Pi 5 Model B Rev 1.0"
	Kernel      string // such as "6.12.47+rpt-rpi-v8"
	Bus         int    // number of the I2C bus
	PWM         map[int]PWM
	ADC         map[string]ADC // "pd1" to "pd4", "aux", "version"
	LED         LEDDriver
	Thermometer uint16 // address of the TMP1075 on the heater's board; 0 for none
	Pins        Pins
}

// PWM is one of the channels 1 to 5.
type PWM struct {
	Pin int // BCM number
	// Hardware is the channel of the kernel's PWM chip that drives the pin, or -1:
	// then the pin is toggled by software.
	Hardware int
}

// ADC is one input of a converter.
type ADC struct {
	Driver  string // "ads1115", "ads1114" or "pico"
	Address uint16
	Channel int // input of the converter, 0 to 3
}

// LEDDriver is what drives the LEDs A to D.
type LEDDriver struct {
	Driver  string // "dac43608" or "pico"
	Address uint16
}

// Pins are the lines that are not PWM, by BCM number.
type Pins struct {
	LED    int // the light that speaks to people
	Button int // pulled down; high is pressed
	Hall   int // pulled up; falls once a turn
}
