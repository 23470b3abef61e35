package pioreactor_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"periph.io/x/conn/v3/i2c"

	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watched is a machine on which is noted what is driven, each output once. A pin
// that hangs is asked for and never had.
type watched struct {
	*fake.Machine
	mu    sync.Mutex
	order []string
	hangs map[int]chan struct{}
}

func (w *watched) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.order, what) {
		w.order = append(w.order, what)
	}
}

func (w *watched) WriteFile(name string, data []byte) error {
	w.note(path.Base(path.Dir(name)))
	return w.Machine.WriteFile(name, data)
}

func (w *watched) I2C(number int) (i2c.BusCloser, error) {
	bus, err := w.Machine.I2C(number)
	return watchedBus{bus, w}, err
}

type watchedBus struct {
	i2c.BusCloser
	w *watched
}

func (b watchedBus) Tx(address uint16, out, in []byte) error {
	b.w.note("LEDs")
	return b.BusCloser.Tx(address, out, in)
}

func (w *watched) Lines() (machine.Lines, error) {
	lines, err := w.Machine.Lines()
	return watchedLines{lines, w}, err
}

type watchedLines struct {
	machine.Lines
	w *watched
}

func (l watchedLines) Output(pin int, high bool) (machine.OutputLine, error) {
	l.w.note(fmt.Sprintf("GPIO%d", pin))
	if hang := l.w.hangs[pin]; hang != nil {
		<-hang
	}
	return l.Lines.Output(pin, high)
}

// lit is a machine with every output on, and nobody who drives them.
func lit(t *testing.T, hat string) *watched {
	t.Helper()
	m, err := fake.Make(t.TempDir(), fake.Setup{HAT: hat})
	must(t, err)
	t.Cleanup(func() { must(t, m.Close()) })
	b, err := pioreactor.Open(m, m.Wiring(), pioreactor.Options{Roles: roles})
	must(t, err)
	must(t, b.Close()) // has exported the kernel's channels
	for _, i := range []string{"0", "1"} {
		for _, write := range [][2]string{{"duty_cycle", "4000000"}, {"enable", "1"}} {
			must(t, m.WriteFile("sys/class/pwm/pwmchip0/pwm"+i+"/"+write[0], []byte(write[1])))
		}
	}
	lines, err := m.Lines()
	must(t, err)
	for _, pin := range []int{17, 16, 18, 23} {
		out, err := lines.Output(pin, true)
		must(t, err)
		must(t, out.Close())
	}
	light(t, m, hat)
	mustBeOn(t, m, "LED A", "LED B", "LED C", "LED D", "PWM 1", "PWM 2", "PWM 3", "PWM 4", "PWM 5", "status LED")
	return &watched{Machine: m, hangs: map[int]chan struct{}{}}
}

var roles = map[string]int{"stirring": 1, "media": 2, "alt_media": 3, "waste": 4, "heating": 5}

// light writes what the LED driver of that HAT takes for full power.
func light(t *testing.T, m *fake.Machine, hat string) {
	t.Helper()
	bus, err := m.I2C(1)
	must(t, err)
	for i := range byte(4) {
		if hat == "1.0" {
			must(t, bus.Tx(0x49, []byte{8 + i, 0x0F, 0xF0}, nil))
			continue
		}
		must(t, bus.Tx(0x2C, []byte{i, 255}, nil))
	}
	if hat == "1.0" {
		must(t, bus.Tx(0x49, []byte{1, 0, 0}, nil))
	}
	must(t, bus.Close())
}

func mustBeOn(t *testing.T, m *fake.Machine, want ...string) {
	t.Helper()
	all, err := m.Outputs()
	must(t, err)
	var on []string
	for _, o := range all {
		if o.Percent > 0 {
			on = append(on, o.Name)
		}
	}
	if !slices.Equal(on, want) {
		t.Errorf("on are %v, want %v", on, want)
	}
}

func ready(t *testing.T, w *watched) *pioreactor.Safe {
	t.Helper()
	s, err := pioreactor.NewSafe(w, w.Wiring(), pioreactor.Options{Roles: roles})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	if len(w.order) > 0 {
		t.Errorf("getting ready drives %v", w.order)
	}
	return s
}

func TestSafeBeginsWithWhatHarmsMost(t *testing.T) {
	for _, hat := range []string{"1.0", "1.1", "1.2"} {
		w := lit(t, hat)
		must(t, ready(t, w).MakeSafe())
		mustBeOn(t, w.Machine)
		// Heater, media, alt media, waste, stirrer, LEDs, light.
		if want := []string{"GPIO18", "pwm1", "GPIO16", "pwm0", "GPIO17", "LEDs", "GPIO23"}; !slices.Equal(w.order, want) {
			t.Errorf("HAT %s: driven in the order %v, want %v", hat, w.order, want)
		}
	}
}

// TestSafeGoesOnBesideWhatHangs: what cannot be had holds nothing else up for
// long, is told, and is tried again.
func TestSafeGoesOnBesideWhatHangs(t *testing.T) {
	w := lit(t, "1.2")
	hang := make(chan struct{})
	w.hangs[18] = hang
	s := ready(t, w)
	if err := s.MakeSafe(); err == nil || !strings.Contains(err.Error(), "PWM channel 5: not safe within") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	mustBeOn(t, w.Machine, "PWM 5")
	close(hang)
	for s.MakeSafe() != nil { // the first is still at it
	}
	mustBeOn(t, w.Machine)
}
