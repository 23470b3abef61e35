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
	HAT         string         `json:"hat"` // version in the EEPROM, such as "1.1"
	Serial      string         `json:"serial"`
	Model       string         `json:"model"`         // such as "pioreactor_20ml"
	ModelVer    string         `json:"model_version"` // such as "1.1"
	Computer    string         `json:"computer"`      // such as "Raspberry Pi 5 Model B Rev 1.0"
	Kernel      string         `json:"kernel"`        // such as "6.12.47+rpt-rpi-v8"
	Bus         int            `json:"bus"`           // number of the I2C bus
	PWM         map[int]PWM    `json:"pwm"`
	ADC         map[string]ADC `json:"adc"` // "pd1" to "pd4", "aux", "version"
	LED         LEDDriver      `json:"led"`
	Thermometer uint16         `json:"thermometer"` // address of the TMP1075 on the heater's board; 0 for none
	Pins        Pins           `json:"pins"`
}

// PWM is one of the channels 1 to 5.
type PWM struct {
	Pin int `json:"pin"` // BCM number
	// Hardware is the channel of the kernel's PWM chip that drives the pin, or -1:
	// then the pin is toggled by software.
	Hardware int `json:"hardware"`
}

// ADC is one input of a converter.
type ADC struct {
	Driver  string `json:"driver"` // "ads1115", "ads1114" or "pico"
	Address uint16 `json:"address"`
	Channel int    `json:"channel"` // input of the converter, 0 to 3
}

// LEDDriver is what drives the LEDs A to D.
type LEDDriver struct {
	Driver  string `json:"driver"` // "dac43608" or "pico"
	Address uint16 `json:"address"`
}

// Pins are the lines that are not PWM, by BCM number.
type Pins struct {
	LED    int `json:"led"`    // the light that speaks to people
	Button int `json:"button"` // pulled down; high is pressed
	Hall   int `json:"hall"`   // pulled up; falls once a turn
}
