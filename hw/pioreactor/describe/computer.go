package describe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// bootFile is where a person switches parts of the computer on.
const bootFile = "/boot/firmware/config.txt (before Debian 12: /boot/config.txt)"

// Overlay gives GPIO 12 and 13 to the kernel's PWM chip; the line stands in
// config.txt. Source: Pioreactor's CustoPiZer, 03-configure-rpi.sh.
const Overlay = "dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4"

// User is who the program runs as.
type User struct {
	UID    int
	Groups []int
}

// ThisUser is the user of this process.
func ThisUser() User {
	groups, err := os.Getgroups()
	if err != nil {
		groups = nil // not on this system; then they are found missing
	}
	return User{UID: os.Geteuid(), Groups: append(groups, os.Getegid())}
}

// computer tells what the HAT sits on.
func (l *look) computer() (model, kernel string) {
	model, kernel = computer(l.m.Root())
	found := strings.TrimSuffix(model+", kernel "+kernel, ", kernel ")
	switch {
	case isPi(model):
		l.found.ok("computer", found, "a Raspberry Pi")
	case model == "":
		l.found.warn("computer", strings.TrimPrefix("unknown, kernel "+kernel, ", "), "a Raspberry Pi", "on another computer a unit can only be simulated")
	default:
		l.found.warn("computer", found, "a Raspberry Pi", "other computers are not tested with a HAT")
	}
	return model, kernel
}

// openBus makes the roll: of the owner that the caller gave, or of the bus itself.
func (l *look) openBus(number int) (closeBus func() error) {
	nothing := func() error { return nil }
	const what = "I2C bus"
	expected := fmt.Sprintf("/dev/i2c-%d, readable and writable", number)
	l.roll = &roll{answers: map[uint16]bool{}}
	if l.o.Unasked != "" {
		l.found.warn(what, "not asked: "+l.o.Unasked, expected, "for a complete look, look again when it is free")
		return nothing
	}
	if l.o.Bus != nil {
		l.roll.prober = l.o.Bus
		return nothing
	}
	bus, err := l.m.I2C(number)
	if err != nil {
		found, do := access(err), "see the manual of this computer"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			do = "add dtparam=i2c_arm=on to " + bootFile + ", i2c-dev to /etc/modules, and restart the computer"
		case errors.Is(err, fs.ErrPermission):
			do = "add this user to the group i2c: sudo usermod -aG i2c $USER, then log in again"
		}
		l.absence(what, found, expected, do)
		return nothing
	}
	l.found.ok(what, "open", expected)
	l.roll.prober = wires{bus}
	return bus.Close
}

// absence is bad with a HAT, and to be expected without one.
func (l *look) absence(what, found, expected, do string) {
	if l.hatThere {
		l.found.bad(what, found, expected, do)
		return
	}
	l.found.warn(what, found, expected, "if a HAT is on: "+do)
}

// busTrouble tells that asking failed.
func (l *look) busTrouble() {
	if l.roll.err != nil {
		l.found.bad("I2C bus at work", l.roll.err.Error(), "every address answers or stays silent at once",
			"a chip or a cable holds the lines GPIO 2 and 3: cut the power, check the plugs, take off what is not needed")
	}
}

// PWMDevices end the names of the devices behind the PWM chip of GPIO 12 and 13,
// by which the chip is told from those of a fan or of audio: 1f00098000.pwm on a
// Pi 5; fe20c000.pwm, 3f20c000.pwm and 2020c000.pwm before. The numbers of chips
// change with the kernel (github.com/raspberrypi/linux/issues/6818).
var PWMDevices = []string{"98000.pwm", "20c000.pwm"}

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
	chip, others := l.pwmChip(wanted)
	if chip == "" {
		l.found.bad(what, fmt.Sprintf("none of the header's, %d other in /sys/class/pwm", others), expected,
			"add the line "+Overlay+" to "+bootFile+" and restart the computer")
		return
	}
	export, err := os.OpenFile(filepath.Join(chip, "export"), os.O_WRONLY, 0)
	if err != nil {
		l.found.bad(what, filepath.Base(chip)+": "+access(err), expected,
			"give the files in /sys/class/pwm to the group gpio by a udev rule, as Pioreactor's image does, and add this user to the group")
		return
	}
	if err := export.Close(); err != nil {
		l.found.bad(what, filepath.Base(chip)+": "+err.Error(), expected, "restart the computer")
		return
	}
	l.found.ok(what, filepath.Base(chip), expected)
}

