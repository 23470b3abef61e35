package describe

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reader makes a Description of merged files. It gathers every problem, and as
// findings what is strange and harmless.
type reader struct {
	mods   map[string]*value
	dir    string // where a person would write what is missing
	hat    string
	errs   []error
	notes  Findings
	heater int // PWM channel that the files give the heater; 0 for none
	// probed are the photodiodes whose addresses the bus must tell.
	probed []string
}

// decode reads the description of HAT version hat out of mods.
func decode(mods map[string]*value, dir, hat string) (Description, *reader, error) {
	r := &reader{mods: mods, dir: dir, hat: hat}
	d := Description{HAT: hat, Bus: 1, PWM: map[int]PWM{}, ADC: map[string]ADC{}}
	r.pwm(&d)
	r.adc(&d)
	r.dac(&d)
	d.Thermometer = r.address("temp", "address")
	r.pins(&d)
	r.strangers()
	if len(r.errs) == 0 {
		r.overlaps(d)
	}
	return d, r, errors.Join(r.errs...)
}

// at finds a value by mod and keys; nil when it is not there.
func (r *reader) at(mod string, keys ...string) *value {
	v := r.mods[mod]
	for _, key := range keys {
		if v == nil || v.kids == nil {
			return nil
		}
		v = v.kids[key]
	}
	return v
}

// fail tells what is wrong with a value, or that it is missing: then where one
// would write it, or what stands in its place.
func (r *reader) fail(mod string, path []string, rule string) {
	p := &Problem{Field: strings.Join(path, "."), Rule: rule}
	v := r.at(mod, path...)
	for n := len(path) - 1; v == nil && n >= 0; n-- {
		if v = r.at(mod, path[:n]...); v != nil && v.kids == nil {
			p.Field, p.Rule, path = strings.Join(path[:n], "."), "must be a mapping of keys to values", nil
		} else if v != nil {
			p.Rule, p.Next = "is missing", "write it there: it "+rule
		}
	}
	switch {
	case v == nil:
		p.File, p.Rule, p.Next = filepath.Join(r.dir, "hats", r.hat, mod+".yaml"), "is missing", "write it there: it "+rule
	case p.Next != "":
		p.File, p.Line = v.file, v.line
	default:
		p.File, p.Line, p.Value = v.file, v.line, v.shown()
	}
	if len(r.errs) == 0 || r.errs[len(r.errs)-1].Error() != p.Error() {
		r.errs = append(r.errs, p)
	}
}

// number reads an integer from lo to hi; 0 when it is a problem.
func (r *reader) number(mod string, lo, hi int, keys ...string) int {
	v := r.at(mod, keys...)
	if v != nil {
		if n, ok := v.integer(); ok && n >= lo && n <= hi {
			return n
		}
	}
	rule := fmt.Sprintf("must be a whole number from %d to %d", lo, hi)
	if lo == hi {
		rule = fmt.Sprintf("must be %d", lo)
	}
	r.fail(mod, keys, rule)
	return 0
}

// The addresses of seven bits that chips may have; the rest is reserved by the
// I2C specification (NXP UM10204, table 4).
const (
	firstAddress = 0x08
	lastAddress  = 0x77
)

func (r *reader) address(mod string, keys ...string) uint16 {
	v := r.at(mod, keys...)
	if v != nil {
		if n, ok := v.integer(); ok && n >= firstAddress && n <= lastAddress {
			return uint16(n)
		}
	}
	r.fail(mod, keys, fmt.Sprintf("must be an I2C address from 0x%02X to 0x%02X", firstAddress, lastAddress))
	return 0
}

// word reads one of a few words.
func (r *reader) word(mod string, words []string, keys ...string) string {
	v := r.at(mod, keys...)
	if v != nil && v.kids == nil && slices.Contains(words, v.text) {
		return v.text
	}
	r.fail(mod, keys, "must be one of "+strings.Join(words, ", "))
	return ""
}

// hardwarePWM: the lines that the overlay pwm-2chan gives to the kernel's PWM
// chip, and which channel of it each is.
var hardwarePWM = map[int]int{12: 0, 13: 1}

// The lines of the header that are free to use: 0 and 1 are the ID EEPROM's, 2
// and 3 the I2C bus.
const (
	firstPin = 4
	lastPin  = 27
)

func (r *reader) pwm(d *Description) {
	if v := r.at("pwm", "controller"); v != nil && v.text != "rpi_gpio" {
		r.fail("pwm", []string{"controller"}, "must be rpi_gpio: PWM made by the HAT itself is not known to this program")
	}
	for channel := 1; channel <= 5; channel++ {
		pin := r.number("pwm", firstPin, lastPin, "pwm_to_pin", strconv.Itoa(channel))
		hardware, there := hardwarePWM[pin]
		if !there {
			hardware = -1
		}
		d.PWM[channel] = PWM{Pin: pin, Hardware: hardware}
	}
	if r.at("pwm", "heater_pwm_channel") != nil {
		r.heater = r.number("pwm", 1, 5, "heater_pwm_channel")
	}
}

var input = regexp.MustCompile(`^(pd[1-4]|aux|version)$`)

func (r *reader) adc(d *Description) {
	if all := r.at("adc"); all != nil {
		for _, name := range slices.Sorted(maps.Keys(all.kids)) {
			if input.MatchString(name) {
				d.ADC[name] = r.converter(name)
			}
		}
	}
	for _, name := range []string{"pd1", "pd2"} {
		if _, there := d.ADC[name]; !there {
			r.fail("adc", []string{name}, "must have a driver, an address and a channel")
		}
	}
}

// probed is the address of a built-in entry that the bus must tell.
const probed = "probed"

func (r *reader) converter(name string) ADC {
	a := ADC{Driver: r.word("adc", []string{"ads1115", "ads1114", "pico"}, name, "driver")}
	if v := r.at("adc", name, "address"); v != nil && v.text == probed && strings.HasPrefix(v.file, inside) {
		r.probed = append(r.probed, name)
	} else {
		a.Address = r.address("adc", name, "address")
	}
	last := 3
	if a.Driver == "ads1114" {
		last = 0 // it has one input
	}
	a.Channel = r.number("adc", 0, last, name, "channel")
	return a
}

func (r *reader) dac(d *Description) {
	d.LED = LEDDriver{Driver: "pico", Address: r.address("dac", "address")}
	if d.HAT <= "1.0" {
		d.LED.Driver = "dac43608" // source: Pioreactor 26.7.2, utils/dacs.py
	}
}

func (r *reader) pins(d *Description) {
	d.Pins = Pins{
		LED:    r.number("gpio", firstPin, lastPin, "pcb_led_pin"),
		Button: r.number("gpio", firstPin, lastPin, "pcb_button_pin"),
		Hall:   r.number("gpio", firstPin, lastPin, "hall_sensor_pin"),
	}
	r.busPin("sda_pin", 2)
	r.busPin("scl_pin", 3)
}

func (r *reader) busPin(key string, want int) {
	v := r.at("gpio", key)
	if v == nil {
		return
	}
	if n, ok := v.integer(); !ok || n != want {
		r.fail("gpio", []string{key}, fmt.Sprintf("must be %d: the HAT is on I2C bus 1", want))
	}
}
