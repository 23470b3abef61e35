package chip_test

import (
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

func TestFitSharesAConverter(t *testing.T) {
	parts, err := chip.Fit(playback(t, 0x48), describe.Description{
		ADC: map[string]describe.ADC{
			"pd1": {Driver: "ads1115", Address: 0x48, Channel: 1},
			"pd2": {Driver: "ads1115", Address: 0x48, Channel: 0},
		},
		LED: describe.LEDDriver{Driver: "dac43608", Address: 0x49},
	})
	if err != nil || parts.Thermometer != nil || parts.Pico != nil {
		t.Fatalf("%+v, %v", parts, err)
	}
	one, two := parts.Inputs["pd1"], parts.Inputs["pd2"]
	if one.Converter != two.Converter || one.Channel != 1 || two.Channel != 0 {
		t.Errorf("pd1 %+v and pd2 %+v do not share their chip", one, two)
	}
}

func TestFitSaysAllThatIsWrong(t *testing.T) {
	_, err := chip.Fit(playback(t, 0x48), describe.Description{
		ADC: map[string]describe.ADC{
			"aux": {Driver: "ads1015", Address: 0x48},
			"pd1": {Driver: "ads1114", Address: 0x49, Channel: 1},
			"pd2": {Driver: "ads1115", Address: 0x148},
		},
		LED:         describe.LEDDriver{Driver: "none"},
		Thermometer: 0x80,
	})
	for _, part := range []string{
		`adc "aux": driver "ads1015", want ads1115, ads1114 or pico`, `adc "pd1": channel 1, want 0`,
		`0x148: address of more than 7 bits`, `LED driver: driver "none", want dac43608 or pico`, `TMP1075 at 0x80`,
	} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v\nlacks %q", err, part)
		}
	}
}

// One flipped bit in one of three readings does not move the median.
func TestMedian(t *testing.T) {
	version, good := asked(8, 5, 0), asked(5, 0x00, 0x40)
	parts := made[*chip.Pico](t)(chip.NewPico(playback(t, 0x2C, version, version, good, asked(5, 0x00, 0x00), good), 0x2C))
	got, err := chip.Input{Converter: parts, Channel: 1}.Median()
	if want := 0x4000 * 3.3 / 4095 / 32; err != nil || got != want {
		t.Errorf("%v V, %v, want %v V", got, err, want)
	}
}
