package describe

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// place is a value in the files.
type place struct {
	mod  string
	path []string
}

// String is its keys, with dots.
func (p place) String() string { return strings.Join(p.path, ".") }

// overlaps refuses a line or an input of a converter that has two uses.
func (r *reader) overlaps(d Description) {
	lines := map[int]place{}
	for channel := 1; channel <= 5; channel++ {
		r.claim(d, lines, d.PWM[channel].Pin, place{"pwm", []string{"pwm_to_pin", strconv.Itoa(channel)}})
	}
	r.claim(d, lines, d.Pins.LED, place{"gpio", []string{"pcb_led_pin"}})
	r.claim(d, lines, d.Pins.Button, place{"gpio", []string{"pcb_button_pin"}})
	r.claim(d, lines, d.Pins.Hall, place{"gpio", []string{"hall_sensor_pin"}})

	taken := map[ADC]place{}
	for _, name := range inputs(d) {
		a, at := d.ADC[name], place{"adc", []string{name, "channel"}}
		if other, twice := taken[a]; twice && a.Address != 0 {
			r.twoUses(at, other, "must be an input of its own")
		}
		taken[a] = at
	}
}

func (r *reader) claim(d Description, lines map[int]place, pin int, at place) {
	switch other, twice := lines[pin]; {
	case twice:
		r.twoUses(at, other, "must be a line of its own")
	case d.HAT >= "1.1" && (pin == 24 || pin == 25):
		r.fail(at.mod, at.path, "must not be 24 or 25: through them the firmware is loaded into the HAT's RP2040")
	}
	lines[pin] = at
}

// twoUses blames what a person wrote rather than what is built in.
func (r *reader) twoUses(one, other place, rule string) {
	if v := r.at(one.mod, one.path...); v != nil && strings.HasPrefix(v.file, inside) {
		one, other = other, one
	}
	r.fail(one.mod, one.path, rule+", and this is that of "+other.String())
}

// keys are what each mod may hold; within adc, what an entry may.
var keys = map[string][]string{
	"pwm":  {"controller", "heater_pwm_channel", "pwm_to_pin"},
	"adc":  {"driver", "address", "channel"},
	"dac":  {"address"},
	"temp": {"address"},
	"gpio": {"pcb_led_pin", "pcb_button_pin", "hall_sensor_pin", "sda_pin", "scl_pin"},
}

// strangers notes keys that have no meaning here: a slip of the pen, or
// something of a newer Pioreactor.
func (r *reader) strangers() {
	for _, mod := range mods {
		if mod != "adc" {
			r.strange(mod, "", r.at(mod))
			continue
		}
		all := r.at("adc")
		if all == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(all.kids)) {
			if !input.MatchString(name) {
				r.note(all.kids[name], name, "pd1 to pd4, aux, version")
				continue
			}
			r.strange("adc", name, all.kids[name])
		}
	}
	if all := r.at("pwm", "pwm_to_pin"); all != nil {
		for _, channel := range slices.Sorted(maps.Keys(all.kids)) {
			if len(channel) != 1 || channel < "1" || channel > "5" {
				r.note(all.kids[channel], joined("pwm_to_pin", channel), "channels 1 to 5")
			}
		}
	}
}

func (r *reader) strange(mod, field string, v *value) {
	if v == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(v.kids)) {
		if !slices.Contains(keys[mod], key) {
			r.note(v.kids[key], joined(field, key), strings.Join(keys[mod], ", "))
		}
	}
}

func (r *reader) note(v *value, field, expected string) {
	if len(r.notes) < maxNotes {
		r.notes.warn("hardware file", fmt.Sprintf("%s:%d: %s means nothing here and is ignored", v.file, v.line, field), expected, "look for a slip of the pen")
	}
}

const maxNotes = 10 // a screenful
