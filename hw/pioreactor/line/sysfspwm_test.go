package line_test

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
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/line"
)

// kernel is a PWM chip that refuses what the kernel's refuses.
type kernel struct {
	desk    *desk
	chip    string
	udev    time.Duration            // how long a fresh folder belongs to root
	fresh   map[string]time.Duration // folders, and when they were made
	written []string
	fail    error // every write
}

// newKernel makes a Pi 5 with kernel 6.6: three chips, the header's the third.
func newKernel(t *testing.T, d *desk) *kernel {
	return kernelWith(t, d, map[string]string{"pwmchip0": "107d517a80.pwm", "pwmchip6": "1f0009c000.pwm", "pwmchip2": "1f00098000.pwm"}, "pwmchip2")
}

func kernelWith(t *testing.T, d *desk, devices map[string]string, chip string) *kernel {
	t.Helper()
	k := &kernel{desk: d, chip: path.Join("sys/class/pwm", chip), fresh: map[string]time.Duration{}}
	for name, device := range devices {
		d.put(t, path.Join("sys/class/pwm", name, "export"), "")
		if err := os.Symlink("../../../"+device, filepath.Join(d.root, "sys/class/pwm", name, "device")); err != nil {
			t.Fatal(err)
		}
	}
	d.hook = func(name, text string) error { return k.write(t, name, text) }
	return k
}

