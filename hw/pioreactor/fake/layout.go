package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

const (
	setupFile    = "machine.json"
	registerFile = "registers"
	busFile      = "bus"
	lineFolder   = "lines"
	hwmonFolder  = "sys/class/hwmon/hwmon1"
)

// layoutVersion is of the folder; one of another version is laid out anew.
const layoutVersion = 1

// layout is what machine.json holds.
type layout struct {
	Version int                  `json:"pioactor_fake"`
	Setup   Setup                `json:"setup"`
	Wiring  describe.Description `json:"wiring"`
}

// chipFolder is where the kernel has the PWM of GPIO 12 and 13, below Root:
// its number says nothing, its device link does.
func (s Setup) chipFolder() string {
	if major, minor, _ := version(s.Kernel); s.pi5() && major == 6 && minor == 6 {
		return "sys/class/pwm/pwmchip2"
	}
	return "sys/class/pwm/pwmchip0"
}

// chipDevice is the name of the hardware behind chipFolder.
func (s Setup) chipDevice() string {
	if s.pi5() {
		return "1f00098000.pwm"
	}
	return "fe20c000.pwm"
}

// prepare lays dir out for s and wiring, unless it is already that machine: then
// everything in it stays, as on a computer that was not switched off.
func prepare(dir string, s Setup, wiring describe.Description) error {
	want := layout{layoutVersion, s, wiring}
	if have, err := readLayout(dir); err == nil && reflect.DeepEqual(have, want) {
		return nil
	}
	for _, old := range []string{setupFile, registerFile, busFile, lineFolder, "proc", "sys"} {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			return fmt.Errorf("fake: lay out %s: %w", dir, err)
		}
	}
	if err := layOut(dir, want); err != nil {
		return fmt.Errorf("fake: lay out %s: %w", dir, err)
	}
	return nil
}

// layOut writes machine.json last: a folder without it is laid out anew.
func layOut(dir string, l layout) error {
	folder := l.Setup.chipFolder()
	files := map[string]string{
		"proc/version":                    "Linux version " + l.Setup.Kernel + " (modelled)\n",
		"proc/device-tree/model":          l.Setup.Computer + "\x00",
		"proc/device-tree/hat/vendor":     "Pioreactor Inc.\x00",
		"proc/device-tree/hat/product":    "Pioreactor HAT\x00",
		"proc/device-tree/hat/product_id": "0x0001\x00",
		"proc/device-tree/hat/uuid":       l.Setup.Serial + "\x00",
		// The last two characters are major and minor; Pioreactor 26.7.2, version.py.
		"proc/device-tree/hat/product_ver":                         "0x00" + l.Setup.HAT[:1] + l.Setup.HAT[2:] + "\x00",
		"sys/devices/platform/" + l.Setup.chipDevice() + "/uevent": "DRIVER=pwm\n",
		folder + "/npwm":                     l.pwmChannels(),
		folder + "/export":                   "",
		folder + "/unexport":                 "",
		hwmonFolder + "/name":                "rpi_volt\n",
		hwmonFolder + "/in0_lcrit_alarm":     "0\n",
		"sys/class/hwmon/hwmon0/name":        "cpu_thermal\n",
		"sys/class/hwmon/hwmon0/temp1_input": "48312\n",
		busFile:                              "",
		lineFolder + "/.keep":                "",
	}
	if l.Setup.pi5() { // the fan's, which is not the header's
		files["sys/devices/platform/1f0009c000.pwm/uevent"] = "DRIVER=pwm\n"
		files["sys/class/pwm/pwmchip6/npwm"] = "4\n"
		files["sys/class/pwm/pwmchip6/export"] = ""
		files["sys/class/pwm/pwmchip6/unexport"] = ""
	}
	for name, content := range files {
		if err := put(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	links := map[string]string{folder: l.Setup.chipDevice()}
	if l.Setup.pi5() {
		links["sys/class/pwm/pwmchip6"] = "1f0009c000.pwm"
	}
	for at, device := range links {
		if err := os.Symlink("../../../devices/platform/"+device, filepath.Join(dir, at, "device")); err != nil {
			return err
		}
	}
	if err := createRegisters(dir, l); err != nil {
		return err
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return put(filepath.Join(dir, setupFile), string(text)+"\n")
}

// pwmChannels of the header's chip: a Pi 5 has two more, on other pins.
func (l layout) pwmChannels() string {
	if l.Setup.pi5() {
		return strconv.Itoa(4) + "\n"
	}
	return strconv.Itoa(2) + "\n"
}

func put(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

func readLayout(dir string) (l layout, err error) {
	text, err := os.ReadFile(filepath.Join(dir, setupFile))
	if err != nil {
		return l, fmt.Errorf("fake: %w; lay the machine out with fake.Make first", err)
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("fake: read %s: %w", filepath.Join(dir, setupFile), err)
	}
	if l.Version != layoutVersion {
		return l, errors.New("fake: " + dir + " was laid out by another version; lay it out anew with fake.Make")
	}
	return l, nil
}
