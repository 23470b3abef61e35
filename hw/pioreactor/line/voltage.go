package line

import (
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Where a Raspberry Pi says that its supply is too low: as a device among the
// kernel's sensors, and before kernel 5.0 as bits of the firmware's.
const (
	sensors     = "sys/class/hwmon"
	sensor      = "rpi_volt"
	alarmFile   = "in0_lcrit_alarm"
	throttled   = "sys/devices/platform/soc/soc:firmware/get_throttled"
	underVolted = 1 << 16 // has been, since the computer started: the bit that Pioreactor 26.7.2 reads
)

// UnderVoltage reports the computer's own under-voltage flag; known is false on
// a computer that has none, and when it cannot be read.
func UnderVoltage(m machine.Machine) (sagging, known bool) {
	if sagging, known = sensed(m); known {
		return sagging, known
	}
	text, err := read(m, throttled)
	if err != nil {
		return false, false
	}
	bits, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 64)
	return err == nil && bits&underVolted != 0, err == nil
}

func sensed(m machine.Machine) (sagging, known bool) {
	names, err := filepath.Glob(filepath.Join(m.Root(), sensors, "hwmon*", "name"))
	if err != nil { // the pattern is ours, but the root may hold a bracket
		return false, false
	}
	for _, name := range names {
		dir := path.Join(sensors, filepath.Base(filepath.Dir(name)))
		if text, err := read(m, path.Join(dir, "name")); err != nil || text != sensor {
			continue
		}
		switch text, err := read(m, path.Join(dir, alarmFile)); {
		case err == nil && text == "1":
			return true, true
		case err == nil && text == "0":
			return false, true
		}
	}
	return false, false
}
