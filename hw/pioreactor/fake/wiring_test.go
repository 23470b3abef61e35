package fake_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// TestLookFindsWhatIsModelled: the machine is wired by tables of its own, and who
// looks at it must find the same, and nothing bad.
func TestLookFindsWhatIsModelled(t *testing.T) {
	holders := [][2]string{
		{"pioreactor_20ml", "1.0"}, {"pioreactor_20ml", "1.1"}, {"pioreactor_20ml", "1.5"}, {"pioreactor_20ml_XR", "1.5"},
		{"pioreactor_40ml", "1.0"}, {"pioreactor_40ml", "1.5"}, {"pioreactor_40ml_XR", "1.5"},
	}
	computers := map[string]fake.Setup{
		"1.0": {Computer: "Raspberry Pi 3 Model B Plus Rev 1.3"},
		"1.1": {}, // a Pi 4
		"1.2": {Computer: "Raspberry Pi 5 Model B Rev 1.0", Kernel: "6.6.51+rpt-rpi-2712"},
	}
	for hat, s := range computers {
		for _, holder := range holders {
			if s.HAT, s.Model, s.ModelVer = hat, holder[0], holder[1]; hat == "1.0" && s.ModelVer == "1.5" {
				continue // such a holder does not work on it: chips share an address
			}
			t.Run(fmt.Sprintf("HAT %s %s %s", hat, s.Model, s.ModelVer), func(t *testing.T) {
				m, err := fake.Make(t.TempDir(), s)
				if err != nil {
					t.Fatal(err)
				}
				got, found, err := describe.Look(m, describe.Options{Model: s.Model, ModelVersion: s.ModelVer, Heater: 5})
				if err != nil || found.Worst() != describe.OK {
					t.Errorf("%v\n%+v", err, found)
				}
				if want := m.Wiring(); !reflect.DeepEqual(got, want) {
					t.Errorf("found    %+v\nmodelled %+v", got, want)
				}
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
