package chip

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// Parts are the chips of one HAT and of the vial holder on it.
type Parts struct {
	Inputs      map[string]Input // by their names in the description: "pd1", "aux"
	LEDs        LEDs
	Thermometer *TMP1075 // nil without one
	Pico        *Pico    // nil without one
}

// Fit makes the drivers of what a description says is on the bus. Inputs of one
// chip share its driver. It asks nothing of any chip.
func Fit(bus *Bus, d describe.Description) (Parts, error) {
	f := fitter{bus: bus, picos: map[uint16]*Pico{}, converters: map[describe.ADC]Converter{}}
	p := Parts{Inputs: map[string]Input{}}
	for _, name := range slices.Sorted(maps.Keys(d.ADC)) {
		adc := d.ADC[name]
		converter, err := f.converter(adc)
		if err != nil {
			f.problems = append(f.problems, fmt.Errorf("chip: adc %q: %w", name, err))
		}
		p.Inputs[name] = Input{converter, adc.Channel}
	}
	var err error
	if p.LEDs, err = f.leds(d.LED); err != nil {
		f.problems = append(f.problems, fmt.Errorf("chip: LED driver: %w", err))
	}
	if d.Thermometer != 0 {
		if p.Thermometer, err = NewTMP1075(bus, d.Thermometer); err != nil {
			f.problems = append(f.problems, err)
		}
	}
	for _, pico := range f.picos {
		p.Pico = pico
	}
	return p, errors.Join(f.problems...)
}

// fitter remembers which chips have a driver already.
type fitter struct {
	bus        *Bus
	picos      map[uint16]*Pico
	converters map[describe.ADC]Converter // by driver and address, channel 0
	problems   []error
}

func (f *fitter) converter(adc describe.ADC) (c Converter, err error) {
	fitted := Channels
	if adc.Driver == "ads1114" {
		fitted = 1
	}
	if err := checkChannel(adc.Channel, fitted); err != nil {
		return nil, err
	}
	adc.Channel = 0
	if c, ok := f.converters[adc]; ok {
		return c, nil
	}
	switch adc.Driver {
	case "ads1115":
		c, err = NewADS1115(f.bus, adc.Address)
	case "ads1114":
		c, err = NewADS1114(f.bus, adc.Address)
	case "pico":
		c, err = f.pico(adc.Address)
	default:
		return nil, fmt.Errorf("driver %q, want ads1115, ads1114 or pico", adc.Driver)
	}
	f.converters[adc] = c
	return c, err
}

func (f *fitter) leds(d describe.LEDDriver) (LEDs, error) {
	switch d.Driver {
	case "dac43608":
		return NewDAC43608(f.bus, d.Address)
	case "pico":
		return f.pico(d.Address)
	}
	return nil, fmt.Errorf("driver %q, want dac43608 or pico", d.Driver)
}

func (f *fitter) pico(address uint16) (*Pico, error) {
	if p := f.picos[address]; p != nil {
		return p, nil
	}
	p, err := NewPico(f.bus, address)
	f.picos[address] = p
	return p, err
}
