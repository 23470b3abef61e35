package fake

import (
	"math"
	"testing"
	"time"

	"periph.io/x/conn/v3/i2c"

	"github.com/pioactor/pioactor/hw/hwtest"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

// rig is a machine in virtual time with a twin.
type rig struct {
	*Machine
	t     testing.TB
	clock *hwtest.Virtual
	twin  *sim.Board
	bus   i2c.BusCloser
}

// quiet leaves only the mean of what a sensor sees.
func quiet(c *sim.Config) {
	c.Noise, c.ReadNoiseV, c.ShotNoiseSqrtV, c.HumV, c.GainSpread = "none", 0, 0, 0, 0
	c.WarmUp, c.LEDDriftPerH, c.ADCStepV, c.StirRipple, c.ThermometerNoiseC = 0, 0, 0, 0, 0
	c.MuMaxPerH, c.BubbleGain, c.PumpFlicker = 0, 0, 0
}

func virtual(t testing.TB, s Setup, change func(*sim.Config)) *rig {
	t.Helper()
	dir := t.TempDir()
	made, err := Make(dir, s)
	must(t, err)
	must(t, made.Close())
	return reopen(t, dir, change)
}

// reopen is the same folder in a new process, as far as the folder can tell.
func reopen(t testing.TB, dir string, change func(*sim.Config)) *rig {
	t.Helper()
	clock := hwtest.NewClock()
	m, err := Virtual(dir, clock.Now)
	must(t, err)
	t.Cleanup(func() { must(t, m.Close()) })
	cfg := sim.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	twin, err := sim.New(cfg, m.TwinNow)
	must(t, err)
	must(t, m.Attach(twin, DefaultRoles()))
	bus, err := m.I2C(1)
	must(t, err)
	return &rig{m, t, clock, twin, bus}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tx is a transaction that has to succeed.
func (r *rig) tx(address uint16, w []byte, n int) []byte {
	r.t.Helper()
	got := make([]byte, n)
	must(r.t, r.bus.Tx(address, w, got))
	return got
}

func (r *rig) out(pin int, high bool) machine.OutputLine {
	r.t.Helper()
	lines, err := r.Lines()
	must(r.t, err)
	line, err := lines.Output(pin, high)
	must(r.t, err)
	r.t.Cleanup(func() { must(r.t, line.Close()) })
	return line
}

// export makes the kernel's PWM channel k ready, with its period.
func (r *rig) export(k string, period string) {
	r.t.Helper()
	must(r.t, r.WriteFile("sys/class/pwm/pwmchip0/export", []byte(k)))
	r.clock.Advance(100 * time.Millisecond)
	must(r.t, r.WriteFile("sys/class/pwm/pwmchip0/pwm"+k+"/period", []byte(period)))
	must(r.t, r.WriteFile("sys/class/pwm/pwmchip0/pwm"+k+"/enable", []byte("1")))
}

// percent is an output as the judge sees it.
func percent(t testing.TB, dir, name string) float64 {
	t.Helper()
	all, err := Judge(dir)
	must(t, err)
	for _, o := range all {
		if o.Name == name {
			return o.Percent
		}
	}
	t.Fatalf("no output %q among %v", name, all)
	return 0
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.8g, want %.8g ± %g", what, got, want, tolerance)
	}
}
