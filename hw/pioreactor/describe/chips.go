package describe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inputs are the names of a board's inputs, in order.
func inputs(d Description) []string { return slices.Sorted(maps.Keys(d.ADC)) }

// The RP2040's address, and that of its firmware before August 2024. Source:
// Pioreactor's changelog and its pico-build repository.
const (
	pico    = 0x2C
	oldPico = 0x30
)

// chip is what should answer at an address.
type chip struct {
	address uint16
	what    string // for people
	driver  string
}

// chips are all that should answer, by address.
func chips(d Description) []chip {
	uses := map[uint16][]string{}
	drivers := map[uint16]string{}
	for _, name := range inputs(d) {
		a := d.ADC[name]
		uses[a.Address] = append(uses[a.Address], name)
		drivers[a.Address] = a.Driver
	}
	uses[d.LED.Address] = append(uses[d.LED.Address], "LEDs")
	drivers[d.LED.Address] = d.LED.Driver
	var all []chip
	for _, address := range slices.Sorted(maps.Keys(uses)) {
		if address != 0 { // 0: a v1.5 photodiode that could not be found
			all = append(all, chip{address, names[drivers[address]] + " (" + strings.Join(uses[address], ", ") + ")", drivers[address]})
		}
	}
	if d.Thermometer != 0 {
		all = append(all, chip{d.Thermometer, "thermometer TMP1075 on the heater's board", "tmp1075"})
	}
	return all
}

var names = map[string]string{"ads1115": "ADC ADS1115", "ads1114": "ADC ADS1114", "pico": "RP2040", "dac43608": "LED driver DAC43608"}

// callChips asks every chip that should be there.
func (l *look) callChips(d Description) {
	for _, c := range chips(d) {
		yes, asked := l.roll.ask(c.address)
		expected := fmt.Sprintf("an answer at 0x%02X", c.address)
		switch {
		case !asked:
			// told once, by the bus
		case yes:
			l.found.ok(c.what, "answers", expected)
		default:
			l.silent(c, expected)
		}
	}
}

// silent says what it means that a chip does not answer.
func (l *look) silent(c chip, expected string) {
	found := "no answer"
	switch c.driver {
	case "pico":
		do := "its firmware is loaded at every start over GPIO 24 and 25: see that the service of Pioreactor's image that runs load_rp2040.sh is installed and has succeeded"
		if old, _ := l.roll.ask(oldPico); old {
			found = "no answer, but one at 0x30: firmware from before August 2024"
			do = "let the loader service load a newer firmware, 0.4 or later"
		}
		l.found.bad(c.what, found, expected, do)
	case "ads1114":
		l.found.bad(c.what, found, expected, "check the holder's cable; if the holder is an older one, correct [unit] model and model_version")
	case "tmp1075":
		l.found.warn(c.what, found, expected, "put the heater's board in; without a thermometer there is no heat")
	default:
		l.found.bad(c.what, found, expected, "push the HAT firmly onto all 40 pins; if the HAT is a newer one, correct [pioreactor] hat_version")
	}
}
