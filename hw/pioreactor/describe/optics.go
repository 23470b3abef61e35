package describe

import (
	"fmt"
	"slices"
)

// pairs are the addresses that the ADS1114 of pd1 and pd2 of a v1.5 holder may
// have. Sources: Pioreactor's tests and its page on I2C addresses say the first,
// the file of its image CustoPiZer (commit b846e503) says the second.
var pairs = [][2]uint16{{0x48, 0x49}, {0x49, 0x4A}}

const (
	onlyFirst  = 0x48 // answers in the first case and not in the second
	shared     = 0x49
	onlySecond = 0x4A // the other way round
)

// optics finds out where the photodiodes of a v1.5 holder are.
func (l *look) optics(d *Description, r *reader) {
	pd1, pd2 := d.ADC["pd1"], d.ADC["pd2"]
	_, xr := d.ADC["pd3"]
	switch {
	case xr || pd1.Driver != "ads1114" || pd2.Driver != "ads1114":
		return
	case d.LED.Driver == "dac43608" && d.LED.Address == shared:
		return // told by collisions
	case len(r.probed) == 0 && !(doubtful(pd1.Address) && doubtful(pd2.Address)):
		return // a person's own
	}
	const what = "photodiodes of the v1.5 holder"
	const expected = "0x48 and 0x49, or 0x49 and 0x4A"
	if !l.roll.all(onlyFirst, shared, onlySecond) {
		l.found.warn(what, "nobody could be asked", expected, "look again when the bus is free; without an answer the unit does not start on this board")
		return
	}
	there := l.roll.answering(onlyFirst, shared, onlySecond)
	if len(r.probed) == 0 && slices.Contains(there, pd1.Address) && slices.Contains(there, pd2.Address) {
		l.found.ok(what, "as the files say", expected)
		return
	}
	first, second := slices.Contains(there, onlyFirst), slices.Contains(there, onlySecond)
	if first == second {
		l.undecided(there, what, expected)
		return
	}
	pair := pairs[0]
	if second {
		pair = pairs[1]
	}
	l.settle(d, r, pair, what, expected)
}

func doubtful(address uint16) bool { return address >= onlyFirst && address <= onlySecond }

func (l *look) undecided(there []uint16, what, expected string) {
	do := "check that the holder's cable sits and that [unit] model and model_version are those of the holder"
	if len(there) == 3 {
		do = "another chip has one of these addresses: take it off the bus, or write the photodiodes' addresses into models/" +
			l.o.Model + "/" + l.o.ModelVersion + "/adc.yaml below hardware_dir"
	}
	l.found.bad(what, "answering: "+hexes(there), expected, do)
}

// settle takes the pair that answers, over files that say something else.
func (l *look) settle(d *Description, r *reader, pair [2]uint16, what, expected string) {
	strange := ""
	for i, name := range []string{"pd1", "pd2"} {
		a := d.ADC[name]
		if a.Address != 0 && a.Address != pair[i] && doubtful(a.Address) {
			v := r.at("adc", name, "address")
			strange = fmt.Sprintf("%s:%d says 0x%02X for %s", v.file, v.line, a.Address, name)
		}
		if a.Address == 0 || doubtful(a.Address) {
			a.Address = pair[i]
		}
		d.ADC[name] = a
	}
	found := "pd1 at " + hexes(pair[:1]) + ", pd2 at " + hexes(pair[1:])
	if strange != "" {
		l.found.warn(what, found+", though "+strange, expected, "correct the file: what answers counts")
		return
	}
	l.found.ok(what, found, expected)
}

// collisions finds two chips at one address.
func (l *look) collisions(d Description, r *reader) {
	if d.LED.Driver == "dac43608" && (len(r.probed) > 0 || l.has(d, "ads1114", d.LED.Address)) {
		l.found.bad("chips apart", fmt.Sprintf("the LED driver DAC43608 of HAT %s and a photodiode's ADS1114 of the v1.5 holder are both at 0x%02X", d.HAT, d.LED.Address),
			"one chip at an address", "put this holder on a HAT 1.1 or newer; if the holder is an older one, correct [unit] model_version")
		return
	}
	kinds := map[uint16]string{d.LED.Address: d.LED.Driver}
	clash := func(address uint16, kind, field string) {
		if other, taken := kinds[address]; taken && other != kind && address != 0 {
			l.found.bad("chips apart", fmt.Sprintf("%s (%s) is at 0x%02X, where a %s is", field, kind, address, other), "one chip at an address", "correct the addresses in the hardware files")
		}
		kinds[address] = kind
	}
	for _, name := range inputs(d) {
		clash(d.ADC[name].Address, d.ADC[name].Driver, name)
	}
	clash(d.Thermometer, "tmp1075", "the thermometer")
}

func (l *look) has(d Description, driver string, address uint16) bool {
	for _, a := range d.ADC {
		if a.Driver == driver && a.Address == address {
			return true
		}
	}
	return false
}
