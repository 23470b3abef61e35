package describe_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// TestDocsSayWhatIsBuiltIn compares the tables of docs/hardware.md with what
// drivers are told.
func TestDocsSayWhatIsBuiltIn(t *testing.T) {
	text, err := os.ReadFile("../../../docs/hardware.md")
	if err != nil {
		t.Fatal(err)
	}
	var boards []describe.Description
	for name, answers := range map[string][]uint16{"pi4_hat10": {0x48, 0x49, 0x4F}, "zero2w_hat11": {0x2C, 0x4F}, "pi5_hat12": {0x2C, 0x4F}} {
		d, _, err := describe.Look(open(t, name, answers...), options("pioreactor_20ml", "1.1"))
		if err != nil {
			t.Fatal(err)
		}
		boards = append(boards, d)
	}
	slices.SortFunc(boards, func(a, b describe.Description) int { return strings.Compare(a.HAT, b.HAT) })
	row := func(use string, of func(describe.Description) any) {
		want := "| " + use + " |"
		for _, b := range boards {
			want += fmt.Sprintf(" %v |", of(b))
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("no row begins with %q", want)
		}
	}
	for channel := 1; channel <= 5; channel++ {
		row(fmt.Sprintf("PWM %d", channel), func(d describe.Description) any { return d.PWM[channel].Pin })
	}
	row("status LED", func(d describe.Description) any { return d.Pins.LED })
	row("button", func(d describe.Description) any { return d.Pins.Button })
	row("hall sensor", func(d describe.Description) any { return d.Pins.Hall })
	chips := map[string]string{"ads1115": "ADS1115", "pico": "RP2040", "dac43608": "DAC43608"}
	row("ADC", func(d describe.Description) any {
		return fmt.Sprintf("%s 0x%02X", chips[d.ADC["pd1"].Driver], d.ADC["pd1"].Address)
	})
	row("LEDs A to D", func(d describe.Description) any { return fmt.Sprintf("%s 0x%02X", chips[d.LED.Driver], d.LED.Address) })
	row("thermometer", func(d describe.Description) any { return fmt.Sprintf("TMP1075 0x%02X", d.Thermometer) })
	boards = boards[:2] // the newer HATs share a column
	for _, name := range []string{"pd1", "pd2", "version", "aux"} {
		row(name, func(d describe.Description) any { return d.ADC[name].Channel })
	}
	for _, m := range [][2]string{{"pioreactor_20ml", "1.0"}, {"pioreactor_20ml", "1.1"}, {"pioreactor_20ml", "1.5"}, {"pioreactor_20ml_XR", "1.5"},
		{"pioreactor_40ml", "1.0"}, {"pioreactor_40ml", "1.5"}, {"pioreactor_40ml_XR", "1.5"}} {
		info, err := hw.Model(m[0], m[1])
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("| %s | %s | %v mL, filled to %v | %v °C |", m[0], m[1], info.CapacityML, info.MaxFillML, info.Heat.ReduceC)
		if !strings.Contains(string(text), want) {
			t.Errorf("no row begins with %q", want)
		}
	}
	if !strings.Contains(string(text), describe.Overlay) {
		t.Errorf("the overlay is not there")
	}
}
