package install

import (
	"fmt"
	"slices"
	"strings"
)

// The settings of the boot that a HAT needs. The overlay is that of Pioreactor's
// images (CustoPiZer, 03-configure-rpi.sh): hardware PWM on GPIO 12 and 13.
const (
	i2cLine   = "dtparam=i2c_arm=on"
	pwmLine   = "dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4"
	audioLine = "dtparam=audio=off" // the headphone jack plays on the same PWM (Raspberry Pi's overlays/README, pwm-2chan)

	modulesPath = "/etc/modules-load.d/pioactor.conf"
	module      = "i2c-dev" // makes /dev/i2c-1
)

// bootPaths: config.txt of today's Raspberry Pi OS, and of the one before.
var bootPaths = []string{"/boot/firmware/config.txt", "/boot/config.txt"}

// backupSuffix names a copy beside config.txt: on the boot partition any
// computer can put it back, when the Pi does not start any more.
const backupSuffix = ".before-pioactor"

// bootNeeds reads config.txt: which lines it lacks, and what only a person can
// decide. A line below a filter such as [pi4] may not count on this Pi.
func bootNeeds(text string) (missing []string, conflicts []string) {
	params := map[string]string{}
	overlay, everywhere := "", true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			everywhere = line == "[all]"
		}
		key, value, _ := strings.Cut(line, "=")
		switch {
		case key == "dtparam" && everywhere:
			readParams(params, value)
		case key == "dtoverlay" && slices.Contains([]string{"pwm", "pwm-2chan"}, strings.SplitN(value, ",", 2)[0]):
			overlay = line
		}
	}
	if params["i2c_arm"] != "on" {
		missing = append(missing, i2cLine)
	}
	switch overlay {
	case pwmLine:
	case "":
		missing = append(missing, pwmLine)
	default:
		conflicts = append(conflicts, fmt.Sprintf("config.txt has %q; the HAT needs %q instead: change it by hand", overlay, pwmLine))
	}
	if params["audio"] == "on" {
		missing = append(missing, audioLine)
	}
	return missing, conflicts
}

// i2cNames are what the parameter is also called (overlays/README).
var i2cNames = map[string]string{"i2c": "i2c_arm", "i2c1": "i2c_arm"}

// readParams notes "i2c_arm=on,i2c_arm_baudrate=100000"; a later one wins, and a
// name alone means on.
func readParams(params map[string]string, list string) {
	for p := range strings.SplitSeq(list, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(p), "=")
		if known, ok := i2cNames[name]; ok {
			name = known
		}
		if !given || value == "yes" || value == "true" || value == "1" {
			value = "on"
		}
		params[name] = value
	}
}

// withLines appends to config.txt, outside of any filter.
func withLines(text string, missing []string) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + "\n[all]\n# for pioactor\n" + strings.Join(missing, "\n") + "\n"
}

// loadsModule reports whether a list for the boot names the module.
func loadsModule(text string) bool {
	for line := range strings.Lines(text) {
		if strings.ReplaceAll(strings.TrimSpace(line), "_", "-") == module {
			return true
		}
	}
	return false
}
