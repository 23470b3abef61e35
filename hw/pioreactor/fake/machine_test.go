package fake

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

func TestFolderIsAPioreactor(t *testing.T) {
	dir := t.TempDir()
	m, err := Make(dir, Setup{HAT: "1.1", Computer: "Raspberry Pi 5 Model B Rev 1.0", Kernel: "6.6.31+rpt-rpi-2712"})
	must(t, err)
	must(t, m.Close())
	for name, want := range map[string]string{
		"proc/device-tree/hat/vendor":      "Pioreactor Inc.\x00",
		"proc/device-tree/hat/product_id":  "0x0001\x00",
		"proc/device-tree/hat/product_ver": "0x0011\x00",
		"proc/device-tree/model":           "Raspberry Pi 5 Model B Rev 1.0\x00",
		"sys/class/pwm/pwmchip2/npwm":      "4\n",
		"sys/class/hwmon/hwmon1/name":      "rpi_volt\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	device, err := filepath.EvalSymlinks(filepath.Join(dir, "sys/class/pwm/pwmchip2/device"))
	if err != nil || filepath.Base(device) != "1f00098000.pwm" {
		t.Errorf("pwmchip2/device leads to %s, %v", device, err)
	}
}

func TestMakeRefusesWhatCannotBe(t *testing.T) {
	for name, s := range map[string]Setup{
		"LED driver": {HAT: "1.0", Model: "pioreactor_20ml", ModelVer: "1.5"},
		"HAT":        {HAT: "2.0"},
		"firmware":   {Firmware: "new"},
		"model":      {Model: "bucket"},
	} {
		if _, err := Make(t.TempDir(), s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v, want a word about the %s", s, err, name)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "fake.Make") {
		t.Errorf("an empty folder: %v, want what to do", err)
	}
}

// A folder that is that machine already stays on; another machine is switched on anew.
func TestMakeKeepsARunningMachine(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		s    Setup
		want float64
	}{{Setup{}, 0}, {Setup{}, 100}, {Setup{HAT: "1.1"}, 0}} {
		m, err := Make(dir, c.s)
		must(t, err)
		near(t, "LED B", percent(t, dir, "LED B"), c.want, 0)
		bus, err := m.I2C(1)
		must(t, err)
		must(t, bus.Tx(0x2C, []byte{1, 255}, nil))
		must(t, m.Close())
	}
}

// The kernel's PWM: a channel appears after a while, is not writable at first,
// refuses what it cannot do, and drives its pump while it is enabled.
func TestKernelPWM(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	const chip = "sys/class/pwm/pwmchip0/"
	write := func(name, text string, want error) {
		t.Helper()
		if err := r.WriteFile(chip+name, []byte(text)); !errors.Is(err, want) {
			t.Errorf("write %q to %s: %v, want %v", text, name, err, want)
		}
	}
	write("pwm1/period", "4000000", syscall.ENOENT)
	write("export", "2", syscall.ENODEV)
	write("export", "1", nil)
	write("export", "1", syscall.EBUSY)
	if _, err := os.Stat(filepath.Join(r.Root(), chip, "pwm1")); err == nil {
		t.Error("the channel's folder is there at once")
	}
	r.Sleep(30 * time.Millisecond)
	if _, err := os.Stat(filepath.Join(r.Root(), chip, "pwm1/duty_cycle")); err != nil {
		t.Error(err)
	}
	write("pwm1/period", "4000000", syscall.EACCES)
	r.Sleep(50 * time.Millisecond)
	write("pwm1/enable", "1", syscall.EINVAL) // no period
	write("pwm1/period", "4000000", nil)
	write("pwm1/duty_cycle", "4000001", syscall.EINVAL)
	write("pwm1/duty_cycle", "1000000", nil)
	write("pwm1/polarity", "inversed", syscall.EINVAL)
	near(t, "duty before enable", r.DutyPct(2), 0, 0)
	write("pwm1/enable", "1", nil)
	near(t, "duty", r.DutyPct(2), 25, 1e-9)
	near(t, "to a judge", percent(t, r.Root(), "PWM 2"), 25, 1e-9)
	write("pwm1/period", "900000", syscall.EINVAL) // below the duty cycle
	write("unexport", "1", nil)
	near(t, "after unexport", percent(t, r.Root(), "PWM 2"), 0, 0)
}

// A pump runs from the write that starts it to the write that stops it.
func TestPumpDosesByTheFile(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.export("1", "4000000")
	before := r.Truth().Pump(hw.Media).MovedML
	must(t, r.WriteFile("sys/class/pwm/pwmchip0/pwm1/duty_cycle", []byte("4000000")))
	r.clock.Advance(7300 * time.Millisecond)
	must(t, r.WriteFile("sys/class/pwm/pwmchip0/pwm1/duty_cycle", []byte("0")))
	r.clock.Advance(time.Minute)
	cfg := sim.DefaultConfig()
	want := cfg.PumpRateMLPerS * cfg.MediaRateFactor * 7.3
	near(t, "dose in mL", r.Truth().Pump(hw.Media).MovedML-before, want, 1e-9)
}

// What another process writes past the machine counts all the same.
func TestPlainWritesAreSeen(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	chip := filepath.Join(r.Root(), "sys/class/pwm/pwmchip0")
	must(t, os.WriteFile(filepath.Join(chip, "export"), []byte("0\n"), 0o644))
	r.Sleep(time.Second)
	r.Sleep(time.Second)
	for name, text := range map[string]string{"period": "1000", "duty_cycle": "500", "enable": "1"} {
		must(t, os.WriteFile(filepath.Join(chip, "pwm0", name), []byte(text+"\n"), 0o644))
	}
	r.Sleep(time.Second)
	near(t, "channel 4", r.DutyPct(4), 50, 0)
	must(t, os.WriteFile(filepath.Join(chip, "pwm0/duty_cycle"), nil, 0o644))
	if _, err := Judge(r.Root()); err == nil {
		t.Error("a judge took a file without a number for safe")
	}
}

// Toggled lines: the actor gets the high time of whole periods; a line at rest
// is off or fully on, both as late.
func TestToggledLineDrivesTheTwin(t *testing.T) {
	for _, duty := range []float64{27.5, 60, 99} {
		r := virtual(t, Setup{}, quiet)
		line := r.out(17, false)
		stop := r.toggle(line, 5*time.Millisecond, duty)
		r.clock.Advance(30 * time.Second)
		near(t, "stirrer", r.Truth().StirrerPct, duty, 1e-3)
		stop()
		must(t, line.Set(false))
		r.clock.Advance(20 * time.Millisecond)
		near(t, "stirrer 20 ms after it stopped", r.Truth().StirrerPct, 0, 0)
	}
	r := virtual(t, Setup{}, quiet)
	line := r.out(16, false) // alt media
	must(t, line.Set(true))
	near(t, "to a judge", percent(t, r.Root(), "PWM 3"), 100, 0)
	r.clock.Advance(5 * time.Second)
	must(t, line.Set(false))
	r.clock.Advance(time.Second)
	cfg := sim.DefaultConfig()
	near(t, "dose by a line in mL", r.Truth().Pump(hw.AltMedia).MovedML, 5*cfg.PumpRateMLPerS*cfg.AltMediaRateFactor, 1e-9)
	near(t, "to a judge", percent(t, r.Root(), "PWM 3"), 0, 0)
}

// toggle is a software PWM.
func (r *rig) toggle(line machine.OutputLine, period time.Duration, duty float64) (stop func()) {
	high := false
	return r.Repeat(func(now time.Duration) time.Duration {
		high = !high
		must(r.t, line.Set(high))
		on := time.Duration(duty / 100 * float64(period))
		if high {
			return now + on
		}
		return now + period - on
	})
}

// Each turn of the bar is one falling edge at the instant the twin says.
func TestHallEdges(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	var heard []machine.Edge
	lines, err := r.Lines()
	must(t, err)
	in, err := lines.Input(21, machine.PullUp, machine.Falling, func(e machine.Edge) { heard = append(heard, e) })
	must(t, err)
	r.toggle(r.out(17, false), 5*time.Millisecond, 50)
	r.clock.Advance(30 * time.Second)
	truth := r.Truth()
	n := len(heard)
	if n < 100 || heard[n-1].Seq != uint32(n) {
		t.Fatalf("%d edges in 30 s, the last with number %d", n, heard[n-1].Seq)
	}
	rpm := 60 / (heard[n-1].At - heard[n-2].At).Seconds()
	near(t, "rpm between two edges", rpm, truth.RPM, 1e-3)
	tacho, err := r.twin.Tachometer()
	must(t, err)
	e, err := tacho.Edges()
	must(t, err)
	if e.Last != heard[n-1].At || e.Count != uint64(n) {
		t.Errorf("heard %d edges, the last at %v; the twin made %d, at %v", n, heard[n-1].At, e.Count, e.Last)
	}
	must(t, in.Close())
	r.clock.Advance(time.Second)
	r.Now()
	if len(heard) != n {
		t.Error("an edge was told after Close")
	}
}

func TestButtonAndSupply(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	var heard []bool
	lines, err := r.Lines()
	must(t, err)
	in, err := lines.Input(4, machine.PullDown, machine.BothEdges, func(e machine.Edge) { heard = append(heard, e.Rising) })
	must(t, err)
	defer in.Close()
	for _, f := range []sim.Fault{{Kind: sim.ButtonPressed}, {Kind: sim.RailVoltage, Value: 4.5}} {
		must(t, r.twin.Inject(f))
	}
	r.clock.Advance(time.Second)
	if down, err := in.High(); !down || err != nil {
		t.Errorf("pressed button: %v, %v", down, err)
	}
	flag, err := os.ReadFile(filepath.Join(r.Root(), "sys/class/hwmon/hwmon1/in0_lcrit_alarm"))
	if string(flag) != "1\n" || err != nil {
		t.Errorf("under-voltage flag = %q, %v", flag, err)
	}
	must(t, r.twin.Clear(sim.Fault{Kind: sim.ButtonPressed}))
	r.clock.Advance(time.Second)
	r.Now()
	if !slices.Equal(heard, []bool{true, false}) {
		t.Errorf("edges of the button: %v, want up and down", heard)
	}
}

// What the twin cannot do its chips cannot either.
func TestTwinsFaultsReachTheBus(t *testing.T) {
	r := virtual(t, Setup{ModelVer: "1.5"}, quiet)
	r.tx(0x49, []byte{1, 0x0A, 0x83}, 0)
	for fault, address := range map[sim.FaultKind]uint16{sim.ADCError: 0x49, sim.ThermometerError: 0x4F, sim.ThermometerNaN: 0x4F} {
		must(t, r.twin.Inject(sim.Fault{Kind: fault}))
		r.clock.Advance(time.Second)
		if err := r.bus.Tx(address, []byte{0}, make([]byte, 2)); !errors.Is(err, errNACK) {
			t.Errorf("%s: %v, want a NACK", fault, err)
		}
		must(t, r.twin.Clear(sim.Fault{Kind: fault}))
		r.clock.Advance(time.Second)
		r.tx(address, []byte{0}, 2)
	}
}

// A second look at the folder, as after a restart: outputs are what they were,
// and drive the new twin.
func TestOutputsOutliveTheProcess(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	r.export("1", "4000000")
	must(t, r.WriteFile("sys/class/pwm/pwmchip0/pwm1/duty_cycle", []byte("2000000")))
	r.tx(0x2C, []byte{2, 51}, 0)
	must(t, r.out(18, false).Set(true))
	must(t, r.Close())
	next := reopen(t, r.Root(), quiet)
	next.clock.Advance(time.Second)
	truth := next.Truth()
	near(t, "heater", truth.HeaterPct, 100, 0)
	near(t, "LED C", truth.LEDPct[2], 20, 1e-9)
	near(t, "media pump", next.DutyPct(2), 50, 0)
	if !truth.Pump(hw.Media).On {
		t.Error("the pump stands still")
	}
}

// life is one seeded hour with everything on, as bytes.
func life(t *testing.T, seed uint64, faults float64) []byte {
	r := virtual(t, Setup{ModelVer: "1.5", Seed: seed}, func(c *sim.Config) { c.Seed = seed })
	var log bytes.Buffer
	must(t, r.Random(faults))
	r.toggle(r.out(17, false), 5*time.Millisecond, 40)
	lines, err := r.Lines()
	must(t, err)
	in, err := lines.Input(21, machine.PullUp, machine.BothEdges, func(e machine.Edge) {
		log.WriteString(e.At.String())
	})
	must(t, err)
	defer in.Close()
	for range 30 {
		for _, w := range [][]byte{{0, 204}, {1, 10}} {
			logError(&log, r.bus.Tx(0x2C, w, nil))
		}
		for _, a := range []uint16{0x49, 0x4A, 0x4F} {
			got := make([]byte, 2)
			logError(&log, r.bus.Tx(a, []byte{1, 0x0A, 0x83}, nil))
			r.Sleep(9 * time.Millisecond)
			logError(&log, r.bus.Tx(a, []byte{0}, got))
			log.Write(got)
		}
		logError(&log, r.WriteFile("sys/class/pwm/pwmchip0/export", []byte("0")))
		r.clock.Advance(2 * time.Second)
	}
	return log.Bytes()
}

func logError(log *bytes.Buffer, err error) {
	if err != nil {
		log.WriteString(err.Error())
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, rate := range []float64{0, 0.2} {
		first := life(t, 7, rate)
		if !bytes.Equal(first, life(t, 7, rate)) {
			t.Errorf("fault rate %v: two lives of one seed differ", rate)
		}
		if bytes.Equal(first, life(t, 8, rate)) {
			t.Errorf("fault rate %v: two seeds live the same life", rate)
		}
	}
}

// Sleep moves the model ahead; it falls back to the house's clock once that is there.
func TestVirtualClock(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	start := r.Now()
	r.Sleep(2 * time.Second)
	near(t, "after a sleep of 2 s", (r.Now() - start).Seconds(), 2, 1e-9)
	r.clock.Advance(time.Second)
	near(t, "the house at 1 s", (r.Now() - start).Seconds(), 2, 1e-9)
	r.clock.Advance(4 * time.Second)
	near(t, "the house at 5 s", (r.Now() - start).Seconds(), 5, 1e-9)
	if r.Within(time.Second, func() { r.Sleep(1100 * time.Millisecond) }) || !r.Within(time.Second, func() { r.Sleep(900 * time.Millisecond) }) {
		t.Error("Within does not go by the model's time")
	}
}

// Steps of several Repeats run in the order of time, at their instants.
func TestRepeatsInOrder(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	var order []time.Duration
	for _, period := range []time.Duration{7 * time.Millisecond, 5 * time.Millisecond} {
		stop := r.Repeat(func(now time.Duration) time.Duration {
			if now != r.Now() {
				t.Errorf("a step told %v runs at %v", now, r.Now())
			}
			order = append(order, now)
			return now + period
		})
		defer stop()
	}
	r.clock.Advance(time.Second)
	r.Now()
	if !slices.IsSorted(order) || len(order) != 143+201 {
		t.Errorf("%d steps, in order %v; want 344 in order", len(order), slices.IsSorted(order))
	}
}
