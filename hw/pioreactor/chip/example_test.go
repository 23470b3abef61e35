package chip_test

import (
	"errors"
	"fmt"

	"periph.io/x/conn/v3/i2c/i2ctest"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// recorded is a bus on which a conversation is played back; on a Pi it is
//
//	wire, err := machine.Linux().I2C(1)
func recorded(address uint16, ops ...i2ctest.IO) *chip.Bus {
	for i := range ops {
		ops[i].Addr = address
	}
	bus, err := chip.NewBus(&i2ctest.Playback{Ops: ops, DontPanic: true}, &handClock{}, chip.DefaultConfig())
	if err != nil {
		panic(err)
	}
	return bus
}

func ExampleADS1115() {
	bus := recorded(0x48, wrote(1, 0xD1, 0x83), asked(1, 0xD1, 0x83), asked(0, 0x0A, 0x6B))
	adc, err := chip.NewADS1115(bus, 0x48)
	if err != nil {
		fmt.Println(err)
		return
	}
	volts, err := adc.Volts(1) // pd1 of HAT 1.0
	fmt.Printf("%.3f V, %v\n", volts, err)
	// Output: 0.500 V, <nil>
}

func ExampleADS1114() {
	bus := recorded(0x49, asked(1, 0x00, 0x83), asked(0, 0x1B, 0xC7))
	adc, err := chip.NewADS1114(bus, 0x49)
	if err != nil {
		fmt.Println(err)
		return
	}
	volts, err := adc.Volts(0)
	fmt.Printf("%.3f V, %v; %s after a change of light\n", volts, err, adc.Settle())
	// Output: 1.333 V, <nil>; 17.1875ms after a change of light
}

func ExamplePico() {
	bus := recorded(0x2C, wrote(0, 204), asked(8, 5, 0), asked(8, 5, 0), asked(6, 0x00, 0x40))
	pico, err := chip.NewPico(bus, 0x2C)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("LED A at 80 %:", pico.Set(0, 80))
	fmt.Println("then wait", pico.Settle())
	volts, err := pico.Volts(2) // pd1
	fmt.Printf("%.4f V of at most %.2f V, %v\n", volts, pico.FullScaleV(), err)
	// Output:
	// LED A at 80 %: <nil>
	// then wait 200ms
	// 0.4126 V of at most 1.55 V, <nil>
}

func ExampleDAC43608() {
	bus := recorded(0x49,
		wrote(8, 0x08, 0x00),                       // the value, before
		asked(1, 0x00, 0xFF), asked(1, 0x00, 0xFF), // which outputs are off
		wrote(1, 0x00, 0xFE), asked(1, 0x00, 0xFE)) // power
	dac, err := chip.NewDAC43608(bus, 0x49)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("LED A at 50 %:", dac.Set(0, 50))
	fmt.Println(dac.Set(0, 101))
	// Output:
	// LED A at 50 %: <nil>
	// chip: playback: DAC43608 at 0x49: 101 %, want 0 to 100
}

func ExampleTMP1075() {
	bus := recorded(0x4F, asked(0, 0x1E, 0x80), asked(0, 0x1E, 0x80))
	thermometer, err := chip.NewTMP1075(bus, 0x4F)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(thermometer.TemperatureC())
	// Output: 30.5 <nil>
}

func ExampleBus() {
	bus := recorded(0x4F, wrote()) // somebody answers an empty write
	there, err := bus.Probe(0x4F)
	fmt.Println("thermometer:", there, err)
	err = bus.Retry(0x4F, []byte{0}, make([]byte, 2)) // and to nothing else
	fmt.Println(errors.Is(err, chip.ErrNoAnswer))
	fmt.Printf("%+v\n", bus.CountsAt(0x4F))
	// Output:
	// thermometer: true <nil>
	// true
	// {Transactions:4 Errors:3 Retries:2 Timeouts:0 Busy:0 Implausible:0}
}

func ExampleFit() {
	parts, err := chip.Fit(recorded(0x2C), describe.Description{
		ADC: map[string]describe.ADC{
			"pd1": {Driver: "ads1114", Address: 0x49},
			"aux": {Driver: "pico", Address: 0x2C, Channel: 1},
		},
		LED:         describe.LEDDriver{Driver: "pico", Address: 0x2C},
		Thermometer: 0x4F,
	})
	fmt.Println(err)
	fmt.Println("pd1 averages hum away:", parts.Inputs["pd1"].Quiet())
	fmt.Println("one RP2040 for all:", parts.Inputs["aux"].Converter == chip.Converter(parts.Pico), parts.LEDs == chip.LEDs(parts.Pico))
	// Output:
	// <nil>
	// pd1 averages hum away: true
	// one RP2040 for all: true true
}
