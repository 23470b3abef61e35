package pioreactor_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/sim"
)

// usual is the wiring of [pwm] as people find it.
var usual = pioreactor.Options{Roles: map[string]int{"stirring": 1, "media": 2, "alt_media": 3, "waste": 4, "heating": 5}}

// setups are every HAT with every vial that fits on it.
var setups = map[string]fake.Setup{
	"HAT 1.0, 20 mL 1.0":    {HAT: "1.0", Model: "pioreactor_20ml", ModelVer: "1.0"},
	"HAT 1.0, 20 mL 1.1":    {HAT: "1.0", Model: "pioreactor_20ml", ModelVer: "1.1"},
	"HAT 1.0, 40 mL 1.0":    {HAT: "1.0", Model: "pioreactor_40ml", ModelVer: "1.0"},
	"HAT 1.1, 20 mL 1.0":    {HAT: "1.1", Model: "pioreactor_20ml", ModelVer: "1.0"},
	"HAT 1.1, 20 mL 1.1":    {HAT: "1.1", Model: "pioreactor_20ml", ModelVer: "1.1"},
	"HAT 1.1, 20 mL 1.5":    {HAT: "1.1", Model: "pioreactor_20ml", ModelVer: "1.5"},
	"HAT 1.1, old firmware": {HAT: "1.1", Model: "pioreactor_20ml", ModelVer: "1.1", Firmware: "0.3"},
	"HAT 1.2, 20 mL 1.1":    {HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.1"},
	"HAT 1.2, 20 mL 1.5":    {HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.5"},
	"HAT 1.2, 20 mL XR 1.5": {HAT: "1.2", Model: "pioreactor_20ml_XR", ModelVer: "1.5"},
	"HAT 1.2, 40 mL 1.0":    {HAT: "1.2", Model: "pioreactor_40ml", ModelVer: "1.0"},
	"HAT 1.2, 40 mL 1.5":    {HAT: "1.2", Model: "pioreactor_40ml", ModelVer: "1.5"},
	"HAT 1.2, 40 mL XR 1.5": {HAT: "1.2", Model: "pioreactor_40ml_XR", ModelVer: "1.5", Computer: "Raspberry Pi 5 Model B Rev 1.0"},
}

// inspected shows what the modelled HAT does, so that the suite need not trust
// the drivers. A toggled line shows its duty only after whole periods.
type inspected struct {
	*pioreactor.Board
	t     testing.TB
	m     *fake.Machine
	clock hwtest.Clock
}

func (i inspected) OutputsPct() map[string]float64 {
	i.t.Helper()
	// Three periods of the heater. Opening the board took time of the machine's
	// that the clock must catch up with first.
	for end := i.m.Now() + 200*time.Millisecond; i.m.Now() < end; {
		i.clock.Advance(10 * time.Millisecond)
	}
	all, err := i.m.Outputs()
	if err != nil {
		i.t.Fatal(err)
	}
	pct := map[string]float64{}
	for channel := range i.m.Wiring().PWM {
		pct[fmt.Sprintf("PWM %d", channel)] = i.m.DutyPct(channel)
	}
	for _, o := range all {
		if _, pwm := pct[o.Name]; !pwm {
			pct[o.Name] = o.Percent
		}
	}
	return pct
}

// virtual is a modelled machine with a twin, in virtual time.
func virtual(t testing.TB, s fake.Setup) (*fake.Machine, *sim.Board, *hwtest.Virtual) {
	t.Helper()
	clock := hwtest.NewClock()
	made := laidOut(t, s)
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := fake.Virtual(made.Root(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return m, attach(t, m), clock
}

// laidOut is a modelled machine in real time, without a twin.
func laidOut(t testing.TB, s fake.Setup) *fake.Machine {
	t.Helper()
	m, err := fake.Make(t.TempDir(), s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func attach(t testing.TB, m *fake.Machine) *sim.Board {
	t.Helper()
	cfg := sim.DefaultConfig()
	cfg.Model, cfg.Version = m.Setup().Model, m.Setup().ModelVer
	twin, err := sim.New(cfg, m.TwinNow)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Attach(twin, fake.DefaultRoles()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return twin
}

// Many goroutines move a virtual machine's time on at once, so each waits for
// the sum of all: the bus must be patient for that.
func TestTheModelledBoardKeepsEveryPromise(t *testing.T) {
	patient := usual
	patient.Bus = chip.Config{Deadline: 10 * time.Second, Retries: 2, Backoff: time.Millisecond}
	for name, setup := range setups {
		t.Run(name, func(t *testing.T) {
			hwtest.Board(t, func(t *testing.T) (hw.Board, hwtest.Clock) {
				m, _, clock := virtual(t, setup)
				board, err := pioreactor.Open(m, m.Wiring(), patient)
				if err != nil {
					t.Fatal(err)
				}
				return inspected{board, t, m, clock}, clock
			})
		})
	}
}
