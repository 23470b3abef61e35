package line

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// ErrNoChip says that the kernel has no PWM chip for GPIO12 and GPIO13, as is so
// without the overlay. Pulse the pin by [SoftPWM] instead.
var ErrNoChip = errors.New("no PWM chip")

const chips = "sys/class/pwm"

// chipDevices end the names of the devices that pulse GPIO12 and GPIO13, by which
// a chip's "device" link tells it from those of the fan and of audio: 1f00098000.pwm
// on a Pi 5, fe20c000.pwm, 3f20c000.pwm and 2020c000.pwm before. The numbers of
// chips change with the kernel (github.com/raspberrypi/linux/issues/6818).
var chipDevices = []string{"98000.pwm", "20c000.pwm"}

// findChip is the folder of the chip, from the machine's root on.
func findChip(m machine.Machine) (string, error) {
	entries, err := os.ReadDir(filepath.Join(m.Root(), chips))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("line: %w", err)
	}
	var others []string
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join(m.Root(), chips, e.Name(), "device"))
		if err != nil {
			continue // no chip
		}
		device := filepath.Base(link)
		for _, end := range chipDevices {
			if strings.HasSuffix(device, end) {
				return path.Join(chips, e.Name()), nil
			}
		}
		others = append(others, e.Name()+" is "+device)
	}
	found := "it is empty"
	if len(others) > 0 {
		found = strings.Join(others, ", ")
	}
	return "", fmt.Errorf("line: %w for GPIO12 and GPIO13 in /%s (%s); add dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4 to /boot/firmware/config.txt and restart the computer", ErrNoChip, chips, found)
}

const (
	udevPatience  = 10 * time.Second       // Pioreactor 26.7.2
	briefPatience = 300 * time.Millisecond // where somebody waits for the output to be safe
	pause         = 50 * time.Millisecond
)

// prepare exports the channel if it is not, puts it out and gives it its period.
func (p *SysfsPWM) prepare(patience time.Duration) error {
	p.enabled = false
	began := p.m.Now()
	for {
		err := p.export()
		if err == nil {
			err = p.clear()
		}
		wait := errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist)
		if !wait || p.m.Now()-began >= patience {
			return err
		}
		p.m.Sleep(pause)
	}
}

// export makes the channel's folder appear. Another process may do it at the
// same moment, which is as good.
func (p *SysfsPWM) export() error {
	if _, err := os.Stat(filepath.Join(p.m.Root(), p.folder())); err == nil {
		return nil
	}
	err := p.m.WriteFile(path.Join(p.chip, "export"), strconv.AppendInt(nil, int64(p.channel), 10))
	if err == nil || errors.Is(err, syscall.EBUSY) {
		return nil
	}
	return fmt.Errorf("line: %s: export it: %w%s", p.name(), err, permission(err))
}

// clear ends the pulses first. The kernel refuses a duty above the period, hence
// the order, and on a channel that never had a period it refuses everything else.
func (p *SysfsPWM) clear() error {
	period, err := p.number("period")
	if err != nil || period > 0 {
		err = errors.Join(err, p.write("duty_cycle", 0), p.write("enable", 0))
	}
	if err != nil {
		return err
	}
	if err := p.write("period", p.period); err != nil {
		return err
	}
	return p.upright()
}

// upright undoes an inversion, with which 0 % would be full power. Not every
// chip has one.
func (p *SysfsPWM) upright() error {
	name := path.Join(p.folder(), "polarity")
	if text, err := read(p.m, name); err != nil || text != "inversed" {
		return nil
	}
	if err := p.m.WriteFile(name, []byte("normal")); err != nil {
		return fmt.Errorf("line: %s: write normal to polarity: %w%s", p.name(), err, permission(err))
	}
	return nil
}

func (p *SysfsPWM) number(file string) (int64, error) {
	text, err := read(p.m, path.Join(p.folder(), file))
	if err != nil {
		return 0, fmt.Errorf("line: %s: %w%s", p.name(), err, permission(err))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("line: %s: %s: %w", p.name(), file, err)
	}
	return n, nil
}

func permission(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "; run pioactor install-service, or add this user to the group gpio (sudo usermod -aG gpio $USER) and log in again"
	}
	return ""
}