func (k *kernel) open(t *testing.T, channel int) *line.SysfsPWM {
	t.Helper()
	p, err := line.OpenSysfsPWM(k.desk, channel, 250)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// export makes a channel's folder in some state.
func (k *kernel) export(t *testing.T, channel int, period, duty, enable, polarity string) {
	dir := path.Join(k.chip, fmt.Sprintf("pwm%d", channel))
	for file, text := range map[string]string{"period": period, "duty_cycle": duty, "enable": enable, "polarity": polarity} {
		k.desk.put(t, path.Join(dir, file), text+"\n")
	}
	k.fresh[dir] = k.desk.now
}

func (k *kernel) read(t *testing.T, channel int, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(k.desk.root, k.chip, fmt.Sprintf("pwm%d", channel), file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func (k *kernel) duty(t *testing.T, channel int) string { return k.read(t, channel, "duty_cycle") }

func (k *kernel) number(dir, file string) int {
	text, _ := os.ReadFile(filepath.Join(k.desk.root, dir, file)) // as a kernel knows its own state
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func (k *kernel) write(t *testing.T, name, text string) error {
	dir, file := path.Split(name)
	dir = path.Clean(dir)
	k.written = append(k.written, file+"="+text)
	if k.fail != nil {
		return k.fail
	}
	if file == "export" {
		channel, err := strconv.Atoi(text)
		if err != nil {
			return syscall.EINVAL
		}
		if _, ok := k.fresh[path.Join(dir, "pwm"+text)]; ok {
			return syscall.EBUSY
		}
		k.export(t, channel, "0", "0", "0", "normal")
		return nil
	}
	if made, ok := k.fresh[dir]; ok && k.desk.now < made+k.udev {
		return syscall.EACCES
	}
	return k.rule(dir, file, text)
}

// rule is what drivers/pwm/core.c of Linux 6.6 refuses.
func (k *kernel) rule(dir, file, text string) error {
	period, duty, value := k.number(dir, "period"), k.number(dir, "duty_cycle"), 0
	if file != "polarity" {
		value, _ = strconv.Atoi(text)
	}
	switch {
	case file == "polarity" && k.number(dir, "enable") == 1:
		return syscall.EBUSY
	case file == "period" && (value <= 0 || duty > value):
		return syscall.EINVAL
	case file != "period" && period == 0:
		return syscall.EINVAL
	case file == "duty_cycle" && value > period:
		return syscall.EINVAL
	}
	return nil
}

func TestSysfsPWMFindsItsChipByItsDevice(t *testing.T) {
	for name, c := range map[string]struct {
		devices map[string]string
		want    string
	}{
		"Pi 5, kernel 6.6":  {map[string]string{"pwmchip0": "107d517a80.pwm", "pwmchip2": "1f00098000.pwm", "pwmchip6": "1f0009c000.pwm"}, "pwmchip2"},
		"Pi 5, kernel 6.12": {map[string]string{"pwmchip0": "1f00098000.pwm", "pwmchip1": "1f0009c000.pwm"}, "pwmchip0"},
		"Pi 4 with audio":   {map[string]string{"pwmchip0": "fe20c800.pwm", "pwmchip1": "fe20c000.pwm"}, "pwmchip1"},
		"Pi Zero 2 W":       {map[string]string{"pwmchip0": "3f20c000.pwm"}, "pwmchip0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			k := kernelWith(t, d, c.devices, c.want)
			set(t, k.open(t, 1), 25)
			if got := k.duty(t, 1); got != "1000000" {
				t.Errorf("duty of %s = %s ns, want 1000000", c.want, got)
			}
		})
	}
}

func TestSysfsPWMWithoutAChipSaysWhatToDo(t *testing.T) {
	d := newDesk(t)
	_, err := line.OpenSysfsPWM(d, 0, 250)
	if !errors.Is(err, line.ErrNoChip) || !strings.Contains(err.Error(), "dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4") {
		t.Errorf("without a chip: %v", err)
	}
	kernelWith(t, d, map[string]string{"pwmchip0": "1f0009c000.pwm"}, "pwmchip0")
	if _, err := line.OpenSysfsPWM(d, 0, 250); !errors.Is(err, line.ErrNoChip) || !strings.Contains(err.Error(), "pwmchip0 is 1f0009c000.pwm") {
		t.Errorf("with the fan's chip only: %v", err)
	}
}

// Any state that a dead process may have left is ended before anything else.
func TestSysfsPWMEndsWhatADeadProcessLeft(t *testing.T) {
	for name, left := range map[string][4]string{
		"pumping at 100 %":      {"4000000", "4000000", "1", "normal"},
		"slower than ours":      {"62500000", "62500000", "1", "normal"},
		"duty but not enabled":  {"4000000", "1000000", "0", "normal"},
		"exported, never set":   {"0", "0", "0", "normal"},
		"inverted, so 0 is on":  {"4000000", "0", "1", "inversed"},
		"enabled with no pulse": {"4000000", "0", "1", "normal"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			k := newKernel(t, d)
			k.export(t, 0, left[0], left[1], left[2], left[3])
			p := k.open(t, 0)
			got := [4]string{k.read(t, 0, "period"), k.duty(t, 0), k.read(t, 0, "enable"), k.read(t, 0, "polarity")}
			if want := [4]string{"4000000", "0", "0", "normal"}; got != want {
				t.Errorf("after opening: %v, want %v", got, want)
			}
			if left[0] != "0" && (k.written[0] != "duty_cycle=0" || k.written[1] != "enable=0") {
				t.Errorf("written %v: want duty and enable first", k.written)
			}
			if set(t, p, 100); k.duty(t, 0) != "4000000" || k.read(t, 0, "enable") != "1" {
				t.Errorf("at 100 %%: %s ns, enable %s", k.duty(t, 0), k.read(t, 0, "enable"))
			}
		})
	}
}

func TestSysfsPWMWaitsForUdev(t *testing.T) {
	d := newDesk(t)
	k := newKernel(t, d)
	k.udev = 3 * time.Second
	began := d.now
	k.open(t, 0)
	if took := d.now - began; took < k.udev || took > k.udev+100*time.Millisecond {
		t.Errorf("opened after %v, udev took %v", took, k.udev)
	}
	k.udev = time.Hour
	began = d.now
	_, err := line.OpenSysfsPWM(d, 1, 250)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "group gpio") {
		t.Errorf("without a udev rule: %v", err)
	}
	if took := d.now - began; took < 10*time.Second || took > 10*time.Second+100*time.Millisecond {
		t.Errorf("gave up after %v, want 10 s", took)
	}
}

func TestSysfsPWMHaltIsUnconditional(t *testing.T) {
	d := newDesk(t)
	k := newKernel(t, d)
	p := k.open(t, 0)
	for range 2 {
		k.written = nil
		if err := p.Halt(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(k.written, " "); got != "duty_cycle=0 enable=0" {
			t.Errorf("Halt wrote %q", got)
		}
	}
	set(t, p, 50)
	k.fail = syscall.EIO
	if err := p.Set(60); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "pwmchip2") {
		t.Errorf("Set(60) on a broken chip = %v", err)
	}
	if err := p.Halt(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Halt() on a broken chip = %v", err)
	}
	k.fail = nil
	if err := p.Halt(); err != nil || k.duty(t, 0) != "0" || k.read(t, 0, "enable") != "0" {
		t.Errorf("Halt() = %v, duty %s, enable %s", err, k.duty(t, 0), k.read(t, 0, "enable"))
	}
	set(t, p, 10)
	if k.read(t, 0, "enable") != "1" {
		t.Error("not enabled after Halt and Set")
	}
}

func TestSysfsPWMSurvivesSomebodyElsesUnexport(t *testing.T) {
	d := newDesk(t)
	k := newKernel(t, d)
	p := k.open(t, 1)
	set(t, p, 50)
	dir := path.Join(k.chip, "pwm1")
	delete(k.fresh, dir)
	if err := os.RemoveAll(filepath.Join(d.root, dir)); err != nil {
		t.Fatal(err)
	}
	if err := p.Halt(); err != nil {
		t.Fatalf("Halt() = %v", err)
	}
	set(t, p, 50)
	if k.duty(t, 1) != "2000000" || k.read(t, 1, "enable") != "1" {
		t.Errorf("duty %s, enable %s", k.duty(t, 1), k.read(t, 1, "enable"))
	}
}
