package describe

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzHardwareFile lays any text over what is built in: it is refused with a
// sentence, or gives a board on which nothing has two uses.
func FuzzHardwareFile(f *testing.F) {
	err := fs.WalkDir(builtin, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, failed := fs.ReadFile(builtin, path)
			if failed != nil {
				return failed
			}
			f.Add(strings.TrimSuffix(d.Name(), ".yaml"), text)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no bad files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		mod, _, _ := strings.Cut(filepath.Base(file), ".")
		f.Add(mod, text)
	}
	f.Fuzz(func(t *testing.T, mod string, text []byte) {
		tree, err := parseTree("any.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "any.yaml") || strings.ContainsAny(err.Error(), "\x00\x1b") {
				t.Errorf("says %q", err)
			}
			return
		}
		mods, _, err := read("", "1.1", "pioreactor_20ml", "1.1")
		if err != nil {
			t.Fatal(err)
		}
		mods[mod] = merged(mods[mod], tree)
		d, _, err := decode(mods, "", "1.1")
		if err == nil {
			sound(t, d)
		} else if strings.ContainsAny(err.Error(), "\x00\x1b") {
			t.Errorf("says %q", err)
		}
	})
}

func sound(t *testing.T, d Description) {
	t.Helper()
	pins := map[int]bool{d.Pins.LED: true, d.Pins.Button: true, d.Pins.Hall: true}
	for channel := 1; channel <= 5; channel++ {
		pins[d.PWM[channel].Pin] = true
	}
	if len(pins) != 8 || len(d.PWM) != 5 || pins[24] || pins[25] {
		t.Errorf("lines %v of %+v", pins, d)
	}
	for pin := range pins {
		if pin < firstPin || pin > lastPin {
			t.Errorf("line %d", pin)
		}
	}
	seen := map[ADC]bool{}
	for name, a := range d.ADC {
		if seen[a] || a.Address < firstAddress || a.Address > lastAddress || a.Channel < 0 || a.Channel > 3 || !input.MatchString(name) {
			t.Errorf("%s: %+v", name, a)
		}
		seen[a] = true
	}
}
