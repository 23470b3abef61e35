package describe

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const pwmClass = "sys/class/pwm"

// pwmDevices end the names of the devices that pulse GPIO 12 and 13, by which the
// kernel's chip for them is told from those of a fan or of audio: 1f00098000.pwm on
// a Pi 5; fe20c000.pwm, 3f20c000.pwm and 2020c000.pwm before. The numbers of chips
// change with the kernel (github.com/raspberrypi/linux/issues/6818).
var pwmDevices = []string{"98000.pwm", "20c000.pwm"}

// PWMChip finds the kernel's PWM chip of GPIO 12 and 13 on the computer whose files
// lie below root: its folder from there on, such as sys/class/pwm/pwmchip0, or "" if
// there is none, as without [Overlay]. others are the chips that are not it, such
// as "pwmchip1 is 1f0009c000.pwm".
func PWMChip(root string) (folder string, others []string, err error) {
	entries, err := os.ReadDir(filepath.Join(root, pwmClass))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join(root, pwmClass, e.Name(), "device"))
		if err != nil {
			continue // no chip
		}
		if slices.ContainsFunc(pwmDevices, func(end string) bool { return strings.HasSuffix(link, end) }) {
			return path.Join(pwmClass, e.Name()), others, nil
		}
		others = append(others, e.Name()+" is "+filepath.Base(link))
	}
	return "", others, nil
}

// pwm looks for the kernel's PWM chip with channels for GPIO 12 and 13.
func (l *look) pwm(d Description) {
	wanted := 0
	for _, p := range d.PWM {
		wanted = max(wanted, p.Hardware+1)
	}
	if wanted == 0 {
		return // every channel is toggled by software
	}
	const what = "PWM chip"
	expected := fmt.Sprintf("the header's, with %d channels, writable", wanted)
	folder, others, err := PWMChip(l.m.Root())
	switch {
	case err != nil:
		l.found.bad(what, access(err), expected, "let this user look into /"+pwmClass)
		return
	case folder == "":
		l.softPWM(d, others, what, expected)
		return
	}
	name := path.Base(folder)
	if n, err := strconv.Atoi(told(filepath.Join(l.m.Root(), folder, "npwm"))); err != nil || n < wanted {
		l.found.bad(what, fmt.Sprintf("%s, with %d of them", name, n), expected, "let the overlay's line in "+bootFile+" read "+Overlay+", and restart the computer")
		return
	}
	export, err := os.OpenFile(filepath.Join(l.m.Root(), folder, "export"), os.O_WRONLY, 0)
	if err != nil {
		l.found.bad(what, name+": "+access(err), expected,
			"give the files in /sys/class/pwm to the group gpio by a udev rule, as Pioreactor's image does, and add this user to the group")
		return
	}
	if err := export.Close(); err != nil {
		l.found.bad(what, name+": "+err.Error(), expected, "restart the computer")
		return
	}
	l.found.ok(what, name, expected)
}

// softPWM says what is lost without the chip. The unit runs.
func (l *look) softPWM(d Description, others []string, what, expected string) {
	var channels []string
	for _, channel := range slices.Sorted(maps.Keys(d.PWM)) {
		if d.PWM[channel].Hardware >= 0 {
			channels = append(channels, strconv.Itoa(channel))
		}
	}
	found := "none"
	if len(others) > 0 {
		found = "none of the header's: " + strings.Join(others, ", ")
	}
	l.found.warn(what, found, expected, fmt.Sprintf(
		"PWM channels %s are toggled by software meanwhile: what is on them, such as pumps, is driven less exactly while the processor is busy, "+
			"and can be at full power from the moment this program dies until the guard drives it low; for the kernel's, add the line %s to %s and restart the computer",
		strings.Join(channels, " and "), Overlay, bootFile))
}
