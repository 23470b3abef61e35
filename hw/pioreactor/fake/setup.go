package fake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// Setup says which machine is modelled. The zero value is a 20 mL vial of
// version 1.1 on a HAT 1.2, on a Raspberry Pi 4.
type Setup struct {
	HAT      string // "1.0", "1.1" or "1.2" (default)
	Model    string // default pioreactor_20ml
	ModelVer string // default 1.1 for pioreactor_20ml, otherwise the newest
	Serial   string // in the EEPROM
	Computer string // /proc/device-tree/model; one that begins with "Raspberry Pi 5" is a Pi 5
	Kernel   string // release, such as "6.12.47+rpt-rpi-v8"
	Firmware string // of the RP2040, "major.minor"; default 0.5
	// Seed of everything random: each converter's speed, and faults.
	Seed uint64
}

func (s Setup) filled() (Setup, error) {
	s.HAT = cmp.Or(s.HAT, "1.2")
	s.Model = cmp.Or(s.Model, "pioreactor_20ml")
	if s.Model == "pioreactor_20ml" {
		s.ModelVer = cmp.Or(s.ModelVer, "1.1")
	}
	info, err := hw.Model(s.Model, s.ModelVer)
	if err != nil {
		return s, fmt.Errorf("fake: %w", err)
	}
	s.ModelVer = info.Version
	s.Serial = cmp.Or(s.Serial, "7f3c1e52-0000-4000-8000-000000000001")
	s.Computer = cmp.Or(s.Computer, "Raspberry Pi 4 Model B Rev 1.5")
	s.Kernel = cmp.Or(s.Kernel, "6.12.47+rpt-rpi-v8")
	s.Firmware = cmp.Or(s.Firmware, "0.5")
	if !slices.Contains([]string{"1.0", "1.1", "1.2"}, s.HAT) {
		return s, fmt.Errorf("fake: HAT %q: must be 1.0, 1.1 or 1.2", s.HAT)
	}
	if s.HAT == "1.0" && s.ModelVer == "1.5" {
		return s, fmt.Errorf("fake: %s %s on a HAT 1.0: its converter at 0x49 is where the HAT's LED driver is; needs a HAT 1.1", s.Model, s.ModelVer)
	}
	if major, minor, ok := version(s.Firmware); !ok || major > 255 || minor > 255 {
		return s, fmt.Errorf("fake: firmware %q: must be major.minor, such as 0.5", s.Firmware)
	}
	return s, nil
}

// version reads "major.minor".
func version(text string) (major, minor uint, ok bool) {
	var rest string
	n, _ := fmt.Sscanf(text, "%d.%d%s", &major, &minor, &rest)
	return major, minor, n == 2
}

func (s Setup) pi5() bool { return strings.HasPrefix(s.Computer, "Raspberry Pi 5") }

// Wiring is what is soldered where on s. Source: Pioreactor 26.7.2, CustoPiZer's
// hardware files; the two-diode optics of version 1.5 answer at 0x49 and 0x4A.
func (s Setup) Wiring() (describe.Description, error) {
	s, err := s.filled()
	if err != nil {
		return describe.Description{}, err
	}
	d := describe.Description{
		HAT: s.HAT, Serial: s.Serial, Model: s.Model, ModelVer: s.ModelVer,
		Computer: s.Computer, Kernel: s.Kernel, Bus: 1, Thermometer: 0x4F,
		PWM: map[int]describe.PWM{
			1: {Pin: 17, Hardware: -1}, 2: {Pin: 13, Hardware: 1}, 3: {Pin: 16, Hardware: -1},
			4: {Pin: 12, Hardware: 0}, 5: {Pin: 18, Hardware: -1},
		},
		ADC:  mcuInputs(),
		LED:  describe.LEDDriver{Driver: "pico", Address: 0x2C},
		Pins: describe.Pins{LED: 23, Button: 4, Hall: 21},
	}
	if s.HAT == "1.0" {
		d.ADC, d.LED = firstInputs(), describe.LEDDriver{Driver: "dac43608", Address: 0x49}
		d.Pins = describe.Pins{LED: 23, Button: 24, Hall: 25}
	}
	if s.ModelVer == "1.5" {
		optics := []uint16{0x49, 0x4A}
		if strings.HasSuffix(s.Model, "_XR") {
			optics = []uint16{0x49, 0x4A, 0x4B, 0x48}
		}
		for i, address := range optics {
			d.ADC[fmt.Sprintf("pd%d", i+1)] = describe.ADC{Driver: "ads1114", Address: address}
		}
	}
	return d, nil
}

func mcuInputs() map[string]describe.ADC {
	input := func(channel int) describe.ADC { return describe.ADC{Driver: "pico", Address: 0x2C, Channel: channel} }
	return map[string]describe.ADC{"version": input(0), "aux": input(1), "pd1": input(2), "pd2": input(3)}
}

func firstInputs() map[string]describe.ADC {
	input := func(channel int) describe.ADC {
		return describe.ADC{Driver: "ads1115", Address: 0x48, Channel: channel}
	}
	return map[string]describe.ADC{"pd2": input(0), "pd1": input(1), "version": input(2), "aux": input(3)}
}