// pwmChip is the folder of the header's PWM chip, "" when there is none among
// so many others.
func (l *look) pwmChip(channels int) (chip string, others int) {
	dir := filepath.Join(l.m.Root(), "sys", "class", "pwm")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", 0 // no PWM at all
	}
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join(dir, e.Name(), "device"))
		if err != nil {
			continue // no chip
		}
		n, err := strconv.Atoi(told(filepath.Join(dir, e.Name(), "npwm")))
		if err == nil && n >= channels && slices.ContainsFunc(PWMDevices, func(end string) bool { return strings.HasSuffix(link, end) }) {
			return filepath.Join(dir, e.Name()), others
		}
		others++
	}
	return "", others
}

// lines looks whether the header can be had, and whether somebody holds it.
// Only inputs are asked for: to ask for an output would change it.
func (l *look) lines(d Description) {
	const what = "GPIO lines"
	const expected = "the header's chip, and its lines free"
	if l.o.Unasked != "" {
		l.found.warn(what, "not asked: "+l.o.Unasked, expected, "for a complete look, look again when it is free")
		return
	}
	lines, err := l.m.Lines()
	if err != nil {
		do := "see that this is a Raspberry Pi with /dev/gpiochip0"
		if errors.Is(err, fs.ErrPermission) {
			do = "add this user to the group gpio: sudo usermod -aG gpio $USER, then log in again"
		}
		l.found.bad(what, access(err), expected, do)
		return
	}
	defer lines.Close()
	for _, pin := range []int{d.Pins.Button, d.Pins.Hall} {
		if err := free(lines, pin); err != nil {
			found, do := fmt.Sprintf("GPIO %d: %v", pin, err), "see what `gpioinfo` says of this line"
			if errors.Is(err, syscall.EBUSY) {
				found, do = fmt.Sprintf("GPIO %d is held by another program", pin), "stop what holds it: another node, Pioreactor's own software, or what `gpioinfo` names"
			}
			l.found.bad(what, found, expected, do)
			return
		}
	}
	l.found.ok(what, "button and hall sensor are free", expected)
}

func free(lines machine.Lines, pin int) error {
	line, err := lines.Input(pin, machine.PullNone, machine.NoEdges, nil)
	if err != nil {
		return err
	}
	return line.Close()
}

// groups looks whether the user is in the groups that own the devices.
func (l *look) groups() {
	const what = "groups of this user"
	const expected = "i2c, gpio"
	if l.o.User.UID == 0 {
		l.found.ok(what, "root, who needs none", expected)
		return
	}
	var in, missing []string
	gids := groupIDs(head(filepath.Join(l.m.Root(), "etc", "group"), maxBytes))
	if len(gids) == 0 {
		return // a computer without groups, such as a modelled one
	}
	for _, name := range []string{"i2c", "gpio"} {
		gid, known := gids[name]
		if known && slices.Contains(l.o.User.Groups, gid) {
			in = append(in, name)
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		l.found.ok(what, strings.Join(in, ", "), expected)
		return
	}
	l.found.warn(what, "not in "+strings.Join(missing, ", "), expected, "sudo usermod -aG "+strings.Join(missing, ",")+" $USER, then log in again")
}

// groupIDs reads lines of name:password:id:members.
func groupIDs(text string) map[string]int {
	ids := map[string]int{}
	for line := range strings.Lines(text) {
		if parts := strings.Split(strings.TrimSpace(line), ":"); len(parts) >= 3 {
			if id, err := strconv.Atoi(parts[2]); err == nil {
				ids[parts[0]] = id
			}
		}
	}
	return ids
}
