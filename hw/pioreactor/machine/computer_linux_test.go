package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestABusThatIsNotThereSaysWhatToDo(t *testing.T) {
	_, err := Linux().I2C(987)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "dtparam=i2c_arm=on") {
		t.Errorf("I2C(987) = %v", err)
	}
	if text := busAdvice(fs.ErrPermission); !strings.Contains(text, "group i2c") {
		t.Errorf("advice without permission = %q", text)
	}
}

// An empty write must reach the kernel, for probing is nothing but empty writes;
// /dev/null is no bus and says so.
func TestAnEmptyWriteIsATransaction(t *testing.T) {
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := &bus{path: os.DevNull, f: f}
	if err := b.Tx(0x4f, nil, nil); !errors.Is(err, syscall.ENOTTY) || !strings.Contains(err.Error(), "0x4f") {
		t.Errorf("Tx(0x4f, nil, nil) = %v, want ENOTTY and the address", err)
	}
}

func TestNoHeaderSaysWhatWasFound(t *testing.T) {
	for name, c := range map[string]struct {
		seen []string
		err  error
		want string
	}{
		"nothing":         {nil, nil, "found no GPIO chip, want one of pinctrl-rp1, pinctrl-bcm2711, pinctrl-bcm2835"},
		"another board's": {[]string{"INT34C6:00"}, nil, "found only INT34C6:00"},
		"no permission":   {nil, &fs.PathError{Op: "open", Path: "/dev/gpiochip0", Err: syscall.EACCES}, "group gpio"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := noHeader(c.seen, c.err); !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q lacks %q", err, c.want)
			}
		})
	}
}

// counted is a clock on which only Sleep moves.
type counted struct {
	steady
	now time.Duration
}

func (c *counted) Now() time.Duration { return c.now }

func (c *counted) Sleep(d time.Duration) { c.now += d }

func TestARequestWaitsOneSecondForABusyLine(t *testing.T) {
	clock := &counted{now: time.Hour}
	free := clock.now + 500*time.Millisecond
	ask := func() (int, error) {
		if clock.now < free {
			return 0, fmt.Errorf("line: %w", syscall.EBUSY)
		}
		return 17, nil
	}
	if got, err := retry(clock, ask); got != 17 || err != nil {
		t.Errorf("after half a second: %v, %v", got, err)
	}
	began := clock.now
	free = began + time.Hour
	if _, err := retry(clock, ask); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("error = %v, want EBUSY", err)
	}
	if took := clock.now - began; took != time.Second {
		t.Errorf("gave up after %v, want 1 s", took)
	}
	calls := 0
	if _, err := retry(clock, func() (int, error) { calls++; return 0, syscall.EPERM }); !errors.Is(err, syscall.EPERM) || calls != 1 {
		t.Errorf("another error: %v after %d calls", err, calls)
	}
}

func TestWriteFileWritesOnlyWhatIsThere(t *testing.T) {
	m := Linux()
	path := filepath.Join(t.TempDir(), "enable")
	if err := m.WriteFile(path, []byte("1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.WriteFile(path, []byte("1")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "1" {
		t.Errorf("it holds %q, %v", text, err)
	}
}

// periph registers drivers for host.Init when it is imported; that only lists
// them. Nobody here may call it.
func TestNothingCallsHostInit(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skip("no go command here")
	}
	for _, pkg := range strings.Fields(string(out)) {
		if pkg == "periph.io/x/host/v3" || strings.HasPrefix(pkg, "periph.io/x/host/v3/bcm283x") {
			t.Errorf("%s is linked in: it maps registers", pkg)
		}
	}
}
